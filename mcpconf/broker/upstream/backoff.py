"""When a server that crashes may be started again: at once the first time, then later and later, then not for a while.

Pure: times are seconds of any clock that is handed in, chances are handed in too.
"""

from __future__ import annotations

from collections import deque

WINDOW = 60.0  # seconds in which crashes count together
FIRST = 0.25  # seconds to wait after the second crash; twice as long after each further one
LONGEST = 10.0
BREAKS = 5  # crashes in a window that open the circuit
OPEN = 30.0  # seconds that it stays open


class Backoff:
    """The crashes of one server."""

    __slots__ = ("_again", "_crashes", "total")

    def __init__(self) -> None:
        self._crashes: deque[float] = deque(maxlen=BREAKS)
        self._again = 0.0
        self.total = 0

    def crashed(self, now: float, chance: float) -> None:
        """It ended by itself, or could not be started. `chance` in 0..1 spreads those that crash together."""
        while self._crashes and now - self._crashes[0] > WINDOW:
            self._crashes.popleft()
        self._crashes.append(now)
        self.total += 1
        count = len(self._crashes)
        if count >= BREAKS:
            self._again = now + OPEN
        elif count > 1:
            self._again = now + min(LONGEST, FIRST * 2 ** (count - 2)) * (0.5 + chance / 2)
        else:
            self._again = now

    def delay(self, now: float) -> float:
        """Seconds before it may be started."""
        return max(0.0, self._again - now)

    def broken(self, now: float) -> bool:
        """Whether nobody should wait for it."""
        return len(self._crashes) >= BREAKS and now < self._again

    def forgive(self) -> None:
        """Start anew: somebody asked for it, or it has changed."""
        self._crashes.clear()
        self._again = 0.0
