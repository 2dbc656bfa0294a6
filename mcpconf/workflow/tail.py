"""The end of a log, and what is added to it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from mcpconf.errors import McpconfError

PIECE = 65_536
TICK = 0.2  # seconds


class Tail:
    """A log that may be put aside and begun anew while it is read."""

    def __init__(self, path: str) -> None:
        """Raises `McpconfError` where it can't be read."""
        self._path = path
        self._open()
        self._half = b""

    def _open(self) -> None:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise McpconfError(f"{self._path} can't be read ({error.strerror})", hint=f"ls -l {self._path}") from None

    def close(self) -> None:
        os.close(self._descriptor)

    def last(self, count: int) -> list[str]:
        """The last lines. The reader stands at the end afterwards."""
        held, at = b"", os.lseek(self._descriptor, 0, os.SEEK_END)
        while at > 0 and held.count(b"\n") <= count:
            step = min(PIECE, at)
            at -= step
            os.lseek(self._descriptor, at, os.SEEK_SET)
            held = os.read(self._descriptor, step) + held
        os.lseek(self._descriptor, 0, os.SEEK_END)
        return held.decode("utf-8", "replace").splitlines()[-count:] if count > 0 else []

    def follow(self, sleep: Callable[[float], None] = time.sleep) -> Iterator[str]:
        """Every further line, for ever."""
        while True:
            piece = os.read(self._descriptor, PIECE)
            if piece:
                *lines, self._half = (self._half + piece).split(b"\n")
                yield from (line.decode("utf-8", "replace") for line in lines)
            elif not self._replaced():
                sleep(TICK)

    def _replaced(self) -> bool:
        """Whether the name has come to stand for another file, which is open now."""
        try:
            if os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
                return False
        except OSError:  # just now there is none
            return False
        self.close()
        self._open()
        return True
