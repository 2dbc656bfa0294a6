"""Clients whose shim passes their stdin and stdout to a real broker: calls, ends, kills, and descriptors of no use."""

from __future__ import annotations

import array
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.aside import HELLO, READY, Start, ask, call, greet, shims
from tests.broker.kit import PATIENCE, Broker, Client, as_before, until
from tests.shim.scene import Client as Shim


def aside(broker: Broker, shim: Shim) -> bool:
    """Whether the broker has its pipes: beside its own ends there are the client's."""
    pipe = os.readlink(f"/proc/{shim.process.pid}/fd/0")
    found = f"/proc/{broker.pid}/fd"
    return any(os.readlink(f"{found}/{one}") == pipe for one in os.listdir(found) if os.path.lexists(f"{found}/{one}"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One for all of these."""
    one = Broker(tmp_path_factory.mktemp("broker") / "b")
    one.define("plain")
    try:
        yield one.start()
    finally:
        one.end()


@pytest.fixture
def start(tmp_path: Path, broker: Broker) -> Iterator[Start]:
    with shims(tmp_path / "s", broker) as run:
        yield run


def test_a_call_goes_past_the_shim(start: Start, broker: Broker) -> None:
    shim = start()
    greet(shim)
    assert aside(broker, shim)
    shim.process.send_signal(signal.SIGSTOP)
    for number in range(1, 200):
        shim.say(call(number, "echo", say=number))
        assert shim.json()["id"] == number
    shim.process.send_signal(signal.SIGCONT)
    shim.end()
    assert shim.code() == 0
    assert shim.complaints() == ""


def test_at_the_end_of_stdin_all_is_answered(start: Start) -> None:
    shim = start()
    shim.say(ask(0, "initialize", HELLO) + READY + call(1, "big", size=2_000_000) + call(2, "echo", say=1)[:-1])
    shim.end()
    assert [json.loads(line)["id"] for line in shim.rest().split(b"\n") if line] == [0, 1, 2]
    assert shim.code() == 0
    assert shim.complaints() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_shim_that_is_killed_ends_its_session_at_once(start: Start, broker: Broker, number: signal.Signals) -> None:
    shim = start()
    greet(shim)
    shim.say(call(1, "hold"))
    until(lambda: broker.ask("status")["clients"][0]["in_flight"] == 1)
    shim.process.send_signal(number)
    assert shim.code() == -number
    assert shim.rest() == b""  # the broker has let go of its stdout
    until(lambda: not broker.ask("status")["clients"])


def test_a_client_that_reads_nothing_is_not_read_either_and_then_gets_all(start: Start, broker: Broker) -> None:
    shim = start()
    greet(shim)
    sizes = [300_000] * 30
    shim.say(*(call(number, "big", size=size) for number, size in enumerate(sizes, 1)))
    until(lambda: broker.ask("status")["clients"][0]["queued"] > 0)
    assert broker.ask("status")["clients"][0]["queued"] < 4_000_000
    found = [shim.json() for _ in sizes]
    assert sorted(one["id"] for one in found) == list(range(1, len(sizes) + 1))


def test_a_client_that_closes_its_stdout_is_gone(start: Start, broker: Broker) -> None:
    shim = start()
    greet(shim)
    shim.say(call(1, "hold"))
    assert shim.process.stdout is not None
    shim.process.stdout.close()
    assert shim.code() == 0
    until(lambda: not broker.ask("status")["clients"])


def test_one_that_is_not_known_is_told_so(tmp_path: Path, broker: Broker) -> None:
    with shims(tmp_path / "t", broker, hold=0.2) as run:
        shim = run("other")
        shim.say(ask(0, "initialize", HELLO))
        assert "the broker refuses: " in shim.error()[1]


def test_sockets_are_passed_and_their_flags_stay(start: Start, broker: Broker) -> None:
    """What Node gives its children."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        shim = start(stdin=theirs.fileno(), stdout=theirs.fileno())
        client = Client(ours)
        client.greet()
        assert client.call("echo", say=1) == {"say": 1}
        shim.process.send_signal(signal.SIGSTOP)
        assert len(client.call("big", size=10) or "x") > 0
        assert client.request("tools/call", {"name": "big", "arguments": {"size": 3_000_000}})["result"]
        shim.process.send_signal(signal.SIGCONT)
        assert os.get_blocking(theirs.fileno())
        theirs.close()
        ours.shutdown(socket.SHUT_WR)
        assert shim.code() == 0


# -- descriptors of no use


def passing(broker: Broker, *given: int, line: bytes = b"MCPCONF1 PASS plain\n") -> tuple[Client, list[int]]:
    """A client that passes these; what it is given."""
    client = broker.connect()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))] if given else []
    client.socket.sendmsg([line], rights)
    client.socket.settimeout(PATIENCE)
    said, found, _, _ = socket.recv_fds(client.socket, 3, 4)
    assert said == b"OK\n"
    return client, found


