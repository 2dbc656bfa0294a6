"""Where the shim finds its broker, what it imports, and what it says when it can't be of use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mcpconf import shim
from mcpconf.shim import Settings, Trouble, connect
from tests.shim.conftest import Start
from tests.shim.scene import SOURCE, Broker, Client, Place, meet, request

# What an isolated Python without site has loaded anyway is not counted; each of these takes well under a millisecond.
ALLOWED = {"mcpconf_shim", "__future__", "_socket", "select", "_json", "posix", "_signal", "time"}


def imported(place: Place, *arguments: str) -> set[str]:
    """The modules that a run with an empty stdin imports, without those of the interpreter's own start."""

    def modules(*words: str) -> set[str]:
        command = [sys.executable, "-I", "-S", "-X", "importtime", *words]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip() for line in lines[1:]}

    return modules(*arguments) - modules("-c", "pass")


def test_it_imports_only_what_costs_nothing(place: Place, broker: Broker) -> None:
    assert imported(place, str(place.shim), "time") <= ALLOWED


def test_it_is_run_from_its_compiled_form(start: Start, broker: Broker, place: Place) -> None:
    meet(start(), broker)
    [compiled] = (place.path / "__pycache__").iterdir()
    assert compiled.name.startswith("mcpconf_shim.")


def test_it_runs_alone_too_and_where_nothing_can_be_written(place: Place, broker: Broker) -> None:
    place.shim.unlink()
    shutil.copyfile(SOURCE / "shim.py", place.shim)
    client = Client(str(place.shim), "time")
    try:
        meet(client, broker)
    finally:
        client.stop()


@pytest.mark.parametrize(("name", "expected"), [("", "/h/run/broker.sock"), ("box", "/h/run/box/broker.sock")])
def test_a_container_has_its_own_in_a_home_that_it_shares(
    monkeypatch: pytest.MonkeyPatch, name: str, expected: str
) -> None:
    monkeypatch.setattr(shim, "guest", lambda: name)
    assert Settings("directory=/h/run\nshared=1\n", {}).address == f"unix:{expected}"
    assert Settings("directory=/h/run\n", {}).address == "unix:/h/run/broker.sock"


def test_a_long_path_of_the_socket(start: Start, place: Place) -> None:
    directory = place.path / ("d" * 120)
    directory.mkdir()
    place.configure(directory=directory)
    broker = Broker(directory / "broker.sock")
    try:
        meet(start(), broker)
    finally:
        broker.stop()


def test_a_variable_names_another_broker(start: Start, place: Place, broker: Broker) -> None:
    place.configure(directory="/nowhere")
    meet(start(MCPCONF_BROKER=f"unix:{place.socket}"), broker)


@pytest.mark.parametrize("arguments", [(), ("one", "two")])
def test_without_one_name_it_says_what_writes_entries(place: Place, arguments: tuple[str, ...]) -> None:
    client = Client(str(place.shim), *arguments)
    try:
        assert client.code() == 2
        assert "mcpconf switch PROFILE" in client.complaints()
        assert client.rest() == b""
    finally:
        client.stop()


def test_without_settings_a_session_stays_and_is_told(start: Start, place: Place, broker: Broker) -> None:
    """And once they are there, it goes on."""
    text = (place.path / "shim.conf").read_text()
    (place.path / "shim.conf").write_text("nonsense\nhold=0.1\nhold_first=none\n")
    client = start()
    client.say(request("1"))
    reason = "no entry of the active profile uses the broker any more (there is no shim.conf)"
    assert client.error() == (1, f"{reason}; run: mcpconf switch PROFILE, and start this session anew")
    (place.path / "shim.conf").write_text(text)
    client.say(request("2"))
    assert broker.accept().welcome().line() == request("2")


@pytest.mark.parametrize("address", ["nonsense", "udp:x:1", "/a/path"])
def test_an_address_that_is_none(start: Start, place: Place, address: str) -> None:
    place.configure(hold=0.1)
    client = start(MCPCONF_BROKER=address)
    client.say(request("1"))
    assert client.error()[1].startswith("MCPCONF_BROKER is neither unix:PATH nor tcp:HOST:PORT: ")


@pytest.mark.parametrize("name", ["two words", "a\nCONTROL"])
def test_a_name_that_would_be_another_preamble_is_never_sent(
    start: Start, place: Place, broker: Broker, name: str
) -> None:
    place.configure(hold=0.1)
    client = start(name)
    client.say(request("1"))
    assert client.error()[1].startswith("no server has the name ")
    assert broker.accept().rest() == b""


@pytest.mark.parametrize(
    "address", ["tcp:nohost", "tcp:[::1]:x", "tcp:127.0.0.1:99999999", "tcp:", "unix:", "unix:/\0"]
)
def test_an_address_that_cannot_be_is_a_trouble(address: str) -> None:
    with pytest.raises(Trouble):
        connect(address)[0].close()


def test_settings_are_read_leniently(tmp_path: Path) -> None:
    settings = Settings("directory=/run\nstart=/bin/x\nstart=a b\n\nhold=1.5\r\nlinger=many\nfuture=1\n", {})
    assert settings.address == "unix:/run/broker.sock"
    assert settings.start == ["/bin/x", "a b"]
    assert (settings.hold, settings.linger, settings.hold_first) == (1.5, 2.0, 25.0)
    assert settings.passes == (sys.platform == "linux")
    assert not Settings("directory=/run\npass=0\n", {}).passes
    assert not Settings("directory=/run\n", {b"MCPCONF_BROKER_PASS": b"0"}).passes
    assert not Settings("broker=tcp:h:1\n", {}).passes
    other = Settings("directory=/run\nbroker=tcp:h:1\nkey=/k\nstart=/x\n", {b"MCPCONF_BROKER_KEY": b"/mine"})
    assert (other.address, other.key, other.start) == ("tcp:h:1", "/mine", [])
