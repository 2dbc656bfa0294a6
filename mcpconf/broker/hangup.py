"""Tells a client that has said its last word from one that is gone.

Both give an end of file. A half-closed connection can't be watched by the loop's own selector, which would report that
end again and again; so there is another one, whose only event is the hang-up.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections.abc import Callable


def is_gone(descriptor: int) -> bool:
    """Whether nobody is at the other end any more."""
    poll = select.poll()
    poll.register(descriptor, 0)  # hang-ups and errors are always reported
    return any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll(0))


class Hangups:
    """Watches half-closed connections. Where there is no epoll, a client's end is noticed when it is written to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._then: dict[int, Callable[[], None]] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            loop.add_reader(self._epoll.fileno(), self._look)

    def watch(self, descriptor: int, then: Callable[[], None]) -> None:
        """Have it told when the other end is gone."""
        if self._epoll is not None and descriptor not in self._then:
            self._then[descriptor] = then
            self._epoll.register(descriptor, 0)

    def forget(self, descriptor: int) -> None:
        """Watch no longer; before the descriptor is closed."""
        if self._epoll is not None and self._then.pop(descriptor, None) is not None:
            with contextlib.suppress(OSError):
                self._epoll.unregister(descriptor)

    def close(self) -> None:
        if self._epoll is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _look(self) -> None:
        if self._epoll is None:
            return
        for descriptor, _ in self._epoll.poll(0):
            then = self._then.get(descriptor)
            if then is not None:
                self.forget(descriptor)
                then()
