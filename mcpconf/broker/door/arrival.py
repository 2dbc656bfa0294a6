"""Connections that have not said yet what they want. Nothing else of them is read, and nothing parsed, before that."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from mcpconf.broker.door.auth import Admitted, Challenge
from mcpconf.broker.door.waiting import Waiting
from mcpconf.broker.door.wish import LINE_LIMIT, Wish, may_become, of_target, wish
from mcpconf.broker.session import Peer
from mcpconf.record import dataclass

PIECE = 65_536
YES = b"OK\n"
NOBODY = Peer()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A connection that said what it wants. `yes` is what it waits to hear; `rest` came behind its first line."""

    connection: socket.socket
    wish: Wish
    yes: bytes
    rest: bytes
    peer: Peer = NOBODY
    key: str | None = None


class Guest:
    """One that waits, and what it has said so far."""

    __slots__ = ("challenge", "connection", "held", "peer")

    def __init__(self, connection: socket.socket, peer: Peer, challenge: Challenge | None) -> None:
        self.connection = connection
        self.peer = peer
        self.challenge = challenge
        self.held = b""


class Arrivals:
    """Reads first lines, or the handshake where a connection came by TCP."""

    def __init__(self, loop: asyncio.AbstractEventLoop, admit: Callable[[Arrived], None]) -> None:
        self._loop = loop
        self._admit = admit
        self._waiting: Waiting[Guest] = Waiting()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, connection: socket.socket, peer: Peer, challenge: Challenge | None = None) -> None:
        """Somebody came; with a challenge, it has to prove first that it may."""
        guest = Guest(connection, peer, challenge)
        connection.setblocking(False)
        oldest = self._waiting.add(guest, self._loop.time(), (peer.address or "").rpartition(":")[0])
        if oldest is not None:
            self._close(oldest)
        if challenge is not None:
            with contextlib.suppress(OSError):
                connection.send(challenge.greeting())
        self._loop.add_reader(connection, self._read, guest)
        self._watch()
        self._read(guest)  # the first line is mostly there already, and saves a turn of the loop

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

    def _close(self, guest: Guest) -> None:
        self._loop.remove_reader(guest.connection)
        guest.connection.close()

    def _refuse(self, guest: Guest) -> None:
        if self._waiting.remove(guest):
            self._close(guest)

    def _read(self, guest: Guest) -> None:
        try:
            data = guest.connection.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arrived = self._judge(guest, data) if data else None
        if arrived is not None:
            self._waiting.remove(guest)
            self._loop.remove_reader(guest.connection)
            self._admit(arrived)
        elif not data:
            self._refuse(guest)

    def _judge(self, guest: Guest, data: bytes) -> Arrived | None:
        """What came, once it is whole; what can't become anything is refused."""
        if guest.challenge is not None:
            return self._proved(guest, guest.challenge, data)
        guest.held += data
        end = guest.held.find(b"\n", 0, LINE_LIMIT)
        if end < 0:
            if not may_become(guest.held):
                self._refuse(guest)
            return None
        found = wish(guest.held[:end])
        if found is None:
            self._refuse(guest)
            return None
        return Arrived(guest.connection, found, YES, guest.held[end + 1 :], guest.peer)

    def _proved(self, guest: Guest, challenge: Challenge, data: bytes) -> Arrived | None:
        outcome = challenge.feed(data)
        if isinstance(outcome, Admitted):
            found = of_target(outcome.target)
            return Arrived(guest.connection, found, outcome.line, outcome.rest, guest.peer, outcome.key_id)
        if outcome is not None:
            self._refuse(guest)
        return None
