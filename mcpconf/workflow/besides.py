"""What an apply changed besides the clients' files: the wrapper's data and the active profiles, kept for `undo`."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from mcpconf.commit import generation as generations
from mcpconf.commit.artifacts import Files
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Request
from mcpconf.record import dataclass, field
from mcpconf.workflow import active

DIRECTORY = "besides"


@dataclass(frozen=True, slots=True)
class Besides:
    """As it was before a generation: the wrapper's files and the active profile, by context."""

    files: Mapping[str, Files] = field(default_factory=dict)
    active: Mapping[str, active.Active] = field(default_factory=dict)


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
    state.write_json(
        {"files": files, "active": active.dump(before.active).decode("utf-8", "surrogateescape")},
        DIRECTORY,
        _name(generation),
    )
    kept = {_name(one.id) for one in generations.read_all(state)}
    for name in set(os.listdir(state.at(DIRECTORY))) - kept:
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
    return Besides(files, active.load(data["active"].encode("utf-8", "surrogateescape")))


def _name(generation: int) -> str:
    return f"{generation:06d}.json"
