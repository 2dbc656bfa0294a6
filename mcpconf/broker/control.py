"""Asking a running broker, over its control socket: one JSON object a line, each way."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mcpconf.broker.place import connect
from mcpconf.errors import McpconfError
from mcpconf.model import Json

if TYPE_CHECKING:
    import socket

PREAMBLE = b"MCPCONF1 "
SECONDS = 5.0
LIMIT = 16 * 1024 * 1024  # bytes of an answer
PIECE = 65_536
LINE = 256  # bytes of a greeting, at most


class BrokerUnreachable(McpconfError):
    """There is no broker, or it does not answer."""

    exit_code = 6


class HungUp(ValueError, EOFError):
    """The other side closed the connection where a line was waited for."""


class NoBroker(ValueError):
    """Something else listens there; what it said first."""

    def __init__(self, said: bytes) -> None:
        super().__init__("it is no broker")
        self.said = said


class KeyRefused(ValueError):
    """A broker listens there, and one side did not prove the key to the other."""


def ask(path: str, request: Mapping[str, Json], timeout: float = SECONDS) -> dict[str, Json]:
    """What the broker at this socket answers, within `timeout` seconds.

    Raises `BrokerUnreachable`, or `McpconfError` with the broker's own words where it refuses.
    """
    line = json.dumps(request, separators=(",", ":")).encode()
    try:
        answer = _converse(path, line, timeout)
    except (FileNotFoundError, ConnectionRefusedError):
        raise BrokerUnreachable("no broker is running", hint="mcpconf broker start") from None
    except (OSError, ValueError, RecursionError) as error:
        said = str(error) or type(error).__name__
        raise BrokerUnreachable(f"the broker at {path} does not answer: {said}", hint="mcpconf broker logs") from None
    if not answer.get("ok"):
        raise McpconfError(f"the broker says: {answer.get('error', 'no')}", hint="mcpconf broker logs")
    return answer


@contextlib.contextmanager
def held(
    path: str, request: Mapping[str, Json], timeout: float = SECONDS
) -> Iterator[tuple[dict[str, Json], socket.socket]]:
    """Ask for something that lasts for as long as the connection does: the answer, and that connection."""
    line = json.dumps(request, separators=(",", ":")).encode()
    try:
        connection = connect(path, timeout)
    except OSError:
        raise BrokerUnreachable("no broker is running", hint="mcpconf broker start") from None
    with connection:
        try:
            answer = _answered(connection, line, timeout)
        except (OSError, ValueError, RecursionError) as error:
            raise BrokerUnreachable(
                f"the broker at {path} does not answer: {error}", hint="mcpconf broker logs"
            ) from None
        if not answer.get("ok"):
            raise McpconfError(f"the broker says: {answer.get('error', 'no')}", hint="mcpconf broker logs")
        connection.settimeout(None)
        yield answer, connection


def listed(connection: socket.socket, timeout: float) -> tuple[str, ...]:
    """The servers that a broker knows, by a handshake on a fresh connection. Raises `OSError` or `ValueError`."""
    lines = _Lines(connection, timeout)
    connection.sendall(PREAMBLE + b"LIST\n")
    _admitted(lines.next())
    return tuple(line.decode("utf-8") for line in lines.rest() if line)


def listed_by_key(connection: socket.socket, key_file: str, timeout: float) -> tuple[str, ...]:
    """The same over TCP, where both sides prove that they hold the key.

    Raises `NoBroker`, `KeyRefused`, `OSError`, or `McpconfError` for a bad key file.
    """
    from mcpconf.broker.door.auth import reply
    from mcpconf.broker.door.keys import read_key_file

    key = read_key_file(key_file)
    lines = _Lines(connection, timeout)
    greeting = lines.first()
    answer = reply(greeting, key.id, key.secret, "list", os.urandom(16).hex())
    if answer is None:
        raise NoBroker(greeting)
    try:
        connection.sendall(answer.line)
        proved = answer.proves(lines.next() + b"\n")
    except (EOFError, ConnectionError):
        raise KeyRefused(f"it does not take the key {key.id}") from None
    if not proved:
        raise KeyRefused(f"it does not prove that it has the key {key.id}")
    return tuple(line.decode("utf-8") for line in lines.rest() if line)


def _converse(path: str, line: bytes, timeout: float) -> dict[str, Json]:
    with connect(path, timeout) as connection:
        return _answered(connection, line, timeout)


def _answered(connection: socket.socket, line: bytes, timeout: float) -> dict[str, Json]:
    lines = _Lines(connection, timeout)
    connection.sendall(PREAMBLE + b"CONTROL\n" + line + b"\n")
    _admitted(lines.next())
    answer = json.loads(lines.next())
    if not isinstance(answer, dict):
        raise ValueError("what it says is no answer")
    return answer


def _admitted(line: bytes) -> None:
    if line != b"OK":
        raise ValueError(line[:200].decode("utf-8", "replace") or "it hung up")


class _Lines:
    """The lines that come through a connection, before a deadline."""

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self._connection = connection
        self._deadline = time.monotonic() + timeout
        self._held = b""

    def next(self) -> bytes:
        """A line without its end. Raises `TimeoutError`, or `HungUp` where none comes."""
        while b"\n" not in self._held:
            if not self._more():
                raise HungUp("it hung up")
        line, _, self._held = self._held.partition(b"\n")
        return line

    def first(self) -> bytes:
        """A line with its end, or as much as came before the other side hung up, or too much for a line."""
        while b"\n" not in self._held and len(self._held) < LINE and self._more():
            pass
        line, end, self._held = self._held.partition(b"\n")
        return line + end

    def rest(self) -> list[bytes]:
        """All lines up to the end."""
        while self._more():
            pass
        return self._held.split(b"\n")

    def _more(self) -> bool:
        self._connection.settimeout(max(self._deadline - time.monotonic(), 0.001))
        piece = self._connection.recv(PIECE)
        if len(self._held) + len(piece) > LIMIT:
            raise ValueError("it says more than it should")
        self._held += piece
        return bool(piece)
