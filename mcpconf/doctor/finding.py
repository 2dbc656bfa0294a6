"""What a check says: how bad it is, of what, why it thinks so, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from mcpconf.errors import UsageError
from mcpconf.record import dataclass


class Level(StrEnum):
    """How bad something is. Errors alone make the exit code 1."""

    OK = "ok"
    INFO = "info"  # worth knowing, nothing to do
    WARNING = "warning"  # works, but will not always, or not for everybody
    ERROR = "error"  # does not work
    SKIPPED = "skipped"  # could not be looked at; `text` says why


# The worst first, as people read it.
WORST = (Level.ERROR, Level.WARNING, Level.INFO, Level.SKIPPED, Level.OK)


class Group(StrEnum):
    """What checks are about, in the order in which they are shown."""

    PLACE = "place"
    FILES = "files"
    ENTRIES = "entries"
    ROUTES = "routes"
    TOOLKIT = "toolkit"
    BROKER = "broker"
    SERVERS = "servers"
    CONTAINERS = "containers"
    SECURITY = "security"
    SERVICES = "services"
    SHELL = "shell"


def groups(names: Sequence[str]) -> tuple[Group, ...]:
    """The groups of these names. Raises `UsageError` for what is none."""
    known = {str(group): group for group in Group}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no group {name!r}", hint=f"the groups are {', '.join(known)}")
    return tuple(known[name] for name in names)


@dataclass(frozen=True, slots=True)
class Mend:
    """What mends a finding: a command to copy, or a step in words where no command does it.

    `safe`: `mcpconf doctor --fix` does it by itself, as the change `action` with these `arguments`
    (`mcpconf.doctor.mend`). What loses something of the user's, or starts something, is never safe.
    """

    command: str
    safe: bool = False
    action: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a check has found about one thing. `about` names it: a file, a server, a client; nothing for the place.

    `evidence` are lines of what was seen, without secrets.
    """

    level: Level
    text: str
    about: str = ""
    evidence: tuple[str, ...] = ()
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A `Found` with the check that has found it. `id` is stable: scripts and docs/doctor/ID.md name it."""

    id: str
    group: Group
    title: str
    level: Level
    text: str
    about: str = ""
    evidence: tuple[str, ...] = ()
    mend: Mend | None = None


def worst(levels: Iterable[Level]) -> Level:
    """The worst of these; `OK` for none."""
    seen = set(levels)
    return next((level for level in WORST if level in seen), Level.OK)
