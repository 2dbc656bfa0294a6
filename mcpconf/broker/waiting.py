"""The connections that have not proved anything yet: few, and for a short time.

A plain limit would let idle connections lock out everybody else (200 of them did); so there is always room for one
more, and the one that has waited longest makes it. Clock values are passed in.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

LIMIT = 64
PATIENCE = 5.0  # seconds

C = TypeVar("C", bound=Hashable)


class Waiting(Generic[C]):
    """Which connections are waited for, in the order in which they came. Every step takes constant time."""

    __slots__ = ("_deadlines", "_limit", "_patience")

    def __init__(self, limit: int = LIMIT, patience: float = PATIENCE) -> None:
        self._limit = limit
        self._patience = patience
        self._deadlines: dict[C, float] = {}  # the clock never goes back: who came first is due first

    def __len__(self) -> int:
        return len(self._deadlines)

    def add(self, connection: C, now: float) -> C | None:
        """Wait for one more; gives the one to close for it, where there are too many."""
        self._deadlines[connection] = now + self._patience
        if len(self._deadlines) <= self._limit:
            return None
        oldest = next(iter(self._deadlines))
        del self._deadlines[oldest]
        return oldest

    def remove(self, connection: C) -> bool:
        """It was admitted, or it went; whether it was waited for."""
        return self._deadlines.pop(connection, None) is not None

    def overdue(self, now: float) -> list[C]:
        """Those to close because their time is over; they are no longer waited for."""
        late = []
        for connection, deadline in self._deadlines.items():
            if deadline > now:
                break
            late.append(connection)
        for connection in late:
            del self._deadlines[connection]
        return late

    def next_deadline(self) -> float | None:
        """When to ask `overdue` again; None while there is nobody."""
        return next(iter(self._deadlines.values()), None)
