"""What an apply changed besides the clients' files, kept for `undo`: our files that entries need, the active profiles,
the user's own profile where the apply began with an edit of it, and what is no text (`mcpconf.commit.steps`)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Mapping

from mcpconf.commit import generation as generations
from mcpconf.commit.artifacts import Files
from mcpconf.commit.private import unusable
from mcpconf.commit.state import State
from mcpconf.commit.steps import Step, dump_step, load_step
from mcpconf.commit.transaction import Request
from mcpconf.errors import McpconfError
from mcpconf.ledger import DAMAGED, absolute, listed, string
from mcpconf.model import Json
from mcpconf.record import asdict, dataclass, field
from mcpconf.route.broker import SHARED
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
    """As it was before a generation: files of ours and the active profile, by context; an edited profile.

    `steps` were taken with it."""

    files: Mapping[str, Files] = field(default_factory=dict)
    active: Mapping[str, active.Active] = field(default_factory=dict)
    profile: ProfileWas | None = None
    steps: tuple[Step, ...] = ()


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
        context: {path: _encoded(path, data) for path, data in files.items()} for context, files in before.files.items()
    }
    kept: Json = {"files": files, "active": active.dump(before.active).decode("utf-8", "surrogateescape")}
    if before.profile is not None:
        kept["profile"] = asdict(before.profile)
    if before.steps:
        kept["steps"] = [dump_step(step) for step in before.steps]
    state.write_json(kept, DIRECTORY, _name(generation))
    standing = {_name(one.id) for one in generations.read_all(state)}
    for name in set(state.list(DIRECTORY)) - standing:
        with contextlib.suppress(McpconfError):  # it does no harm
            state.remove(DIRECTORY, name)


def _encoded(path: str, data: bytes) -> str:
    """What all entries share says nothing of a profile: only that it was there."""
    return "" if os.path.basename(path) in SHARED else base64.b64encode(data).decode()


def load(state: State, generation: int) -> Besides | None:
    """What was kept for a generation; None where nothing was. Raises `Refused` where it is damaged."""
    raw = state.read(DIRECTORY, _name(generation))
    try:
        return None if raw is None else _load(json.loads(raw))
    except DAMAGED:
        raise unusable(state.at(DIRECTORY, _name(generation)), "is damaged") from None


def _load(data: Json) -> Besides:
    files = {
        context: {absolute(path): base64.b64decode(text) for path, text in files.items()}
        for context, files in data["files"].items()
    }
    edited = _load_profile(data["profile"]) if "profile" in data else None
    steps = tuple(load_step(item) for item in listed(data.get("steps", [])))
    return Besides(files, active.load(data["active"].encode("utf-8", "surrogateescape")), edited, steps)


def _load_profile(data: Json) -> ProfileWas:
    before = data["before"]
    return ProfileWas(absolute(data["path"]), None if before is None else string(before), string(data["after"]))


def _name(generation: int) -> str:
    return f"{generation:06d}.json"
