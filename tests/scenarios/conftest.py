"""Whole commands in a home of their own: what they print, what they return, and every byte that they leave."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcpconf.cli.main import main
from mcpconf.system import RealSystem

Tree = Mapping[str, tuple[str, int, bytes]]


@dataclass(frozen=True)
class Result:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class World:
    """A home, a working directory, and the command line."""

    home: Path
    work: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *argv: str, code: int = 0, stdin: str = "") -> Result:
        """Run a command; its exit code must be `code`."""
        self.patch.setattr("sys.stdin", io.StringIO(stdin))
        self.capture.readouterr()
        found = main(list(argv))
        captured = self.capture.readouterr()
        assert found == code, f"{argv}: {found}\n{captured.out}{captured.err}"
        return Result(found, captured.out, captured.err)

    @property
    def claude(self) -> Path:
        return self.home / ".claude.json"

    @property
    def desktop(self) -> Path:
        return self.home / ".config/Claude/claude_desktop_config.json"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/mcpconf"

    def servers(self, path: Path | None = None, *pointer: str) -> dict[str, Any]:
        """The entries of a client's file."""
        data = json.loads((path or self.claude).read_bytes())
        for key in pointer or ("mcpServers",):
            data = data[key]
        return dict(data)

    def profile(self, name: str, text: str, directory: Path | None = None) -> Path:
        """Write a profile, the user's own where no directory is named."""
        path = (directory or self.home / ".config/mcpconf/profiles") / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def project(self, name: str) -> Path:
        """Make a git work tree and go there."""
        path = self.work / name
        (path / ".git").mkdir(parents=True, exist_ok=True)
        self.patch.chdir(path)
        return path

    def tree(self) -> Tree:
        return tree(self.home)


def tree(root: Path) -> Tree:
    """Everything below a directory: kind, mode and bytes (a link's: where it leads)."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            kind, data = "link", str(path.readlink()).encode()
        else:
            kind, data = ("file", path.read_bytes()) if path.is_file() else ("directory", b"")
        found[str(path.relative_to(root))] = (kind, stat.S_IMODE(status.st_mode), data)
    return found


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with what entries name, so that no test depends on the machine."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("uvx", "npx", "node", "uv", "myserver"):
        (directory / name).write_text("#!/bin/sh\nexit 1\n")
        (directory / name).chmod(0o755)
    (directory / "bash").symlink_to("/bin/bash")
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.fixture
def mcpconf(
    home: Path,
    tmp_path: Path,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> World:
    """The command line in an empty home, with a clock that does not wait."""
    monkeypatch.setattr(RealSystem, "sleep", lambda self, seconds: None)
    monkeypatch.setenv("MCPCONF_ENV", "host")  # wherever the tests run
    return World(home, tmp_path / "work", monkeypatch, capsys)
