"""How a command ends that has started servers: none of them outlives it."""

from __future__ import annotations

import signal
import threading
from typing import NoReturn


def end_cleanly() -> None:
    """From here on SIGTERM and SIGHUP end this command as Ctrl-C does, with what it has started; the code is 128+N."""
    if threading.current_thread() is not threading.main_thread():
        return  # no other may say what a signal does
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _frame: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # once is enough: what is being ended takes its time
    raise SystemExit(128 + number)
