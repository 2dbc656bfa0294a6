"""What a multiplexer wants done. It does nothing itself: it has no socket, no process and no clock.

Lines are without their newline. Actions are to be done in their order.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mcpconf.record import dataclass


class ToClient(NamedTuple):
    """Write a line to one client. A tuple, as one is made for every message."""

    client: int
    line: bytes


class ToServer(NamedTuple):
    """Write a line to the server."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Close a client's connection; the multiplexer has forgotten it."""

    client: int
    why: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A client wants a version that this process doesn't speak: give it another one, and these lines first.

    The multiplexer has forgotten the client.
    """

    client: int
    version: str
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """Something that was dropped or mended, for the server's log."""

    text: str


Action = ToClient | ToServer | Drop | Elsewhere | Log


class Era(Enum):
    """How a server process is spoken to. It is locked to one era by its first request."""

    LEGACY = "legacy"  # `initialize` first; 2024-11-05 to 2025-11-25
    MODERN = "modern"  # each request names its version; 2026-07-28


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds. Sizes are in bytes."""

    in_flight: int = 64  # requests of one client that are not answered yet
    queued: int = 64  # messages of one client that wait for the server
    queued_size: int = 10_000_000
    asked: int = 16  # requests of the server that one client has not answered yet
    tombstones: int = 1024  # cancelled requests whose answers are still waited for, in order to drop them
    batch: int = 128  # messages in an array
    subscriptions: int = 1024  # of one client
    tasks: int = 256  # of one client
    token: int = 4096  # characters of an id, a progress token, a URI or a task's id: they are remembered
    client_line: int = 10_000_000
    server_line: int = 64_000_000
    quick: int = 65_536  # a server's answer beyond this is not parsed when its id can be told without
