"""Every way of the wrapper beside the bare server: signals, the end of input, long lines, servers that die."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from mcpconf.broker.door.auth import Admitted
from tests.wrapper.installed import fields, program, value
from tests.wrapper.place import END, Broker, Connection, Listener, Place, Running, until

# The server: what it does stands in its argument, and it is the same behind a socket.
SERVER = """\
import os, sys, time
how = sys.argv[1]
out = sys.stdout.buffer
if how == "mute":
    sys.stdin.buffer.readline()
    os.kill(os.getpid(), 9)
if how != "die":
    for line in sys.stdin.buffer:
        out.write(line)
        out.flush()
if how == "late":
    time.sleep(0.3)
    out.write(b'{"late":1}\\n')
"""
LATE = b'{"late":1}\n'
NOTE = b'{"jsonrpc":"2.0","method":"notifications/x"}\n'  # no request: the shim would have the echo of one cancelled
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
NEVER = b"MCPCONF1 " + b"0" * 32 + b"\n"
pytestmark = pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed")


class Behind:
    """A server behind a socket, and whatever has to be said before it is reached."""

    def __init__(self, listener: Listener, how: str, greet: Callable[[Connection], bool]) -> None:
        self.listener, self.how, self.greet = listener, how, greet
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection = Connection(self.listener.socket.accept()[0])
                with suppress(OSError):
                    if self.greet(connection):
                        self._talk(connection)
                connection.close()

    def _talk(self, connection: Connection) -> None:
        if self.how == "mute":
            connection.line()
            connection.resets()  # as one that was killed with something unread
            return
        while self.how != "die" and (line := connection.line()) not in (b"", END):
            connection.say(line if line != b"\n" else b"")  # the line end before the message of the end
        if self.how == "late":
            time.sleep(0.3)
            connection.say(LATE)

    def close(self) -> None:
        with suppress(OSError):
            self.listener.socket.shutdown(socket.SHUT_RDWR)
        self.listener.socket.close()
        self.thread.join(20)


def bare(place: Place, how: str) -> tuple[Running, list[Behind]]:
    return Running([own_server(place), how], os.environ), []


def own_server(place: Place) -> str:
    return program(place.data / "server", SERVER, f"{sys.executable} -IS")


def by_own_command(place: Place, how: str) -> tuple[Running, list[Behind]]:
    content = ("way", "server", "arg", *value(own_server(place)), "arg", *value(how))
    return started(place, *content), []


def started(place: Place, *ways: str, **env: str) -> Running:
    link = place.installed.install(fields("mcpconf-wrapper 1", "time", *ways, "stop"), "time")
    return Running([str(link)], {**os.environ, "PATH": "/usr/local/bin:/usr/bin:/bin", **env})


def by_socat(place: Place, how: str) -> tuple[Running, list[Behind]]:
    place.broker = Broker(str(place.directory / "broker.sock"), "time")
    behind = Behind(Listener(str(place.directory / "time.sock")), how, lambda connection: True)
    return started(place, "broker", "time", "", ""), [behind]


def by_shim(place: Place, how: str) -> tuple[Running, list[Behind]]:
    def greet(connection: Connection) -> bool:
        connection.line()
        connection.say(b"OK\n")
        return True

    place.add_shim()
    with (place.data / "broker/shim.conf").open("a") as conf:
        conf.write("hold=0.5\n")  # seconds that a request waits for another connection
    behind = Behind(Listener(str(place.directory / "broker.sock")), how, greet)
    return started(place, "broker", "time", sys.executable, ""), [behind]


def by_bash(place: Place, how: str) -> tuple[Running, list[Behind]]:
    looked: list[bool] = []

    def greet(connection: Connection) -> bool:
        if not looked:  # the one that only asks who is there
            looked.append(True)
            connection.say(NEVER)
            return False
        return isinstance(connection.shake_hands(), Admitted)

    listener = Listener()
    port = str(listener.port)
    behind = Behind(listener, how, greet)
    env = {"MCPCONF_BROKER": f"tcp:127.0.0.1:{port}", "MCPCONF_BROKER_KEY": str(place.key)}
    return started(place, "broker", "time", "", "", **env), [behind]


def by_endpoint(place: Place, how: str) -> tuple[Running, list[Behind]]:
    looked: list[bool] = []

    def greet(connection: Connection) -> bool:
        if not looked:
            looked.append(True)
            connection.line()
            connection.say(b'{"jsonrpc":"2.0","id":"mcpconf-probe","result":{}}\n')
            return False
        return True

    listener = Listener()
    port = listener.port
    return started(place, "endpoint", f"127.0.0.1:{port}"), [Behind(listener, how, greet)]


WAYS = {
    "bare": bare,
    "own command": by_own_command,
    "socat": by_socat,
    "shim": by_shim,
    "bash": by_bash,
    "endpoint": by_endpoint,
}
Start = Callable[[str], Running]


@pytest.fixture(params=WAYS)
def start(request: pytest.FixtureRequest, place: Place) -> Iterator[Start]:
    """Starts the server in one of the ways."""
    made: list[Running] = []
    behind: list[Behind] = []

    def run(how: str = "echo") -> Running:
        running, others = WAYS[request.param](place, how)
        made.append(running)
        behind.extend(others)
        return running

    yield run
    for running in made:
        with running:
            pass
    for other in behind:
        other.close()
    if place.broker is not None:
        place.broker.close()


def test_messages_come_back_and_the_end_of_input_ends_it(start: Start) -> None:
    server = start("echo")
    for _ in range(3):
        server.say(NOTE)
        assert server.hear() == NOTE
    server.stdin.close()
    assert server.stdout.read() == b""
    assert server.end()[0] == 0


def test_an_answer_after_the_end_of_input_arrives(start: Start) -> None:
    server = start("late")
    server.say(NOTE)
    assert server.hear() == NOTE
    server.stdin.close()
    assert server.stdout.read() == LATE
    assert server.end()[0] == 0


def test_a_line_of_ten_megabytes_comes_back_whole(start: Start) -> None:
    server = start("echo")
    line = b'{"x":"' + b"0123456789" * (1 << 20) + b'"}\n'
    writer = threading.Thread(target=server.say, args=(line,))
    writer.start()
    assert server.hear() == line
    writer.join(20)
    server.stdin.close()
    assert server.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_with_all_that_it_has_started(start: Start, number: signal.Signals) -> None:
    server = start("echo")
    server.say(NOTE)
    assert server.hear() == NOTE
    before = time.monotonic()
    server.process.send_signal(number)
    assert until(lambda: not server.left())
    assert time.monotonic() - before < 5
    assert server.process.returncode in (-number, 128 + number, 1)  # 1: Python, of SIGINT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_its_start_ends_it_too(start: Start, number: signal.Signals) -> None:
    """Claude Code sends SIGTERM a tenth of a second after SIGINT: the first one may meet anything."""
    server = start("echo")
    server.process.send_signal(number)
    if not until(lambda: not server.left(), 0.1):
        server.process.send_signal(signal.SIGTERM)
    assert until(lambda: not server.left())


def test_a_server_that_dies_at_once_is_gone_for_the_client_too(request: pytest.FixtureRequest, start: Start) -> None:
    """Only the shim stays, as it says of itself, and connects anew."""
    server = start("die")
    if "shim" not in request.node.name:
        assert until(lambda: server.process.poll() is not None)
        assert server.stdout.read() == b""
    else:
        server.say(PING)
        assert b'"error"' in server.hear()
    server.process.kill()


@pytest.mark.parametrize("how", ["die", "mute"])
def test_a_broker_that_dies_between_the_handshake_and_its_first_byte(
    request: pytest.FixtureRequest, start: Start, how: str
) -> None:
    """The client, which has asked already and keeps its stdin open, gets the end of the output within ten seconds;
    from the shim an answer, one."""
    server = start(how)
    with suppress(BrokenPipeError):
        server.say(PING)
    if "shim" in request.node.name:
        assert b'"error"' in server.hear()
        server.stdin.close()
    assert server.stdout.read() == b""
    assert until(lambda: server.process.poll() is not None, 10)
    assert until(lambda: not server.left(), 1)
