"""The entries that run docker, as they are read, and what is said where it does not answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpconf.cli import console
from mcpconf.doctor.checks.toolkit import engine_answers, plugin_answers
from mcpconf.doctor.finding import Level
from mcpconf.doctor.look.docker_entries import docker_entries
from mcpconf.doctor.look.toolkit import _state
from mcpconf.doctor.seen.toolkit import DockerEntry, EngineState, ToolkitSeen
from mcpconf.system import Ran
from mcpconf.workflow.targets import every_target
from tests.cli.conftest import World, mcpconf, programs
from tests.doctor import good, toolkit_setups

__all__ = ["mcpconf", "programs"]

RUN = ["run", "-i", "--rm"]
LEADS = ["alpine/socat", "STDIO", "TCP:host.docker.internal:8811"]


def read(world: World, **entries: object) -> dict[str, DockerEntry]:
    world.claude.write_text(json.dumps({"mcpServers": entries}))
    found = docker_entries(console.app(), every_target(console.app().place))
    return {one.name: one for one in found}


def test_entries_are_told_apart_by_their_words(mcpconf: World) -> None:
    found = read(
        mcpconf,
        classic={"command": "docker", "args": [*RUN, *LEADS]},
        full={
            "command": "C:\\Program Files\\Docker\\docker.exe",
            "args": [*RUN, "docker.io/alpine/socat:1", *LEADS[1:]],
        },
        gateway={"command": "/usr/bin/docker", "args": ["mcp", "gateway", "run", "--profile=mine"]},
        image={"command": "docker", "args": [*RUN, "mcp/time"]},
        podman={"command": "podman", "args": [*RUN, *LEADS]},
        compose={"command": "docker", "args": ["compose", "up"]},
        odd={"command": "docker", "args": [1, None]},
        none={"command": "docker"},
        url={"type": "http", "url": "http://127.0.0.1:1/docker"},
        text="docker",
    )
    assert set(found) == {"classic", "full", "gateway", "image"}
    assert {name: (one.classic, one.toolkit) for name, one in found.items()} == {
        "classic": (True, False),
        "full": (True, False),
        "gateway": (False, True),
        "image": (False, False),
    }
    assert found["gateway"].profile == "mine"


@pytest.mark.parametrize(
    ("options", "knows"),
    [
        ([], False),
        (["--add-host", "host.docker.internal:host-gateway"], True),
        (["--add-host=other:1.2.3.4", "--add-host=host.docker.internal=172.17.0.1"], True),
        (["--add-host=other:1.2.3.4"], False),
        (["--network=host"], True),
        (["--net", "host"], True),
        (["--network", "bridge"], False),
        (["--dns", "10.0.0.1"], True),
    ],
)
def test_who_knows_its_host(options: list[str], knows: bool, mcpconf: World) -> None:
    assert read(mcpconf, it={"command": "docker", "args": [*RUN, *options, *LEADS]})["it"].knows_host is knows


@pytest.mark.parametrize(
    ("ran", "led", "state"),
    [
        (None, False, EngineState.LATE),
        (Ran(0, "29.1.0\n", ""), False, EngineState.ANSWERS),
        (Ran(1, "", good.DOWN), False, EngineState.DOWN),
        (Ran(1, "", good.DOWN), True, EngineState.MISLED),
        (Ran(1, "", "permission denied while trying to connect to the docker API"), True, EngineState.DENIED),
        (Ran(1, "", "unable to parse docker host `nonsense`"), False, EngineState.MISLED),
        (Ran(1, "", "error during connect: dial tcp: lookup box: no such host"), False, EngineState.MISLED),
        (Ran(125, "", "something new"), False, EngineState.FAILED),
        (Ran(0, "", ""), False, EngineState.FAILED),
    ],
)
def test_dockers_words_for_an_engine_that_does_not_answer(ran: Ran | None, led: bool, state: EngineState) -> None:
    assert _state(ran, led=led) is state


def seen(engine: EngineState, **more: object) -> ToolkitSeen:
    return ToolkitSeen(docker="/usr/bin/docker", engine=engine, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "inside", "mend"),
    [
        (EngineState.DENIED, False, "sudo usermod -aG docker $USER, then log in again"),
        (EngineState.DENIED, True, "docker run --group-add $(stat -c %g /var/run/docker.sock)"),
        (EngineState.DOWN, False, "sudo systemctl start docker"),
        (EngineState.DOWN, True, "docker run -v /var/run/docker.sock:/var/run/docker.sock"),
        (EngineState.MISLED, False, "unset DOCKER_HOST DOCKER_CONTEXT; docker context use default"),
    ],
)
def test_each_has_its_command(state: EngineState, inside: bool, mend: str) -> None:
    (found,) = engine_answers(seen(state, inside=inside, needed=("a",)))
    assert found.level is Level.ERROR
    assert found.mend is not None
    assert found.mend.command == mend


def test_an_engine_that_nobody_needs_is_no_fault_nor_is_a_slow_one() -> None:
    (found,) = engine_answers(seen(EngineState.DOWN))
    assert found.level is Level.INFO
    (found,) = engine_answers(seen(EngineState.LATE, needed=("a",)))
    assert found.level is Level.WARNING
    assert list(engine_answers(seen(EngineState.ANSWERS, needed=("a",)))) == []


def test_the_plugin_is_asked_for_where_it_is_needed_alone() -> None:
    assert list(plugin_answers(seen(EngineState.ANSWERS, entries=(DockerEntry(name="a", where="p"),)))) == []


def test_a_password_in_dockers_address_is_not_shown(mcpconf: World, home: Path) -> None:
    mcpconf.patch.setenv("DOCKER_HOST", "tcp://me:hunter2@10.0.0.1:2375")
    told = "Cannot connect to the Docker daemon at tcp://me:hunter2@10.0.0.1:2375. Is the docker daemon running?"
    good.docker(mcpconf, {"version": good.says(told)})
    toolkit_setups.gateway(mcpconf)
    for more in ((), ("--json",)):
        said = mcpconf("doctor", "--only", "toolkit", *more, code=1)
        assert "MC502" in said.out
        assert "hunter2" not in said.out + said.err
