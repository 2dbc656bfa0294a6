"""A broker that is not there is started: once, without anything of ours left to it, and the command is reaped."""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.shim.conftest import Start
from tests.shim.scene import Broker, Place, children, interrupt, meet, request, resume, until

# Notes its own start, then behaves as told: `ok` leaves a listening child behind, as a daemon does.
STARTER = """\
#!{python} -S
import os, sys, time
here, how = sys.argv[1:3]
line = [os.getsid(0) == os.getpid(), os.getcwd(), os.readlink("/proc/self/fd/0"), sorted(os.listdir("/proc/self/fd")),
        sys.argv[3:]]
with open(here + "/starts", "a") as log:
    log.write(repr(line) + "\\n")
if how == "fail":
    sys.exit("it can't be: no room")
if how == "tell":
    print("unix:" + here + "/broker.sock")
if how == "hang":
    time.sleep(60)
"""


@pytest.fixture
def starter(place: Place) -> Path:
    path = place.path / "starter"
    path.write_text(STARTER.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def starts(place: Place) -> list[str]:
    log = place.path / "starts"
    return log.read_text().splitlines() if log.exists() else []


def test_a_missing_broker_is_started_at_once_and_the_command_reaped(start: Start, place: Place, starter: Path) -> None:
    place.configure(str(starter), str(place.path), "ok", "two words")
    client = start()
    until(lambda: starts(place), "nothing was started")
    broker = Broker(place.socket)
    try:
        client.say(request("1"))
        connection = broker.accept().welcome()
        assert connection.line() == request("1")
        until(lambda: not children(client.process.pid), "it was not reaped")
        own_session, cwd, stdin, descriptors, words = eval(starts(place)[0])
        assert (own_session, cwd, stdin, words) == (True, "/", "/dev/null", ["two words"])
        assert descriptors == ["0", "1", "2", "3"]  # the last one is the listing itself
        assert len(starts(place)) == 1
    finally:
        broker.stop()


@pytest.mark.parametrize("directory", ["/nowhere/of/a/host", "{place}/gone"])
def test_a_broker_that_was_started_elsewhere_says_where_and_is_met_there(
    start: Start, broker: Broker, place: Place, starter: Path, directory: str
) -> None:
    """As in a container that has its host's files, but not its socket directory."""
    place.configure(str(starter), str(place.path), "tell", directory=directory.format(place=place.path))
    client = start()
    client.say(request("1"))
    assert broker.accept().welcome().line() == request("1")
    assert len(starts(place)) == 1


def test_what_is_told_goes_with_that_broker(start: Start, broker: Broker, place: Place, starter: Path) -> None:
    there = place.path / "there"
    there.mkdir()
    place.configure(str(starter), str(place.path), "tell", directory=str(there))
    client = start()
    client.say(request("1"))
    broker.accept().welcome().line()
    broker.stop()
    other = Broker(there / "broker.sock")
    try:
        client.say(request("2"))
        assert other.accept().welcome()
    finally:
        other.stop()


def test_an_address_that_was_given_is_not_replaced(start: Start, broker: Broker, place: Place, starter: Path) -> None:
    place.configure(str(starter), str(place.path), "tell", hold=0.3)
    client = start(MCPCONF_BROKER=f"unix:{place.path}/none.sock")
    client.say(request("1"))
    assert client.error()[0] == 1
    assert starts(place) != []
    assert select.select([broker.listener], [], [], 0)[0] == []


def test_the_command_does_not_inherit_what_python_ignores(start: Start, place: Place) -> None:
    place.configure(
        "/bin/sh", "-c", f"grep SigIgn /proc/self/status > {place.path}/new; mv {place.path}/new {place.path}/mask"
    )
    start()
    until((place.path / "mask").exists, "nothing was started")
    mask = int((place.path / "mask").read_text().split()[1], 16)
    assert not mask & 1 << signal.SIGPIPE - 1


def test_why_it_did_not_start_is_told_to_who_waits(start: Start, place: Place, starter: Path) -> None:
    place.configure(str(starter), str(place.path), "fail", hold=0.3)
    client = start()
    client.say(request("1"))
    token, told = client.error()
    assert token == 1
    assert told == f"`{starter} {place.path} fail` ended with 1: it can't be: no room; run: mcpconf broker start"
    until(lambda: not children(client.process.pid), "it was not reaped")
    assert 1 <= len(starts(place)) < 5


def test_a_command_that_is_not_there_is_told(start: Start, place: Place) -> None:
    place.configure("/nowhere/mcpconf", hold=0.2)
    client = start()
    client.say(request("1"))
    assert "/nowhere/mcpconf: No such file or directory" in client.error()[1]


def test_one_that_hangs_is_not_started_twice(start: Start, place: Place, starter: Path) -> None:
    place.configure(str(starter), str(place.path), "hang", hold=0.3)
    client = start()
    client.say(request("1"))
    assert client.error()[0] == 1
    client.say(request("2"))
    assert client.error()[0] == 2
    assert len(starts(place)) == 1
    [child] = children(client.process.pid)
    assert interrupt(client) == -2
    os.kill(child, 9)


def test_a_broker_that_was_stopped_is_started_when_somebody_asks(
    start: Start, broker: Broker, place: Place, starter: Path
) -> None:
    """Who stops it means it: sessions that say nothing don't bring it back."""
    client = start()
    meet(client, broker)
    place.configure(str(starter), str(place.path), "ok")
    broker.stop()
    assert b"broker start" in client.stderr.line()
    assert starts(place) == []
    client.say(request("1"))
    until(lambda: starts(place), "nothing was started")
    broker.listen()
    assert resume(client, broker).line() == request("1")


def test_one_that_crashed_is_started_without_being_asked(
    start: Start, broker: Broker, place: Place, starter: Path
) -> None:
    """A crash leaves the socket's file, at which nobody listens."""
    client = start()
    meet(client, broker)
    place.configure(str(starter), str(place.path), "ok")
    broker.stop(leave_socket=True)
    until(lambda: starts(place), "nothing was started")
    broker.listen()
    resume(client, broker)


@pytest.mark.parametrize("how", ["MCPCONF_BROKER_START", "MCPCONF_BROKER"])
def test_it_is_not_started_where_that_is_not_wanted(start: Start, place: Place, starter: Path, how: str) -> None:
    place.configure(str(starter), str(place.path), "ok", hold=0.2)
    value = "0" if how.endswith("START") else "tcp:127.0.0.1:1"
    client = start(**{how: value, "MCPCONF_BROKER_KEY": str(place.path / "shim.conf")})
    client.say(request("1"))
    assert client.error()[0] == 1
    assert starts(place) == []
