"""Which files and links of a service manager's are ours: by what we wrote, never by their names."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping

from mcpconf.commit.disk import missing_directories
from mcpconf.commit.private import unusable
from mcpconf.commit.state import State, blob_name
from mcpconf.commit.steps import Link, stands
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import DAMAGED, FileRecord, absolute, listed, string
from mcpconf.model import Json, Note
from mcpconf.plan import FileEdit
from mcpconf.record import asdict, dataclass, field, replace

RECORD = "services.json"
KEPT = 4  # digests of one file: what may stand there after a crash, or after an undo


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that was ours alone: digests of what we wrote, the newest last, and the directories made for it."""

    digests: tuple[str, ...]
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ours:
    """All that we ever gave to a service manager, whether it is there or not."""

    files: Mapping[str, OwnFile] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)

    def wrote(self, path: str, data: bytes) -> Ours:
        """The same, with what is about to be written."""
        name, known = blob_name(data), self.files.get(path)
        made = missing_directories(path)[1:] or (known.made if known else ())
        digests = (*(one for one in (known.digests if known else ()) if one != name), name)[-KEPT:]
        return replace(self, files={**self.files, path: OwnFile(digests, made)})

    def owns(self, path: str, raw: bytes) -> bool:
        """Whether these bytes are ours."""
        return path in self.files and blob_name(raw) in self.files[path].digests


def read(state: State) -> Ours:
    """The record. Raises `Refused` where it is damaged: it alone says what is ours to remove."""
    raw = state.read(RECORD)
    try:
        return Ours() if raw is None else _load(json.loads(raw))
    except DAMAGED:
        raise unusable(state.at(RECORD), "is damaged") from None


def known(state: State) -> Ours:
    """The same for who must go on without it."""
    with contextlib.suppress(McpconfError):
        return read(state)
    return Ours()


def _load(data: Json) -> Ours:
    files = {
        absolute(path): OwnFile(tuple(map(string, listed(one["digests"]))), tuple(map(absolute, listed(one["made"]))))
        for path, one in data["files"].items()
    }
    links = {
        absolute(path): Link(path, absolute(one["target"]), True, tuple(map(absolute, listed(one["above"]))))
        for path, one in data["links"].items()
    }
    return Ours(files, links)


def write(state: State, ours: Ours) -> None:
    """Keep it; the caller holds the state lock."""
    links = {path: {"target": link.target, "above": link.above} for path, link in ours.links.items()}
    state.write_json({"files": {path: asdict(one) for path, one in ours.files.items()}, "links": links}, RECORD)


def put(ours: Ours, path: str, raw: bytes | None, data: bytes) -> tuple[FileEdit, ...]:
    """The edit that gives a file these bytes. Raises `Refused` where somebody else wrote it."""
    if raw == data:
        return ()
    if raw is not None and not ours.owns(path, raw):
        raise Refused(
            f"{path} is there, and is not mcpconf's, or was edited; nothing was changed", hint=f"ls -l {path}"
        )
    made = missing_directories(path)[1:]
    return (FileEdit(path, raw, data, (), FileRecord(created=raw is None), FileRecord(made=made)),)


def take_out(ours: Ours, snapshots: Mapping[str, bytes | None], *, force: bool) -> tuple[FileEdit, ...]:
    """The edits that remove what is ours; what somebody edited stays, unless `force`."""
    return tuple(
        FileEdit(path, raw, None, (), FileRecord(made=one.made), FileRecord(created=True))
        for path, one in ours.files.items()
        if (raw := snapshots.get(path)) is not None and (force or ours.owns(path, raw))
    )


def edited(ours: Ours, snapshots: Mapping[str, bytes | None]) -> tuple[Note, ...]:
    """What is to be said of files that somebody edited since."""
    return tuple(
        Note(f"{path} was edited since mcpconf wrote it, and stays", hint=f"rm {path}")
        for path in ours.files
        if (raw := snapshots.get(path)) is not None and not ours.owns(path, raw)
    )


def unlinked(ours: Ours) -> tuple[Link, ...]:
    """The steps that remove the links that still are as we made them."""
    return tuple(replace(link, made=False) for link in ours.links.values() if stands(link))
