"""What an apply changed besides the clients' files, kept for `undo`: the wrapper's data, the active profiles, and the
user's own profile where the apply began with an edit of it."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from mcpconf.commit import generation as generations
from mcpconf.commit.artifacts import Files
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Request
from mcpconf.record import asdict, dataclass, field
from mcpconf.workflow import active

DIRECTORY = "besides"


@dataclass(frozen=True, slots=True)
class ProfileWas:
    """A profile of the user's before and after an edit; `before` is None for a new one."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Besides:
    """As it was before a generation: the wrapper's files and the active profile, by context; an edited profile."""

    files: Mapping[str, Files] = field(default_factory=dict)
    active: Mapping[str, active.Active] = field(default_factory=dict)
    profile: ProfileWas | None = None


def new_generation(state: State, request: Request, time: float) -> int:
    """Record an apply that changed no client's file; its number."""
    known = generations.read_all(state)
    number = known[-1].id + 1 if known else 1
    made = generations.Generation(
        number, time, request.command, request.context, request.profile, request.previous, (), ()
    )
    generations.save(made, state)
    generations.forget(state)
    return number


def save(state: State, generation: int | None, before: Besides) -> None:
    """Keep it beside its generation, and forget what belongs to none that is kept."""
    if generation is None:
        return
    files = {
        context: {link: base64.b64encode(data).decode() for link, data in links.items()}
        for context, links in before.files.items()
    }
    kept = {"files": files, "active": active.dump(before.active).decode("utf-8", "surrogateescape")}
    if before.profile is not None:
        kept["profile"] = asdict(before.profile)
    state.write_json(kept, DIRECTORY, _name(generation))
    standing = {_name(one.id) for one in generations.read_all(state)}
    for name in set(os.listdir(state.at(DIRECTORY))) - standing:
        state.remove(DIRECTORY, name)


def load(state: State, generation: int) -> Besides | None:
    """What was kept for a generation; None where nothing was."""
    data = state.read_json(DIRECTORY, _name(generation))
    if data is None:
        return None
    files = {
        context: {link: base64.b64decode(text) for link, text in links.items()}
        for context, links in data["files"].items()
    }
    edited = ProfileWas(**data["profile"]) if "profile" in data else None
    return Besides(files, active.load(data["active"].encode("utf-8", "surrogateescape")), edited)


def _name(generation: int) -> str:
    return f"{generation:06d}.json"
