"""A log that stays small: lines of text with the time, without secrets, in one file and the one before it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

LIMIT = 1_000_000  # bytes before a file is put aside
LINE = 8192  # bytes of a line that are kept


def without(text: str, hidden: tuple[str, ...]) -> str:
    """The text without these values."""
    for value in hidden:
        text = text.replace(value, "***")
    return text


class LogFile:
    """Appends lines. What can't be written is dropped: a full disk must not stop a server."""

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._descriptor = -1
        self._size = 0

    def write(self, text: str, hidden: tuple[str, ...] = ()) -> None:
        """Note a line, or several, without the values in `hidden`."""
        text = without(text, hidden)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(self._clock()))
        lines = [f"{stamp} {line[:LINE]}\n" for line in text.splitlines()]
        self._append("".join(lines).encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._descriptor < 0:
                self._open()
            elif self._size > LIMIT:
                self._put_aside()
            self._size += os.write(self._descriptor, data)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        self._descriptor = os.open(self.path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _put_aside(self) -> None:
        self.close()
        os.replace(self.path, self.path + ".1")
        self._open()
