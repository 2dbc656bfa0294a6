"""A client's connection: which worker each of its lines goes to, and what becomes of it at either end's end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from enum import Flag

from mcpconf.broker import era
from mcpconf.broker.channel import Channel
from mcpconf.broker.hangup import Hangups, is_gone
from mcpconf.broker.passage import Ends, Passage
from mcpconf.broker.pool import Crowded, Pool
from mcpconf.broker.worker import Worker
from mcpconf.record import dataclass
from mcpconf.wire.actions import Era, Limits, ToClient
from mcpconf.wire.answers import INTERNAL, failure
from mcpconf.wire.lines import Overlong, unbroken
from mcpconf.wire.mux import Mux

HIGH = 1_048_576  # bytes that may wait for a client before its own server is read no further
MOST = 16_777_216  # and before a client that shares a server is dropped
PATIENCE = 5.0  # seconds that one which is let go has to read what waits for it
AHEAD = 256  # lines that wait until the server's era is known
# For who can't half-close a connection: bash has no way to.
END_OF_INPUT = b'{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}'
CANCELLED = b"notifications/cancelled"
BYE = b"BYE\n"  # to a shim that has passed its client's descriptors: all is done


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as far as the system tells."""

    pid: int | None = None
    uid: int | None = None
    address: str | None = None


class Cause(Flag):
    """Why a client is not read."""

    SERVER = 1  # its server does not read
    CLIENT = 2  # it does not read itself
    ERA = 4  # it has said much, and nobody knows yet which server is to hear it


