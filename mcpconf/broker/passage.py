"""A client's own stdin and stdout, passed by its shim: read and written as any channel, and noted in a journal.

A round trip is two hops less than by way of the shim. What may be passed is what can be used without waiting and
without changing what others share: a pipe, which is opened once more for a description of our own, or a stream socket,
which is told with each call not to block. All else goes by way of the shim.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import socket
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from mcpconf.broker.channel import Channel, Peer
from mcpconf.broker.journal import CHUNK, Journal

NEWLINE = 10
LONG = 131_072  # bytes that wait, from which on a pipe is widened
PIPE = 1_048_576  # to this
PART = 8  # of the descriptors that we may have, which part passed clients may be: each takes four, another client one


class Client(Peer, Protocol):
    """Who is told what comes through a passage."""

    def rests(self) -> bool:
        """Whether nothing is in flight between the client and its server."""

    def drop(self, why: str) -> None:
        """The connection is to be closed."""


class Ends:
    """What was passed, ready to be used, and its journal. Whoever has it closes it."""

    __slots__ = ("journal", "reader", "writer")
    known = 0  # how many there are

    def __init__(self, reader: int, writer: int, journal: Journal) -> None:
        self.reader = reader
        self.writer = writer
        self.journal = journal
        Ends.known += 1

    def close(self) -> None:
        """Give back the descriptors that nobody has taken, and the journal."""
        give_back((self.reader, self.writer))
        self.reader = self.writer = -1
        self.journal.close()
        Ends.known -= 1


def ends(descriptors: Iterable[int]) -> Ends | None:
    """Make two descriptors that came ready; None where they aren't what we take. They are closed or taken over."""
    given = list(descriptors)
    made: list[int] = []
    try:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if len(given) == 2 and hasattr(os, "memfd_create") and (limit < 0 or Ends.known < limit // PART):
            made += [_own(given[0], os.O_RDONLY), _own(given[1], os.O_WRONLY)]
            return Ends(made[0], made[1], Journal())
    except (OSError, ValueError):
        give_back(made)
    finally:
        give_back(given)
    return None


def _own(descriptor: int, direction: int) -> int:
    """A descriptor of our own for the same thing. Raises OSError or ValueError where it can't be used."""
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISFIFO(kind):
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE not in (direction, os.O_RDWR):
            raise ValueError("the wrong end of a pipe")
        return os.open(f"/proc/self/fd/{descriptor}", direction | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISSOCK(kind):
        raise ValueError("neither a pipe nor a socket")
    with socket.socket(fileno=os.dup(descriptor)) as one:
        if one.family != socket.AF_UNIX or one.type != socket.SOCK_STREAM:
            raise ValueError("no stream socket")
        # One that is not connected has none (OSError). A name is that of a listener: it may be ours, and then the other
        # end is ours as well, so that the client would never be gone.
        if one.getpeername():
            raise ValueError("a connection to a listener")
        return one.detach()


def give_back(descriptors: Iterable[int]) -> None:
    for one in descriptors:
        if one >= 0:
            with contextlib.suppress(OSError):
                os.close(one)


class Passage(Channel):
    """A channel over what was passed. The journal is kept true at each step, for a kill may come between any two."""

    __slots__ = ("_client", "_ends", "_fill", "_journal", "_open", "_put", "_sockets", "_wide")

    def __init__(self, loop: asyncio.AbstractEventLoop, ends: Ends, client: Client, limit: int, high: int) -> None:
        super().__init__(loop, ends.reader, ends.writer, client, limit, high)
        self._client = client
        self._ends = ends
        self._journal = ends.journal
        self._open = False  # whether the client is in the middle of a line
        self._wide = False
        self._sockets: list[socket.socket] = []
        self._fill = self._filling(ends.reader)
        self._put = self._putting(ends.writer)
        ends.reader = ends.writer = -1  # they are the channel's now

    def _unblock(self) -> None:
        """They are as they should be, and a socket's flags belong to others too."""

    def _filling(self, descriptor: int) -> Callable[[memoryview], int]:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return lambda room: os.readv(descriptor, (room,))
        one = self._socket(descriptor)
        return lambda room: one.recv_into(room, 0, socket.MSG_DONTWAIT)

    def _putting(self, descriptor: int) -> Callable[[bytes | memoryview], int]:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return lambda data: os.write(descriptor, data)
        one = self._socket(descriptor)
        return lambda data: one.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    def _socket(self, descriptor: int) -> socket.socket:
        self._sockets.append(socket.socket(fileno=descriptor))
        return self._sockets[-1]

    def start(self, first: bytes = b"") -> None:
        self._open = first[-1:] not in (b"", b"\n")
        super().start(first)

    # -- in

    def _read(self, size: int) -> bytes | None:
        journal = self._journal
        if journal.at > journal.look:
            self._tidy()
            if self._writer < 0 or not self._reading:
                return None
        at = journal.at
        try:
            count = self._fill(journal.view[at : at + min(size, CHUNK)])
        except BlockingIOError:
            return None
        except OSError:  # the other end was reset
            return b""
        if not count:
            return b""
        data = journal.heard(count)
        self._open = data[-1] != NEWLINE
        return data

    def _tidy(self) -> None:
        """Begin the journal anew, if it is time to."""
        journal = self._journal
        calm = not (self._open or self._queue or self._backlog) and self._client.rests()
        if calm:
            if not journal.rewind():
                journal.compact(calm=True)
        elif journal.late:
            self._compact()
        else:
            journal.put_off()

    def _compact(self) -> None:
        journal = self._journal
        journal.compact(calm=False)
        if not journal.full:
            return
        if not self._queue:
            self._client.drop("it has asked more than can be noted")
        elif not self._strained:  # what it is told makes room, as soon as it is read
            self._strained = True
            self._client.strained(True)

    # -- out

    def _send(self, data: bytes | memoryview) -> int:
        journal = self._journal
        journal.writing()
        try:
            sent = self._put(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._lose()
            return 0
        if sent < len(data) - LONG and not self._wide:
            self._widen()
        if sent == len(data):
            # The rest of what went out in parts is a view of the whole.
            whole: Any = data if isinstance(data, bytes) else data.obj
            if not journal.told(whole):
                self._note(whole)
        return sent

    def _widen(self) -> None:
        """A larger buffer for who is sent long answers: a megabyte takes a third less time."""
        self._wide = True
        with contextlib.suppress(OSError):  # a socket, or the user has no more
            fcntl.fcntl(self._writer, fcntl.F_SETPIPE_SZ, PIPE)

    def _note(self, data: bytes) -> None:
        """Where there is no room for all of it at once."""
        journal = self._journal
        journal.compact(calm=False)
        for piece in pieces(data):
            if not journal.told(piece):
                journal.compact(calm=False)
                if not journal.told(piece):
                    self._loop.call_soon(self._client.drop, "it has been told more than can be noted")
                    return

    # -- the end

    def close(self) -> None:
        super().close()
        for one in self._sockets:
            one.detach()  # its descriptor was closed just now
        self._sockets = []
        self._fill = self._put = _closed
        self._ends.close()


def _closed(_: object) -> int:
    raise BrokenPipeError


def pieces(data: bytes) -> Iterator[bytes]:
    """Whole lines, not many at a time."""
    at = 0
    while at < len(data):
        stop = data.find(b"\n", min(at + CHUNK, len(data) - 1)) + 1
        yield data[at:stop]
        at = stop
