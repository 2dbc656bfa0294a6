"""The process's own stdin and stdout, as lines, for code that can wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from mcpconf.broker.channel import Channel
from mcpconf.wire.actions import Limits
from mcpconf.wire.lines import Overlong

HIGH = 1_048_576  # bytes that may wait for the broker before the server is read no further
AHEAD = 64  # lines that may wait to be sent before the broker is read no further
TICK = 0.02  # seconds
LAST = 50  # ticks for the broker to read what is left at the end


class Ports:
    """Lines in, lines out, and the end: `over` is set to the last words, empty where nothing is wrong.

    When it is over nothing more is said. What waits is failed by the broker, who then knows that the process is gone;
    an error from here would have the client ask again, while that is not known yet.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, reader: int = 0, writer: int = 1) -> None:
        self.over: asyncio.Future[str] = loop.create_future()
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._free = asyncio.Event()
        self._free.set()
        self._paused = False
        self._channel = Channel(loop, reader, writer, self, Limits().server_line, HIGH)

    def start(self, first: bytes) -> None:
        """Begin; `first` was read already."""
        self._channel.start(first)

    def end(self, words: str) -> None:
        """Have the process end, with these last words."""
        if not self.over.done():
            self.over.set_result(words)

    async def lines(self) -> AsyncIterator[bytes]:
        """What the broker says, until it says no more."""
        while (line := await self._lines.get()) is not None:
            if self._paused and self._lines.qsize() <= AHEAD // 2:
                self._paused = False
                self._channel.resume()
            yield line

    async def write(self, line: bytes) -> None:
        """Say a line, when there is room for it."""
        await self._free.wait()
        if not self.over.done():
            self._channel.write([line])

    async def finish(self) -> None:
        """Let the broker read what is left. Its end of stdout closes with the process, not before."""
        for _ in range(LAST):
            if not self._channel.queued:
                return
            await asyncio.sleep(TICK)

    # -- what the channel tells

    def heard(self, lines: Sequence[bytes | Overlong]) -> None:
        for line in lines:
            if isinstance(line, bytes):
                self._lines.put_nowait(line)
        if self._lines.qsize() > AHEAD:
            self._paused = True
            self._channel.pause()

    def closed(self) -> None:
        self._paused = False
        self._lines.put_nowait(None)

    def lost(self) -> None:
        self._free.set()
        self.end("")

    def strained(self, full: bool) -> None:
        if full:
            self._free.clear()
        else:
            self._free.set()
