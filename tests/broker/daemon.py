"""A broker's front door without a broker behind it: the line protocol on a real socket, with answers from a table."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mcpconf.broker.place import short

PATIENCE = 5.0
Answer = Callable[[Mapping[str, Any]], Any]  # a request -> what is sent back: an object, bytes, or None for a hang-up


class Daemon:
    """Listens until it is closed. `asked` are the requests that came, in order."""

    def __init__(self, path: str, names: tuple[str, ...] = (), answer: Answer | None = None) -> None:
        self.names = names
        self.answer = answer or (lambda request: {"ok": True})
        self.asked: list[dict[str, Any]] = []
        self.listening = socket.socket(socket.AF_UNIX)
        with short(path) as name:
            self.listening.bind(name)
        self.listening.listen()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                try:
                    self._converse(connection, lines)
                except OSError:
                    continue

    def _converse(self, connection: socket.socket, lines: Any) -> None:
        preamble = lines.readline()
        if preamble == b"MCPCONF1 LIST\n":
            connection.sendall(b"".join(line.encode() + b"\n" for line in ("OK", *self.names)))
        elif preamble == b"MCPCONF1 CONTROL\n":
            connection.sendall(b"OK\n")
            for line in lines:
                self._answer(connection, json.loads(line))
        else:
            connection.sendall(b"NO such thing\n")

    def _answer(self, connection: socket.socket, request: dict[str, Any]) -> None:
        self.asked.append(request)
        said = self.answer(request)
        if said is None:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(said if isinstance(said, bytes) else json.dumps(said).encode() + b"\n")

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@contextmanager
def daemon(path: str, names: tuple[str, ...] = (), answer: Answer | None = None) -> Iterator[Daemon]:
    one = Daemon(path, names, answer)
    try:
        yield one
    finally:
        one.close()
