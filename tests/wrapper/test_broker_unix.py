"""The wrapper and a broker on this machine: by the Python shim, by socat, and what follows where there is none."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wrapper.installed import program, value
from tests.wrapper.place import Listener, Place, Running, until

Listen = Callable[[str], Listener]

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
PONG = b'{"jsonrpc":"2.0","id":1,"result":{}}\n'

needs_socat = pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed")


# What Python was given, before it added to that itself.
SERVER = """\
import json, os, sys
given = open("/proc/self/environ").read().split("\\0")[:-1]
print(json.dumps({"pid": os.getpid(), **dict(one.split("=", 1) for one in given)}), flush=True)
for line in sys.stdin:
    print(line, end="", flush=True)
"""


def own_command(place: Place) -> tuple[str, ...]:
    """A way behind the broker's: a server that tells its process and its environment, then repeats what it hears."""
    server = program(place.data / "server", SERVER, f"{sys.executable} -IS")
    return ("way", "server", "arg", *value(server))


def fell_to_its_own_command(wrapper: Running) -> dict[str, str]:
    """What the server tells, once it was shown that it got every byte."""
    told = json.loads(wrapper.hear())
    assert told["pid"] == wrapper.process.pid
    wrapper.say(PING)
    assert wrapper.hear() == PING
    found: dict[str, str] = told
    return found


# By socat


