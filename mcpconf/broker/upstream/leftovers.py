"""Containers that a broker has to see the end of: its own, and those of owners that are gone.

Engines are asked in a thread, as they may take seconds. What is not done when the broker goes, its supervisor does: a
note in the directory of logs tells which engines were used, and the next broker reads it where nobody did.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from mcpconf.broker.upstream.definition import Container
from mcpconf.broker.upstream.image import LONGER, ONCE, TWICE, remove, remove_all, sweep
from mcpconf.broker.upstream.owner import is_gone, owner_of

if TYPE_CHECKING:
    import queue

Job = tuple[float, Callable[[], None]]  # when, by the monotonic clock, and what
PREFIX = "docker-"  # of notes: the owner, and a line for each engine


class Leftovers:
    """What one broker leaves, and what it finds."""

    def __init__(self, logs: str, identity: str, environ: Mapping[str, str]) -> None:
        self._logs = logs
        self._note = os.path.join(logs, PREFIX + identity)
        self._environ = environ
        self._engines: set[str] = set()
        self._jobs: queue.SimpleQueue[Job] | None = None

    def uses(self, engine: str) -> None:
        """A container is about to be started by it."""
        if engine in self._engines:
            return
        self._engines.add(engine)
        lines = [owner_of(os.getpid()) or "", *sorted(self._engines)]
        with contextlib.suppress(OSError), open(self._note, "w", encoding="utf-8", opener=_private) as stream:
            stream.write("".join(f"{line}\n" for line in lines))
        self._do(partial(sweep, engine, self._environ))

    def ended(self, container: Container) -> None:
        """Its client is gone."""
        self._do(partial(remove, container, self._environ), LONGER)

    def of_others(self) -> None:
        """Remove what brokers left that were killed with all who would have done it."""
        for name in os.listdir(self._logs):
            note = os.path.join(self._logs, name)
            if name.startswith(PREFIX) and note != self._note and is_gone(_lines(note)[0]):
                for engine in _lines(note)[1:]:
                    self._do(partial(sweep, engine, self._environ), LONGER)
                self._do(partial(_unlink, note), LONGER[-1:])

    def _do(self, job: Callable[[], None], looks: Sequence[float] = ONCE) -> None:
        """Have it done after so many seconds, and again after each of them."""
        if self._jobs is None:
            import queue
            import threading

            self._jobs = queue.SimpleQueue()
            # A daemon: the broker's end does not wait for it.
            threading.Thread(target=_work, args=(self._jobs,), daemon=True).start()
        due = time.monotonic()
        for seconds in looks:
            due += seconds
            self._jobs.put((due, job))


def _work(jobs: queue.SimpleQueue[Job]) -> NoReturn:
    """Do each when it is due."""
    import queue

    waiting: list[Job] = []
    while True:
        patience = max(0.0, min(due for due, _ in waiting) - time.monotonic()) if waiting else None
        with contextlib.suppress(queue.Empty):
            waiting.append(jobs.get(timeout=patience))
        now = time.monotonic()
        ready, waiting = [one for one in waiting if one[0] <= now], [one for one in waiting if one[0] > now]
        for _, job in ready:
            job()


def clean(logs: str, identity: str, *, killed: bool) -> None:
    """Remove the containers of a broker that has ended, if it started any."""
    note = os.path.join(logs, PREFIX + identity)
    _, *engines = _lines(note)
    if engines:
        remove_all(engines, identity, LONGER if killed else TWICE)
    _unlink(note)


def _unlink(note: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(note)


def _lines(note: str) -> list[str]:
    """A note's; one that is empty where there is none, or an earlier one that names no owner."""
    try:
        with open(note, encoding="utf-8") as stream:
            return stream.read().splitlines() or [""]
    except (OSError, ValueError):
        return [""]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
