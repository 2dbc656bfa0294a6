"""Clients' files, as they lie there."""

from __future__ import annotations

from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """What is wrong at one place of a text; line and column count from 1, and are 0 for the whole file."""

    text: str
    line: int = 0
    column: int = 0
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """What stands where Claude Code makes its lock directory. `age` is in seconds."""

    path: str
    directory: bool
    age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFile:
    """One file of a client's. `clients` read it.

    `problem` says why it can't be read at all; then little else is known. `real` is the path behind all links, `hops`
    the links on the way there. `mounted`: it is a mount point itself, as `docker run -v FILE:FILE` makes it.
    """

    path: str
    clients: tuple[str, ...]
    exists: bool
    problem: str | None = None
    mend: str | None = None
    real: str = ""
    hops: tuple[str, ...] = ()
    mode: int = 0
    owner: int = -1
    ours: bool = True  # whether it belongs to this user
    writable: bool = True
    names: int = 1  # hard links
    size: int = 0
    mounted: bool = False
    read_only: bool = False  # the mount is
    stale: bool = False  # it was replaced on the host, and this mount shows the old one
    bom: bool = False
    resets: bool = False  # whether the client would reset it over what it can't read
    fault: Spot | None = None
    repeated: tuple[Spot, ...] = ()  # names that stand more than once
    invisible: tuple[Spot, ...] = ()  # characters in an entry that nobody can see
    lock: Lock | None = None
    corrupted: tuple[str, ...] = ()  # copies that Claude Code made of what it could not read, newest first
    torn: bool = False  # a write of ours was cut off, and waits to be undone


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file in which a person put servers where no client looks for them."""

    path: str
    names: tuple[str, ...]
    instead: str  # where they belong


@dataclass(frozen=True, slots=True)
class Files:
    """All of them."""

    known: tuple[ClientFile, ...]
    ignored: tuple[Ignored, ...] = ()
    home: str = ""
