"""The command line in a home of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import World, mcpconf, process, programs

__all__ = ["World", "mcpconf", "open_home", "process", "programs"]


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home that other users can get to, which those of pytest's directory can't."""
    with tempfile.TemporaryDirectory(prefix="mcpconf-doctor-") as name:
        path = Path(name)
        path.chmod(0o755)
        home = path / "home"
        home.mkdir()
        yield home
        os.chmod(home, 0o755)
