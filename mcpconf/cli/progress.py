"""One line on a terminal that says what is going on, and is gone afterwards."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mcpconf.cli import console, terminal
from mcpconf.redact import redact

QUICK = 0.3  # seconds before anything is shown: what is done by then needs no words
ERASE = "\r\033[K"


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Gives what shows a line, from any thread; it shows nothing where stderr is no terminal, or with --quiet."""
    line = _Line()
    try:
        yield line.show
    finally:
        line.end()


class _Line:
    def __init__(self) -> None:
        stream = sys.stderr
        quiet = console.settings.quiet or stream is None or not stream.isatty()
        self._stream = None if quiet else stream
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._shown = False

    def show(self, text: str) -> None:
        with self._lock:
            if self._stream is None or time.monotonic() - self._begun < QUICK:
                return
            columns = (terminal.width(self._stream) or 80) - 1
            line = terminal.cut(redact(console.visible(text).replace("\n", " ")), columns)
            self._put(ERASE + terminal.fitted(line, self._stream, "never"))
            self._shown = True

    def end(self) -> None:
        """Erase it; whatever comes later shows nothing."""
        with self._lock:
            if self._shown:
                self._put(ERASE)
            self._stream = None

    def _put(self, text: str) -> None:
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()
