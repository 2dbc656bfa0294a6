"""Where MCP is spoken over a bare TCP connection.

A port that accepts a connection says nothing: Docker's gateway spoke newline-delimited JSON-RPC on 8811 before its
version 0.13 and HTTP since. So we ask with an `initialize` line and look at what comes back.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterable
from enum import StrEnum

from mcpconf import __version__
from mcpconf.reach.addresses import TOOLKIT_PORT, split_address, with_port
from mcpconf.reach.race import left, race
from mcpconf.record import dataclass

_PROBE_ID = "mcpconf-probe"
_ANSWER_LIMIT = 64 * 1024


class RawAnswer(StrEnum):
    """What came back for an `initialize` line over plain TCP."""

    RAW_MCP = "raw-mcp"  # a JSON-RPC response to our request
    HTTP = "http"  # an HTTP response, or an HTML page
    SILENT = "silent"  # nothing within the time
    REFUSED = "refused"  # no connection: refused, unreachable, or the name does not resolve
    OTHER = "other"  # something else, or hung up


@dataclass(frozen=True, slots=True)
class Reached:
    """What each address answered, in the order of the candidates; addresses are `host:port`."""

    answers: tuple[tuple[str, RawAnswer], ...] = ()

    def first(self, wanted: RawAnswer) -> str | None:
        """The first address that gave this answer."""
        return next((address for address, answer in self.answers if answer is wanted), None)

    @property
    def raw(self) -> str | None:
        return self.first(RawAnswer.RAW_MCP)

    @property
    def http(self) -> str | None:
        return self.first(RawAnswer.HTTP)


def find_raw_mcp(candidates: Iterable[str], port: int = TOOLKIT_PORT, timeout: float = 0.3) -> Reached:
    """Ask all candidates at once; every answer that came within `timeout` seconds, SILENT for the others.

    Returns early as soon as the best answer is certain: a raw MCP endpoint with nothing better before it.
    """
    return ask_all([with_port(candidate, port) for candidate in candidates], probe_raw_mcp, timeout)


def ask_all(addresses: list[str], probe: Callable[[str, float], RawAnswer], timeout: float) -> Reached:
    """Run `probe(address, timeout)` for all addresses at once; SILENT for those that are late or no use any more."""
    answers = race(
        addresses, lambda address: probe(address, timeout), lambda answer: answer is RawAnswer.RAW_MCP, timeout
    )
    return Reached(tuple((address, answers.get(address, RawAnswer.SILENT)) for address in addresses))


def probe_raw_mcp(address: str, timeout: float) -> RawAnswer:
    """Send an `initialize` line to `host:port` and say what kind of answer came within `timeout` seconds."""
    host, port = split_address(address)
    deadline = time.monotonic() + timeout
    try:
        connection = socket.create_connection((host, port or TOOLKIT_PORT), timeout)
    except TimeoutError:
        return RawAnswer.SILENT
    except (OSError, ValueError):  # ValueError: a name that cannot be one, such as an over-long label
        return RawAnswer.REFUSED
    with connection:
        return _converse(connection, deadline)


def classify(received: bytes, *, ended: bool = False) -> RawAnswer | None:
    """What the bytes received so far amount to; None while that is still open. `ended`: no more will come."""
    text = received.lstrip()
    if text.startswith(b"HTTP/") or text[:9].lower() == b"<!doctype" or text[:5].lower() == b"<html":
        return RawAnswer.HTTP
    *lines, rest = received.split(b"\n")
    for line in [*lines, rest] if ended else lines:
        if line.strip() and (verdict := _line(line)) is not None:
            return verdict
    return RawAnswer.OTHER if ended or len(received) > _ANSWER_LIMIT else None


def _converse(connection: socket.socket, deadline: float) -> RawAnswer:
    received = b""
    try:
        connection.sendall(_initialize())
        while (verdict := classify(received)) is None:
            connection.settimeout(left(deadline))
            chunk = connection.recv(_ANSWER_LIMIT)
            if not chunk:
                return classify(received, ended=True) or RawAnswer.OTHER
            received += chunk
    except TimeoutError:
        return RawAnswer.OTHER if received else RawAnswer.SILENT
    except OSError:
        return RawAnswer.OTHER
    return verdict


def _line(line: bytes) -> RawAnswer | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return RawAnswer.OTHER
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return RawAnswer.OTHER
    if message.get("id") == _PROBE_ID and ("result" in message or "error" in message):
        return RawAnswer.RAW_MCP
    # A notification or a request of the server's own may come first; our own line sent back may, too.
    return None


def _initialize() -> bytes:
    request = {
        "jsonrpc": "2.0",
        "id": _PROBE_ID,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "mcpconf-probe", "version": __version__},
        },
    }
    return json.dumps(request, separators=(",", ":")).encode() + b"\n"
