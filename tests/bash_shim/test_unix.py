"""The bash shim and a broker on this machine: socat to the server's own socket, and a broker that is to be started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bash_shim.place import Listener, Place, until

Listen = Callable[[str], Listener]

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
PONG = b'{"jsonrpc":"2.0","id":1,"result":{}}\n'
# What the start command of shim.conf does: it tells that it ran, and leaves a socket that nobody accepts on.
STARTER = """\
import os, socket, sys
print("not for the client")
directory, name, log = sys.argv[1:]
with open(log, "a") as stream:
    stream.write(os.environ.get("LC_ALL", "unset") + "\\n")
path = os.path.join(directory, name)
if os.path.exists(path):
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
if os.fork() == 0:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    connection = listener.accept()[0]
    connection.sendall(connection.recv(65536))
os._exit(0)
"""

pytestmark = pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed")


def start_words(place: Place, name: str = "time.sock") -> list[str | Path]:
    script = place.data / "starter.py"
    script.write_text(STARTER)
    return [sys.executable, "-IS", script, place.directory, name, place.data / "started"]


def started(place: Place) -> int:
    """How often the start command ran."""
    log = place.data / "started"
    return len(log.read_text().splitlines()) if log.exists() else 0


def write_state(place: Place, pid: int, host: str | None = None) -> None:
    state = {"version": 1, "pid": pid, "host": host or socket.gethostname(), "started_token": "x"}
    (place.directory / "broker.json").write_text(json.dumps(state))


def test_messages_go_both_ways_through_the_servers_own_socket(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    with place.run() as shim, listener.accept() as connection:
        shim.say(PING)
        assert connection.line() == PING
        connection.say(PONG)
        assert shim.hear() == PONG
        shim.stdin.close()
        assert connection.rest() == b""
        connection.say(PONG)  # an answer that comes soon after the end of input
        connection.close()
        assert shim.stdout.read() == PONG
        assert shim.end() == (0, "")


def test_nothing_of_bash_is_left_beside_socat(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    with place.run() as shim, listener.accept():
        assert Path(f"/proc/{shim.process.pid}/comm").read_text() == "socat\n"


@pytest.mark.parametrize("name", ["broker.sock", "anything.sock"])
def test_the_environment_names_another_directory(place: Place, listen: Listen, name: str, tmp_path: Path) -> None:
    place.configure(directory=tmp_path / "none")
    listener = listen("time.sock")
    with place.run(MCPCONF_BROKER=f"unix:{place.directory}/{name}") as shim, listener.accept() as connection:
        shim.say(PING)
        assert connection.line() == PING


@pytest.mark.parametrize("odd", ["a,b", "a:b", "a!!b", "a b", 'a"b', "a\\b", "a'b(c", "é", "d" * 120, "-d", "[x]{y}"])
def test_a_directory_of_any_name_is_reached(place: Place, odd: str) -> None:
    directory = place.directory / odd
    directory.mkdir()
    place.configure(directory=directory)
    here = os.getcwd()
    os.chdir(directory)  # its path may be too long for an address
    try:
        listener = Listener("time.sock")
    finally:
        os.chdir(here)
    with place.run() as shim, listener.accept() as connection:
        shim.say(PING)
        assert connection.line() == PING
    listener.socket.close()


def test_when_the_broker_goes_the_shim_goes_within_a_second_or_so(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    with place.run() as shim:
        with listener.accept() as connection:
            shim.say(PING)
            connection.line()
        assert until(lambda: shim.process.poll() is not None, 2.0)
        assert shim.end() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(place: Place, listen: Listen, number: signal.Signals) -> None:
    listener = listen("time.sock")
    with place.run() as shim, listener.accept() as connection:
        shim.say(PING)
        connection.line()
        shim.process.send_signal(number)
        assert until(lambda: not shim.left(), 2.0)
        assert connection.rest() == b""


def test_a_missing_broker_is_started_once_and_joined(place: Place) -> None:
    place.configure(*start_words(place))
    with place.run() as shim:
        shim.say(PING)
        assert shim.hear() == PING
    assert started(place) == 1


def test_a_broker_that_died_without_a_word_is_seen_through(place: Place, listen: Listen) -> None:
    """The socket file is there, and nobody listens."""
    listen("time.sock").socket.close()
    write_state(place, dead_process())
    place.configure(*start_words(place))
    with place.run() as shim:
        shim.say(PING)
        assert shim.hear() == PING
    assert started(place) == 1


def test_another_process_that_has_the_brokers_old_number_does_not_pass_for_it(place: Place, listen: Listen) -> None:
    listen("time.sock").socket.close()
    write_state(place, 1 if os.access("/proc/1/cmdline", os.R_OK) and os.geteuid() == 0 else os.getppid())
    place.configure(*start_words(place))
    with place.run() as shim:
        shim.say(PING)
        assert shim.hear() == PING
    assert started(place) == 1


def dead_process() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_a_broker_that_lives_is_not_started_again(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    broker = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", "import signal; signal.pause()", "broker"])
    try:
        assert until(lambda: b"pause" in Path(f"/proc/{broker}/cmdline").read_bytes())  # it is itself by now
        write_state(place, broker)
        place.configure(*start_words(place))
        with place.run() as shim, listener.accept() as connection:
            shim.say(PING)
            assert connection.line() == PING
    finally:
        os.kill(broker, signal.SIGKILL)
        os.waitpid(broker, 0)
    assert started(place) == 0


def test_a_broker_of_the_host_is_not_started_from_a_container_that_mounts_its_directory(
    place: Place, listen: Listen
) -> None:
    listener = listen("time.sock")
    write_state(place, dead_process(), host="another")
    place.configure(*start_words(place))
    with place.run() as shim, listener.accept() as connection:
        shim.say(PING)
        assert connection.line() == PING
    assert started(place) == 0


def test_a_broker_that_is_being_restarted_is_waited_for(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    listener.socket.close()
    with place.run() as shim:
        shim.say(PING)
        assert not until(lambda: shim.process.poll() is not None, 0.3)
        os.unlink(place.directory / "time.sock")
        with listen("time.sock").accept() as connection:
            assert connection.line() == PING


def test_the_start_command_gets_the_callers_locale_and_not_the_clients_stdout(place: Place) -> None:
    place.configure(*start_words(place))
    with place.run(LC_ALL="C.UTF-8") as shim:
        shim.say(PING)
        assert shim.hear() == PING
    assert (place.data / "started").read_text() == "C.UTF-8\n"


def complaint(place: Place, **env: str) -> str:
    with place.run(**env) as shim:
        code, said = shim.end()
        assert shim.stdout.read() == b""
    assert code == 1
    assert said.count("\n") == 1
    return said


def test_no_broker_and_no_way_to_start_one(place: Place) -> None:
    said = f"mcpconf: time: no broker listens in {place.directory}; mend it with: mcpconf broker start\n"
    assert complaint(place) == said
    place.configure(place.data / "not-in-this-container", "broker", "start")
    assert complaint(place) == said


def test_no_broker_is_started_where_that_is_forbidden(place: Place) -> None:
    place.configure(*start_words(place))
    assert "no broker listens" in complaint(place, MCPCONF_BROKER_START="0")
    assert started(place) == 0


def test_a_start_command_that_fails_is_told(place: Place) -> None:
    place.configure(sys.executable, "-c", "raise SystemExit(3)")
    assert "the broker did not start; mend it with: mcpconf broker start" in complaint(place)


def test_a_server_that_the_broker_does_not_have_is_told(place: Place, listen: Listen) -> None:
    listen("broker.sock")
    assert "the broker has no server of that name; mend it with: mcpconf switch PROFILE" in complaint(place)


def test_a_machine_without_socat_is_told(place: Place, listen: Listen, tmp_path: Path) -> None:
    listen("time.sock")
    tools = tmp_path / "tools"
    tools.mkdir()
    bash = shutil.which("bash")
    assert bash is not None
    (tools / "bash").symlink_to(bash)
    assert "socat is not on PATH; mend it with: install socat" in complaint(place, PATH=str(tools))


def test_no_directory_is_told(place: Place) -> None:
    (place.data / "shim.conf").unlink()
    assert "shim.conf names no directory; mend it with: mcpconf switch PROFILE" in complaint(place)


@pytest.mark.parametrize("name", ["", "../time", "a b", ".hidden", "$(touch x)", "a\nb", "é"])
def test_a_name_that_could_be_another_path_is_refused(place: Place, name: str) -> None:
    with place.run(name) as shim:
        code, said = shim.end()
    assert code == 1
    assert "it is given the name of one server" in said
