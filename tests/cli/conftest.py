"""The command line in this process, and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.conftest import World, mcpconf, programs

__all__ = ["World", "mcpconf", "programs"]

Process = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def process(home: Path) -> Process:
    """Run `python -m mcpconf` with nothing of the caller's environment but what is given on top."""

    def run(*argv: str, shell: str | None = None, env: dict[str, str] | None = None, **more: object) -> object:
        command = [sys.executable, "-m", "mcpconf", *argv]
        clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "MCPCONF_ENV": "host"}
        clean |= {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"], **(env or {})}
        line = ["bash", "-c", shell, "bash", *command] if shell else command
        stdin = more.pop("stdin", subprocess.DEVNULL)
        return subprocess.run(line, env=clean, stdin=stdin, capture_output=True, timeout=60, check=False, **more)  # type: ignore[call-overload]

    return run  # type: ignore[return-value]
