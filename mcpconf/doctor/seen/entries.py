"""The servers that clients are told of, as their files name them and as this machine has them."""

from __future__ import annotations

from enum import StrEnum

from mcpconf.model import Json, Kind
from mcpconf.record import dataclass


class Stand(StrEnum):
    """Whether Claude Code uses an entry."""

    USED = "used"
    PENDING = "pending"  # a project's, which the user has not approved
    UNTRUSTED = "untrusted"  # it is approved where that counts only in a trusted directory
    REJECTED = "rejected"  # by `disabledMcpjsonServers`
    OFF = "off"  # by `disabledMcpServers`: the user's own switch
    DENIED = "denied"  # by an administrator's settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a client starts for `asked`. `path`: what it finds; None: nothing.

    `beside` is where it lies, though the client does not look there. `shebang` is the first line of a script, empty
    for a text without one, None for what is no text; `interpreter` what the system starts for it, or the loader that a
    binary wants. `loose` is the file or directory that everybody may write.
    """

    asked: str
    path: str | None = None
    beside: str | None = None
    directory: bool = False
    executable: bool = True
    mounted_noexec: bool = False
    empty: bool = False
    shebang: str | None = None
    interpreter: str | None = None
    interpreter_there: bool = True
    carriage: bool = False  # the shebang's line ends as lines do on Windows
    machine: str | None = None  # the sort of processor that it was made for, where this is another
    loose: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A path that an entry names and that is not there. `needed`: without it nothing starts."""

    what: str
    path: str
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One server in one file. `value` is as it stands there, with whatever secrets are in it.

    `here`: its client runs on this system, and not on the Windows around it. `unset` are the variables that it wants:
    where they stand (`env TOKEN`) and their name. `lost` are files of mcpconf's own that it needs. `shadow` names the
    scope whose entry of that name counts in its place, `stand` says whether its client uses it, `because` the file
    that decides so. `silent`: nothing listens at the port of this place that its url names.
    """

    name: str
    client: str
    title: str
    scope: str
    path: str
    line: int
    value: Json
    ours: bool = False
    here: bool = True
    takes_urls: bool = True
    expands: bool = True
    needs_type: bool = True
    personal: bool = True  # one user's, not a project's that others share
    directory: str = ""  # where its client starts it; empty where that can't be known
    unset: tuple[tuple[str, str], ...] = ()
    program: Program | None = None
    missing: tuple[Missing, ...] = ()
    lost: tuple[str, ...] = ()
    shadow: str | None = None
    shadow_is_same: bool = False
    stand: Stand = Stand.USED
    because: str = ""
    silent: bool = False
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Managed:
    """An administrator's file of servers. `problem`: why Claude Code does not take it; `names` are its servers."""

    path: str
    names: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """All of them. `docker_host`: whether this place knows the name that containers have for their host."""

    entries: tuple[Entry, ...] = ()
    platform: str = "linux"
    kind: Kind = Kind.HOST
    managed: Managed | None = None
    docker_host: bool = True
    project: str = ""  # Claude Code's key of the current directory
