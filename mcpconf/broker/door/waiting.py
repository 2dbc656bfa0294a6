"""The connections that have not proved anything yet: few, and for a short time.

A plain limit would let idle connections lock out everybody else (200 of them did); so there is always room for one
more. It is made by an address that has most connections here, and there by the one that has waited longest: who floods
crowds out itself, and neither another container nor those who come by a unix socket. Clock values are passed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

LIMIT = 64
PATIENCE = 5.0  # seconds

C = TypeVar("C", bound=Hashable)


class Waiting(Generic[C]):
    """Which connections are waited for, in the order in which they came. Every step takes constant time."""

    __slots__ = ("_counts", "_known", "_limit", "_patience")

    def __init__(self, limit: int = LIMIT, patience: float = PATIENCE) -> None:
        self._limit = limit
        self._patience = patience
        self._known: dict[C, tuple[float, str]] = {}  # deadline and origin; who came first is due first
        self._counts: dict[str, int] = {}  # by origin

    def __len__(self) -> int:
        return len(self._known)

    def add(self, connection: C, now: float, origin: str = "") -> C | None:
        """Wait for one more; gives the one to close for it, where there are too many.

        `origin` is the address that it comes from, without its port; nothing for a unix socket.
        """
        self._known[connection] = now + self._patience, origin
        self._counts[origin] = self._counts.get(origin, 0) + 1
        if len(self._known) <= self._limit:
            return None
        most = max(self._counts.values())
        oldest = next(one for one, (_, place) in self._known.items() if self._counts[place] == most)
        self.remove(oldest)
        return oldest

    def remove(self, connection: C) -> bool:
        """It was admitted, or it went; whether it was waited for."""
        found = self._known.pop(connection, None)
        if found is None:
            return False
        origin = found[1]
        self._counts[origin] -= 1
        if not self._counts[origin]:
            del self._counts[origin]
        return True

    def overdue(self, now: float) -> list[C]:
        """Those to close because their time is over; they are no longer waited for."""
        late = []
        for connection, (deadline, _) in self._known.items():
            if deadline > now:
                break
            late.append(connection)
        for connection in late:
            self.remove(connection)
        return late

    def next_deadline(self) -> float | None:
        """When to ask `overdue` again; None while there is nobody."""
        return next((deadline for deadline, _ in self._known.values()), None)


class WaitingRoom(Generic[C]):
    """Those who wait, with a clock: `close` is called for who has no room or no time left."""

    def __init__(self, loop: asyncio.AbstractEventLoop, waiting: Waiting[C], close: Callable[[C], None]) -> None:
        self._loop = loop
        self._waiting = waiting
        self._close = close
        self._timer: asyncio.TimerHandle | None = None

    def add(self, guest: C, address: str | None) -> None:
        """Wait for one more. `address` is `host:port`; None for a unix socket."""
        oldest = self._waiting.add(guest, self._loop.time(), (address or "").rpartition(":")[0])
        if oldest is not None:
            self._close(oldest)
        self._watch()

    def remove(self, guest: C) -> bool:
        """It was admitted, or it went; whether it was waited for."""
        return self._waiting.remove(guest)

    def refuse(self, guest: C) -> None:
        """Wait for it no longer."""
        if self._waiting.remove(guest):
            self._close(guest)

    def close(self) -> None:
        """Turn all of them away."""
        for guest in self._waiting.overdue(float("inf")):
            self._close(guest)
        if self._timer is not None:
            self._timer.cancel()

    def _watch(self) -> None:
        """One timer for all: the one that came first is due first."""
        due = self._waiting.next_deadline()
        if self._timer is None and due is not None:
            self._timer = self._loop.call_at(due, self._late)

    def _late(self) -> None:
        self._timer = None
        for guest in self._waiting.overdue(self._loop.time()):
            self._close(guest)
        self._watch()
