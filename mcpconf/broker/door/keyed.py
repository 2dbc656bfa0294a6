"""The address on which the profile wants clients that have a key, besides those that the broker was started with."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection

from mcpconf.broker.door.listener import Listener, tcp_socket
from mcpconf.broker.gateway.neighbours import place_for
from mcpconf.broker.options import address, followed
from mcpconf.broker.session import Peer
from mcpconf.errors import McpconfError

AGAIN = 30.0  # seconds after which what could not be opened is tried again: a bridge comes with its engine


class KeyedDoor:
    """Mostly there is none. It may be on the loopback address or on a bridge's, and on no other."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        came: Callable[[socket.socket, Peer], None],
        opened: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._came = came
        self._opened = opened
        self._log = log
        self._wanted = ""  # what the profile's file said
        self._listener: Listener | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.addresses: list[str] = []

    def follow(self, path: str, taken: Collection[str]) -> None:
        """Open, move or shut it, as the file says now. What can't be is logged, tried again, and stops nothing.

        `taken` are addresses on which the broker listens anyway.
        """
        wanted = followed(path)
        wanted = "" if wanted in taken else wanted
        if wanted == self._wanted and (self._listener is not None or not wanted):
            return
        told = wanted != self._wanted
        self.close()
        self._wanted = wanted
        if wanted:
            self._open(told=told)

    def _open(self, *, told: bool) -> None:
        """`told`: trouble is to be logged; once is enough."""
        self._timer = None
        try:
            host, port = address(self._wanted)
            _check(host)
            listening = tcp_socket(host, port)
        except McpconfError as error:
            if told:
                self._log(f"! nobody can come by {self._wanted}, where the profile wants clients with a key: {error}")
            self._timer = self._loop.call_later(AGAIN, lambda: self._open(told=False))
            return
        self._listener = Listener(self._loop, listening, self._came)
        shown = f"[{host}]" if ":" in host else host
        self.addresses = [f"tcp:{shown}:{listening.getsockname()[1]}"]
        self._opened()
        self._log(f"clients with a key can come by {self.addresses[0]}, as the profile says")

    def close(self) -> None:
        """Take no more; who is in stays."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._listener is not None:
            self._listener.close()
        self._listener, self.addresses, self._wanted = None, [], ""


def _check(host: str) -> None:
    try:
        place_for(host)
    except McpconfError:
        raise McpconfError("it is neither a loopback address nor that of a bridge that is there") from None
