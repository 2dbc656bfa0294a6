"""The command line in a home of its own."""

from __future__ import annotations

from tests.cli.conftest import process
from tests.scenarios.conftest import mcpconf, programs

__all__ = ["mcpconf", "process", "programs"]
