"""The broker goes while it has a client's descriptors: who waits is answered, once, or once and then refused."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.aside import CHANGED, HELLO, READY, Start, ask, call, greet, shims
from tests.broker.kit import PATIENCE, Broker, until
from tests.shim.scene import GONE


@pytest.fixture
def start(tmp_path: Path, broker: Broker) -> Iterator[Start]:
    with shims(tmp_path / "s", broker) as run:
        yield run


def outcome(said: bytes, asked: list[int]) -> dict[int, list[str]]:
    """What each request was answered with. Each line is whole, but one that a kill has cut in two."""
    found: dict[int, list[str]] = {number: [] for number in asked}
    broken = 0
    for line in said.split(b"\n"):
        if not line:
            continue
        try:
            message = json.loads(line)
        except ValueError:
            broken += 1
            continue
        if message.get("id") in found:
            found[message["id"]].append("error" if "error" in message else "result")
    assert broken <= 1
    return found


@pytest.mark.parametrize("seed", range(3))
def test_whenever_the_broker_is_killed_everybody_is_answered(start: Start, broker: Broker, seed: int) -> None:
    """In mid-call, in mid-read, in mid-write of long answers, with many in flight."""
    chance = random.Random(seed)
    shim = start()
    greet(shim)
    asked = list(range(1, 400))
    size = (10, 200_000, 3_000_000)[seed % 3]
    count = len(asked) if size == 10 else 12
    asked = asked[:count]
    said: list[bytes] = []

    def speak() -> None:
        for number in asked:
            shim.say(call(number, "big", size=size) if number % 2 else call(number, "echo", say="x" * size))

    def hear() -> None:
        said.append(shim.rest())

    threads = [threading.Thread(target=one) for one in (speak, hear)]
    victim = broker.pid
    for thread in threads:
        thread.start()
    time.sleep(chance.random() * 0.05)  # anywhere in it
    broker.kill(victim)
    assert broker.popen is not None
    broker.popen.wait(PATIENCE)
    broker.start()
    threads[0].join(PATIENCE)
    last = 10_000
    shim.say(call(last, "echo", say="last"))
    shim.end()
    threads[1].join(PATIENCE)
    assert shim.code() == 0
    found = outcome(said[0], [*asked, last])
    assert len(found.pop(last)) == 1  # an error, where too many others are in flight
    for number, answers in found.items():
        assert answers in (["result"], ["error"], ["result", "error"]), (number, answers)
    assert sum(answers == ["result", "error"] for answers in found.values()) <= 64


def test_a_client_in_mid_line_when_the_broker_is_killed(start: Start, broker: Broker) -> None:
    shim = start()
    greet(shim)
    whole = call(1, "echo", say="x" * 100)
    shim.say(whole[:50])
    until(lambda: broker.ask("status")["clients"][0]["messages"] == 2)
    broker.kill(broker.pid)
    assert broker.popen is not None
    broker.popen.wait(PATIENCE)
    broker.start()
    assert shim.json()["method"] == CHANGED
    shim.say(whole[50:] + call(2, "echo", say=2))
    found = [shim.json(), shim.json()]
    assert [one["id"] for one in found] == [1, 2]


def test_a_server_that_changes_lets_its_clients_go_and_they_stay(start: Start, broker: Broker) -> None:
    shim = start("plain")
    greet(shim)
    shim.say(call(1, "hold"))
    until(lambda: broker.ask("status")["clients"][0]["in_flight"] == 1)
    broker.define("plain", env={"A": "b"})
    broker.ask("reload")
    assert shim.error() == (1, GONE)
    assert shim.json()["method"] == CHANGED
    shim.say(call(2, "report"))
    assert shim.json()["result"]["structuredContent"]["env"]["A"] == "b"


@pytest.mark.parametrize("said", [False, True])
def test_a_broker_that_is_killed_between_its_handshake_and_the_first_byte(
    start: Start, broker: Broker, said: bool
) -> None:
    """It has the client's descriptors, and has read nothing: the next one answers, once."""
    shim = start()
    until(lambda: broker.ask("status")["clients"])
    victim = broker.pid
    os.kill(victim, signal.SIGSTOP)
    if said:
        shim.say(ask(0, "initialize", HELLO))
    broker.kill(victim)
    assert broker.popen is not None
    broker.popen.wait(PATIENCE)
    broker.start()
    if not said:
        shim.say(ask(0, "initialize", HELLO))
    assert "result" in shim.json()
    shim.say(READY + call(1, "echo", say="x"))
    found = [json.loads(line) for line in (shim.end(), shim.rest())[1].splitlines()]
    assert [one["id"] for one in found if "id" in one] == [1]
    assert shim.code() == 0
