"""Where this is, and what a machine has to have for anything to work."""

from __future__ import annotations

from mcpconf.environment.verdict import Environment
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Directory:
    """One of our own directories. `free` is in bytes, None where it can't be told; `problem` why it can't be used."""

    name: str
    path: str
    free: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSeen:
    """`clock` is the time here, `newest` that of the newest file of ours (both seconds since the epoch).

    `damaged` are files of our own that can't be read: path, what is wrong, what mends it.
    """

    environment: Environment
    directories: tuple[Directory, ...] = ()
    clock: float = 0.0
    newest: float = 0.0
    root: bool = False  # whether we run as root on what is no container
    owner: str | None = None  # who owns the home, where it is not us
    damaged: tuple[tuple[str, str, str], ...] = ()