@needs_socat
def test_messages_go_both_ways_through_the_servers_own_socket(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    with place.run() as wrapper, listener.accept() as connection:
        wrapper.say(PING)
        assert connection.line() == PING
        connection.say(PONG)
        assert wrapper.hear() == PONG
        assert Path(f"/proc/{wrapper.process.pid}/comm").read_text() == "socat\n"
        wrapper.stdin.close()
        assert connection.rest() == b""
        connection.say(PONG)  # an answer that comes soon after the end of input
        connection.close()
        assert wrapper.stdout.read() == PONG
        assert wrapper.end() == (0, "mcpconf: time: joining the broker, by socat\n")


@needs_socat
@pytest.mark.parametrize("name", ["broker.sock", "anything.sock"])
def test_the_environment_names_another_directory(place: Place, listen: Listen, name: str, tmp_path: Path) -> None:
    place.configure(directory=tmp_path / "none")
    listener = listen("time.sock")
    os.link(place.directory / "broker.sock", place.directory / "anything.sock")
    with place.run(MCPCONF_BROKER=f"unix:{place.directory}/{name}") as wrapper, listener.accept() as connection:
        wrapper.say(PING)
        assert connection.line() == PING


@needs_socat
@pytest.mark.parametrize("odd", ["a,b", "a!!b", "a b", 'a"b', "a\\b", "é", "d" * 120, "-d", "[x]{y}"])
def test_a_directory_of_any_name_is_reached(place: Place, listen: Listen, odd: str) -> None:
    listener = listen("time.sock")
    directory = place.directory / odd
    directory.mkdir()
    for name in ("broker.sock", "time.sock"):
        os.link(place.directory / name, directory / name)
    place.configure(directory=directory)
    with place.run() as wrapper, listener.accept() as connection:
        wrapper.say(PING)
        assert connection.line() == PING


@needs_socat
def test_a_container_looks_for_its_own_in_a_home_that_it_shares(place: Place, listen: Listen) -> None:
    listener = listen("time.sock")
    own = place.directory / "box"
    own.mkdir()
    for name in ("broker.sock", "time.sock"):
        (place.directory / name).rename(own / name)
    with (place.data / "broker/shim.conf").open("a") as conf:
        conf.write("shared=1\n")
    with place.run(container="docker", HOSTNAME="box") as wrapper, listener.accept() as connection:
        wrapper.say(PING)
        assert connection.line() == PING


@needs_socat
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(place: Place, listen: Listen, number: signal.Signals) -> None:
    listener = listen("time.sock")
    with place.run() as wrapper, listener.accept() as connection:
        wrapper.say(PING)
        connection.line()
        wrapper.process.send_signal(number)
        assert until(lambda: not wrapper.left(), 2.0)
        assert connection.rest() == b""


@needs_socat
def test_a_server_that_the_broker_does_not_have_is_started_here(place: Place, listen: Listen) -> None:
    listen("time.sock")
    with place.run("other", *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)


@needs_socat
def test_a_socket_that_nobody_answers_costs_less_than_half_a_second_and_not_again_at_once(place: Place) -> None:
    listener = Listener(str(place.directory / "broker.sock"))  # it takes connections and says nothing
    with place.run("time", *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)
    listener.socket.setblocking(False)
    listener.socket.accept()[0].close()
    with place.run("time", *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)
    with pytest.raises(BlockingIOError):
        listener.socket.accept()
    listener.socket.close()
    assert oct((place.installed.wrapper / "data/mcp-time.failed").stat().st_mode)[-3:] == "600"


def test_what_failed_a_moment_ago_is_asked_all_the_same_where_nothing_else_is_left(
    place: Place, listen: Listen
) -> None:
    listener = listen("time.sock")
    name = os.uname().nodename
    failed = place.installed.wrapper / "data/mcp-time.failed"
    failed.write_text(f"{name} 9999999999 broker x\n{name} x\n{name} 1 y\n")
    with place.run(HOSTNAME=name) as wrapper, listener.accept() as connection:
        wrapper.say(PING)
        assert connection.line() == PING


def test_without_python_and_socat_the_next_way_is_taken(place: Place, listen: Listen, tmp_path: Path) -> None:
    listen("time.sock")
    with place.run("time", *own_command(place), PATH=bash_alone(tmp_path)) as wrapper:
        fell_to_its_own_command(wrapper)
        assert b"starting server" in wrapper.stderr.readline()
    log = (place.installed.wrapper / "data/mcp-time.log").read_text()
    assert "neither Python nor socat is here" in log


def bash_alone(directory: Path) -> str:
    bash = shutil.which("bash")
    assert bash is not None
    (directory / "only").mkdir()
    (directory / "only/bash").symlink_to(bash)
    return str(directory / "only")


def test_an_empty_place_is_told(place: Place) -> None:
    with place.run() as wrapper:
        code, said = wrapper.end()
    assert code == 0
    assert said == "mcpconf: time: no way to start it: no broker is running; mend it with: mcpconf broker start\n"


# By the Python shim


def greeted(listener: Listener, wrapper: Running) -> None:
    """One message each way, through the shim, with a broker that does not know of passed descriptors."""
    with listener.accept() as first:
        assert first.line() == b"MCPCONF1 PASS time\n"
    with listener.accept() as connection:
        assert connection.line() == b"MCPCONF1 OPEN time\n"
        connection.say(b"OK\n")
        wrapper.say(PING)
        assert connection.line() == PING
        connection.say(PONG)
        assert wrapper.hear() == PONG


@pytest.mark.parametrize("python", [sys.executable, ""], ids=["named", "on PATH"])
def test_where_python_is_the_shim_takes_over(place: Place, python: str) -> None:
    place.add_shim()
    listener = Listener(str(place.directory / "broker.sock"))
    with place.run(python=python) as wrapper:
        greeted(listener, wrapper)
        wrapper.process.send_signal(signal.SIGINT)
        assert wrapper.process.wait(20) == -signal.SIGINT
    listener.socket.close()


BROKEN = {
    "nobody": lambda place: None,
    "a socket that nobody listens on": lambda place: Listener(str(place.directory / "broker.sock")).socket.close(),
    "nothing that could start one": lambda place: place.configure("/not/in/this/container", "broker", "start"),
    "a start command that fails": lambda place: place.configure(sys.executable, "-c", "raise SystemExit(3)"),
    "a shim that this Python can't run": lambda place: place.shim.with_name("mcpconf_shim.py").write_text("import no"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_where_no_broker_can_be_had_the_next_way_gets_every_byte_and_its_own_environment(
    place: Place, how: str
) -> None:
    place.add_shim()
    (place.directory / "broker.sock").touch()
    (place.directory / "broker.sock").unlink()
    BROKEN[how](place)
    socket = None
    if "shim" in how:
        socket = Listener(str(place.directory / "broker.sock"))
    given = {"LC_ALL": "C", "A": "1", "socket": "s", "kind": "k", "POSIXLY_CORRECT": "1"}
    with place.run("time", *own_command(place), python=sys.executable, **given) as wrapper:
        wrapper.say(PING)  # before it was decided who gets it
        told = json.loads(wrapper.hear())
        assert wrapper.hear() == PING
    assert {name: told.get(name) for name in given} == given
    extra = told.keys() - given.keys() - {"PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_", "pid"}
    assert not extra
    if socket is not None:
        socket.socket.close()


@pytest.mark.parametrize("said", [b"", b"NO there is no server time\n", b"HTTP/1.1 400 no\r\n\r\n"])
def test_a_broker_that_refuses_leads_to_the_next_way(place: Place, said: bytes) -> None:
    """It dies between the greeting and its first byte, or does not have the server, or is none."""
    place.add_shim()
    listener = Listener(str(place.directory / "broker.sock"))
    with place.run("time", *own_command(place), python=sys.executable) as wrapper:
        with listener.accept() as connection:
            connection.line()
            connection.say(said)
            connection.close()
            listener.socket.close()
        told = fell_to_its_own_command(wrapper)
    assert "LC_CTYPE" not in told


def test_a_broker_that_says_nothing_is_given_up_soon(place: Place) -> None:
    place.add_shim()
    listener = Listener(str(place.directory / "broker.sock"))
    with place.run("time", *own_command(place), python=sys.executable) as wrapper:
        fell_to_its_own_command(wrapper)
    assert (place.installed.wrapper / "data/mcp-time.failed").exists()
    listener.socket.close()
