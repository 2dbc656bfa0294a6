"""How a broker begins and ends, also when it is killed, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.place import LONGEST, connect
from mcpconf.broker.upstream.orphans import below
from tests.broker.kit import PYTHON, Broker, Gone, alive, bad, told, until

DEAF = """
trap '' TERM INT HUP
(trap '' TERM INT HUP; setsid sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done' &) >/dev/null 2>&1 </dev/null
sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done' &
echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
while :; do sleep 1; done
"""  # ignores the end of its input and every signal; has a child that does the same, and a daemon


def occupied(broker: Broker) -> list[int]:
    """Have it start a server that does not want to end, with all that it starts, and an ordinary one in a call."""
    broker.define("deaf", "/bin/bash", "-c", DEAF)
    broker.open("deaf").post("initialize", {"protocolVersion": "2025-11-25"})
    client = broker.open("plain")
    client.greet()
    client.post("tools/call", {"name": "hold"})
    return until(lambda: found if len(found := broker.left()) >= 10 else None)


def test_a_second_one_is_refused_and_the_first_one_stays(broker: Broker) -> None:
    pid = broker.pid
    popen, reader = broker.spawn()
    assert told(reader) == b"error: a broker is running already; mend it with: mcpconf broker status\n"
    assert popen.wait(5) == 1
    assert broker.pid == pid
    assert broker.lying() == ["broker.json", "broker.sock", "gateway.sock", "plain.sock"]


def test_of_two_that_start_at_once_one_serves(idle: Broker) -> None:
    for _ in range(5):
        said = sorted(told(reader) for _, reader in [idle.spawn() for _ in range(3)])
        assert [one[:6] for one in said] == [b"error:", b"error:", b"ready\n"]
        running = [popen for popen in idle.popens if popen.poll() is None]
        until(lambda: len([popen for popen in idle.popens if popen.poll() is None]) == 1)
        idle.popen = next(popen for popen in running if popen.poll() is None)
        with idle.open("plain") as client:
            client.greet()
        assert idle.stop() == 0


@pytest.mark.parametrize("how", ["TERM", "INT", "control", "TERM to the one that serves"])
def test_it_ends_when_it_is_told_to_and_takes_everything_with_it(broker: Broker, how: str) -> None:
    client = broker.open("plain")
    client.greet()
    client.post("tools/call", {"name": "hold"})
    waiting = broker.connect()
    if how == "control":
        assert broker.ask("stop")["ok"]
    elif how.startswith("TERM to"):
        os.kill(broker.pid, signal.SIGTERM)
    else:
        os.kill(broker.supervisor, getattr(signal, f"SIG{how}"))
    assert broker.popen is not None
    assert broker.popen.wait(10) == 0
    client.ended()
    waiting.ended()
    until(lambda: not broker.left())
    assert broker.lying() == []


def test_servers_that_do_not_want_to_end_are_ended(broker: Broker) -> None:
    occupied(broker)
    assert broker.stop() == 0
    until(lambda: not broker.left())  # the guard ends when it sees that its supervisor has


@pytest.mark.parametrize("whom", ["the broker", "the supervisor", "both", "all"])
def test_nothing_stays_when_it_is_killed_and_the_next_one_starts_at_once(broker: Broker, whom: str) -> None:
    known = occupied(broker)
    guard = below(broker.supervisor)[0]
    pid = broker.pid
    victims = {
        "the broker": [pid],
        "the supervisor": [broker.supervisor],
        "both": [broker.supervisor, pid],
        "all": [guard, broker.supervisor, pid],
    }[whom]
    assert {*victims, guard} <= set(known)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    for client in broker.clients[:2]:
        client.ended(10)
    if whom == "the supervisor":
        until(lambda: not alive(pid))
    broker.start()
    with broker.open("plain") as client:
        client.greet()
        assert client.call("echo", say=1) == {"say": 1}
    until(lambda: not [one for one in known if alive(one)], 10)


def test_a_killed_one_ends_what_it_can_within_ten_seconds_though_no_other_is_started(broker: Broker) -> None:
    known = occupied(broker)
    for victim in (broker.supervisor, broker.pid):
        os.kill(victim, signal.SIGKILL)
    until(lambda: not [one for one in known if alive(one)], 10)
    sockets = map(broker.paths.server, ("plain", "deaf", "gateway"))
    for path in (broker.paths.socket, *sockets, broker.paths.state):
        Path(path).unlink(missing_ok=True)  # nobody was left to do that


def test_what_a_dead_one_left_is_replaced(idle: Broker) -> None:
    directory = Path(idle.paths.directory)
    directory.mkdir(parents=True)
    for name in ("broker.sock", "plain.sock"):
        with socket.socket(socket.AF_UNIX) as stale:
            here = os.getcwd()
            os.chdir(directory)
            try:
                stale.bind(name)
            finally:
                os.chdir(here)
    (directory / "broker.json").write_text('{"version":1,"pid":1,"identity":["odd"],"address":"unix:/x"}')
    (directory / "broker.lock").touch()
    idle.start()
    state = json.loads(Path(idle.paths.state).read_text())
    assert (state["pid"], state["address"]) == (idle.pid, f"unix:{idle.paths.socket}")
    with idle.door("plain") as client:
        client.greet()


def test_everything_is_private(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        client.call("complain", text="hello")
    directory = Path(broker.paths.directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for one in [*directory.iterdir(), *broker.logs.rglob("*.log")]:
        assert stat.S_IMODE(one.stat().st_mode) == 0o600, one


def test_a_directory_that_is_too_open_is_closed(idle: Broker) -> None:
    directory = Path(idle.paths.directory)
    directory.mkdir(parents=True)
    directory.chmod(0o777)
    idle.start()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_directory_that_is_a_link_is_refused(idle: Broker, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    target.chmod(0o755)
    Path(idle.paths.directory).parent.mkdir(parents=True, exist_ok=True)
    Path(idle.paths.directory).symlink_to(target)
    popen, reader = idle.spawn()
    assert b"is a link" in told(reader)
    assert popen.wait(5) == 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert list(target.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's directory")
def test_a_directory_of_another_user_is_refused(idle: Broker) -> None:
    directory = Path(idle.paths.directory)
    directory.mkdir(parents=True)
    os.chown(directory, 65534, 65534)
    popen, reader = idle.spawn()
    assert b"belongs to another user" in told(reader)
    assert popen.wait(5) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_turned_away(broker: Broker) -> None:
    """Should the directory's mode fail to keep it out."""
    for path in (*Path(broker.paths.directory).resolve().parents, Path(broker.paths.directory)):
        if path.is_relative_to(broker.base.parent):
            path.chmod(0o755)
    for one in Path(broker.paths.directory).glob("*.sock"):
        one.chmod(0o666)
    script = "import os, socket, sys\nos.fchdir(3); os.setuid(65534)\ns = socket.socket(socket.AF_UNIX)\n"
    script += (
        "s.connect(sys.argv[1])\ntry: s.sendall(b'MCPCONF1 LIST\\n'); print(s.recv(9))\nexcept OSError: print(b'')\n"
    )
    descriptor = os.open(broker.paths.directory, os.O_PATH)
    try:
        for name in ("broker.sock", "plain.sock"):
            argv = ["/bin/sh", "-c", f'exec 3</proc/self/fd/{descriptor}; exec "$@"', "sh", *PYTHON, "-c", script, name]
            found = subprocess.run(argv, capture_output=True, pass_fds=(descriptor,), check=True, timeout=10)
            assert found.stdout == b"b''\n"
    finally:
        os.close(descriptor)


def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    base = tmp_path / "very" / ("long" * 30)
    base.mkdir(parents=True)
    broker = Broker(base / "b")
    broker.define("plain")
    assert len(broker.paths.socket) > LONGEST
    try:
        broker.start()
        for client in (broker.open("plain"), broker.door("plain")):
            client.greet()
            assert client.call("echo", say=1) == {"say": 1}
    finally:
        broker.end()


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A socket that systemd would have opened."""
    path = str(tmp_path / "given.sock")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
        one.listen()
        yield one, path


def test_a_socket_that_systemd_opened_is_used_and_left_there(
    tmp_path: Path, listening: tuple[socket.socket, str]
) -> None:
    given, path = listening
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(str(tmp_path / "notify"))
    notices.settimeout(10)
    # What systemd does: descriptor 3, and the process id of whoever it starts.
    wrapper = 'exec 3<&"$1" || exit; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
    broker = Broker(tmp_path / "b", env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    broker.wrapper = ("/bin/bash", "-c", wrapper, "bash", str(given.fileno()))
    broker.define("plain")
    try:
        with connect(path) as early:  # it waits for the broker to start
            broker.start(pass_fds=(given.fileno(),))
            early.sendall(b"MCPCONF1 LIST\n")
            early.settimeout(10)
            assert early.recv(99).startswith(b"OK\n")
        assert notices.recv(999).splitlines()[0] == b"READY=1"
        broker.paths = type("Given", (), {"socket": path, "directory": broker.paths.directory})()
        assert broker.ask("status")["listeners"] == [f"unix:{path}"]
        with broker.open("plain") as client:
            client.greet()
        assert broker.stop() == 0
        assert notices.recv(999).splitlines()[0] == b"STOPPING=1"
        assert os.path.exists(path)
    finally:
        notices.close()
        broker.end()


def test_a_definition_that_is_damaged_is_told_and_others_work(broker: Broker) -> None:
    (broker.servers / "torn.json").write_text('{"version": 1, "comm')
    with broker.open("torn", ok=False) as client:
        assert client.line() == b"NO the definition of torn is damaged"
        client.ended()
    for name in ("unknown", "../plain", ".", "a" * 200):
        with broker.open(name, ok=False) as client:
            assert client.line().startswith(b"NO no server ")
            client.ended()


def test_a_long_lived_client_hears_the_end_of_a_broker_that_is_restarted(broker: Broker) -> None:
    """What the shim builds upon: an end of the connection, no silence; the next broker answers."""
    client = broker.open("plain")
    client.greet()
    client.post("tools/call", {"name": "hold"})
    quiet = broker.open("plain")
    assert broker.stop() == 0
    assert client.ended(1) == []
    with pytest.raises(Gone):
        quiet.line(1)
    broker.start()
    again = broker.open("plain")
    again.greet()
    assert again.call("report")["held"] == 0


def test_a_reload_by_signal_opens_the_doors_of_new_servers(broker: Broker) -> None:
    broker.define("later")
    os.kill(broker.supervisor, signal.SIGHUP)
    until(lambda: "later.sock" in broker.lying())
    with broker.door("later") as client:
        client.greet()
    (broker.servers / "later.json").unlink()
    broker.ask("reload")
    assert "later.sock" not in broker.lying()


def test_a_server_that_is_called_broker_does_not_take_our_socket(idle: Broker) -> None:
    idle.define("broker")
    idle.start()
    with idle.open("broker") as client:
        client.greet()
    assert idle.ask("reload")["ok"]
    assert idle.ask("ping")["ok"]


def test_a_door_that_cannot_be_opened_keeps_nobody_from_the_others(broker: Broker) -> None:
    in_the_way = Path(broker.paths.server("later"))
    in_the_way.mkdir()
    broker.define("later")
    assert broker.ask("reload")["ok"]
    assert "no socket for later" in broker.log()
    with broker.open("later") as client:
        client.greet()
    in_the_way.rmdir()
    broker.ask("reload")
    with broker.door("later") as client:
        client.greet()


def test_servers_have_the_umask_that_the_broker_was_started_with(broker: Broker) -> None:
    broker.define("asks", "/bin/sh", "-c", "umask >&2; exit 1")
    with broker.open("asks") as client:
        client.request("initialize", {"protocolVersion": "2025-11-25"})
    mask = os.umask(0o022)
    os.umask(mask)
    assert f"{mask:04o}" in broker.log("asks")


def test_a_server_that_stays_in_the_way_of_the_end_does_not_hold_it_up(broker: Broker) -> None:
    broker.define("bad", *bad("ignores"))
    with broker.open("bad") as client:
        client.greet()
        client.call("t")
        assert broker.stop() == 0
        until(lambda: not broker.left())
