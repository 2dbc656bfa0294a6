"""The gateway's client as one server's pool knows it: a client like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mcpconf.broker import era
from mcpconf.broker.pool import Pool
from mcpconf.broker.worker import Worker
from mcpconf.wire.actions import Era

HELD = 10_000_000  # bytes that wait for a server which does not read


class Host(Protocol):
    """Whose visits these are."""

    def server_said(self, visit: Visit, lines: Sequence[bytes]) -> None:
        """A server's lines."""

    def sent_away(self, visit: Visit, why: str) -> None:
        """The pool has let it go."""

    def crowded(self, visit: Visit, full: bool) -> None:
        """More waits for this server than should, or no longer."""


class Visit:
    """One server, in one era, for one client of the gateway. What a server does not read waits here."""

    def __init__(self, host: Host, number: int, server: int, pool: Pool, kind: Era) -> None:
        """`number` is a client's of the broker, `server` the gateway's own."""
        self.id = number
        self.server = server
        self.pool = pool
        self.worker: Worker | None = None
        self._host = host
        self._era = kind
        self._over = False
        self._held = False
        self._queue: list[bytes] = []
        self._size = 0

    def say(self, line: bytes) -> None:
        """A line for the server, the first of which decides which process it is. Raises `Crowded`."""
        if self._over:
            return
        if self._held:
            self._queue.append(line)
            self._size += len(line)
            if self._size > HELD:
                self._host.crowded(self, True)
            return
        if self.worker is None:
            greeting = era.hello(line) if self._era is Era.LEGACY else None
            self.worker = self.pool.modern(self) if greeting is None else self.pool.legacy(self, greeting)
        self.worker.said(self, [line])

    def leave(self) -> None:
        """Nobody waits for anything of this server any more."""
        self._over = True
        self._release()
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.detach(self)

    def _release(self) -> list[bytes]:
        lines, self._queue = self._queue, []
        if self._size > HELD:
            self._host.crowded(self, False)
        self._size = 0
        return lines

    # -- what a worker tells its clients

    def give(self, lines: Sequence[bytes]) -> None:
        if not self._over:
            self._host.server_said(self, lines)

    def drop(self, why: str) -> None:
        self._over = True
        self._release()
        self.worker = None
        self._host.sent_away(self, why)

    def moved(self, old: Worker, new: Worker, lines: Sequence[bytes]) -> None:
        if self.worker is old:
            self.worker = new
        new.said(self, lines)

    def hold(self, full: bool) -> None:
        self._held = full
        if not full and self.worker is not None:
            lines = self._release()
            if lines:
                self.worker.said(self, lines)
