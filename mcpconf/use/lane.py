"""Byte strings on their way from one thread to another, never more of them than there is room for."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition


class Lane:
    """A queue of at most `room` bytes; a single item that is larger has it for itself.

    One end may wait until there is room, so that who floods us waits as well and costs no memory.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._held = 0
        self._items: deque[bytes] = deque()
        self._moved = Condition()
        self._done = False

    def put(self, item: bytes, *, wait: bool = True) -> bool:
        """Add an item; False where it was dropped: the lane is closed, or without `wait` it is full."""
        with self._moved:
            if wait:
                self._moved.wait_for(lambda: self._done or self._fits(item))
            if self._done or not self._fits(item):
                return False
            self._items.append(item)
            self._held += len(item)
            self._moved.notify_all()
            return True

    def _fits(self, item: bytes) -> bool:
        return not self._items or self._held + len(item) <= self._room

    def take(self, deadline: float | None = None) -> bytes | None:
        """The next item; None at the `time.monotonic()` of `deadline`, or when no more can come (see `over`)."""
        with self._moved:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._moved.wait_for(lambda: self._done or self._items, left) or not self._items:
                return None
            item = self._items.popleft()
            self._held -= len(item)
            self._moved.notify_all()
            return item

    @property
    def over(self) -> bool:
        """Whether it is empty and nothing more can come."""
        with self._moved:
            return self._done and not self._items

    def finish(self) -> None:
        """Nothing more will be put; what is here can still be taken."""
        with self._moved:
            self._done = True
            self._moved.notify_all()

    def close(self) -> None:
        """Nothing more will be taken: drop what is here, and let go whoever waits for room."""
        with self._moved:
            self._items.clear()
            self._held = 0
            self._done = True
            self._moved.notify_all()
