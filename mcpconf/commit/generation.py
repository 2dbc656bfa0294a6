"""One record for each apply: what it changed, in all files together, so that it can be shown and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpconf import ledger as ledgers
from mcpconf.commit.state import State
from mcpconf.ledger import FileRecord, Owned
from mcpconf.model import Json
from mcpconf.record import dataclass

if TYPE_CHECKING:
    from mcpconf.plan import Plan

KEPT = 50


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
    """The inverse of `dump`."""
    files = tuple(
        GenerationFile(f["path"], f["before"], f["after"], ledgers.load_record(f["record"]), f["exact"])
        for f in data["files"]
    )
    changes = tuple(
        GenerationChange(
            **{
                **change,
                "pointer": tuple(change["pointer"]),
                "owned_before": None if change["owned_before"] is None else Owned(**change["owned_before"]),
            }
        )
        for change in data["changes"]
    )
    return Generation(**{**data, "files": files, "changes": changes})


def read_all(state: State) -> tuple[Generation, ...]:
    """Every generation that is kept, oldest first; a damaged record is left out."""
    records = (name for name in state.list("generations") if name.endswith(".json"))
    found = (_load_or_none(state.read_json("generations", name)) for name in records)
    return tuple(generation for generation in found if generation is not None)


def _load_or_none(data: Json) -> Generation | None:
    try:
        return load(data)
    except (KeyError, TypeError, AttributeError):
        return None


def save(generation: Generation, state: State) -> None:
    """Write a generation, and forget the oldest beyond `KEPT`."""
    state.write_json(dump(generation), "generations", f"{generation.id:06d}.json")


def forget(state: State) -> None:
    """Keep the newest `KEPT` generations and the blobs that they name."""
    generations = read_all(state)
    for old in generations[:-KEPT]:
        state.remove("generations", f"{old.id:06d}.json")
    named = {blob for kept in generations[-KEPT:] for file in kept.files for blob in (file.before, file.after)}
    for name in state.list("blobs"):
        if name not in named:
            state.remove("blobs", name)
    state.sweep()
