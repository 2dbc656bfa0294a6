"""A server's image behind the wrapper: what its container is told apart by, and that it does not outlive its client."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mcpconf.broker.upstream.owner import owner_of
from tests.stand_in_engine import StandIn, stand_in
from tests.wrapper.installed import fields, value
from tests.wrapper.place import Place, Running, until
from tests.wrapper.test_ways import BEGIN

HELLO = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}\n'
GIVEN = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
# Starts a wrapper, tells its process id, and waits to be killed: the wrapper's stdin is a pipe that it alone holds.
CLIENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def engine(tmp_path: Path) -> StandIn:
    return stand_in(tmp_path / "engine", "podman")  # the same words as docker's


def way(engine: StandIn, image: str) -> tuple[str, ...]:
    words = [part for word in ("run", "-i", "--rm", image) for part in ("arg", *value(word))]
    return ("engine", "podman", "image", image, "arg", *value(str(engine.client)), *words)


def argv(place: Place, *ways: str) -> list[str]:
    return ["bash", str(place.installed.install(fields(*BEGIN, *ways, "stop"), "x"))]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def labels(words: Sequence[str]) -> dict[str, str]:
    pairs = [pair.split("=", 1) for flag, pair in itertools.pairwise(words) if flag == "--label"]
    return dict(pairs)


def test_each_session_has_a_container_of_its_own_which_tells_whose_it_is(place: Place, engine: StandIn) -> None:
    command = argv(place, *way(engine, "good"))
    with Running(command, GIVEN) as one, Running(command, GIVEN) as other:
        for running in (one, other):
            running.say(HELLO)
            assert b'"result"' in running.hear()
        told = {run["argv"][2]: labels(run["argv"]) for run in engine.runs}

        assert sorted(told) == engine.boxes()
        assert len(told) == 2
        assert all(run["argv"][:3] == ["run", "--name", run["argv"][2]] for run in engine.runs)
        owners = {owner_of(running.process.pid) for running in (one, other)}
        assert {found["mcpconf.owner"] for found in told.values()} == owners
        assert all(found["mcpconf.session"] == name for name, found in told.items())
    assert until(lambda: not engine.boxes())


def test_a_missing_image_leads_to_the_next_way_or_to_the_command_that_gets_it(place: Place, engine: StandIn) -> None:
    with Running(argv(place, *way(engine, "other")), GIVEN) as wrapper:
        wrapper.say(HELLO)
        answer = json.loads(wrapper.hear())

        assert "the image other is not here" in answer["error"]["message"]
        assert "mcpconf server pull x" in answer["error"]["message"]
    own = ("way", "own", "arg", *value("/bin/echo"), "arg", *value("own"))
    with Running(argv(place, *way(engine, "other"), *own), GIVEN) as wrapper:
        assert wrapper.hear() == b"own\n"
    assert engine.runs == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_container_goes_with_the_engines_client_however_that_went(
    place: Place, engine: StandIn, number: signal.Signals
) -> None:
    with Running(argv(place, *way(engine, "stubborn")), GIVEN) as wrapper:
        assert until(lambda: bool(engine.boxes()))
        os.killpg(wrapper.process.pid, number)

        assert until(lambda: not engine.boxes())


def test_one_that_heeds_no_end_of_its_input_goes_when_its_client_is_killed(place: Place, engine: StandIn) -> None:
    """And what others left. Not what somebody watches, nor a server that reads nothing while its client is there."""
    mine = owner_of(os.getpid())
    assert mine is not None
    engine.add("left", owner=gone())
    engine.add("watched", owner=mine)
    engine.add("elsewhere", owner="another-boot/1/4711/5")
    command = argv(place, *way(engine, "stubborn"))
    with Running(command, GIVEN) as idle:
        idle.say(b"x\n")  # which waits to be read, as the end of the input would
        assert until(lambda: len(engine.boxes()) == 4)
        (kept,) = set(engine.boxes()) - {"left", "watched", "elsewhere"}
        client = subprocess.Popen([sys.executable, "-c", CLIENT, *command], env=GIVEN, stdout=subprocess.PIPE)
        assert client.stdout
        pid = int(client.stdout.readline())
        try:
            assert until(lambda: len(engine.boxes()) == 5)
            client.kill()
            client.wait()

            assert until(lambda: set(engine.boxes()) == {kept, "elsewhere", "watched"})
            assert until(lambda: not is_there(pid))
            assert idle.process.poll() is None
        finally:
            client.stdout.close()
            if is_there(pid):
                os.kill(pid, signal.SIGKILL)
    assert until(lambda: set(engine.boxes()) == {"elsewhere", "watched"})


def gone() -> str:
    """What names a process that has ended."""
    child = subprocess.Popen(["sleep", "60"])
    named = owner_of(child.pid)
    child.kill()
    child.wait()
    assert named is not None
    return named
