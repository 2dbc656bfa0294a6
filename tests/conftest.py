"""Every test gets an empty home of its own, and none of the caller's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# What would let the real user's settings leak into a test.
LEAKS = ("CLAUDE", "MCPCONF", "XDG_", "APPDATA", "LOCALAPPDATA", "REMOTE_CONTAINERS", "CODESPACES", "DEVCONTAINER")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, which is also the current directory's parent."""
    for name in list(os.environ):
        if name.startswith(LEAKS):
            monkeypatch.delenv(name)
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("USERPROFILE", str(path))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))  # else the user's own broker is found
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return path


settings.register_profile("ci", max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "300")), deadline=None)
settings.load_profile("ci")
