"""What lets somebody else read a secret, or run something: files of ours, profiles, keys; and the entries."""

from __future__ import annotations

from mcpconf.doctor.seen.entries import Entries
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of mcpconf's that others can read, since neither it nor a directory above keeps them out."""

    path: str
    what: str
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSeen:
    """A profile. `in_clear` names the places in it that hold what looks like a secret; `listen` is its plain door."""

    name: str
    path: str
    of_project: bool
    trusted: bool
    listen: str = ""
    in_clear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """All of it. `keys` are the broker's keys that it does not take: file, why, and what mends it."""

    entries: Entries
    files: tuple[OwnFile, ...] = ()
    profiles: tuple[ProfileSeen, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
