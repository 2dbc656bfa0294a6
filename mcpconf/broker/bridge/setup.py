"""What the process is told in its first line: where the server is, and the headers that open its door.

By stdin, since a command line can be read by everyone, and an environment by whoever has the same user.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from mcpconf.model import NOTHING
from mcpconf.record import dataclass

SILENCE = 3600.0  # seconds that an answer may take to begin; a connection that has died is noticed in minutes
TRANSPORTS = ("http", "sse")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
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
        return urlsplit(self.url).hostname in LOOPBACK


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


def secrets(setup: Setup) -> tuple[str, ...]:
    """What nobody may read: the values of headers, also without the word before them, and who is named in the URL."""
    parts = urlsplit(setup.url)
    found = {parts.password or "", parts.query}
    for value in setup.headers.values():
        found |= {value, value.rpartition(" ")[2]}
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))


SHORTEST = 6  # characters that are worth hiding: a shorter value would make stars of ordinary words
