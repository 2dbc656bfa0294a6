"""The one command that a new user runs, from a fresh clone into an empty home, and back to nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.programs import ROOT, Claude, Health, require

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Place:
    """A clone, a home, and the environment that both are used with."""

    clone: Path
    home: Path
    env: Mapping[str, str]

    def run(self, *argv: str | Path, code: int = 0) -> str:
        done = subprocess.run(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(self.env),
            cwd=self.home,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def install(self, *argv: str, code: int = 0) -> str:
        return self.run(self.clone / "shell/install.sh", *argv, code=code)

    def mcpconf(self, *argv: str) -> str:
        return self.run(self.home / ".local/bin/mcpconf", *argv)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """What is in the home besides the environment: inode and bytes, or where a link leads."""
        venv = self.home / ".local/share/mcpconf/venv"
        paths = [path for path in self.home.rglob("*") if venv not in path.parents and not path.is_dir()]
        return {
            str(path.relative_to(self.home)): (
                path.lstat().st_ino,
                os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes(),
            )
            for path in paths
        }


def place(tmp: Path, caches: Path) -> Place:
    """A fresh clone of what is committed, and an empty home."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout: there is nothing to clone")
    (tmp / "home").mkdir()
    git = [require("git"), "clone", "--quiet", "--no-local", str(ROOT), str(tmp / "clone")]
    subprocess.run(git, check=True, env={"PATH": os.environ["PATH"], "HOME": str(tmp / "home")})
    env = {
        **os.environ,
        "HOME": str(tmp / "home"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "UV_CACHE_DIR": str(caches / "uv"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return Place(tmp / "clone", tmp / "home", env)


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was downloaded once is not downloaded again."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture
def fresh(tmp_path: Path, caches: Path) -> Place:
    (tmp_path / "new").mkdir()
    return place(tmp_path / "new", caches)


def test_one_command_installs_and_claude_is_connected_and_purge_leaves_nothing(fresh: Place) -> None:
    said = fresh.install()
    assert "Installed mcpconf" in said
    assert "profile minimal is active" in said
    entry = json.loads((fresh.home / ".claude.json").read_text())["mcpServers"]["mcpconf"]
    assert entry["command"] == str(fresh.home / ".local/bin/mcpconf")  # a path that survives the next installation

    before = fresh.files()
    assert "already configured" in fresh.install()
    assert fresh.files() == before

    claude = Claude(fresh.home)
    assert claude.mcp_list(env={"PATH": "/usr/bin:/bin:" + os.environ["PATH"]}) == {"mcpconf": Health("Connected", "")}

    shipped = fresh.mcpconf("profile", "ls")
    assert all(name in shipped for name in ("minimal", "essentials", "docker", "container", "research", "web"))
    fresh.mcpconf("server", "add", "echo", "-e", "T=secret:T", "--", "/bin/echo", "hello")
    wrapper = fresh.home / ".local/share/mcpconf/wrapper/mcpconf-wrapper.bash"
    assert wrapper.read_bytes() == (fresh.clone / "shell/mcpconf-wrapper.bash").read_bytes()
    link = json.loads((fresh.home / ".claude.json").read_text())["mcpServers"]["echo"]["command"]
    assert fresh.run("env", "T=1", link).splitlines()[-1] == "hello"

    fresh.mcpconf("uninstall", "--purge", "--yes")
    left = {path.name for path in fresh.home.iterdir()}
    assert left <= {".claude.json", ".claude", ".cache"}  # Claude Code's own
    assert "mcpconf" not in (fresh.home / ".claude.json").read_text().replace(str(fresh.home), "")


def test_the_installation_is_whole_without_its_clone(fresh: Place) -> None:
    fresh.install("--no-init")
    assert not (fresh.home / ".claude.json").exists()
    with (fresh.clone / "mcpconf/__init__.py").open("a") as changed:
        changed.write("# edited\n")
    fresh.install("--no-init")
    found = (fresh.home / ".local/share/mcpconf/venv/lib").glob("python3*/site-packages/mcpconf/__init__.py")
    assert ["# edited" in path.read_text() for path in found] == [True]
    fresh.clone.rename(fresh.clone.with_name("moved"))
    assert "essentials" in fresh.mcpconf("profile", "ls")
    assert fresh.mcpconf("switch", "minimal", "--json")
    entry = json.loads((fresh.home / ".claude.json").read_text())["mcpServers"]["mcpconf"]
    assert entry["command"] == str(fresh.home / ".local/bin/mcpconf")
    fresh.mcpconf("uninstall", "--purge", "--yes")
    assert list(fresh.home.iterdir()) == []


def test_a_name_that_is_taken_stops_the_installation_before_anything_is_made(fresh: Place) -> None:
    taken = fresh.home / ".local/bin/mcpconf"
    taken.parent.mkdir(parents=True)
    taken.write_text("somebody else's")
    said = fresh.install(code=1)
    assert "is not ours" in said
    assert "Nothing was changed" in said
    assert [str(path.relative_to(fresh.home)) for path in fresh.home.rglob("*")] == [
        ".local",
        ".local/bin",
        ".local/bin/mcpconf",
    ]


def test_options_behind_two_dashes_go_to_init(fresh: Place) -> None:
    fresh.install("--", "--profile", "essentials", "--client", "claude-desktop")
    found = json.loads((fresh.home / ".config/Claude/claude_desktop_config.json").read_text())["mcpServers"]
    assert "mcpconf" in found
    assert not (fresh.home / ".claude.json").exists()
