"""Brokers for tests: one for each test, or one for a module of them. Both fail where anything is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.kit import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """One that knows `plain`, the scripted server, and has been started."""
    one = Broker(tmp_path / "b")
    one.define("plain")
    try:
        yield one.start()
    finally:
        one.end()


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Broker]:
    """One that has not been started yet."""
    one = Broker(tmp_path / "b")
    one.define("plain")
    try:
        yield one
    finally:
        one.end()


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One for all the tests of a module."""
    one = Broker(tmp_path_factory.mktemp("broker") / "b")
    one.define("plain")
    one.define("brief", idle_timeout=0.05)
    try:
        yield one.start()
    finally:
        one.end()
