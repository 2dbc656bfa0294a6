"""Bytes in both directions while the broker is there, and how a session ends."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.shim.conftest import Start
from tests.shim.scene import (
    Broker,
    Client,
    Place,
    Reader,
    has_ended,
    interrupt,
    meet,
    request,
    result,
    until,
)

BIG = 10 << 20


def test_a_session_names_its_server_and_is_passed_on_byte_by_byte(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    odd = b'\r\n\n  {"x" : 1e400}\r\n\xff\xfe\n'
    client.say(odd)
    connection.say(odd)
    assert b"".join(connection.line() for _ in range(4)) == odd
    assert b"".join(client.line() for _ in range(4)) == odd


def test_what_the_client_says_before_the_broker_answers_comes_afterwards(start: Start, broker: Broker) -> None:
    client = start()
    client.say(request("1"), request("2")[:20])
    connection = broker.accept()
    assert connection.line() == b"MCPCONF1 OPEN time\n"
    connection.say(b"OK\n", result('"early"'))
    assert connection.line() == request("1")
    assert client.line() == result('"early"')
    client.say(request("2")[20:])
    assert connection.line() == request("2")


def test_half_a_line_is_passed_on_at_once(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.say(b'{"half')
    assert connection.more() == b'{"half'
    connection.say(b'{"other half')
    assert client.more() == b'{"other half'


@pytest.mark.parametrize("setting", [None, "/else where/é"])
def test_the_projects_directory_is_told_percent_encoded(
    start: Start, broker: Broker, tmp_path: Path, setting: str | None
) -> None:
    start("time", "--project", **({"CLAUDE_PROJECT_DIR": setting} if setting else {}))
    encoded = b"/else%20where/%C3%A9" if setting else os.fsencode(tmp_path / "work")
    assert broker.accept().line() == b"MCPCONF1 OPEN time " + encoded + b"\n"


def test_a_relative_project_directory_does_not_count(start: Start, broker: Broker, tmp_path: Path) -> None:
    start("--project", "time", CLAUDE_PROJECT_DIR="work")
    assert broker.accept().line() == b"MCPCONF1 OPEN time " + os.fsencode(tmp_path / "work") + b"\n"


def test_ten_megabytes_both_ways_at_once_and_nobody_waits_for_the_other(start: Start, broker: Broker) -> None:
    """Each side says all before it hears anything, which only goes well if neither direction stops the other."""
    client = start()
    connection = meet(client, broker)
    up, down = request("1", text="u" * BIG), result('"1"', "d" * BIG)
    speakers = [threading.Thread(target=client.say, args=(up,)), threading.Thread(target=connection.say, args=(down,))]
    for speaker in speakers:
        speaker.start()
    heard: dict[str, bytes] = {}
    hearer = threading.Thread(target=lambda: heard.update(up=connection.line()))
    hearer.start()
    assert client.line() == down
    for thread in (*speakers, hearer):
        thread.join()
    assert heard["up"] == up
    client.say(request("2"))
    assert connection.line() == request("2")


def test_a_side_that_takes_nothing_stops_the_other_one(start: Start, broker: Broker) -> None:
    """Memory is bounded: what nobody reads stays with who says it."""
    client = start()
    connection = meet(client, broker)
    connection.socket.setblocking(False)
    assert client.process.stdin is not None
    stdin = client.process.stdin.fileno()
    os.set_blocking(stdin, False)
    said = {"down": 0, "up": 0}

    def fill() -> bool:
        """Whether neither side takes any more."""
        full = 0
        try:
            said["down"] += connection.socket.send(b"d" * 100_000)
        except BlockingIOError:
            full += 1
        try:
            said["up"] += os.write(stdin, b"u" * 100_000)
        except BlockingIOError:
            full += 1
        return full == 2

    until(fill, "it takes and takes")
    assert max(said.values()) < 4 << 20
    heard = 0
    while heard < said["down"]:
        heard += len(client.more())
    heard = 0
    while heard < said["up"]:
        heard += len(connection.more())


def test_late_answers_come_after_the_clients_end(start: Start, broker: Broker, place: Place) -> None:
    place.configure(linger=0.05)
    client = start()
    connection = meet(client, broker)
    client.say(request("1"))
    client.end()
    assert connection.line() == request("1")
    assert connection.more() == b""  # half-closed
    with pytest.raises(subprocess.TimeoutExpired):
        client.process.wait(0.3)  # a test of nothing happening has to wait
    connection.say(result("1"), b'{"a late": "note"}\n')
    assert client.line() == result("1")
    connection.close()
    assert client.rest() == b'{"a late": "note"}\n'
    assert client.code() == 0
    assert client.complaints() == ""


def test_a_broker_that_does_not_close_is_not_waited_for_when_nothing_is_in_flight(
    start: Start, broker: Broker, place: Place
) -> None:
    place.configure(linger=0.1)
    client = start()
    meet(client, broker)
    client.end()
    assert client.code() == 0


def test_an_unfinished_last_line_is_finished(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.say(request("1")[:-1])
    client.end()
    assert connection.rest() == request("1")
    connection.say(result("1"))
    connection.close()
    assert client.rest() == result("1")
    assert client.code() == 0


def test_a_client_that_says_nothing_at_all(start: Start, broker: Broker) -> None:
    client = start(stdin=subprocess.DEVNULL)
    assert client.code() == 0
    assert client.rest() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("met", [True, False])
def test_a_signal_ends_it_at_once_without_a_word(
    start: Start, broker: Broker, number: signal.Signals, met: bool
) -> None:
    client = start()
    if met:
        meet(client, broker)
        client.say(request("1"))
    else:
        broker.accept()
    assert interrupt(client, number) == -number
    assert client.complaints() == ""


def test_it_ends_when_nobody_reads_its_answers(start: Start, broker: Broker) -> None:
    client = start()
    meet(client, broker)
    assert client.process.stdout is not None
    client.process.stdout.close()  # it is told of that, and need not write to find out
    assert client.code() == 0
    assert client.complaints() == ""


def shares_a_flag(descriptor: int) -> bool:
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NONBLOCK)


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal", "file"])
def test_whatever_stdout_is_its_flags_stay_as_they_were(
    start: Start, broker: Broker, tmp_path: Path, kind: str
) -> None:
    if kind == "socket":
        ours, theirs = (one.detach() for one in socket.socketpair())
    elif kind == "terminal":
        ours, theirs = os.openpty()
        os.system(f"stty raw -echo < {os.ttyname(theirs)}")
    elif kind == "file":
        theirs = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
        ours = os.open(tmp_path / "out", os.O_RDONLY)
    else:
        ours, theirs = os.pipe()
    try:
        client = start(stdout=theirs)
        connection = broker.accept().welcome()
        big = result("1", "d" * 300_000)
        speaker = threading.Thread(target=connection.say, args=(big,))
        speaker.start()
        reader = Reader(ours)
        if kind == "file":
            speaker.join()
            until(lambda: os.fstat(ours).st_size == len(big), "not all was written")
        assert reader.line() == big
        speaker.join()
        assert not shares_a_flag(theirs)
        interrupt(client)
        assert not shares_a_flag(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def test_descriptors_that_are_closed_are_no_trouble(place: Place, broker: Broker) -> None:
    words = ["sh", "-c", f'"$0" -I -S {place.shim} time <&- >&- 2>&-', Client.__module__]
    words[-1] = os.path.realpath("/proc/self/exe")
    assert subprocess.run(words, timeout=20, check=False).returncode == 0


def test_no_process_and_no_connection_is_left(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.process.kill()
    client.process.wait()
    assert connection.more() == b""
    assert has_ended(client.process.pid)
