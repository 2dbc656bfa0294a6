"""Interrupts that wait: what is half made when one comes can't be ended by anybody."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Held:
    """For the length of a block in the main thread no interrupt is raised; `came` says whether one would have been.

    A handler is put in the place of those of Python's, and not a mask: a process that is started would inherit that.
    """

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._number: int | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # no other is interrupted
            for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if kind is not None:  # nothing was made that would have to be ended first
            self.deliver()

    @property
    def came(self) -> bool:
        return self._number is not None

    def deliver(self) -> None:
        """Let what came happen."""
        if self._number is not None:
            self._before[self._number](self._number, None)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._number = number
