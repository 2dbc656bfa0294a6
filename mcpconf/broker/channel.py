"""Lines over a pair of descriptors: what is read is cut into lines, what is written waits for who doesn't read.

Not an asyncio transport: the two ends of a server are two pipes, and a write that fits goes out at once, without a
turn of the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from termios import FIONREAD
from typing import Protocol

from mcpconf.wire.lines import Lines, Overlong

CHUNK = 65_536  # bytes to read at once
LARGE = 1_048_576  # and after a read that filled that
TURN = 1024  # lines that are heard in one turn of the loop: a megabyte of two-byte lines must not stop everyone else


class Peer(Protocol):
    """Who is told what comes through a channel."""

    def heard(self, lines: list[bytes | Overlong]) -> None:
        """Lines came."""

    def closed(self) -> None:
        """No more will come."""

    def lost(self) -> None:
        """No more can be written."""

    def strained(self, full: bool) -> None:
        """More waits to be written than should, or no longer."""


class Channel:
    """One end of a conversation. Closes the descriptors that it was given."""

    __slots__ = (
        "_after",
        "_backlog",
        "_chunk",
        "_due",
        "_high",
        "_lines",
        "_loop",
        "_peer",
        "_queue",
        "_reader",
        "_reading",
        "_strained",
        "_writer",
        "queued",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, reader: int, writer: int, peer: Peer, limit: int, high: int
    ) -> None:
        """`limit`: bytes of a line; `high`: bytes that may wait before the peer is told that it is too much."""
        self._loop = loop
        self._reader = reader
        self._writer = writer
        self._unblock()
        self._peer = peer
        self._lines = Lines(limit)
        self._high = high
        self._queue: deque[bytes | memoryview] = deque()
        self.queued = 0  # bytes that wait
        self._strained = False
        self._reading = False
        self._chunk = CHUNK
        self._backlog: deque[bytes | Overlong] = deque()  # lines that came and were not heard yet
        self._due = False  # whether they will be in the next turn
        self._after: list[Callable[[], None]] = []  # what waits for all of them to be heard

    def _unblock(self) -> None:
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    # -- in

    def start(self, first: bytes = b"") -> None:
        """Begin to read; `first` was read already."""
        self.resume()
        if first:
            self._take(first)

    def pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._reader)

    def resume(self) -> None:
        if not self._reading and self._reader >= 0:
            self._reading = True
            if self._backlog:
                self._go_on_soon()
            else:
                self._loop.add_reader(self._reader, self._readable)

    def drain(self, limit: int, then: Callable[[], None]) -> None:
        """Read what is there, `limit` bytes of it at most since somebody may go on writing; `then` comes after it."""
        while limit > 0 and self._reader >= 0:
            data = self._read(min(limit, LARGE))
            if not data:
                break
            limit -= len(data)
            self._take(data)
        self._when_heard(then)

    def _readable(self) -> None:
        data = self._read(self._chunk)
        if data:
            self._chunk = LARGE if len(data) == self._chunk else CHUNK
            self._take(data)
        elif data is not None:
            self.pause()
            self._when_heard(self._end)

    def _read(self, size: int) -> bytes | None:
        """What came; nothing at the end, None where nothing has come."""
        try:
            return os.read(self._reader, size)
        except BlockingIOError:
            return None
        except OSError:  # the other end was reset
            return b""

    def _take(self, data: bytes) -> None:
        lines = self._lines.feed(data)
        if self._backlog or len(lines) > TURN:
            self._backlog += lines
            self._loop.remove_reader(self._reader)
            self._go_on_soon()
        elif lines:
            self._peer.heard(lines)

    def _go_on_soon(self) -> None:
        if not self._due:
            self._due = True
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Have a part of the backlog heard, and the next one when others have had their turn."""
        self._due = False
        if self._backlog and (self._reading or self._after):
            count = min(TURN, len(self._backlog))
            self._peer.heard([self._backlog.popleft() for _ in range(count)])
        if not self._backlog:
            after, self._after = self._after, []
            for then in after:
                then()
            if self._reading:
                self._loop.add_reader(self._reader, self._readable)
        elif self._reading or self._after:
            self._go_on_soon()

    def _when_heard(self, then: Callable[[], None]) -> None:
        if self._backlog:
            self._after.append(then)
            self._go_on_soon()
        else:
            then()

    def _end(self) -> None:
        last = self._lines.end()
        if last:
            self._peer.heard(last)
        self._peer.closed()

    # -- out

    def write(self, lines: Sequence[bytes]) -> None:
        """Send lines, each with its newline."""
        if self._writer < 0:
            return
        data = lines[0] + b"\n" if len(lines) == 1 else b"\n".join(lines) + b"\n"
        if not self._queue:
            sent = self._send(data)
            if sent == len(data) or self._writer < 0:
                return
            self._loop.add_writer(self._writer, self._writable)
            self._wait(memoryview(data)[sent:])
        else:
            self._wait(data)

    def finish(self) -> None:
        """Write what waits, and then no more: the peer hears that it is `lost`."""
        if self._writer < 0:
            return
        if self._queue:
            self._queue.append(b"")
        else:
            self._lose()

    @property
    def unread(self) -> bool:
        """Whether something that was written was not read yet. Linux says so of a pipe, at either end."""
        if self._writer < 0:
            return False
        waiting = array("i", [0])
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._writer, FIONREAD, waiting)
        return bool(self.queued or waiting[0])

    def _wait(self, data: bytes | memoryview) -> None:
        self._queue.append(data)
        self.queued += len(data)
        if self.queued > self._high and not self._strained:
            self._strained = True
            self._peer.strained(True)

    def _send(self, data: bytes | memoryview) -> int:
        try:
            return os.write(self._writer, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._lose()
            return 0

    def _writable(self) -> None:
        while self._queue:
            data = self._queue[0]
            if not data:
                self._lose()
                return
            sent = self._send(data)
            if self._writer < 0:
                return
            self.queued -= sent
            if sent < len(data):
                self._queue[0] = memoryview(data)[sent:]
                break
            self._queue.popleft()
        if not self._queue:
            self._loop.remove_writer(self._writer)
        if self._strained and self.queued <= self._high // 2:
            self._strained = False
            self._peer.strained(False)

    def _lose(self) -> None:
        self._close_writer()
        self._loop.call_soon(self._peer.lost)  # never in the middle of what somebody is writing

    # -- the end

    def close(self) -> None:
        """Drop what waits, and give the descriptors back."""
        self.pause()
        self._backlog.clear()
        self._after.clear()
        self._close_writer()
        if self._reader >= 0:
            with contextlib.suppress(OSError):
                os.close(self._reader)
            self._reader = -1

    def _close_writer(self) -> None:
        if self._writer < 0:
            return
        if self._queue:
            self._loop.remove_writer(self._writer)
            self._queue.clear()
            self.queued = 0
        if self._writer != self._reader:
            with contextlib.suppress(OSError):
                os.close(self._writer)
        self._writer = -1
