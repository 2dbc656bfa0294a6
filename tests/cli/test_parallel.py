"""Several mcpconf at once, as processes: none of them loses, and none loses another's work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

NAMES = [f"s{number}" for number in range(6)]


def start(home: Path, *argv: str) -> subprocess.Popen[bytes]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "MCPCONF_ENV": "host"}
    command = [sys.executable, "-m", "mcpconf", *argv]
    return subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(running: list[subprocess.Popen[bytes]]) -> None:
    for one in running:
        said, _ = one.communicate(timeout=60)
        assert one.returncode == 0, said.decode()


def test_servers_that_are_added_at_the_same_time_are_all_there(home: Path) -> None:
    finish([start(home, "server", "add", name, "--", "true") for name in NAMES])
    profile = (home / ".config/mcpconf/profiles/default.toml").read_text()
    assert sorted(line for line in profile.splitlines() if line.startswith("[")) == [f"[servers.{n}]" for n in NAMES]
    assert sorted(json.loads((home / ".claude.json").read_text())["mcpServers"]) == ["mcpconf", *NAMES]
    # Each of them is a change of its own, and can be taken back as one.
    for _ in NAMES:
        finish([start(home, "undo")])
    assert not (home / ".claude.json").exists()
    assert not (home / ".config/mcpconf/profiles/default.toml").exists()


def test_so_are_those_that_only_go_into_the_profile(home: Path) -> None:
    finish([start(home, "server", "add", name, "--no-apply", "--", "true") for name in NAMES])
    profile = (home / ".config/mcpconf/profiles/default.toml").read_text()
    assert sorted(line for line in profile.splitlines() if line.startswith("[")) == [f"[servers.{n}]" for n in NAMES]
