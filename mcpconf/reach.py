"""Where a service of the host answers from here: an MCP server over a bare TCP connection, or a broker of ours.

A port that accepts a connection says nothing: Docker's gateway spoke newline-delimited JSON-RPC on 8811 before its
version 0.13 and HTTP since. So we ask with an `initialize` line and look at what comes back.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from mcpconf import __version__
from mcpconf.broker.control import listed, listed_by_key
from mcpconf.broker.place import MOUNTED, Paths, connect
from mcpconf.errors import McpconfError
from mcpconf.model import Kind
from mcpconf.record import dataclass

TOOLKIT_PORT = 8811
BROKER_PORT = 8812
NAMES = ("host.docker.internal", "host.containers.internal", "host.lima.internal")
LOOPBACK = "127.0.0.1"

_PROBE_ID = "mcpconf-probe"
_ANSWER_LIMIT = 64 * 1024
_GRACE = 0.05  # for threads to hand in what they found just in time


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


def host_candidates(kind: Kind, env: Mapping[str, str], gateway: str | None) -> tuple[str, ...]:
    """Names and addresses under which the host may be reached, most telling first, each once.

    What `MCPCONF_HOST` says (a host, or host:port) comes first everywhere. A host is its own: its default gateway is
    somebody's router, which is no place to knock at. WSL in mirrored mode, and whatever we do not know, may share
    the loopback interface with the host.
    """
    explicit = env.get("MCPCONF_HOST", "").strip()
    if kind is Kind.HOST:
        found = [explicit, LOOPBACK]
    else:
        found = [explicit, *NAMES, gateway or ""]
        if kind is not Kind.CONTAINER:
            found.append(LOOPBACK)
    return tuple(dict.fromkeys(name for name in found if name))


def with_port(candidate: str, port: int) -> str:
    """`host:port` for a candidate that may already have a port; an IPv6 address is put into brackets."""
    host, given = split_address(candidate)
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{given or port}"


def split_address(address: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port`, `[v6]:port` or a bare IPv6 address; a bad port counts as none."""
    if address.startswith("["):
        host, _, rest = address[1:].partition("]")
        return host, _port(rest.removeprefix(":"))
    if address.count(":") > 1:
        return address, None
    host, _, port = address.partition(":")
    return host, _port(port)


@dataclass(frozen=True, slots=True)
class FoundBroker:
    """A broker that shook hands, and the servers that it knows."""

    address: str
    servers: tuple[str, ...] = ()


def broker_candidates(kind: Kind, env: Mapping[str, str], runtime: str | None, gateway: str | None) -> tuple[str, ...]:
    """Where a broker may answer, best first: `unix:PATH` or `tcp:HOST:PORT`.

    MCPCONF_BROKER is all that counts where it is set. TCP is asked only where a key for it is configured, and never
    on a host, whose own broker has a socket.
    """
    explicit = env.get("MCPCONF_BROKER", "").strip()
    if explicit:
        return (explicit,)
    sockets = [Paths(directory).socket for directory in (runtime, MOUNTED) if directory]
    found = [f"unix:{path}" for path in sockets if os.path.lexists(path)]
    if env.get("MCPCONF_BROKER_KEY") and kind is not Kind.HOST:
        found += [f"tcp:{with_port(host, BROKER_PORT)}" for host in host_candidates(kind, {}, gateway)]
    return tuple(dict.fromkeys(found))


def find_broker(candidates: Sequence[str], key: str | None, timeout: float = 0.3) -> FoundBroker | None:
    """The first of the candidates that shakes hands within `timeout` seconds; all are asked at once.

    `key` is the path of the key file for TCP.
    """
    answers: dict[str, FoundBroker | None] = {}

    def ask(address: str) -> None:
        answers[address] = _shake(address, key, timeout)

    if len(candidates) == 1 and candidates[0].startswith("unix:"):
        ask(candidates[0])
    else:
        _all_at_once(ask, candidates, timeout)
    return next((found for address in candidates if (found := answers.get(address))), None)


def _all_at_once(ask: Callable[[str], None], addresses: Sequence[str], timeout: float) -> None:
    import threading

    # Daemons: a name server that does not answer can hold a thread for far longer than we care to wait.
    threads = [threading.Thread(target=ask, args=(address,), daemon=True) for address in addresses]
    deadline = time.monotonic() + timeout + _GRACE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))


def _shake(address: str, key: str | None, timeout: float) -> FoundBroker | None:
    """What listens there, where it is a broker of ours; None for everything else."""
    transport, _, place = address.partition(":")
    try:
        if transport == "unix" and os.path.isabs(place):
            with connect(place, timeout) as connection:
                return FoundBroker(address, listed(connection, timeout))
        if transport == "tcp" and key:
            host, port = split_address(place)
            with socket.create_connection((host, port or BROKER_PORT), timeout) as connection:
                return FoundBroker(address, listed_by_key(connection, key, timeout))
    except (OSError, ValueError, McpconfError):
        pass
    return None


def find_raw_mcp(candidates: Iterable[str], port: int = TOOLKIT_PORT, timeout: float = 0.3) -> Reached:
    """Ask all candidates at once; every answer that came within `timeout` seconds, SILENT for the others.

    Returns early as soon as the best answer is certain: a raw MCP endpoint with nothing better before it.
    """
    return ask_all([with_port(candidate, port) for candidate in candidates], probe_raw_mcp, timeout)


def ask_all(addresses: list[str], probe: Callable[[str, float], RawAnswer], timeout: float) -> Reached:
    """Run `probe(address, timeout)` for all addresses in parallel, each in a thread that nobody has to wait for."""
    answers: dict[str, RawAnswer] = {}
    import threading

    changed = threading.Condition()

    def ask(address: str) -> None:
        answer = probe(address, timeout)
        with changed:
            answers[address] = answer
            changed.notify()

    def settled() -> bool:
        for address in addresses:
            if answers.get(address) is RawAnswer.RAW_MCP:
                return True
            if address not in answers:
                return False
        return True

    # Daemons: a name server that does not answer can hold a thread for far longer than we care to wait.
    for address in addresses:
        threading.Thread(target=ask, args=(address,), daemon=True, name=f"reach {address}").start()
    with changed:
        changed.wait_for(settled, timeout + _GRACE)
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
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
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


def _port(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 65536 else None
