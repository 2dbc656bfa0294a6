"""What servers once said of themselves, so that a gateway tells the truth before they are up.

Kept by a server's definition: another command is another server. What stands here decides nothing but what a client is
told early; it is thrown away where it can't be read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping

from mcpconf.broker.place import opened_at_once
from mcpconf.broker.upstream.definition import Definition
from mcpconf.record import replace
from mcpconf.wire.actions import Era
from mcpconf.wire.gateway.offers import UNKNOWN, Known

VERSION = 1
LIMIT = 4_000_000  # bytes of the file
MOST = 256  # servers
NAMES, NAME = 10_000, 256  # names of one server, and characters of a name
LATER = 2.0  # seconds until something new is written: at first there is much of it


class Memory:
    """The file, and what is in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, path: str) -> None:
        self._loop = loop
        self._path = path
        self._timer: asyncio.TimerHandle | None = None
        self._known: dict[str, Known] | None = None  # by the mark of a definition, the oldest first

    def get(self, definition: Definition) -> Known:
        """What is known of a server."""
        return self._all().get(mark(definition), UNKNOWN)

    def put(self, definition: Definition, known: Known) -> None:
        """Remember it."""
        everything, its = self._all(), mark(definition)
        everything.pop(its, None)
        everything[its] = _bounded(known)
        while len(everything) > MOST:
            del everything[next(iter(everything))]
        if self._timer is None:
            self._timer = self._loop.call_later(LATER, self.save)

    def save(self) -> None:
        """Write what is new. What can't be written is asked of the servers again."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        with contextlib.suppress(OSError):
            _write(self._path, _dumped(self._all()))

    def _all(self) -> dict[str, Known]:
        if self._known is None:
            self._known = _read(self._path)
        return self._known


def mark(definition: Definition) -> str:
    """What tells a server's definition from another one. References stand in it, and no secrets."""
    parts = [definition.name, definition.argv, sorted(definition.env.items()), definition.cwd, definition.url]
    parts += [definition.transport, sorted(definition.headers.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _bounded(known: Known) -> Known:
    def names(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one for one in given if len(one) <= NAME)[:NAMES]

    return replace(known, tools=names(known.tools), prompts=names(known.prompts))


def _dumped(known: Mapping[str, Known]) -> bytes:
    """As many as there is room for, the newest first to be kept."""
    kept: dict[str, object] = {}
    size = 100
    for its, one in reversed(list(known.items())):
        value = {
            "capabilities": one.capabilities,
            "instructions": one.instructions,
            "tools": one.tools,
            "prompts": one.prompts,
            "modern_only": one.modern_only,
            "speaks": one.speaks and one.speaks.value,
        }
        size += len(json.dumps(value)) + 50
        if size > LIMIT:
            break
        kept[its] = value
    return json.dumps({"version": VERSION, "servers": dict(reversed(list(kept.items())))}).encode()


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    beside = f"{path}.{secrets.token_hex(4)}"
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb") as stream:
            stream.write(content)
        os.replace(beside, path)
    except OSError:
        os.unlink(beside)
        raise


def _read(path: str) -> dict[str, Known]:
    try:
        with open(path, "rb", opener=opened_at_once) as stream:
            data = json.loads(stream.read(LIMIT + 1))
        if data["version"] != VERSION:
            return {}
        return {str(its): _known(one) for its, one in list(data["servers"].items())[:MOST]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _known(data: Mapping[str, object]) -> Known:
    capabilities, instructions = data["capabilities"], data["instructions"]
    tools, prompts = data["tools"], data["prompts"]
    if not isinstance(tools, list) or not isinstance(prompts, list):
        raise TypeError
    return Known(
        capabilities=capabilities if isinstance(capabilities, str) else None,
        instructions=instructions if isinstance(instructions, str) else None,
        tools=tuple(map(str, tools)),
        prompts=tuple(map(str, prompts)),
        modern_only=data.get("modern_only") is True,
        speaks=next((era for era in Era if era.value == data.get("speaks")), None),
    )
