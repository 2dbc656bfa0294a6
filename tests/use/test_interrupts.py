"""An interrupt that comes while something is being made."""

from __future__ import annotations

import os
import signal

import pytest

from mcpconf.use.interrupts import Held


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_waits_until_it_is_asked_for() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Held() as held:
        interrupt()
    assert held.came
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        held.deliver()


def test_without_one_nothing_happens() -> None:
    with Held() as held:
        pass
    held.deliver()
    assert not held.came


def test_it_is_not_lost_where_nothing_could_be_made() -> None:
    def fail() -> None:
        with Held():
            interrupt()
            raise OSError("there is no such program")

    with pytest.raises(KeyboardInterrupt):
        fail()
