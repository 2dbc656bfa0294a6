"""Starting what outlives us, with a stand-in for the broker: what it is given, and what is made of its word."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from pathlib import Path

import pytest

from mcpconf.broker.place import Paths, is_locked
from mcpconf.broker.start import AlreadyRunning, command, restarting, start, start_if_needed
from mcpconf.errors import McpconfError
from tests.broker.daemon import daemon

SAYS = """
import os, sys
os.write(int(sys.argv[sys.argv.index("--ready-fd") + 1]), sys.argv[1].encode())
"""
TELLS = """
import json, os, sys
at = "/proc/self/fd/"
fds = {fd: os.readlink(at + fd) for fd in os.listdir(at) if os.path.lexists(at + fd)}
told = {"sid": os.getsid(0), "pid": os.getpid(), "fds": fds, "argv": sys.argv[1:]}
with open(sys.argv[1] + ".part", "w") as out:
    json.dump(told, out)
os.rename(sys.argv[1] + ".part", sys.argv[1])
os.write(int(sys.argv[-1]), b"ready\\n")
"""
WAITS = """
import fcntl, os, socket, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
os.write(int(sys.argv[-1]), b"ready\\n")
"""


def stand_in(program: str, *words: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", program, *words]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "d").mkdir()
    return Paths(str(tmp_path / "d"))


def reap(pid: int) -> None:
    os.waitpid(pid, 0)


def test_it_gets_a_session_of_its_own_and_no_descriptor_of_ours(paths: Paths, tmp_path: Path) -> None:
    told = tmp_path / "told"
    leak, other = os.pipe()
    os.set_inheritable(leak, True)
    try:
        pid = start(paths, ["--x"], argv=stand_in(TELLS, str(told)))
    finally:
        os.close(leak)
        os.close(other)
    seen = json.loads(told.read_text())
    assert (seen["pid"], seen["sid"]) == (pid, pid)
    assert seen["argv"][1:3] == ["--x", "--ready-fd"]
    assert {seen["fds"][number] for number in "012"} == {"/dev/null"}
    ready = seen["argv"][3]
    rest = {number: to for number, to in seen["fds"].items() if number not in ("0", "1", "2", ready)}
    assert all("/proc/" in to for to in rest.values()), rest
    reap(pid)


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ("error: no disk; mend it with: df -h\n", "the broker did not start: no disk", "df -h"),
        ("error: no disk\n", "the broker did not start: no disk", "mcpconf broker run"),
        ("nonsense\n", "the broker did not start: nonsense", "mcpconf broker run"),
        ("", "the broker did not start: it ended without a word", "mcpconf broker run"),
    ],
)
def test_its_last_words_are_told(paths: Paths, said: str, message: str, hint: str) -> None:
    with pytest.raises(McpconfError) as caught:
        start(paths, [], argv=stand_in(SAYS, said))
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_one_that_says_nothing_is_not_waited_for(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpconf.broker.start.SECONDS", 0.2)
    with pytest.raises(McpconfError, match="it was not ready within 0 s"):
        start(paths, [], argv=stand_in("import signal; signal.alarm(2); signal.pause()"))


def test_what_cannot_be_run_is_named(paths: Paths) -> None:
    with pytest.raises(McpconfError, match="No such file") as caught:
        start(paths, [], argv=["/nowhere/python"])
    assert caught.value.hint == "ls -l /nowhere/python"


def test_where_one_runs_there_is_no_second(paths: Paths) -> None:
    Path(paths.state).write_text('{"pid": 77}')
    with open(paths.lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning, match="already running, pid 77"):
            start(paths, [], argv=["/nowhere"])
        Path(paths.state).write_text("[]")
        with pytest.raises(AlreadyRunning, match=r"already running$"):
            start(paths, [], argv=["/nowhere"])


def test_if_needed_is_content_with_one_that_answers(paths: Paths) -> None:
    with daemon(paths.socket):
        assert start_if_needed(paths, [], argv=["/nowhere"]) is None


def test_if_needed_waits_for_one_that_is_just_starting(paths: Paths) -> None:
    from threading import Thread

    with open(paths.lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found: list[int | None] = []
        waiting = Thread(target=lambda: found.append(start_if_needed(paths, [], argv=["/nowhere"])))
        waiting.start()
        with daemon(paths.socket):
            waiting.join(10)
    assert found == [None]


def test_if_needed_starts_one_where_there_is_none(paths: Paths) -> None:
    pid = start_if_needed(paths, [], argv=stand_in(WAITS, paths.lock))
    assert pid is not None
    reap(pid)


def test_the_command_needs_no_site_and_no_current_directory() -> None:
    argv = command(["--listen", "x"], "mcpconf.broker.options")
    assert argv[1:4] == ["-I", "-S", "-c"]
    assert argv[-2:] == ["--listen", "x"]
    began = time.monotonic()
    boot = argv[4].replace(
        "from mcpconf.broker.options import main;sys.exit(main(sys.argv[1:]))", "import mcpconf.errors"
    )
    assert os.spawnv(os.P_WAIT, argv[0], [*argv[:4], boot]) == 0
    assert time.monotonic() - began < 30


def test_while_a_broker_is_restarted_nobody_else_starts_one(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    with restarting(paths):
        assert is_locked(paths.restart)
    assert not is_locked(paths.restart)
