"""Somebody who asks the broker about itself: one JSON object a line, each way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from mcpconf.broker.channel import Channel
from mcpconf.broker.door.arrival import Arrived
from mcpconf.errors import McpconfError
from mcpconf.wire.lines import Overlong

LIMIT = 65_536  # bytes of a request
HIGH = 4_194_304
UNTIL = "until"  # in what a command gives: what to call when whoever asked for it is gone
Command = Callable[[Mapping[str, object]], Mapping[str, object]]


class ControlSession:
    """One of them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        arrived: Arrived,
        commands: Mapping[str, Command],
        known: set[ControlSession],
    ) -> None:
        self._commands = commands
        self._known = known
        self._ends: list[Callable[[], None]] = []
        descriptor = arrived.connection.detach()
        self._channel = Channel(loop, descriptor, descriptor, self, LIMIT, HIGH)
        known.add(self)
        self._channel.write([arrived.yes.removesuffix(b"\n")])
        self._channel.start(arrived.rest)

    def heard(self, lines: list[bytes | Overlong]) -> None:
        self._channel.write([json.dumps(self._answer(line)).encode() for line in lines])

    def _answer(self, line: bytes | Overlong) -> Mapping[str, object]:
        try:
            request = None if isinstance(line, Overlong) else json.loads(line)
        except (ValueError, RecursionError):
            request = None
        command = self._commands.get(str(request.get("do"))) if isinstance(request, dict) else None
        if command is None or not isinstance(request, dict):
            return {"ok": False, "error": "this is no request that a broker knows"}
        try:
            answer = dict(command(request))
            end = answer.pop(UNTIL, None)
            if callable(end):
                self._ends.append(end)
            return {"ok": True, **answer}
        except (McpconfError, OSError) as error:
            return {"ok": False, "error": str(error)}

    def closed(self) -> None:
        self._channel.finish()

    def lost(self) -> None:
        self._known.discard(self)
        self._channel.close()
        ends, self._ends = self._ends, []
        for end in ends:
            end()

    def leave(self) -> None:
        """The broker ends: what was answered is still sent."""
        self._channel.pause()
        self._channel.finish()

    def strained(self, full: bool) -> None:
        """Somebody who asks and never reads is let go."""
        if full:
            self.lost()
