"""The sockets that clients come to: unix sockets in our own directory, and TCP where somebody asked for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable

from mcpconf.broker.place import short
from mcpconf.broker.session import Peer
from mcpconf.errors import McpconfError

BACKLOG = 512
SILENCE = 120  # seconds after which a client on TCP is asked whether it is there
TURN = 64  # connections taken in one turn of the loop


class Listener:
    """One listening socket. `came` gets every connection that may be there at all."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listening: socket.socket, came: Callable[[socket.socket, Peer], None]
    ) -> None:
        self._loop = loop
        self._socket = listening
        self._came = came
        listening.setblocking(False)
        loop.add_reader(listening, self._accept)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(TURN):
            try:
                connection, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError:  # no descriptors, or the client has gone already
                self._rest()
                return
            peer = _peer(connection, address)
            if peer is None:
                connection.close()
            else:
                self._came(connection, peer)

    def _rest(self) -> None:
        """Without descriptors, accepting again at once would fail again, and so on."""
        self._loop.remove_reader(self._socket)
        self._loop.call_later(0.1, self._again)

    def _again(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)


def unix_socket(path: str) -> socket.socket:
    """Listen at a path, in the place of whatever a broker that died has left there. Nobody else may connect."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with short(path) as name:
            listening.bind(name)
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(before)
    listening.listen(BACKLOG)
    return listening


def tcp_socket(host: str, port: int) -> socket.socket:
    """Listen on an address of this machine. Raises `McpconfError` where that can't be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise McpconfError(f"can't listen on {host}:{port}: {error.strerror or error}") from None
    listening.listen(BACKLOG)
    return listening


def _peer(connection: socket.socket, address: object) -> Peer | None:
    """Who it is; None for another user of this machine, whom the directory's mode should have kept out already."""
    if connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a container may vanish without a word
        if hasattr(socket, "TCP_KEEPIDLE"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE)
        host, port, *_ = address if isinstance(address, tuple) else ("?", 0)
        return Peer(address=f"{host}:{port}")
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return Peer()
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return Peer(pid, uid) if uid in (0, os.geteuid()) else None
