"""What the first line of a connection asks for. Pure: nothing that is not exactly this gets an answer."""

from __future__ import annotations

import os
from urllib.parse import unquote_to_bytes

from mcpconf.record import dataclass

LINE_LIMIT = 4096  # bytes, its end included
GREETING = b"MCPCONF1"


@dataclass(frozen=True, slots=True)
class Wish:
    """`open` a server (`*`: all of them at once), perhaps for a project's directory; `pass` descriptors to it;
    `control` the broker; or `list` its servers."""

    verb: str
    server: str = ""
    project: str | None = None


def wish(line: bytes) -> Wish | None:
    """What a first line means; None for what is not ours."""
    greeting, _, rest = line.removesuffix(b"\r").partition(b" ")
    if greeting != GREETING or not rest.isascii():
        return None
    verb, *words = rest.decode("ascii").split(" ")
    if verb in ("CONTROL", "LIST"):
        return None if words else Wish(verb.lower())
    if verb not in ("OPEN", "PASS") or len(words) not in (1, 2) or not words[0]:
        return None
    if len(words) == 1:
        return Wish(verb.lower(), words[0])
    project = os.fsdecode(unquote_to_bytes(words[1]))
    return Wish(verb.lower(), words[0], project) if os.path.isabs(project) and "\0" not in project else None


def of_target(target: str) -> Wish:
    """The same, as a client on TCP names it. A path would mean nothing on another machine."""
    verb, _, server = target.partition("/")
    return Wish(verb, server)


def may_become(held: bytes) -> bool:
    """Whether bytes that came can be the beginning of one of our lines."""
    return GREETING.startswith(held[: len(GREETING)]) and len(held) < LINE_LIMIT
