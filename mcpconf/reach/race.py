"""Asking several addresses at once, and waiting no longer than the best answer takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
GRACE = 0.05  # for threads to hand in what they found just in time


def race(addresses: Sequence[str], ask: Callable[[str], T], good: Callable[[T], bool], timeout: float) -> dict[str, T]:
    """What each address answered within `timeout` seconds; fewer, once a good answer has nothing open before it."""
    import threading

    answers: dict[str, T] = {}
    changed = threading.Condition()

    def run(address: str) -> None:
        answer = ask(address)
        with changed:
            answers[address] = answer
            changed.notify()

    def settled() -> bool:
        for address in addresses:
            if address not in answers:
                return False
            if good(answers[address]):
                return True
        return True

    # Daemons: a name server that does not answer can hold a thread for far longer than we care to wait.
    for address in addresses:
        threading.Thread(target=run, args=(address,), daemon=True, name=f"reach {address}").start()
    with changed:
        changed.wait_for(settled, timeout + GRACE)
        return dict(answers)


def left(deadline: float) -> float:
    """Seconds until a moment of the monotonic clock, and a blink at least."""
    return max(deadline - time.monotonic(), 0.001)
