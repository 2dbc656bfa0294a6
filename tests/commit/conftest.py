"""The stage that commits play on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commit.stage import Stage


@pytest.fixture
def stage(home: Path) -> Stage:
    """An empty home with a state directory that is not there yet."""
    return Stage(home)
