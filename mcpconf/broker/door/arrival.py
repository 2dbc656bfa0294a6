"""Connections that have not said yet what they want. Nothing else of them is read, and nothing parsed, before that."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from mcpconf.broker.door import handover
from mcpconf.broker.door.auth import Admitted, Challenge
from mcpconf.broker.door.waiting import Waiting, WaitingRoom
from mcpconf.broker.door.wish import LINE_LIMIT, Wish, may_become, of_target, wish
from mcpconf.broker.passage import Ends, give_back
from mcpconf.broker.session import Peer
from mcpconf.record import dataclass

PIECE = 65_536
OFFERED = 512  # that have said a whole first line, and were offered to have their descriptors used
YES = b"OK\n"
NOBODY = Peer()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A connection that said what it wants. `yes` is what it waits to hear; `rest` came behind its first line.

    `ends` are its client's stdin and stdout, where these were passed.
    """

    connection: socket.socket
    wish: Wish
    yes: bytes
    rest: bytes
    peer: Peer = NOBODY
    key: str | None = None
    ends: Ends | None = None


class Guest:
    """One that waits, and what it has said so far."""

    __slots__ = ("challenge", "connection", "descriptors", "ends", "held", "peer", "wish")

    def __init__(self, connection: socket.socket, peer: Peer, challenge: Challenge | None) -> None:
        self.connection = connection
        self.peer = peer
        self.challenge = challenge
        self.held = b""
        self.descriptors: list[int] = []  # that came with it
        self.wish: Wish | None = None  # to pass them, which it has to say a last word to
        self.ends: Ends | None = None  # what was made of them


class Arrivals:
    """Reads first lines, or the handshake where a connection came by TCP."""

    def __init__(self, loop: asyncio.AbstractEventLoop, admit: Callable[[Arrived], None]) -> None:
        self._loop = loop
        self._admit = admit
        self._waiting: WaitingRoom[Guest] = WaitingRoom(loop, Waiting(), self._close)
        # Apart, since hundreds of good ones may come between two turns of ours, and have to be asked back.
        self._offered: WaitingRoom[Guest] = WaitingRoom(loop, Waiting(OFFERED), self._close)

    def take(self, connection: socket.socket, peer: Peer, challenge: Challenge | None = None) -> None:
        """Somebody came; with a challenge, it has to prove first that it may."""
        guest = Guest(connection, peer, challenge)
        connection.setblocking(False)
        self._waiting.add(guest, peer.address)
        if challenge is not None:
            with contextlib.suppress(OSError):
                connection.send(challenge.greeting())
        self._loop.add_reader(connection, self._read, guest)
        self._read(guest)  # the first line is mostly there already, and saves a turn of the loop

    def close(self) -> None:
        """Turn all of them away."""
        self._waiting.close()
        self._offered.close()

    def _close(self, guest: Guest) -> None:
        self._loop.remove_reader(guest.connection)
        handover.hang_up(guest.connection, guest.ends, guest.descriptors)

    def _refuse(self, guest: Guest) -> None:
        """It is in one of the rooms, or in none any more."""
        self._waiting.refuse(guest)
        self._offered.refuse(guest)

    def _read(self, guest: Guest) -> None:
        try:
            data = self._receive(guest)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arrived = self._judge(guest, data) if data else None
        if arrived is not None:
            self._waiting.remove(guest)
            self._offered.remove(guest)
            self._loop.remove_reader(guest.connection)
            give_back(guest.descriptors)
            self._admit(arrived)
        elif not data:
            self._refuse(guest)

    @staticmethod
    def _receive(guest: Guest) -> bytes:
        if guest.challenge is not None or guest.connection.family != socket.AF_UNIX:
            return guest.connection.recv(PIECE)
        data, descriptors = handover.receive(guest.connection, PIECE)
        guest.descriptors += descriptors
        if len(guest.descriptors) > handover.COUNT:
            give_back(guest.descriptors)
            guest.descriptors.clear()
        return data

    def _judge(self, guest: Guest, data: bytes) -> Arrived | None:
        """What came, once it is whole; what can't become anything is refused."""
        if guest.challenge is not None:
            return self._proved(guest, guest.challenge, data)
        guest.held += data
        if guest.wish is not None:
            return self._decided(guest, guest.wish)
        end = guest.held.find(b"\n", 0, LINE_LIMIT)
        if end < 0:
            if not may_become(guest.held):
                self._refuse(guest)
            return None
        found = wish(guest.held[:end])
        if found is None:
            self._refuse(guest)
            return None
        rest = guest.held[end + 1 :]
        if found.verb == "pass":
            return self._offer(guest, found, rest)
        return Arrived(guest.connection, found, YES, rest, guest.peer)

    def _offer(self, guest: Guest, found: Wish, rest: bytes) -> Arrived | None:
        """Say yes to who passes descriptors; if they are of use, it says whether to go on with them."""
        given, guest.descriptors = guest.descriptors, []
        found = Wish("open", found.server, found.project)
        try:
            guest.ends = handover.answer(guest.connection, YES, given)
        except OSError:
            self._refuse(guest)
            return None
        if guest.ends is None:
            return Arrived(guest.connection, found, b"", rest, guest.peer)
        guest.wish, guest.held = found, rest
        self._waiting.remove(guest)
        self._offered.add(guest, None)
        return self._decided(guest, found)

    def _decided(self, guest: Guest, found: Wish) -> Arrived | None:
        try:
            decided = handover.decided(guest.held)
        except ValueError:
            self._refuse(guest)
            return None
        if decided is None:
            return None
        ends, guest.ends = guest.ends, None
        if not decided.passed and ends is not None:
            ends.close()
            ends = None
        return Arrived(guest.connection, found, b"", decided.first, guest.peer, ends=ends)

    def _proved(self, guest: Guest, challenge: Challenge, data: bytes) -> Arrived | None:
        outcome = challenge.feed(data)
        if isinstance(outcome, Admitted):
            found = of_target(outcome.target)
            return Arrived(guest.connection, found, outcome.line, outcome.rest, guest.peer, outcome.key_id)
        if outcome is not None:
            self._refuse(guest)
        return None
