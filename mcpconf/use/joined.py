"""A server behind the broker: messages through a connection, in the place of a child's pipes."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from mcpconf.broker.control import PREAMBLE
from mcpconf.broker.place import connect
from mcpconf.use.child import ANSWER_LIMIT, MEGABYTE, Ended
from mcpconf.use.introduction import Message, Refusal
from mcpconf.use.reading import message as read
from mcpconf.use.stdio import encode
from mcpconf.workflow.kept import Kept

PIECE = 1_048_576
GREETING = 4096  # bytes that the broker's first line may have


class Joined:
    """A connection to one server of a broker. Raises `Refusal` where the broker does not let us in, or `OSError`."""

    def __init__(self, kept: Kept, deadline: float) -> None:
        self._lines: deque[bytes] = deque()
        self._parts: list[bytes] = []  # of a line whose end has not come
        self._size = 0  # of these parts
        self._taken = 0
        self._deadline = deadline
        self._connection = _connection(kept, deadline)
        try:
            self._greet(kept)
        except BaseException:
            self._connection.close()
            raise

    def _greet(self, kept: Kept) -> None:
        if kept.address.startswith("tcp:"):
            self._prove(kept)
            return
        project = "" if kept.project is None else " " + quote(os.fsencode(kept.project))
        self._connection.sendall(PREAMBLE + f"OPEN {kept.name}{project}\n".encode())
        self._admitted(self._line(self._deadline), b"OK")

    def _prove(self, kept: Kept) -> None:
        """By TCP both sides show that they hold the key."""
        from mcpconf.broker.door.auth import reply
        from mcpconf.broker.door.keys import read_key_file

        key = read_key_file(kept.key or "")
        greeting = (self._line(self._deadline) or b"") + b"\n"
        answer = reply(greeting, key.id, key.secret, f"open/{kept.name}", os.urandom(16).hex())
        if answer is None:
            raise Refusal("what answers there is no broker")
        self._connection.sendall(answer.line)
        line = self._line(self._deadline)
        if not answer.proves((line or b"") + b"\n"):
            self._admitted(line, b"")

    def _admitted(self, line: bytes | None, yes: bytes) -> None:
        if line != yes:
            said = (line or b"").removeprefix(b"NO ")[:GREETING].decode("utf-8", "replace")
            raise Refusal(f"the broker does not let us in: {said or 'it hung up'}")

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over one message; that the broker is gone is noticed by `receive`."""
        with suppress(OSError):
            self._connection.settimeout(max(self._deadline - time.monotonic(), 1.0))
            self._connection.sendall(encode(message))

    def receive(self, deadline: float) -> Message | None:
        """The next message, or None at the `time.monotonic()` of `deadline`; raises `Ended` when no more can come."""
        while (line := self._line(deadline)) is not None:
            self._taken += len(line)
            if self._taken > ANSWER_LIMIT:
                raise Refusal(f"it sent more than {ANSWER_LIMIT // MEGABYTE} MB of messages")
            message = read(line)
            if message is not None:
                return message
        return None

    def _line(self, deadline: float) -> bytes | None:
        """The next line without its end; None at the deadline. Raises `Ended`."""
        while not self._lines:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._connection.settimeout(left)
            try:
                piece = self._connection.recv(PIECE)
            except TimeoutError:
                return None
            except OSError:
                raise Ended from None
            if not piece:
                raise Ended
            self._hold(piece)
        return self._lines.popleft()

    def _hold(self, piece: bytes) -> None:
        *ends, rest = piece.split(b"\n")
        for end in ends:
            self._lines.append(b"".join((*self._parts, end)))
            self._parts, self._size = [], 0
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > ANSWER_LIMIT:
            raise Refusal(f"it sent a line of more than {ANSWER_LIMIT // MEGABYTE} MB")

    def flush(self) -> None:
        """What was sent is with the broker already."""

    def stop(self) -> None:
        """Leave; the server stays."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)  # whoever waits for a line in another thread is let go
        self._connection.close()


def _connection(kept: Kept, deadline: float) -> socket.socket:
    timeout = max(deadline - time.monotonic(), 0.001)
    scheme, _, place = kept.address.partition(":")
    if scheme == "unix":
        return connect(place, timeout)
    host, _, port = place.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout)
