"""The wizard in a terminal, in a home with known programs, and golden screens."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.programs import VENV_BIN
from tests.wizard.screen import Screen

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
OURS = (".claude.json", ".config", ".local/state/mcpconf/active", ".local/share")


@dataclass(frozen=True)
class Desk:
    """A person's home, a terminal, and the answers they give."""

    home: Path
    work: Path
    bin: Path
    screen: Screen

    @property
    def env(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": str(self.bin),
            "TERM": "tmux-256color",
            "LANG": "C.UTF-8",
            "MCPCONF_ENV": "host",
            "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"],
        }

    def start(self, *argv: str) -> None:
        """Start mcpconf in the terminal."""
        self.screen.start([str(self.bin / "mcpconf"), *argv], self.env, self.work)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run mcpconf without a terminal."""
        return subprocess.run(
            [str(self.bin / "mcpconf"), *argv],
            env=self.env,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def golden(self, name: str) -> None:
        """Compare the kept screens with the golden file; UPDATE_GOLDEN=1 writes it."""
        path = GOLDEN / f"{name}.txt"
        shown = self.screen.transcript()
        if UPDATE:
            path.write_text(shown, encoding="utf-8")
        assert shown == path.read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Every file of the home and the project that a wizard's answers decide."""
        roots = [self.home / name for name in OURS] + [self.work]
        paths = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
        return {str(path.relative_to(self.home)): path.read_bytes() for path in paths if path.is_file()}

    def stamps(self) -> dict[str, tuple[int, int, bytes]]:
        """Inode, time of change and content of every file."""
        paths = [path for path in sorted(self.home.rglob("*")) if path.is_file()]
        stats = {path: path.stat() for path in paths}
        return {str(path): (seen.st_ino, seen.st_mtime_ns, path.read_bytes()) for path, seen in stats.items()}

    def by_flags(self, before: dict[str, bytes]) -> dict[str, bytes]:
        """The files that the wizard's own one-liner makes of the state `before`."""
        line = [line for line in self.screen.capture().split("\n") if line.startswith("  mcpconf init --yes")][-1]
        for path in self.home.iterdir():
            if path not in (self.bin, self.work):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in self.work.iterdir():
            if path.is_file():
                path.unlink()
        for name, data in before.items():
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            (self.home / name).write_bytes(data)
        done = self.run(*line.split()[1:])
        assert done.returncode == 0, done.stderr
        return self.files()


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Iterator[Desk]:
    """A terminal in a git work tree of an otherwise empty home."""
    programs = home / "bin"
    programs.mkdir()
    for name in ("uvx", "npx", "notes-server"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    (programs / "mcpconf").symlink_to(VENV_BIN / "mcpconf")
    work = home / "project"
    (work / ".git").mkdir(parents=True)
    screen = Screen(tmp_path / "tmux", home)
    yield Desk(home, work, programs, screen)
    screen.close()
