"""The gateway's plain door: MCP by TCP without a handshake, as `socat STDIO TCP:...:8811` speaks it.

Whoever reaches it can use every server, so that it is open only where somebody asked for it, on the loopback address or
one bridge's, to that network alone and, as far as the system tells, to the broker's own user. What can't be the first
byte of a message closes at once, before anything is read of it: browsers, TLS, Redis and the like begin otherwise.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Callable

from mcpconf.broker.door.arrival import PIECE, Arrived
from mcpconf.broker.door.waiting import Waiting, WaitingRoom
from mcpconf.broker.door.wish import Wish
from mcpconf.broker.gateway.members import ALL
from mcpconf.broker.gateway.neighbours import Place, is_here, owner_of
from mcpconf.broker.session import Peer

LIMIT = 32  # connections that have not said a whole message
PATIENCE = 30.0  # seconds that they may take
FIRST = 65_536  # bytes of the first message
BLANK = b" \t\r\n"
BLANKS = 1024  # bytes of white space before it


def may_begin(held: bytes) -> bool | None:
    """Whether this can be the beginning of a message; None while nothing but white space has come."""
    rest = held.lstrip(BLANK)
    if not rest:
        return None if len(held) <= BLANKS else False
    return rest[:1] in (b"{", b"[")


class Guest:
    """A connection that has not said a whole message."""

    __slots__ = ("connection", "held", "peer")

    def __init__(self, connection: socket.socket, peer: Peer) -> None:
        self.connection = connection
        self.peer = peer
        self.held = b""


class PlainDoor:
    """Judges who comes. `admit` gets what has said its first message, with that."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        place: Place,
        uid: int,
        admit: Callable[[Arrived], None],
        log: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._place = place
        self._uid = uid
        self._admit = admit
        self._log = log
        self._waiting: WaitingRoom[Guest] = WaitingRoom(loop, Waiting(LIMIT, PATIENCE), self._close)

    def take(self, connection: socket.socket, peer: Peer) -> None:
        """Somebody came."""
        why = self._refusal(connection, peer)
        if why is not None:
            self._log(f"the gateway's plain door turned away {peer.address}: {why}")
            connection.close()
            return
        guest = Guest(connection, peer)
        connection.setblocking(False)
        self._waiting.add(guest, peer.address)
        self._loop.add_reader(connection, self._read, guest)
        self._read(guest)

    def _refusal(self, connection: socket.socket, peer: Peer) -> str | None:
        """Why somebody can't come in by where it is, or whose it is."""
        host, _, port = (peer.address or "").rpartition(":")
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
            own = connection.getsockname()[1]
        except (ValueError, OSError):
            return "its address can't be told"
        if address not in self._place.network:
            return f"it is not of {self._place.network}"
        if sys.platform != "linux" or not is_here(address):
            return None
        owner = owner_of(address, int(port), own)
        if owner is None:  # who sent something and closed at once has no owner any more
            return "it can't be told whose it is"
        return None if owner in (0, self._uid) else f"it is user {owner}'s"

    def close(self) -> None:
        """Turn all of them away."""
        self._waiting.close()

    def _close(self, guest: Guest) -> None:
        self._loop.remove_reader(guest.connection)
        guest.connection.close()

    def _read(self, guest: Guest) -> None:
        try:
            data = guest.connection.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        guest.held += data
        good = may_begin(guest.held) if data else False
        if good and b"\n" in guest.held.lstrip(BLANK):
            self._waiting.remove(guest)
            self._loop.remove_reader(guest.connection)
            self._admit(Arrived(guest.connection, Wish("open", ALL), b"", guest.held, guest.peer))
        elif good is False or len(guest.held) > FIRST:
            self._waiting.refuse(guest)