class Session:
    """One client. It has a worker for each era that it speaks; most have one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        number: int,
        descriptor: int,
        pool: Pool,
        peer: Peer,
        hangups: Hangups,
        closed: Callable[[Session], None],
        ends: Ends | None = None,
    ) -> None:
        """`ends`: the client's stdin and stdout, where they were passed; the connection only tells that it is there."""
        self.id = number
        self.pool = pool
        self.peer = peer
        self.since = loop.time()
        self.messages = 0  # that it has sent
        self.key: str | None = None  # the one by which it came
        self.plain = False  # whether it came without having to prove anything
        self._loop = loop
        self._descriptor = descriptor
        self._hangups = hangups
        self._closed = closed
        self._legacy: Worker | None = None
        self._modern: Worker | None = None
        self._ahead: list[bytes | Overlong] | None = None  # while the server's era is asked for
        self._ahead_size = 0
        self._waits = Cause(0)
        self._over = False
        self._input_ended = False
        self._done = False  # whether the client has ended, and was answered all
        self._line = -1  # the connection, where it is only that
        limit = Limits().client_line
        if ends is None:
            _widen(descriptor)
            self._channel = Channel(loop, descriptor, descriptor, self, limit, HIGH)
        else:
            self._line = descriptor
            self._journal = ends.journal
            self._channel = Passage(loop, ends, self, limit, HIGH)

    def start(self, welcome: bytes, first: bytes) -> None:
        """Begin: say the line that the client waits for, if any, and hear what came behind its own first line."""
        if self._line >= 0:
            self._journal.begin(first)
            self._loop.add_reader(self._line, self._line_event)
        if welcome:
            self._channel.write([welcome.removesuffix(b"\n")])
        self._channel.start(first)

    @property
    def workers(self) -> list[Worker]:
        return [one for one in (self._legacy, self._modern) if one is not None]

    @property
    def owed(self) -> int:
        """Answers that the client waits for."""
        return sum(one.owes(self) for one in self.workers)

    def rests(self) -> bool:
        """Whether nothing is in flight, of the client or of its servers."""
        return self._ahead is None and all(one.mux.rests(self.id) for one in self.workers)

    @property
    def queued(self) -> int:
        """Bytes that the client has not read yet."""
        return self._channel.queued

    # -- from the client

    def heard(self, lines: list[bytes | Overlong]) -> None:
        if self._over or self._input_ended:
            return
        self.messages += len(lines)
        lines = list(map(unbroken, lines))  # here, since an `initialize` is also kept for spare processes
        if END_OF_INPUT in lines:
            self._hear(lines[: lines.index(END_OF_INPUT)])
            self.closed(said=True)
        else:
            self._hear(lines)

    def _hear(self, lines: list[bytes | Overlong]) -> None:
        if self._ahead is not None:
            for line in lines:
                self._hear_meanwhile(line, self._ahead)
        elif self._legacy is not None and self._modern is None and not any(map(era.modern, lines)):
            self._legacy.said(self, lines)
        else:
            for place, line in enumerate(lines):
                if not self._route(line):
                    self._ahead = [line]
                    self._hear(lines[place + 1 :])
                    return

    def _hear_meanwhile(self, line: bytes | Overlong, ahead: list[bytes | Overlong]) -> None:
        """While the server's era is asked for: a client that loses its patience says `initialize`, and goes on."""
        plain = era.modern(line) is None
        if plain and (self._legacy is not None or era.hello(line) is not None):
            self._route(line)
        else:
            ahead.append(line)
            self._ahead_size += 0 if isinstance(line, Overlong) else len(line)
            if len(ahead) > AHEAD or self._ahead_size > HIGH:
                self._wait_for(Cause.ERA)

    def _route(self, line: bytes | Overlong) -> bool:
        """Give a line to whom it is for; False where that is not known yet."""
        request = era.modern(line)
        if request is not None:
            if self._modern is not None:
                self._modern.said(self, [line])
            elif self.pool.speaks is None:
                self.pool.ask_era(request, self._judged)
                return False
            elif self.pool.speaks is Era.LEGACY:
                self.give([era.refusal(request)])
            else:
                self._enter(line, request.id, modern=True)
        elif self._legacy is not None:
            self._legacy.said(self, [line])
            if self._modern is not None and not isinstance(line, Overlong) and CANCELLED in line:
                self._modern.said(self, [line])  # only one of them has a request of that id
        else:
            self._first(line)
        return True

    def _first(self, line: bytes | Overlong) -> None:
        """A line of the era with sessions, before there is one."""
        greeting = era.hello(line)
        if greeting is not None:
            self._enter(line, greeting.id, modern=False)
        elif self._modern is not None:
            self._modern.said(self, [line])
        else:
            lobby = Mux(Era.LEGACY)  # which knows what is wrong with it
            lobby.connect(self.id)
            self.give([one.line for one in lobby.from_client(self.id, line) if isinstance(one, ToClient)])

    def _enter(self, line: bytes | Overlong, token: str | None, *, modern: bool) -> None:
        try:
            if modern:
                self._modern = worker = self.pool.modern(self)
            else:
                greeting = era.hello(line)
                if greeting is None:
                    return
                self._legacy = worker = self.pool.legacy(self, greeting)
        except Crowded as error:
            self.give([failure(token, INTERNAL, str(error))])
            return
        worker.said(self, [line])

    def _judged(self) -> None:
        """The server's era is known, or could not be found out."""
        lines, self._ahead, self._ahead_size = self._ahead or [], None, 0
        if self._over:
            return
        if self.pool.speaks is None and lines:
            request = era.modern(lines.pop(0))
            why = self.pool.error or self.pool.why()
            self.give([failure(request.id if request else None, INTERNAL, f"the server could not be asked: {why}")])
        if lines:
            self._hear(lines)
        if self._ahead is None:
            if self._input_ended:
                self._finish_if_done()
            self._go_on_after(Cause.ERA)

    # -- to the client

    def give(self, lines: Sequence[bytes]) -> None:
        if self._over or not lines:
            return
        if self._channel.queued > MOST and not all(one.exclusive for one in self.workers):
            self.drop("it does not read what it is sent")
            self.close()
            return
        self._channel.write(lines)
        if self._input_ended:
            self._loop.call_soon(self._finish_if_done)

    def strained(self, full: bool) -> None:
        for worker in self.workers:
            worker.press(full)
        if full:  # what it is answered without its server would pile up as well
            self._wait_for(Cause.CLIENT)
        else:
            self._go_on_after(Cause.CLIENT)

    def hold(self, full: bool) -> None:
        if full:
            self._wait_for(Cause.SERVER)
        else:
            self._go_on_after(Cause.SERVER)

    def _wait_for(self, cause: Cause) -> None:
        """Read the client no further; that it is gone is noticed all the same."""
        self._waits |= cause
        if not self._over and not self._input_ended:
            self._channel.pause()
            self._hangups.watch(self._descriptor, self.close)

    def _go_on_after(self, cause: Cause) -> None:
        self._waits &= ~cause
        if not self._waits and not self._over and not self._input_ended:
            self._hangups.forget(self._descriptor)
            self._channel.resume()

    def moved(self, old: Worker, new: Worker, lines: Sequence[bytes]) -> None:
        if self._legacy is old:
            self._legacy = new
        new.said(self, lines)

    def reload(self) -> None:
        """The configuration was read again: who has one server is let go where that is another now."""

    # -- ends

    def closed(self, said: bool = False) -> None:
        """The client says no more. It may wait for answers still, or be gone altogether."""
        if self._over:
            return
        if self.peer.address is not None:
            self._closed_by_tcp(said)
            return
        if self._input_ended:
            return
        self._input_ended = True
        self._channel.pause()
        if is_gone(self._descriptor):
            self.close()
            return
        self._hangups.watch(self._descriptor, self.close)
        self._finish_if_done()

    def _closed_by_tcp(self, said: bool) -> None:
        """There a client that is gone looks like one that half-closed, so that only our own word means the latter."""
        if said:
            self._input_ended = True
            self._finish_if_done()
        else:
            self.close()

    def _finish_if_done(self) -> None:
        if not self._over and self._ahead is None and not self.owed:
            self._done = True
            self._channel.finish()

    def lost(self) -> None:
        self.close()

    def drop(self, why: str) -> None:
        """Close the connection once what waits has been read."""
        self.pool.log(f"client {self.id} was disconnected: {why}")
        self._input_ended = True
        self._done = False
        self._channel.pause()
        self._channel.finish()
        self._loop.call_later(PATIENCE, self.close)

    def close(self) -> None:
        """It is over: what the client waited for is cancelled at the server."""
        if self._over:
            return
        self._over = True
        self._hangups.forget(self._descriptor)
        self._channel.close()
        if self._line >= 0:
            self._cut_line()
        for worker in self.workers:
            worker.detach(self)
        self._closed(self)

    # -- the connection of a client whose descriptors were passed

    def _line_event(self) -> None:
        """It has no more to say: whatever comes is its end."""
        self.close()

    def _cut_line(self) -> None:
        """The last step, when nothing of the client's is read or written any more: its shim goes on from here."""
        self._loop.remove_reader(self._line)
        if self._done:
            with contextlib.suppress(OSError):
                os.write(self._line, BYE)
        os.close(self._line)
        self._line = -1


def _widen(descriptor: int) -> None:
    """As large a buffer as the system gives: a long answer takes half the turns."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HIGH)
