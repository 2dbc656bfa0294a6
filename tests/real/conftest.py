"""What the tests with real programs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.programs import Claude


@pytest.fixture
def claude(home: Path) -> Claude:
    """The real Claude Code; its home is the test's."""
    return Claude(home)
