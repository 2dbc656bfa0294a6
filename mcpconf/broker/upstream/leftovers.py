"""Containers that a broker has to see the end of: its own, and those of owners that are gone.

Engines are asked in a thread, as they may take seconds. What is not done when the broker goes, its supervisor does: a
note in the directory of logs tells which engines were used, and the next broker reads it where nobody did.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mcpconf.broker.upstream.definition import Container
from mcpconf.broker.upstream.image import remove, remove_all, sweep
from mcpconf.broker.upstream.owner import is_gone, owner_of

if TYPE_CHECKING:
    import queue

PREFIX = "docker-"  # of notes: the owner, and a line for each engine


class Leftovers:
    """What one broker leaves, and what it finds."""

    def __init__(self, logs: str, identity: str, environ: Mapping[str, str]) -> None:
        self._logs = logs
        self._note = os.path.join(logs, PREFIX + identity)
        self._environ = environ
        self._engines: set[str] = set()
        self._jobs: queue.SimpleQueue[Callable[[], None] | Container] | None = None

    def uses(self, engine: str) -> None:
        """A container is about to be started by it."""
        if engine in self._engines:
            return
        self._engines.add(engine)
        lines = [owner_of(os.getpid()) or "", *sorted(self._engines)]
        with contextlib.suppress(OSError), open(self._note, "w", encoding="utf-8", opener=_private) as stream:
            stream.write("".join(f"{line}\n" for line in lines))
        self._do(lambda: sweep(engine, self._environ))

    def ended(self, container: Container) -> None:
        """Its client is gone."""
        self._do(container)

    def of_others(self) -> None:
        """Remove what brokers left that were killed with all who would have done it."""
        for name in os.listdir(self._logs):
            note = os.path.join(self._logs, name)
            if name.startswith(PREFIX) and note != self._note and is_gone(_lines(note)[0]):
                self._do(partial(self._sweep, note))

    def _sweep(self, note: str) -> None:
        for engine in _lines(note)[1:]:
            sweep(engine, self._environ)
        with contextlib.suppress(OSError):
            os.unlink(note)

    def _do(self, job: Callable[[], None] | Container) -> None:
        if self._jobs is None:
            import queue
            import threading

            self._jobs = queue.SimpleQueue()
            # A daemon: the broker's end does not wait for it.
            threading.Thread(target=_work, args=(self._jobs, self._environ), daemon=True).start()
        self._jobs.put(job)


def _work(jobs: queue.SimpleQueue[Callable[[], None] | Container], environ: Mapping[str, str]) -> None:
    while True:
        taken = [jobs.get()]
        while not jobs.empty():
            taken.append(jobs.get())
        ended = [job for job in taken if isinstance(job, Container)]
        if ended:
            remove(ended, environ)
        for job in taken:
            if not isinstance(job, Container):
                job()


def clean(logs: str, identity: str) -> None:
    """Remove the containers of a broker that has ended, if it started any."""
    note = os.path.join(logs, PREFIX + identity)
    _, *engines = _lines(note)
    if engines:
        remove_all(engines, identity)
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
