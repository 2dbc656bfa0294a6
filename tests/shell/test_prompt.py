"""The prompt segment: what it shows, and that it starts no program for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mcpconf.workflow.active import Active, dump

SCRIPT = Path(__file__).resolve().parents[2] / "shell/mcpconf-prompt.sh"
BASH = shutil.which("bash") or "bash"


def shown(home: Path, directory: Path, **more: str) -> str:
    """What it prints, by a shell that finds no program at all."""
    env = {"HOME": str(home), "PATH": "/nonexistent", **more}
    argv = [BASH, "--norc", "-u", "-c", f'. "{SCRIPT}"; cd "$1"; mcpconf_prompt', "_", str(directory)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=10, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def state(home: Path) -> Path:
    """A user with a profile, and a project with one of its own."""
    path = home / ".local/state/mcpconf"
    path.mkdir(parents=True)
    known = {
        "user": Active("work"),
        f"local:{home}/p": Active("here", "before"),
        f"project:{home}/p/deeper": Active("deep", None, f"{home}/p/x.toml"),
    }
    (path / "active").write_bytes(dump(known))
    return path


def test_it_shows_the_profile_of_the_place(home: Path, state: Path) -> None:
    for name in ("p/deeper/still", "p/deep", "pp"):
        (home / name).mkdir(parents=True)
    places = {"": "work", "p": "here", "p/deep": "here", "p/deeper": "deep", "p/deeper/still": "deep", "pp": "work"}
    assert {name: shown(home, home / name) for name in places} == places


def test_it_shows_nothing_where_nothing_is_active(home: Path) -> None:
    assert shown(home, home) == ""


def test_it_finds_the_file_where_mcpconf_keeps_it(home: Path, state: Path, tmp_path: Path) -> None:
    for variable, place in (("XDG_STATE_HOME", "xdg/mcpconf"), ("MCPCONF_CONFIG_DIR", "all/state")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "active").write_bytes(dump({"user": Active(variable)}))
        assert shown(home, home, **{variable: str(tmp_path / place.split("/")[0])}) == variable
