"""The wrapper's ways to a raw MCP endpoint and to a container engine: what is asked first, and what follows a no."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wrapper.installed import Installed, fields, program, run, value
from tests.wrapper.place import Connection, Listener, Place, Running, until
from tests.wrapper.test_broker_unix import PING, PONG, Listen, bash_alone, fell_to_its_own_command, own_command

ANSWER = b'{"jsonrpc":"2.0","id":"mcpconf-probe","result":{"protocolVersion":"2025-11-25"}}\n'
LOG = b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}\n'
needs_socat = pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed")


def start(place: Place, port: int, *further: str, **env: str) -> Running:
    content = fields("mcpconf-wrapper 1", "time", "endpoint", f"127.0.0.1:{port}", *further, "stop")
    given = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env}
    return Running(["bash", str(place.installed.install(content, "time"))], given)


@contextmanager
def answered(tcp: Listener, answer: bytes = ANSWER) -> Iterator[Connection]:
    """The connection that follows the probe, which gets this answer."""
    probe = Connection(tcp.socket.accept()[0])
    assert json.loads(probe.line())["method"] == "initialize"
    probe.say(answer)
    assert probe.rest() == b""  # nothing of the client's went there
    probe.close()
    connection = Connection(tcp.socket.accept()[0])
    yield connection
    connection.close()


def talks(wrapper: Running, connection: Connection) -> None:
    wrapper.say(PING)
    assert connection.line() == PING
    connection.say(PONG)
    assert wrapper.hear() == PONG


@needs_socat
@pytest.mark.parametrize("answer", [ANSWER, LOG + ANSWER, b"\r\n" + ANSWER])
def test_an_endpoint_that_speaks_mcp_in_lines_is_joined_by_socat(place: Place, tcp: Listener, answer: bytes) -> None:
    with start(place, tcp.port) as wrapper, answered(tcp, answer) as connection:
        talks(wrapper, connection)
        assert Path(f"/proc/{wrapper.process.pid}/comm").read_text() == "socat\n"


def test_without_socat_bash_carries_the_bytes_and_ends_soon_after_the_client(
    place: Place, tcp: Listener, tmp_path: Path
) -> None:
    with start(place, tcp.port, PATH=bash_alone(tmp_path)) as wrapper, answered(tcp) as connection:
        talks(wrapper, connection)  # line by line: there is no `cat`
        wrapper.stdin.close()
        assert connection.rest() == b""
        assert wrapper.end()[0] == 0


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"hello\n", b'{"jsonrpc":"2.0","id":"mcpconf-probe","method":"echo"}\n'],
)
def test_what_does_not_speak_mcp_gets_nothing_of_the_clients(place: Place, tcp: Listener, answer: bytes) -> None:
    with start(place, tcp.port, *own_command(place)) as wrapper:
        wrapper.say(PING)
        probe = Connection(tcp.socket.accept()[0])
        probe.line()
        with contextlib.suppress(OSError):  # it goes as soon as it has seen enough
            probe.say(answer)
            probe.socket.shutdown(socket.SHUT_WR)
        assert PING not in probe.rest()
        probe.close()
        told = json.loads(wrapper.hear())
        assert wrapper.hear() == PING
    assert told["pid"] == wrapper.process.pid


def test_a_silent_endpoint_costs_a_moment_once_and_leaves_no_process(place: Place, tcp: Listener) -> None:
    with start(place, tcp.port, *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)
        assert Path(f"/proc/{wrapper.process.pid}/task/{wrapper.process.pid}/children").read_text() == ""
    looked = tcp.socket.accept()[0]
    looked.close()
    with start(place, tcp.port, *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)
    tcp.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        tcp.socket.accept()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_asks_ends_it_and_those_who_ask(place: Place, tcp: Listener, number: signal.Signals) -> None:
    with start(place, tcp.port, *own_command(place)) as wrapper:
        connection = Connection(tcp.socket.accept()[0])
        wrapper.process.send_signal(number)
        assert until(lambda: not wrapper.left())
        connection.rest()
        connection.close()
    assert wrapper.process.returncode in (-number, 128 + number)


@pytest.mark.parametrize("address", ["", "host", "host:", ":1", "host:port", "a b:1", "$(touch planted):1", "a/b:1"])
def test_an_address_that_is_none_is_damage(installed: Installed, tmp_path: Path, address: str) -> None:
    told = run(installed.install(fields("mcpconf-wrapper 1", "x", "endpoint", address, "stop")), cwd=tmp_path)

    assert "damaged" in told.said[0]
    assert list(tmp_path.glob("planted")) == []


def engine(place: Place, text: str) -> tuple[str, ...]:
    """An image's way, by a container engine's client that does as `text` says when it is asked for its version."""
    script = f"import os, sys, time\nif sys.argv[1:] == ['version']:\n    {text}\nprint('container', flush=True)\n"
    docker = program(place.data / "docker", script, f"{sys.executable} -IS")
    return ("engine", "docker", "arg", *value(docker), "arg", *value("run"))


def test_an_engine_that_answers_runs_the_image(place: Place) -> None:
    with start_own(place, *engine(place, "sys.exit(0)"), *own_command(place)) as wrapper:
        assert wrapper.hear() == b"container\n"


def test_without_an_engine_the_next_way_is_taken(place: Place) -> None:
    with start_own(place, *engine(place, "sys.exit(1)"), *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)


def test_an_engine_that_does_not_answer_is_not_waited_for_and_its_client_ended(place: Place) -> None:
    pid = place.data / "pid"
    ways = engine(place, f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    with start_own(place, *ways, *own_command(place)) as wrapper:
        fell_to_its_own_command(wrapper)
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


def start_own(place: Place, *ways: str) -> Running:
    content = fields("mcpconf-wrapper 1", "time", *ways, "stop")
    given = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    return Running(["bash", str(place.installed.install(content, "time"))], given)


@pytest.mark.parametrize("name", ["socat", "cat", "python3", "sleep", "docker", "ls", "mkdir"])
def test_no_program_of_the_current_directory_is_run(
    place: Place, tcp: Listener, listen: Listen, tmp_path: Path, name: str
) -> None:
    planted = program(tmp_path / name, "touch planted\n", "/bin/sh")
    assert os.path.exists(planted)
    listen("time.sock")
    port = tcp.port
    tcp.socket.close()
    ways = ("broker", "time", "", "", "endpoint", f"127.0.0.1:{port}", "engine", "docker", "arg", *value("docker"))
    link = place.installed.install(fields("mcpconf-wrapper 1", "time", *ways, "stop"), "time")
    place.add_shim()

    told = run(str(shutil.which("bash")), link, env={"PATH": ":.:bin"}, cwd=tmp_path)

    assert "neither Python nor socat is here" in told.said[0]
    assert not (tmp_path / "planted").exists()
