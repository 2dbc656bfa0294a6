"""Whatever is wrong with this machine or with our own files, the doctor says something, and writes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpconf.cli.main import main
from mcpconf.dirs import find_dirs
from mcpconf.doctor.examine import Order, examine
from mcpconf.doctor.finding import Level
from mcpconf.system import RealSystem
from mcpconf.workflow.app import App
from tests.cli.conftest import World
from tests.commit.stage import in_child
from tests.doctor.test_setups import report, stamps

NOBODY = 65534
ROOT = os.geteuid() == 0

Damage = Callable[[Path], None]


def replaced(make: Callable[[Path], object]) -> Damage:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


DAMAGES: dict[str, Damage] = {
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 3) and None,
    "nested": lambda path: path.write_text('[{"a":' * 50_000) and None,
    "another shape": lambda path: path.write_text('{"version": {}, "files": 3, "servers": [[]]}') and None,
    "FIFO": replaced(os.mkfifo),
    "directory": replaced(os.mkdir),
    "a link to itself": replaced(lambda path: path.symlink_to(path)),
    "mode 000": lambda path: path.chmod(0),
}


@pytest.fixture
def lived(mcpconf: World) -> World:
    """A home in which every file of ours is there."""
    mcpconf.claude.write_text('{"mcpServers": {}}')
    mcpconf.claude.chmod(0o600)
    mcpconf.profile("mine", '[broker]\nautostart = true\n[servers.a]\ncommand = "myserver"\n')
    mcpconf.profile("other", '[servers.a]\ncommand = "myserver"\nroutes = ["wrapper"]\n')
    mcpconf("secret", "set", "KEY", stdin="hunter2\n")
    mcpconf("switch", "mine")
    mcpconf("switch", "other", "--client", "claude-code")
    mcpconf("switch", "mine", "--scope", "local")
    (mcpconf.work / ".mcpconf").mkdir()
    (mcpconf.state / "trust.json").write_text("{}")
    (mcpconf.state / "pending.json").write_text("{}")
    (mcpconf.state / "tools.json").write_text("{}")
    (mcpconf.state / "blocks.json").write_text("[]")
    return mcpconf


@pytest.mark.parametrize("damage", ["another shape", "nested", "directory"])
def test_each_file_of_ours_may_be_damaged(damage: str, lived: World) -> None:
    ours = [path for path in _files(lived.home) if path != lived.claude]
    assert len(ours) > 15
    for path in ours:
        kept, mode = path.read_bytes(), path.stat().st_mode
        DAMAGES[damage](path)
        report(lived)
        _put_back(path, kept, mode)


@pytest.mark.parametrize("damage", DAMAGES)
def test_all_files_of_ours_may_be_damaged_at_once(damage: str, lived: World) -> None:
    for path in _files(lived.home):
        DAMAGES[damage](path)
    before = stamps(lived.home)
    for argv in ((), ("--verbose",), ("--no-network",), ("--fix", "--dry-run")):
        assert main(["doctor", *argv]) in (0, 1)
        assert stamps(lived.home) == before
    said = lived.capture.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "bug in mcpconf" not in said.out + said.err


def _files(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def _put_back(path: Path, kept: bytes, mode: int) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()
    path.write_bytes(kept)
    path.chmod(mode)


def test_a_directory_of_ours_may_be_a_file(lived: World) -> None:
    for name in ("generations", "blobs", "besides"):
        path = lived.state / name
        path.rename(path.with_name("aside"))
        path.write_text("")
        report(lived)
        path.unlink()
        path.with_name("aside").rename(path)


def run(code: str = ":", *, env: dict[str, str], cwd: Path) -> Any:
    """`mcpconf doctor --json` as a process of its own, after a line of shell."""
    command = ["bash", "-c", f'{code}; exec "$@"', "bash", sys.executable, "-m", "mcpconf", "doctor", "--json"]
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **env}
    done = subprocess.run(
        command, env=clean, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"bug in mcpconf" not in done.stdout + done.stderr, done.stdout
    return json.loads(done.stdout)


def test_a_home_that_is_not_there(tmp_path: Path, home: Path) -> None:
    found = run(env={"HOME": str(tmp_path / "nowhere")}, cwd=home)
    assert found["healthy"]
    assert not (tmp_path / "nowhere").exists()


def test_a_current_directory_that_has_gone(tmp_path: Path, home: Path) -> None:
    (home / ".claude.json").write_text("{")
    (home / ".claude.json").chmod(0o600)
    gone = tmp_path / "gone"
    gone.mkdir()
    found = run(f"rmdir '{gone}'", env={"HOME": str(home)}, cwd=gone)
    assert [one["id"] for one in found["findings"] if one["level"] == "error"] == ["MC202"]


def test_a_variable_that_every_other_command_refuses(mcpconf: World) -> None:
    mcpconf.patch.setenv("MCPCONF_ENV", "hots")
    assert main(["doctor", "--only", "files"]) == 0
    assert main(["status"]) == 2


@pytest.mark.unprivileged
@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
@pytest.mark.parametrize("home_is", ["read-only", "root's"])
def test_as_another_user(home_is: str, open_home: Path, mcpconf: World) -> None:
    (open_home / ".claude.json").write_text('{"mcpServers": {}}')
    (open_home / ".claude.json").chmod(0o600)
    if home_is != "root's":
        os.chown(open_home / ".claude.json", NOBODY, NOBODY)
    if home_is == "read-only":
        os.chown(open_home, NOBODY, NOBODY)
    open_home.chmod(0o555)
    before = stamps(open_home)
    mcpconf("doctor", "--json")  # what is imported before can be imported
    mcpconf.patch.setenv("HOME", str(open_home))
    mcpconf.patch.chdir(open_home)
    found = _as_user(NOBODY, open_home.parent / "said")
    assert stamps(open_home) == before
    wrong = {one["id"] for one in found["findings"] if one["level"] in ("error", "warning")}
    assert {"read-only": "MC104", "root's": "MC201"}[home_is] in wrong


def test_a_home_that_is_no_path(mcpconf: World) -> None:
    mcpconf.patch.setenv("HOME", "somewhere")
    said = mcpconf("doctor", code=1)
    assert "HOME is no absolute path" in said.err
    assert list(mcpconf.work.iterdir()) == []


def _as_user(user: int, said: Path) -> Any:
    """What the doctor tells a user without privileges."""
    with said.open("w") as stream:

        def child() -> None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            sys.stdout = sys.stderr = stream
            assert main(["doctor", "--json"]) in (0, 1)
            stream.flush()

        code = in_child(child)
    text = said.read_text()
    assert code == 0, text
    assert "Traceback" not in text
    assert "bug in mcpconf" not in text
    return json.loads(text)


def test_an_empty_root(tmp_path: Path, home: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    system = RealSystem(root=str(root), env={"HOME": str(home), "PATH": "/usr/bin"}, uid=0)
    found = examine(App(system, find_dirs(system), None), Order())
    assert not [one for one in found.findings if "bug in mcpconf" in one.text]
    assert {one.level for one in found.findings} <= {Level.OK, Level.INFO, Level.SKIPPED, Level.WARNING}
    assert list(root.iterdir()) == []
    assert list(home.iterdir()) == []
