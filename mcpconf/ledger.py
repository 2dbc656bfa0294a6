"""What is ours in other people's files, as a value: never guessed from a name, only known from what we wrote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from mcpconf.document.edit import Pointer, Trace
from mcpconf.errors import McpconfError
from mcpconf.model import Json
from mcpconf.record import dataclass, field

VERSION = 1


def digest(value: Json) -> str:
    """A digest of a value's meaning: a client that lays the file out anew leaves it as it was."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Owned:
    """One member that we wrote: the digest of its value, and the raw text that stood there before, if any."""

    digest: str
    client: str
    scope: str
    profile: str
    route: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is ours in one file. `created`: the file was not there before us, nor the directories `made` for it."""

    created: bool = False
    members: Mapping[Pointer, Mapping[str, Owned]] = field(default_factory=dict)
    traces: Mapping[Pointer, Trace] = field(default_factory=dict)
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every file with something of ours in it, by the path it is known under (links unresolved)."""

    files: Mapping[str, FileRecord] = field(default_factory=dict)

    def with_file(self, path: str, record: FileRecord) -> Ledger:
        """The ledger with one file's record replaced, or dropped where nothing of ours is left in it."""
        files = {known: kept for known, kept in self.files.items() if known != path}
        if record.members:
            files[path] = record
        return Ledger(files)


def dump_record(record: FileRecord) -> Json:
    """A file's record as JSON."""
    return {
        "created": record.created,
        "made": list(record.made),
        "members": [
            {"pointer": list(pointer), "name": name} | dump_owned(owned)
            for pointer, members in record.members.items()
            for name, owned in members.items()
        ],
        "traces": [
            {"pointer": list(pointer), "created": t.created, "inner": t.inner, "document": t.document}
            for pointer, t in record.traces.items()
        ],
    }


def dump_owned(owned: Owned) -> dict[str, Json]:
    """One ownership as JSON."""
    return {name: getattr(owned, name) for name in ("digest", "client", "scope", "profile", "route", "before")}


def load_record(data: Json) -> FileRecord:
    """The inverse of `dump_record`."""
    members: dict[Pointer, dict[str, Owned]] = {}
    for item in data["members"]:
        fields = {k: v for k, v in item.items() if k not in ("pointer", "name")}
        members.setdefault(tuple(item["pointer"]), {})[item["name"]] = Owned(**fields)
    traces = {
        tuple(item["pointer"]): Trace(item["created"], item["inner"], item["document"]) for item in data["traces"]
    }
    return FileRecord(data["created"], members, traces, tuple(data["made"]))


def dump(ledger: Ledger) -> bytes:
    """The ledger's own file: versioned JSON."""
    files = {path: dump_record(record) for path, record in ledger.files.items()}
    return (json.dumps({"version": VERSION, "files": files}, indent=1) + "\n").encode()


def load(raw: bytes | None, path: str) -> Ledger:
    """Read the ledger. Raises `McpconfError` for a damaged or newer file: guessing what is ours is not an option."""
    if raw is None:
        return Ledger()
    try:
        data = json.loads(raw)
        if data["version"] > VERSION:
            raise McpconfError(f"{path} was written by a newer mcpconf", hint="update mcpconf")
        return Ledger({name: load_record(record) for name, record in data["files"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise McpconfError(
            f"{path} is damaged ({error}); nothing was changed",
            hint=f"move it away (mv {path} {path}.damaged), then adopt the entries: mcpconf switch NAME --adopt",
        ) from None
