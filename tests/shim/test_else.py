"""A shim that was told what else there is: it decides at its start, and has touched nothing until then."""

from __future__ import annotations

import os
import select
from pathlib import Path

from tests.shim.conftest import Start
from tests.shim.scene import INITIALIZE, Broker, Place, meet, request, resume, until

# Bash shows what it inherited; Python would set these signals anew.
SIGNALS = 'trap; IFS= read -r line; printf "%s\\n" "$line" "$@"'


def otherwise(*words: str) -> tuple[str, ...]:
    return ("time", *words, "--else", "/bin/bash", "-c", SIGNALS, "other", "a word")


def test_without_a_broker_the_other_program_gets_the_first_byte_and_the_reason(start: Start) -> None:
    client = start(*otherwise())
    client.say(INITIALIZE)

    assert client.rest() == INITIALIZE + b"a word\nno broker is running; run: mcpconf broker start\n"
    assert client.complaints() == ""


def test_a_broker_that_hangs_is_given_the_time_that_was_set(start: Start, place: Place, broker: Broker) -> None:
    place.configure(probe=0.05)
    client = start(*otherwise())
    client.say(INITIALIZE)

    assert client.rest() == INITIALIZE + b"a word\nthe broker does not answer\n"


def test_a_refusal_is_the_reason(start: Start, broker: Broker) -> None:
    client = start(*otherwise("--project"), CLAUDE_PROJECT_DIR="/here")
    connection = broker.accept()
    assert connection.line() == b"MCPCONF1 OPEN time /here\n"
    connection.say(b"NO there is no server time\n")
    client.say(INITIALIZE)

    assert b"the broker refuses: there is no server time" in client.rest()


def test_another_address_comes_before_all_others_and_starts_nothing(start: Start, place: Place) -> None:
    place.configure("/bin/false", directory="/nowhere")
    other = Broker(place.path / "other.sock")
    client = start(*otherwise("--at", f"unix:{other.address}"), MCPCONF_BROKER="unix:/no/such.sock")
    meet(client, other)
    other.stop()


def test_once_it_is_joined_it_stays_when_the_broker_goes(start: Start, broker: Broker) -> None:
    client = start(*otherwise())
    meet(client, broker)
    broker.stop()
    broker.listen()
    connection = resume(client, broker)
    client.say(request("7"))

    assert connection.line() == request("7")


def test_a_broker_that_is_being_started_gets_the_time_that_it_takes(start: Start, place: Place) -> None:
    script = place.path / "starter"
    script.write_text('#!/bin/bash\n: >"$1/started"\nread -r _ <"$1/go"\n')
    os.mkfifo(place.path / "go")
    script.chmod(0o755)
    place.configure(str(script), str(place.path), probe=0.05)
    client = start(*otherwise())
    client.say(INITIALIZE)
    until((place.path / "started").exists, "nothing was started")
    assert not select.select([client.descriptor], [], [], 0.2)[0]  # four times the probe
    broker = Broker(place.socket)
    (place.path / "go").write_text("\n")

    assert broker.accept().welcome().line() == INITIALIZE
    broker.stop()


def test_a_shim_that_cant_be_imported_gives_way(start: Start, place: Place) -> None:
    (place.path / "mcpconf_shim.py").write_text("import _json_that_is_not_here\n")
    client = start(*otherwise())
    client.say(INITIALIZE)

    came = client.rest()
    assert came.startswith(INITIALIZE + b"a word\nthe shim can't run: ")
    assert Path(place.shim).exists()
