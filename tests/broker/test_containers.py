"""Servers in containers, behind a stand-in for an engine: what they are told apart by, and that they end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.upstream.owner import is_gone, owner_of
from tests.broker.kit import Broker, until
from tests.stand_in_engine import StandIn, stand_in


@pytest.fixture
def engine(tmp_path: Path) -> StandIn:
    return stand_in(tmp_path / "engine")


@pytest.fixture
def boxed(idle: Broker, engine: StandIn) -> Iterator[Broker]:
    """A broker that knows `box`, whose image is there, and `none`, whose image is not; not started yet."""
    for name, image in (("box", "good"), ("deaf", "stubborn"), ("none", "other")):
        idle.define(name, str(engine.client), "run", "-i", "--rm", image, image=image, idle_timeout=0.05)
    yield idle
    idle.stop()
    until(lambda: not idle.left())


def gone() -> str:
    """What names a process that has ended."""
    child = subprocess.Popen(["sleep", "60"])
    named = owner_of(child.pid)
    child.kill()
    child.wait()
    assert named is not None
    return named


def test_a_container_has_a_name_of_its_session_and_tells_whose_it_is(boxed: Broker, engine: StandIn) -> None:
    broker = boxed.start()
    with broker.open("box") as one, broker.open("box") as other:
        one.greet()
        other.greet()
        shown = broker.server("box")["processes"]
        names = sorted(process["container"]["name"] for process in shown)

        assert engine.boxes() == names
        assert len(names) == 2
        assert [(process["container"]["image"], process["memory"]) for process in shown] == [("good", None)] * 2
        argv = engine.runs[0]["argv"]
        assert f"mcpconf.owner={owner_of(broker.pid)}" in argv
        assert f"mcpconf.session={argv[argv.index('--name') + 1]}" in argv
    until(lambda: not engine.boxes())


def test_what_is_left_of_one_whose_client_was_killed_is_removed(boxed: Broker, engine: StandIn) -> None:
    broker = boxed.start()
    with broker.open("box") as client:
        client.greet()
        (pid,) = broker.processes("box")
        (name,) = engine.boxes()
        os.kill(pid, signal.SIGKILL)

        until(lambda: name not in engine.boxes())


def test_one_that_heeds_no_end_of_its_input_is_ended(boxed: Broker, engine: StandIn) -> None:
    broker = boxed.start()
    with broker.open("deaf") as client:
        client.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
        until(engine.boxes)
    broker.define("deaf", str(engine.client), "run", "-i", "--rm", "good", image="good")
    broker.ask("reload")

    until(lambda: not engine.boxes())


def test_an_image_that_is_missing_is_told_with_the_command_that_gets_it(boxed: Broker) -> None:
    broker = boxed.start()
    words = "the image other is not here; mend it with: mcpconf server pull none"
    with broker.open("none") as client:
        refused = client.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})

        assert words in refused["error"]["message"]
        until(lambda: broker.server("none")["error"] == words)
    assert "Run 'docker run --help'" in broker.log("none")


def test_what_others_left_goes_and_what_somebody_watches_stays(boxed: Broker, engine: StandIn) -> None:
    mine = owner_of(os.getpid())
    assert mine is not None
    engine.add("left", owner=gone())
    engine.add("watched", owner=mine)
    engine.add("elsewhere", owner="another-boot/1/4711/5")
    engine.add("nobodys", server="time")
    broker = boxed.start()
    with broker.open("box") as client:
        client.greet()

        until(lambda: "left" not in engine.boxes())
        assert {"watched", "elsewhere", "nobodys"} < set(engine.boxes())


def test_a_broker_that_was_killed_with_all_its_own_is_cleaned_up_after_by_the_next(
    boxed: Broker, engine: StandIn
) -> None:
    left = gone()
    engine.add("left", owner=left)
    boxed.logs.mkdir(parents=True)
    (boxed.logs / "docker-1-1").write_text(f"{left}\n{engine.client}\n")
    (boxed.logs / "docker-2-2").write_text(f"{owner_of(os.getpid())}\n{engine.client}\n")
    boxed.start()

    until(lambda: not engine.boxes() and not (boxed.logs / "docker-1-1").exists())
    assert (boxed.logs / "docker-2-2").exists()


def test_an_owner_is_gone_once_its_process_is_and_not_where_that_cannot_be_told() -> None:
    mine = owner_of(os.getpid())
    assert mine is not None
    place, number, start = mine.rsplit("/", 2)

    dead = subprocess.Popen(["true"])
    named = str(owner_of(dead.pid))

    assert until(lambda: is_gone(named)), "nobody has waited for it yet"
    dead.wait()
    assert is_gone(gone())
    assert is_gone(f"{place}/{number}/{int(start) + 1}")
    assert not any(map(is_gone, (mine, "", "x", f"{place}/x/1", f"another/{number}/{start}", f"{place}//")))
