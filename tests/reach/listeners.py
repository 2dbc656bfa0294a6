"""Loopback servers with one behaviour each."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

PATIENCE = 5.0  # for servers that do answer, on a busy machine
Behaviour = Callable[[socket.socket], None]


class Listener:
    """A loopback server that treats each connection with one behaviour until it is closed."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self._serve, args=(behaviour,), daemon=True)
        self.thread.start()

    def _serve(self, behaviour: Behaviour) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                try:
                    behaviour(connection)
                except OSError:
                    continue

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(PATIENCE)


Listen = Callable[[Behaviour], Listener]


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert isinstance(port, int)
    return port
