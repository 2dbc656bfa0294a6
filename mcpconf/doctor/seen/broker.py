"""The broker: what it says of itself, and what lies around it."""

from __future__ import annotations

from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Directory:
    """The socket directory. `mode` has its permission bits; `ours`: it belongs to this user; `link`: it is one."""

    path: str
    exists: bool = False
    mode: int = 0o700
    ours: bool = True
    link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A server as the broker tells of it. Times in milliseconds; `words` are the last lines of its log."""

    name: str
    state: str
    error: str | None = None
    restarts: int = 0
    requests: int = 0
    p50: float | None = None
    p99: float | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A broker that answers. `plain` are doors that ask for no key."""

    pid: int
    version: str
    listeners: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    servers: tuple[Kept, ...] = ()
    clients: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """A file of ours that is not as it would be written now. `there`: it is at all."""

    path: str
    there: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSeen:
    """`usable`: there are brokers on this system at all. `wanted` are profiles that want one, or have entries of it.

    `hung`: one lives, and does not answer, with its process id where that is known. `left` is the process id in the
    state file of one that was killed. `version` is the installed one. `startable`: clients may start one.
    `keys` are those that it takes. `damaged` are definitions that can't be read: name,
    reason, mend. `shared`: files of all entries that are not as they would be written now; `stray`: definitions
    that belong to nobody. `logs` are large ones: path and bytes.
    """

    usable: bool = True
    wanted: tuple[str, ...] = ()
    elsewhere: bool = False
    startable: bool = True
    running: Running | None = None
    hung: bool = False
    hung_pid: int | None = None
    left: int | None = None
    state_file: str = ""
    version: str = ""
    directory: Directory | None = None
    keys: tuple[str, ...] = ()
    damaged: tuple[tuple[str, str, str], ...] = ()
    shared: tuple[Drift, ...] = ()
    stray: tuple[str, ...] = ()
    logs: tuple[tuple[str, int], ...] = ()
