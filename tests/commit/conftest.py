"""The stage that commits play on."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpconf.commit import exchange
from tests.commit.stage import Stage


@pytest.fixture
def stage(home: Path) -> Stage:
    """An empty home with a state directory that is not there yet."""
    return Stage(home)


@pytest.fixture
def no_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system, or a system, that can't swap two names."""
    monkeypatch.setattr(exchange, "exchange", lambda first, second: False)


@pytest.fixture(params=["swap", "rename"])
def naming(request: pytest.FixtureRequest) -> str:
    """Both ways of giving a file its name, one after the other."""
    if request.param == "rename":
        request.getfixturevalue("no_swap")
    return str(request.param)
