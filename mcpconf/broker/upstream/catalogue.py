"""The servers that are configured here, read again when a file has changed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator

from mcpconf.broker.place import opened_at_once
from mcpconf.broker.upstream.definition import Definition, read
from mcpconf.errors import McpconfError

SUFFIX = ".json"
LIMIT = 1_000_000  # bytes of a definition
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}(?:\.[0-9a-f]{8})?")
Signature = tuple[int, int, int]


class NoSuchServer(McpconfError):
    """Nothing by that name is configured."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no server {name!r} is configured here", hint="mcpconf switch PROFILE")


class Catalogue:
    """A directory of definitions."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._known: dict[str, tuple[Signature, Definition]] = {}

    def names(self) -> tuple[str, ...]:
        """Every server's name, sorted."""
        return tuple(sorted(self._names()))

    def get(self, name: str) -> Definition:
        """A server's definition. Raises `McpconfError`: `NoSuchServer`, or for one that is damaged."""
        if not _NAME.fullmatch(name):
            raise NoSuchServer(name)
        try:
            with open(os.path.join(self._directory, name + SUFFIX), "rb", opener=opened_at_once) as stream:
                status = os.fstat(stream.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise McpconfError(f"the definition of {name} is no regular file", hint="mcpconf switch PROFILE")
                signature = status.st_mtime_ns, status.st_size, status.st_ino
                known = self._known.get(name)
                if known is not None and known[0] == signature:
                    return known[1]
                definition = read(stream.read(LIMIT), name)
        except FileNotFoundError:
            raise NoSuchServer(name) from None
        except OSError as error:
            raise McpconfError(f"the definition of {name} can't be read: {error.strerror or error}") from None
        self._known[name] = signature, definition
        return definition

    def _names(self) -> Iterator[str]:
        try:
            entries = os.listdir(self._directory)
        except OSError:
            return
        for entry in entries:
            name = entry.removesuffix(SUFFIX)
            if name != entry and _NAME.fullmatch(name):
                yield name
