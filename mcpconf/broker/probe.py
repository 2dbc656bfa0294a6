"""Asks a process which era it speaks, once for each server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mcpconf.broker.era import probe, verdict
from mcpconf.broker.upstream.process import Process
from mcpconf.wire.actions import Era
from mcpconf.wire.envelope import Envelope
from mcpconf.wire.lines import Overlong

PATIENCE = 10.0  # seconds for the answer; Claude Code waits 2.6 before it says `initialize`
STARTING = 60.0  # seconds for the question to be read: until then a slow machine, or a download, is no silence
Judged = Callable[["Era | None", "Process | None", str], None]


class Probe:
    """One question to one process, which is handed over with the answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: Envelope, judged: Judged) -> None:
        self.waiting: list[Callable[[], None]] = []
        self._loop = loop
        self._request = request
        self._judged = judged
        self._process: Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        self._asked_at = 0.0

    def adopt(self, process: Process) -> None:
        if self._over:
            process.stop()
            return
        self._process = process
        process.owner = self
        self._asked_at = self._loop.time()
        self._timer = self._loop.call_later(PATIENCE, self._silent)
        process.write([probe(self._request)])

    def failed(self, words: str) -> None:
        self._end(None, words)

    def server_said(self, lines: list[bytes | Overlong]) -> None:
        found = next(filter(None, map(verdict, lines)), None)
        if found is not None:
            self._end(found, "")

    def server_ended(self, words: str) -> None:
        self._process = None
        self._end(None, words)

    def server_strained(self, full: bool) -> None:
        """One line is no strain."""

    def give_up(self, words: str) -> None:
        """Nobody wants to know any more."""
        self._end(None, words)

    def _silent(self) -> None:
        """It does not answer what it does not know. What else the question did to it, nobody knows either."""
        process = self._process
        if process is not None and process.unread and self._loop.time() < self._asked_at + STARTING:
            self._timer = self._loop.call_later(PATIENCE, self._silent)
            return
        self._process = None
        if process is not None:
            process.stop()
        self._end(Era.LEGACY, "")

    def _end(self, era: Era | None, words: str) -> None:
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._judged(era, self._process, words)