@pytest.fixture
def things(tmp_path: Path) -> Iterator[dict[str, tuple[int, ...]]]:
    (tmp_path / "file").touch()
    file = os.open(tmp_path / "file", os.O_RDWR)
    reader, writer = os.pipe()
    alone, dead = os.pipe()
    os.close(alone)
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(b"\0mcpconf-test-%d" % os.getpid())
    listening.listen()
    null = os.open("/dev/null", os.O_RDWR)
    yield {
        "none": (),
        "one": (reader,),
        "many": (reader, writer) * 100,
        "three": (reader, writer, null),
        "the wrong ends": (writer, reader),
        "a pipe that nobody reads": (reader, dead),
        "a file": (file, file),
        "/dev/null": (null, null),
        "datagrams": (pair[0].fileno(), pair[0].fileno()),
        "a socket that listens": (listening.fileno(), listening.fileno()),
    }
    for one in (*pair, listening):
        one.close()
    for number in (file, reader, writer, dead, null):
        os.close(number)


def test_what_is_of_no_use_is_closed_and_the_client_served_as_ever(
    broker: Broker, things: dict[str, tuple[int, ...]]
) -> None:
    with broker.open("plain") as before:
        before.greet()
    with as_before(broker):
        for name, given in things.items():
            client, found = passing(broker, *given)
            # The system gives no more than two, and a pipe that nobody reads is one until something is written.
            assert bool(found) == (name in ("many", "three", "a pipe that nobody reads")), name
            for one in found:
                os.close(one)
            if found:
                client.raw(b"RELAY\n")
            with client:
                client.greet()
                assert client.call("echo", say=name) == {"say": name}
            until(lambda: not broker.ask("status")["clients"])


@pytest.mark.parametrize("word", [b"STOP\n", b"GO x\n", b"GO 1\nab", b"GO 99999999\n", b"G" * 100, b"GO -1\n", b""])
def test_a_shim_that_says_something_else_is_hung_up_on(
    broker: Broker, things: dict[str, tuple[int, ...]], word: bytes
) -> None:
    reader, writer = os.pipe()
    try:
        with as_before(broker):
            client, found = passing(broker, reader, writer)
            for one in found:
                os.close(one)
            if word:
                client.raw(word)
                assert client.ended() == []
            client.close()
    finally:
        os.close(reader)
        os.close(writer)


def test_a_client_that_passes_its_own_connection_is_gone_when_it_ends(broker: Broker) -> None:
    with as_before(broker):
        one, other = broker.connect(), broker.connect()
        for client, given in ((one, one), (other, one)):
            end = given.socket.fileno()
            socket.send_fds(client.socket, [b"MCPCONF1 PASS plain\n"], [end, end])
            said, found, _, _ = socket.recv_fds(client.socket, 3, 4)
            assert (said, found) == (b"OK\n", [])
        one.close()
        other.close()
        until(lambda: not broker.ask("status")["clients"])


def test_descriptors_with_other_words_are_closed(broker: Broker) -> None:
    with as_before(broker):
        reader, writer = os.pipe()
        client, found = passing(broker, reader, writer, line=b"MCPCONF1 OPEN plain\n")
        os.close(reader)
        os.close(writer)
        assert not found
        client.close()
        client = broker.connect()
        reader, writer = os.pipe()
        for piece in (b"M", b"C", b"P"):
            socket.send_fds(client.socket, [piece], [reader] * 3)
        client.close()
        os.close(reader)
        os.close(writer)
        until(lambda: not broker.ask("status")["clients"])


def test_a_pipe_whose_flag_is_taken_back_stops_nobody(broker: Broker) -> None:
    """The broker has a description of its own."""
    stdin, stdout = os.pipe(), os.pipe()
    client, found = passing(broker, stdin[0], stdout[1])
    assert len(found) == 1
    client.raw(b"GO 0\n")
    for one in (stdin[0], stdout[1]):
        os.set_blocking(one, True)
    os.write(stdin[1], b"x" * 10)
    with broker.open("plain") as other:
        other.greet()
        assert other.call("echo", say=1) == {"say": 1}
    client.close()
    for one in (*stdin, *stdout, *found):
        os.close(one)


def test_clients_that_come_and_go_leave_nothing(start: Start, broker: Broker) -> None:
    with broker.open("plain") as before:
        before.greet()
    with as_before(broker):
        for _ in range(5):
            shim = start()
            greet(shim)
            shim.end()
            assert shim.code() == 0
        until(lambda: not broker.ask("status")["clients"])
