"""What the process is told in its first line: where the server is, and the headers that open its door.

By stdin, since a command line can be read by everyone, and an environment by whoever has the same user.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import socket
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from mcpconf.model import NOTHING
from mcpconf.record import dataclass

SILENCE = 3600.0  # seconds that an answer may take to begin; a connection that has died is noticed in minutes
TRANSPORTS = ("http", "sse")
# What the transport says itself. Two of the same would be a riddle to the server.
OURS = frozenset(
    {"accept", "connection", "content-length", "content-type", "last-event-id", "te", "transfer-encoding", "upgrade"}
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """`url` with scheme and host; `patience` in seconds. Its `repr` shows no header."""

    url: str
    transport: str = "http"
    headers: Mapping[str, str] = NOTHING
    patience: float = SILENCE

    def __repr__(self) -> str:
        return f"Setup({origin(self.url)!r})"

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine, where a proxy would only find itself."""
        return is_loopback(urlsplit(self.url).hostname or "")


def dump(setup: Setup) -> bytes:
    """The line that `load` reads."""
    return json.dumps([setup.url, setup.transport, dict(setup.headers), setup.patience]).encode("ascii")


def load(line: bytes) -> Setup:
    """What a line says. Raises ValueError for what no request can be made of, with no value of a header in it."""
    try:
        url, transport, headers, patience = json.loads(line)
        parts = urlsplit(url)
    except (TypeError, AttributeError, RecursionError):
        raise ValueError("it was not told where the server is") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("its address is no http or https URL")
    if transport not in TRANSPORTS:
        raise ValueError(f"the broker has no way to a server that speaks {transport}")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if _CONTROL.search(value):
            raise ValueError(f"the value of the header {name} holds a line break or the like")
    sent = {name: value.strip() for name, value in headers.items() if not _is_ours(name)}
    return Setup(url=url, transport=transport, headers=sent, patience=float(patience))


def _is_ours(name: str) -> bool:
    return name.lower() in OURS or name.lower().startswith("mcp-")


def origin(url: str) -> str:
    """An address as it may be shown: without who, where below, and what is asked."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


def is_loopback(host: str) -> bool:
    """Whether a name or number can only be this machine (RFC 6761, section 6.3; RFC 1122, 127/8), however written."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        try:
            number = ipaddress.ip_address(socket.inet_aton(host))  # 127.1, 0x7f000001
        except (OSError, ValueError):
            return False
    mapped = getattr(number, "ipv4_mapped", None)
    return number.is_loopback or number.is_unspecified or (mapped is not None and mapped.is_loopback)


def secrets(setup: Setup) -> tuple[str, ...]:
    """What nobody may read: the values of headers, also without the word before them, and in the URL who is named,
    what is asked, and each long part of the path, which is where some services have their keys. Each of these also as
    a server would read it, and the name and password as the header that they become."""
    parts = urlsplit(setup.url)
    found = {parts.password or "", parts.query}
    found |= {pair.partition("=")[2] for pair in parts.query.split("&")}
    found |= {one for one in parts.path.split("/") if len(one) >= KEY}
    found |= {unquote(one) for one in found}
    if parts.username or parts.password:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        found.add(base64.b64encode(pair.encode("utf-8", "replace")).decode("ascii"))
    for value in setup.headers.values():
        found |= {value, value.rpartition(" ")[2]}
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))


KEY = 16  # characters of a part of a path that may be one
SHORTEST = 6  # characters that are worth hiding: a shorter value would make stars of ordinary words
