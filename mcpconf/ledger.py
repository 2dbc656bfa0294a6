"""What is ours in other people's files, as a value: never guessed from a name, only known from what we wrote."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping

from mcpconf.document.edit import Pointer, Trace
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC
from mcpconf.document.walk import skip_trivia, walk_value
from mcpconf.errors import Refused
from mcpconf.model import Json, Scope
from mcpconf.record import dataclass, field

VERSION = 1
# What reading data of another shape than ours may raise.
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


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
            | ({"wrapped": True} if t.wrapped else {})
            for pointer, t in record.traces.items()
        ],
    }


def dump_owned(owned: Owned) -> dict[str, Json]:
    """One ownership as JSON."""
    return {name: getattr(owned, name) for name in ("digest", "client", "scope", "profile", "route", "before")}


def load_record(data: Json) -> FileRecord:
    """The inverse of `dump_record`. Raises one of `DAMAGED` where the data has another shape."""
    members: dict[Pointer, dict[str, Owned]] = {}
    for item in data["members"]:
        fields = {k: v for k, v in item.items() if k not in ("pointer", "name")}
        members.setdefault(pointer_in(item), {})[string(item["name"])] = load_owned(fields)
    traces = {
        pointer_in(item): Trace(
            flag(item["created"]), _trivia(item["inner"]), _trivia(item["document"]), flag(item.get("wrapped", False))
        )
        for item in data["traces"]
    }
    return FileRecord(flag(data["created"]), members, traces, tuple(absolute(path) for path in listed(data["made"])))


def load_owned(data: Json) -> Owned:
    """The inverse of `dump_owned`."""
    owned = Owned(**data)
    for text in (owned.digest, owned.client, owned.profile, owned.route):
        string(text)
    Scope(owned.scope)
    raw_value(owned.before)
    return owned


def string(value: Json) -> str:
    """A string as such; anything else is an error, and so in the ones below."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def flag(value: Json) -> bool:
    """A boolean as such."""
    if not isinstance(value, bool):
        raise TypeError(f"{value!r:.40} is neither true nor false")
    return value


def listed(value: Json) -> list[Json]:
    """A list as such."""
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.40} is no list")
    return value


def pointer_in(item: Json) -> Pointer:
    """The pointer of an item."""
    return tuple(string(part) for part in listed(item["pointer"]))


def absolute(value: Json) -> str:
    """A path that the system can be asked for, the same wherever we are called."""
    path = string(value)
    if b"\0" in os.fsencode(path) or not os.path.isabs(path):
        raise ValueError(f"{path!r} is no absolute path")
    return path


def raw_value(value: Json) -> str | None:
    """The text of one JSON value, fit to be written into a client's file once more; or None."""
    if value is not None and _ends(string(value), _value_end) != len(value):
        raise ValueError("what stood there before is no JSON value")
    return None if value is None else str(value)


def _trivia(value: Json) -> str:
    """Text that may stand where no value does."""
    if _ends(string(value), lambda text: skip_trivia(text, 0, JSONC)) != len(value):
        raise ValueError(f"{value!r:.40} is no white space")
    return str(value)


def _value_end(text: str) -> int:
    try:
        return int(_DECODER.raw_decode(text)[1])
    except (ValueError, RecursionError):
        return walk_value(text, 0, JSONC)


def _ends(text: str, end: Callable[[str], int]) -> int:
    try:
        return end(text)
    except Fault:
        return -1


def dump(ledger: Ledger) -> bytes:
    """The ledger's own file: versioned JSON."""
    files = {path: dump_record(record) for path, record in ledger.files.items()}
    return (json.dumps({"version": VERSION, "files": files}, indent=1) + "\n").encode()


def load(raw: bytes | None, path: str) -> Ledger:
    """Read the ledger. Raises `Refused` for a damaged or newer file: guessing what is ours is not an option."""
    if raw is None:
        return Ledger()
    try:
        data = json.loads(raw)
        version = data["version"]
        if type(version) is not int or version < 1:
            raise TypeError(f"{version!r:.40} is no version")
        if version > VERSION:
            raise Refused(f"{path} was written by a newer mcpconf; nothing was changed", hint="update mcpconf")
        return Ledger({absolute(name): load_record(record) for name, record in data["files"].items()})
    except DAMAGED as error:
        raise Refused(
            f"{path} is damaged ({error}); nothing was changed",
            hint=f"move it away (mv {path} {path}.damaged); to go on: mcpconf switch NAME --adopt,"
            " to leave: mcpconf uninstall --force",
        ) from None
