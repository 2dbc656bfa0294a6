"""The gateway's plain doors: the one that the profile asks for, and those that somebody holds open."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

from mcpconf.broker.door.arrival import Arrived
from mcpconf.broker.door.listener import Listener, tcp_socket
from mcpconf.broker.gateway.neighbours import place_for
from mcpconf.broker.gateway.plain import PlainDoor
from mcpconf.broker.options import address, followed
from mcpconf.broker.session import Peer
from mcpconf.errors import McpconfError

LOUD = "anybody who reaches it can use every server, without a key"


class Admit(Protocol):
    """Who lets a client in."""

    def __call__(self, arrived: Arrived, peer: Peer, *, plain: bool = False) -> None: ...


class Opened:
    """A door that listens. `close` shuts it, and leaves those alone who are in."""

    def __init__(self, shown: str, listener: Listener, door: PlainDoor, gone: Callable[[Opened], None]) -> None:
        self.address = shown
        self._listener: Listener | None = listener
        self._door = door
        self._gone = gone

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            self._door.close()
            self._gone(self)


class PlainDoors:
    """All of them. Mostly there is none."""

    def __init__(self, loop: asyncio.AbstractEventLoop, admit: Admit, log: Callable[[str], None]) -> None:
        self._loop = loop
        self._admit = admit
        self._log = log
        self._open: list[Opened] = []
        self._followed: tuple[str, Opened | None] = "", None  # what the profile's file said, and its door

    @property
    def addresses(self) -> list[str]:
        return [one.address for one in self._open]

    def open(self, text: str) -> Opened:
        """Open one at `tcp:HOST:PORT`. Raises `McpconfError` where there may be none, or the address is taken."""
        host, port = address(text)
        place = place_for(host)
        door = PlainDoor(self._loop, place, os.geteuid(), self._came, self._log)
        listening = tcp_socket(host, port)
        number = listening.getsockname()[1]
        shown = f"tcp:[{host}]:{number}" if ":" in host else f"tcp:{host}:{number}"
        opened = Opened(shown, Listener(self._loop, listening, door.take), door, self._gone)
        self._open.append(opened)
        self._log(f"! the gateway's plain door is open at {shown}, for {place.network}: {LOUD}")
        return opened

    def follow(self, path: str) -> None:
        """Open, move or shut the profile's door, as its file says now. What can't be is logged, and stops nothing."""
        text = followed(path)
        before, door = self._followed
        if text == before and (door is not None or not text):
            return
        if door is not None:
            door.close()
        self._followed = text, None
        if text:
            try:
                self._followed = text, self.open(text)
            except McpconfError as error:
                self._log(f"! the profile's plain door at {text} could not be opened: {error}")

    def close(self) -> None:
        for one in list(self._open):
            one.close()

    def _came(self, arrived: Arrived) -> None:
        self._admit(arrived, arrived.peer, plain=True)

    def _gone(self, opened: Opened) -> None:
        self._open.remove(opened)
        self._log(f"the gateway's plain door at {opened.address} is shut")
