"""The command that a new container runs, run: what mcpconf remembers outlives a rebuild with Claude's volume alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcpconf.environment.devcontainer import START_LINE, set_up_line

ROOT = Path(__file__).parents[2]


class Containers:
    """One container after the other: each has a new home, and the same volume with Claude's files."""

    def __init__(self, base: Path) -> None:
        self.base, self.volume, self.count = base, base / "claude", 0
        self.volume.mkdir()
        self.line = set_up_line("minimal", f"{self.volume}/mcpconf")

    @property
    def home(self) -> Path:
        return self.base / f"home{self.count}"

    def build(self, *, has_mcpconf: bool = True) -> None:
        self.count += 1
        (self.home / ".local/bin").mkdir(parents=True)
        if has_mcpconf:
            program = self.home / ".local/bin/mcpconf"
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mcpconf "$@"\n')
            program.chmod(0o755)

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "CLAUDE_CONFIG_DIR": str(self.volume)}
        env |= {"PYTHONPATH": str(ROOT), "MCPCONF_ENV": "container", "LANG": "C.UTF-8"}
        return subprocess.run(
            ["/bin/sh", "-c", line], check=False, env=env, cwd=self.base, capture_output=True, text=True, timeout=60
        )


@pytest.fixture
def containers(tmp_path: Path) -> Containers:
    return Containers(tmp_path)


def test_a_rebuild_keeps_what_is_ours_ours(containers: Containers) -> None:
    file = containers.volume / ".claude.json"
    file.write_text('{"numStartups": 1}')
    containers.build()
    assert containers.run(containers.line).returncode == 0
    assert list(json.loads(file.read_text())["mcpServers"]) == ["mcpconf"]
    written = file.read_bytes()

    containers.build()
    done = containers.run(containers.line)

    assert "already configured" in done.stderr
    assert file.read_bytes() == written
    assert (containers.home / ".local/state/mcpconf").readlink() == containers.volume / "mcpconf/state"
    assert containers.run(containers.line).returncode == 0  # once more in the same container
    containers.run('PATH="$PATH:$HOME/.local/bin"; mcpconf uninstall')
    assert file.read_text() == '{"numStartups": 1}'


def test_what_is_there_already_is_not_moved_away(containers: Containers) -> None:
    containers.build()
    own = containers.home / ".local/state/mcpconf"
    own.mkdir(parents=True, mode=0o700)
    containers.run(containers.line)
    assert not own.is_symlink()
    assert (own / "ledger.json").exists()


@pytest.mark.parametrize("line", ["set up", "start"])
def test_it_is_no_failure_where_mcpconf_is_not_there(containers: Containers, line: str) -> None:
    containers.build(has_mcpconf=False)
    done = containers.run(containers.line if line == "set up" else START_LINE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_volume_that_can_t_be_written_stops_nothing(containers: Containers) -> None:
    containers.build()
    assert containers.run(set_up_line("minimal", "/dev/null/mcpconf")).returncode == 0
    assert (containers.home / ".local/state/mcpconf/ledger.json").exists()
