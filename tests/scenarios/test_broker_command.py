"""`mcpconf broker ...` and `mcpconf logs`, with a broker that is real."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.place import Paths, connect, is_locked, name_for
from mcpconf.dirs import find_dirs
from mcpconf.system import RealSystem
from tests.scenarios.conftest import World

PATIENCE = 20.0
SERVER = """#!/bin/sh
echo "a word on stderr" >&2
exec /bin/cat
"""


@pytest.fixture
def paths() -> Paths:
    name = name_for(find_dirs(RealSystem()), os.geteuid())
    return Paths(os.path.join(os.environ["XDG_RUNTIME_DIR"], name))


@pytest.fixture
def world(mcpconf: World, paths: Paths) -> Iterator[World]:
    """A home whose broker, if one was started, is gone afterwards."""
    yield mcpconf
    mcpconf("broker", "stop")
    assert not is_locked(paths.lock)


def define(world: World, name: str, script: str = "", **more: object) -> None:
    """Tell the broker of a server, as a switch would."""
    program = world.home / f"{name}.sh"
    program.write_text(f"#!/bin/sh\n{script}\n" if script else SERVER)
    program.chmod(0o755)
    path = world.home / f".local/share/mcpconf/broker/servers/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": 1, "name": name, "command": str(program), "args": [], "env": {}, **more}))


def pid(world: World) -> int:
    found = world("broker", "status", "--json").json["pid"]
    assert isinstance(found, int)
    return found


def test_it_starts_once_answers_and_stops(world: World, paths: Paths) -> None:
    assert "no broker is running" in world("broker", "status", code=6).out
    told = world("broker", "start").err
    one = pid(world)
    assert f"the broker is running, pid {one}, at unix:{paths.socket}" in told
    again = world("broker", "start", code=1).err
    assert f"a broker is already running, pid {one}" in again
    world("broker", "start", "--if-needed")
    world("broker", "start", "--if-needed", "-q")
    assert pid(world) == one
    assert f"pid {one}" in world("broker", "status").out
    assert f"stopped the broker, pid {one}, with 0 server processes" in world("broker", "stop").err
    assert (is_locked(paths.lock), os.path.exists(paths.socket)) == (False, False)
    assert "no broker was running" in world("broker", "stop").err


def test_a_restart_is_another_process_that_listens_where_the_first_did(world: World) -> None:
    world("broker", "key", "new", "a")
    world("broker", "start", "--listen", "tcp:127.0.0.1:0")
    before = world("broker", "status", "--json").json
    assert f"pid {before['pid']}" in world("broker", "restart").err
    after = world("broker", "status", "--json").json
    assert after["pid"] != before["pid"]
    assert after["listeners"] == before["listeners"]
    assert after["listeners"][1].startswith("tcp:127.0.0.1:")


def test_a_restart_that_cannot_be_stops_nothing(world: World) -> None:
    world("broker", "start")
    one = pid(world)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = world("broker", "restart", "--listen", f"tcp:127.0.0.1:{port}", code=1).err
        assert f"can't listen on 127.0.0.1:{port}" in refused
        again = world("broker", "start", "--if-needed", "--listen", f"tcp:127.0.0.1:{port}", code=1).err
    assert f"pid {one}, does not listen on tcp:127.0.0.1:{port}" in again
    assert f"mcpconf broker restart --listen tcp:127.0.0.1:{port}" in again
    world("broker", "restart", "--listen", "tcp:0.0.0.0:0", code=2)
    world("broker", "restart", "--listen", "host", code=2)
    assert pid(world) == one


def test_a_start_that_fails_after_the_stop_says_both(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("broker", "start")
    one = pid(world)
    # Somebody takes it just then.
    monkeypatch.setattr("mcpconf.broker.door.listener.tcp_socket", lambda host, port: socket.socket())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = world("broker", "restart", "--listen", f"tcp:127.0.0.1:{port}", code=1).err
        assert f"stopped the broker, pid {one}" in told
        assert "the broker did not start: can't listen on" in told
        assert "already running" not in told
    assert "no broker was running; started it" in world("broker", "restart").err


def test_an_address_that_others_reach_is_refused_unless_it_is_meant(world: World) -> None:
    refused = world("broker", "start", "--listen", "tcp:0.0.0.0:0", code=2).err
    assert "0.0.0.0:0 can be reached from other machines" in refused
    assert "--allow-nonlocal" in refused
    assert "'host:1' is no address" in world("broker", "start", "--listen", "host:1", code=2).err
    told = world("broker", "start", "--listen", "tcp:0.0.0.0:0", "--allow-nonlocal").err
    assert "mounting the socket directory is safer" in told


def test_a_directory_for_everything_has_a_broker_of_its_own(world: World, tmp_path: Path) -> None:
    own = ("--config-dir", str(tmp_path / "all"))
    world("broker", "start", "--if-needed", *own)
    assert world("broker", "status", *own).code == 0
    assert is_locked(str(tmp_path / "all/state/run/broker.lock"))
    world("broker", "status", code=6)
    world("broker", "stop", *own)


def test_a_stale_state_file_is_seen_through(world: World, paths: Paths) -> None:
    os.makedirs(paths.directory, 0o700, exist_ok=True)
    Path(paths.state).write_text(json.dumps({"version": 1, "pid": os.getpid()}))
    with socket.socket(socket.AF_UNIX) as left:
        os.chdir(paths.directory)
        left.bind("broker.sock")
    Path(paths.lock).touch()
    assert world("broker", "status", "--json", code=6).json["running"] is False
    world("broker", "start")
    assert pid(world) != os.getpid()


def test_one_that_holds_the_lock_and_says_nothing_is_told_apart(mcpconf: World, paths: Paths) -> None:
    import fcntl

    os.makedirs(paths.directory, 0o700, exist_ok=True)
    Path(paths.state).write_text('{"pid": 77}')
    with open(paths.lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for command in ("status", "stop", "restart"):
            shown = mcpconf("broker", command, code=6).err
            assert "the broker (pid 77) does not answer" in shown
            assert "kill 77" in shown


def test_servers_are_warmed_and_their_words_are_kept(world: World) -> None:
    define(world, "talk")
    world("broker", "start")
    assert "talk is ready" in world("broker", "warm", "talk").err
    log = world.state / "broker/logs/talk.log"
    deadline = time.monotonic() + PATIENCE
    while not log.exists() or "a word on stderr" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # the clock of the command line stands still, this one does not
    assert "a word on stderr" in world("broker", "logs", "talk").out
    assert "a word on stderr" in world("logs", "talk").out
    assert world("logs", "talk", "-n", "0").out == ""
    assert "started" in world("broker", "logs").out
    shown = world("broker", "status").out
    assert "talk" in shown
    unknown = world("broker", "warm", "other", code=1).err
    assert "no server 'other'" in unknown
    assert "try: mcpconf broker status" in unknown


def test_warming_says_what_came_of_it(world: World) -> None:
    define(world, "well")
    define(world, "dies", "/bin/sleep 0.2; exit 3")
    define(world, "there", cwd="project")
    define(world, "needs", args=["${secret:MISSING}"])
    world("broker", "start")
    told = world("broker", "warm", code=1).err
    assert "well is ready" in told
    assert "mcpconf: dies: " in told
    assert "mcpconf: needs: " in told
    assert "MISSING" in told
    assert "there runs in a client's project" in told
    assert "dies" in world("-q", "broker", "warm", "dies", code=1).err
    assert world("-q", "broker", "warm", "well").err == ""


def test_a_server_that_says_nothing_has_no_log_and_that_is_said(world: World) -> None:
    define(world, "quiet", "exec /bin/cat")
    define(world, "needs", args=["${secret:MISSING}"])
    define(world, "unused")
    world("broker", "start")
    world("broker", "warm", "quiet", "needs", code=1)
    for logs in (("logs",), ("broker", "logs")):
        assert "'quiet' has said nothing so far" in world(*logs, "quiet", code=1).err
        told = world(*logs, "needs", code=1).err
        assert "does not run" in told
        assert "MISSING" in told
    assert "the broker has no log of 'unused'" in world("broker", "logs", "unused", code=1).err
    (world.state / "broker/logs/needs.log").write_text("an earlier word\n")
    for logs in (("logs",), ("broker", "logs")):
        shown = world(*logs, "needs")
        assert "an earlier word" in shown.out
        assert "MISSING" in shown.err


@pytest.mark.parametrize("count", ["abc", "-1", "1e3", "9" * 5000])
def test_a_count_of_lines_that_is_none_is_refused_in_our_words(mcpconf: World, count: str) -> None:
    told = mcpconf("logs", "x", f"--lines={count}", code=2).err
    assert "is no number of lines" in told


def test_one_that_cannot_start_is_shown_as_failed(world: World) -> None:
    define(world, "dies", "exit 3")
    world("broker", "start")
    world("broker", "warm", "dies", code=1)
    (found,) = world("broker", "status", "--json").json["servers"]
    assert (found["state"], found["processes"]) == ("failed", [])
    assert found["error"] in world("broker", "status").out


def test_a_reload_finds_what_is_new(world: World, paths: Paths) -> None:
    world("broker", "start")
    define(world, "fresh")
    world("broker", "reload")
    connect(paths.server("fresh"), 5).close()
    assert [one["name"] for one in world("broker", "status", "--json").json["servers"]] == ["fresh"]


def test_a_purge_ends_it_and_leaves_no_trace(world: World, paths: Paths) -> None:
    world("broker", "start")
    world("uninstall", "--purge", "--yes")
    assert not os.path.exists(paths.directory)
    assert [path for path in world.home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("command", ["reload", "warm"])
def test_without_a_broker_it_cannot_be_asked(mcpconf: World, command: str) -> None:
    shown = mcpconf("broker", command, code=6).err
    assert "no broker is running" in shown
    assert "try: mcpconf broker start" in shown


def test_keys_are_made_listed_and_revoked_and_never_shown(mcpconf: World) -> None:
    path = Path(mcpconf("broker", "key", "new", "box").out.strip())
    secret = path.read_text().split()[1]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "there is a key box already" in mcpconf("broker", "key", "new", "box", code=4).err
    for shown in (mcpconf("broker", "key", "ls"), mcpconf("broker", "key", "ls", "--json")):
        assert "box" in shown.out
        assert secret not in shown.out + shown.err
    told = mcpconf("broker", "key", "revoke", "box").err
    assert "revoked box" in told
    assert "closed" not in told  # there is no broker
    assert not path.exists()
    mcpconf("broker", "key", "revoke", "box", code=1)


def test_a_revoked_key_is_told_to_the_broker(world: World) -> None:
    world("broker", "key", "new", "box")
    world("broker", "start")
    assert "the broker has closed the connections" in world("broker", "key", "revoke", "box").err


def test_watching_needs_a_terminal(mcpconf: World) -> None:
    assert "--watch needs a terminal" in mcpconf("broker", "status", "--watch", code=2).err
    assert "exclude each other" in mcpconf("broker", "status", "--watch", "--json", code=2).err


def test_a_server_without_a_broker_has_its_log_where_its_client_puts_it(mcpconf: World) -> None:
    mcpconf.profile("p", '[servers.one]\ncommand = "myserver"\n')
    mcpconf("switch", "p", "--client", "claude-code", "--client", "claude-desktop")
    told = mcpconf("logs", "one", code=1)
    assert "Claude Desktop: it will be in ~/.config/Claude/logs/mcp-server-one.log" in told.err
    assert "mcpconf server test one" in told.err
    log = mcpconf.home / ".config/Claude/logs/mcp-server-one.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("its words\nwith --token hunter2secret\n")
    shown = mcpconf("logs", "one").out
    assert "its words" in shown
    assert "hunter2secret" not in shown
    assert "no active profile has a server 'two'" in mcpconf("logs", "two", code=1).err


def test_the_gateway_is_open_without_a_key_until_it_is_ended(world: World) -> None:
    argv = [sys.executable, "-m", "mcpconf", "broker", "gateway", "--listen", "tcp:127.0.0.1:0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as one:
        assert one.stderr is not None
        said = one.stderr.readline()
        address = next(word for word in said.split() if word.startswith("tcp:")).rstrip(",")
        assert said.startswith("! all servers are served at tcp:127.0.0.1:")
        assert f"! {address}  every server" in world("broker", "status").out
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 5) as connection:
            connection.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
            assert connection.recv(1000) == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'
        one.send_signal(signal.SIGINT)
        assert one.wait(PATIENCE) == 0
    assert world("broker", "status", "--json").json["plain"] == []


def test_the_gateway_is_not_open_to_other_machines(world: World) -> None:
    for listen in ("tcp:0.0.0.0:8811", "tcp:198.51.100.1:8811", "8811"):
        world("broker", "gateway", "--listen", listen, code=2)
    assert "no broker is running" in world("broker", "status", code=6).out
