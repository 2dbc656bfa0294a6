"""Where a broker is met."""

from __future__ import annotations

import fcntl
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpconf import shim
from mcpconf.broker import place
from mcpconf.broker.place import (
    LONGEST,
    MACHINE,
    Paths,
    connect,
    is_locked,
    lines_for_shim,
    name_for,
    short,
    socket_directory,
)
from mcpconf.dirs import Dirs, find_dirs
from mcpconf.system import RealSystem

DIRS = Dirs("/h/.config/mcpconf", "/h/.local/share/mcpconf", "/h/.local/state/mcpconf")
PACKAGE = str(Path(place.__file__).parents[2])
NAMED = ("unshare", "--uts", "sh", "-c", 'printf %s "$1" >/proc/sys/kernel/hostname && shift && exec "$@"', "_")
NOBODY = 4_000_000_000  # a user that has no runtime directory here


def may_be_named() -> bool:
    """Whether we can start something in a container's place, as far as its name goes."""
    try:
        return subprocess.run([*NAMED, "box", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the tests run, this is no container."""
    monkeypatch.setattr(place, "guest", lambda: "")


def test_it_lies_in_the_runtime_directory_where_that_is_ours(tmp_path: Path) -> None:
    uid = os.geteuid()
    runtime = str(tmp_path)

    assert socket_directory(DIRS, {"XDG_RUNTIME_DIR": runtime}, uid) == f"{runtime}/{name_for(DIRS, uid)}"
    for bad in ("", "relative", f"{runtime}/gone", "nul\0"):
        found = socket_directory(DIRS, {"XDG_RUNTIME_DIR": bad}, NOBODY)
        assert found == "/h/.local/state/mcpconf/run", bad
    assert socket_directory(DIRS, {"XDG_RUNTIME_DIR": runtime}, NOBODY) == "/h/.local/state/mcpconf/run"


def test_another_home_of_the_same_user_has_another_directory() -> None:
    uid = os.geteuid()
    usual = os.path.join(pwd.getpwuid(uid).pw_dir, ".local/share/mcpconf")
    assert name_for(Dirs("/c", usual, "/s"), uid) == "mcpconf"
    names = {name_for(Dirs("/c", data, "/s"), uid) for data in (usual, "/h/.local/share/mcpconf", "/i/data")}
    assert len(names) == 3
    assert name_for(DIRS, NOBODY) == "mcpconf"


def test_where_one_directory_holds_everything_it_holds_the_sockets_too(tmp_path: Path) -> None:
    env = {"HOME": "/h", "XDG_RUNTIME_DIR": str(tmp_path), "MCPCONF_CONFIG_DIR": "/all"}
    dirs = find_dirs(RealSystem(env=env, platform="linux"))

    assert socket_directory(dirs, env, os.geteuid()) == "/all/state/run"


def test_its_files_have_names_of_their_own() -> None:
    paths = Paths("/run/x")

    assert (paths.socket, paths.server("time")) == ("/run/x/broker.sock", "/run/x/time.sock")
    assert (paths.state, paths.lock) == ("/run/x/broker.json", "/run/x/broker.lock")


def test_a_lock_is_seen_while_it_is_held(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    assert not is_locked(path)
    with open(path, "w") as held:
        assert not is_locked(path)
        fcntl.flock(held, fcntl.LOCK_EX)
        assert is_locked(path)
    assert not is_locked(path)


@pytest.mark.parametrize("length", [1, 60, 200])
def test_a_socket_is_reached_however_deep_it_lies(tmp_path: Path, length: int) -> None:
    deep = tmp_path / ("d" * length)
    deep.mkdir()
    path = str(deep / "broker.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        with short(path) as name:
            assert len(name) <= LONGEST
            listening.bind(name)
        listening.listen()
        with connect(path, 5) as connection:
            accepted, _ = listening.accept()
            with accepted:
                accepted.sendall(b"hello")
            assert connection.recv(5) == b"hello"


@pytest.mark.parametrize("depth", [1, 200])
def test_where_nobody_listens_nothing_is_left_open(tmp_path: Path, depth: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        connect(str(tmp_path / ("d" * depth) / "broker.sock"), 1)
    assert len(os.listdir("/proc/self/fd")) == before


def test_where_entries_look_for_it_already_it_stays_whatever_the_variables_are(tmp_path: Path) -> None:
    dirs = Dirs(str(tmp_path / "c"), str(tmp_path / "data"), str(tmp_path / "s"))
    (tmp_path / "data/broker").mkdir(parents=True)
    (tmp_path / "runtime").mkdir()
    (tmp_path / "other").mkdir()
    conf = tmp_path / "data/broker/shim.conf"
    conf.write_text(f"directory={tmp_path}/runtime/mcpconf\nstart=x\n")
    uid = os.geteuid()

    env = {"XDG_RUNTIME_DIR": str(tmp_path / "other")}
    assert socket_directory(dirs, env, uid) == f"{tmp_path}/runtime/mcpconf"
    (tmp_path / "runtime").rmdir()
    assert socket_directory(dirs, env, uid).startswith(f"{tmp_path}/other/mcpconf")
    conf.write_text("start=x\n")
    assert socket_directory(dirs, env, uid).startswith(f"{tmp_path}/other/mcpconf")


def test_in_a_home_that_several_have_each_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dirs = Dirs(str(tmp_path / "c"), str(tmp_path / "data"), str(tmp_path / "s"))
    (tmp_path / "data/broker").mkdir(parents=True)
    conf, home = tmp_path / "data/broker/shim.conf", f"{tmp_path}/s/run"
    (tmp_path / "s").mkdir()
    uid = os.geteuid()

    def here(env: dict[str, str], name: str) -> tuple[str, tuple[str, ...]]:
        """Where it is met in this place, and what `switch` writes there."""
        monkeypatch.setattr(place, "guest", lambda: name)
        monkeypatch.setattr(place, "_is_own", lambda path, _: os.path.isdir(path) and not path.startswith("/run/"))
        found = socket_directory(dirs, env, uid), lines_for_shim(dirs, env, uid)
        conf.write_text("".join(f"{line}\n" for line in found[1]))
        return found

    shared = (f"directory={home}", "shared=1")
    assert here({}, "") == (home, shared)
    assert here({}, "box") == (f"{home}/box", shared)
    assert here({}, "") == (home, shared)

    session = {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    (tmp_path / "runtime").mkdir()
    conf.unlink()
    found, lines = here(session, "")
    assert lines == (f"directory={found}",)
    (tmp_path / "runtime").rename(tmp_path / "away")
    assert here({}, "box") == (f"{home}/box", lines)
    (tmp_path / "away").rename(tmp_path / "runtime")
    assert here(session, "") == (found, lines)


@pytest.mark.skipif(not os.path.exists("/proc/self/ns/uts"), reason="only Linux tells")
@pytest.mark.parametrize("guest", [place.guest, shim.guest])
def test_a_guest_is_who_has_a_name_of_its_own(guest: Callable[[], str]) -> None:
    assert guest() == ("" if os.readlink("/proc/self/ns/uts") == MACHINE else os.uname().nodename)


@pytest.mark.skipif(not may_be_named(), reason="this user may make no namespace")
@pytest.mark.parametrize("guest", [place.guest, shim.guest])
@pytest.mark.parametrize(("name", "expected"), [("box-1.x", "box-1.x"), ("../../etc", "guest"), ("-a", "guest")])
def test_a_guests_name_is_no_path(guest: Callable[[], str], name: str, expected: str) -> None:
    code = f"import sys; sys.path.append({PACKAGE!r}); from {guest.__module__} import guest; print(guest())"
    argv = [*NAMED, name, sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == expected, done.stderr
