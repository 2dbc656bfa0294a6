"""One record for each apply: what it changed, in all files together, so that it can be shown and undone."""

from __future__ import annotations

import contextlib
import re

from mcpconf import ledger as ledgers
from mcpconf.commit.state import State
from mcpconf.errors import McpconfError
from mcpconf.ledger import FileRecord, Owned
from mcpconf.model import Json, Scope
from mcpconf.plan import Action, Plan
from mcpconf.record import dataclass

KEPT = 50
DOOMSDAY = 253_402_300_800  # seconds: the year 10000, where a calendar ends
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class GenerationFile:
    """One file before and after: digests of its bytes (None: not there) and our record of it before.

    `exact`: putting the old bytes back is a whole undo while the file still holds the new ones.
    """

    path: str
    before: str | None
    after: str | None
    record: FileRecord
    exact: bool


@dataclass(frozen=True, slots=True)
class GenerationChange:
    """One entry's change: what stood there (raw), what we wrote (digest), and whose it was before."""

    path: str
    pointer: tuple[str, ...]
    name: str
    action: str
    client: str
    scope: str
    before: str | None
    after: str | None
    owned_before: Owned | None


@dataclass(frozen=True, slots=True)
class Generation:
    """One apply. `id` counts up from 1, `time` is in seconds since the epoch, `context` names the place it was for."""

    id: int
    time: float
    command: str
    context: str
    profile: str | None
    previous: str | None
    files: tuple[GenerationFile, ...]
    changes: tuple[GenerationChange, ...]
    undone: bool = False


def describe(
    plan: Plan,
    state: State,
    *,
    number: int,
    time: float,
    command: str,
    context: str,
    profile: str | None,
    previous: str | None,
    exact: bool,
) -> Generation:
    """The record of a plan that was carried out; its old and new bytes are kept as blobs.

    `exact` is False where another writer came in between, so that the old bytes are not what it left.
    """
    files = tuple(
        GenerationFile(
            edit.path,
            None if edit.before is None else state.keep(edit.before),
            None if edit.after is None else state.keep(edit.after),
            edit.known,
            exact,
        )
        for edit in plan.files
    )
    changes = tuple(
        GenerationChange(
            change.target.path,
            change.target.pointer,
            change.name,
            str(change.action),
            change.target.client,
            str(change.target.scope),
            change.before,
            None if change.after is None else ledgers.digest(change.after),
            change.owned_before,
        )
        for change in plan.changes
    )
    return Generation(number, time, command, context, profile, previous, files, changes)


def dump(generation: Generation) -> Json:
    """A generation as JSON."""
    fields = ("id", "time", "command", "context", "profile", "previous", "undone")
    return {name: getattr(generation, name) for name in fields} | {
        "files": [
            {
                "path": f.path,
                "before": f.before,
                "after": f.after,
                "record": ledgers.dump_record(f.record),
                "exact": f.exact,
            }
            for f in generation.files
        ],
        "changes": [_dump_change(change) for change in generation.changes],
    }


def _dump_change(change: GenerationChange) -> Json:
    fields = ("path", "name", "action", "client", "scope", "before", "after")
    owned = change.owned_before
    return {name: getattr(change, name) for name in fields} | {
        "pointer": list(change.pointer),
        "owned_before": None if owned is None else ledgers.dump_owned(owned),
    }


def load(data: Json) -> Generation:
    """The inverse of `dump`. Raises one of `ledgers.DAMAGED` where the data has another shape."""
    return Generation(
        **{
            **data,
            "id": _number(data["id"]),
            "time": seconds(data["time"]),
            "command": ledgers.string(data["command"]),
            "context": ledgers.string(data["context"]),
            "profile": _text(data["profile"]),
            "previous": _text(data["previous"]),
            "undone": ledgers.flag(data["undone"]),
            "files": tuple(_load_file(item) for item in ledgers.listed(data["files"])),
            "changes": tuple(_load_change(item) for item in ledgers.listed(data["changes"])),
        }
    )


def _load_file(data: Json) -> GenerationFile:
    path, exact = ledgers.absolute(data["path"]), ledgers.flag(data["exact"])
    return GenerationFile(path, _sum(data["before"]), _sum(data["after"]), ledgers.load_record(data["record"]), exact)


def _load_change(data: Json) -> GenerationChange:
    owned = data["owned_before"]
    return GenerationChange(
        **{
            **data,
            "path": ledgers.absolute(data["path"]),
            "pointer": ledgers.pointer_in(data),
            "name": ledgers.string(data["name"]),
            "action": str(Action(data["action"])),
            "client": ledgers.string(data["client"]),
            "scope": str(Scope(data["scope"])),
            "before": ledgers.raw_value(data["before"]),
            "after": _sum(data["after"]),
            "owned_before": None if owned is None else ledgers.load_owned(owned),
        }
    )


def _number(value: Json) -> int:
    if type(value) is not int or value < 1:
        raise TypeError(f"{value!r:.40} numbers no generation")
    return value


def seconds(value: Json) -> float:
    """A time that can be shown as a date."""
    if type(value) not in (int, float) or not 0 <= value < DOOMSDAY:
        raise ValueError(f"{value!r:.40} is no time")
    return float(value)


def _text(value: Json) -> str | None:
    return None if value is None else ledgers.string(value)


def _sum(value: Json) -> str | None:
    """A digest, which also is the name of a file of ours."""
    if value is not None and not _DIGEST.fullmatch(value):
        raise ValueError(f"{value!r:.40} is no digest")
    return _text(value)


def read_all(state: State) -> tuple[Generation, ...]:
    """Every generation that is kept, oldest first; a damaged record is left out."""
    records = (name for name in state.list("generations") if name.endswith(".json"))
    found = (_load_or_none(name, state.read_json("generations", name)) for name in records)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.id))


def _load_or_none(name: str, data: Json) -> Generation | None:
    try:
        one = load(data)
    except ledgers.DAMAGED:
        return None
    return one if name == _file(one.id) else None


def _file(number: int) -> str:
    return f"{number:06d}.json"


def save(generation: Generation, state: State) -> None:
    """Write a generation, and forget the oldest beyond `KEPT`."""
    state.write_json(dump(generation), "generations", _file(generation.id))


def forget(state: State) -> None:
    """Keep the newest `KEPT` generations and the blobs that they name. What can't be removed stays: it does no harm."""
    generations = read_all(state)
    named = {blob for kept in generations[-KEPT:] for file in kept.files for blob in (file.before, file.after)}
    old = [("generations", _file(one.id)) for one in generations[:-KEPT]]
    for names in (*old, *(("blobs", name) for name in state.list("blobs") if name not in named)):
        with contextlib.suppress(McpconfError):
            state.remove(*names)


def discard(number: int, state: State) -> None:
    """Remove a generation whose change was taken back, and what was kept beside it."""
    for directory in ("generations", "besides"):
        state.remove(directory, _file(number))
