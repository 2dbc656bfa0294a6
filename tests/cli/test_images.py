"""Servers whose profile names an image: what is got, what is said where it is missing, and that nothing is left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Process, World
from tests.stand_in_engine import StandIn, stand_in

PROFILE = """
[servers.box]
image = "good"
env = { TOKEN = "secret:TOKEN" }
[servers.twin]
image = "good"
[servers.far]
image = "other"
container = { network = "bridge" }
[servers.lost]
image = "unheard/of"
[servers.off]
image = "off"
disabled = true
[servers.pack]
package = "pypi:mcp-server-time==1.0"
"""


@pytest.fixture
def engine(mcpconf: World, programs: Path, tmp_path: Path) -> StandIn:
    """A stand-in for docker, and a profile with images."""
    mcpconf.profile("mine", PROFILE)
    mcpconf.patch.setenv("TOKEN", "hunter2")
    made = stand_in(tmp_path / "engine")
    (programs / "docker").symlink_to(made.client)
    return made


def pulled(engine: StandIn) -> list[str]:
    return [asked[1] for asked in engine.asked if asked[0] == "pull"]


def test_all_images_are_got_once_and_what_could_not_be_had_is_told(mcpconf: World, engine: StandIn) -> None:
    told = mcpconf("server", "pull", "--profile", "mine", code=1)

    assert pulled(engine) == ["good", "other", "unheard/of"]
    assert "box, twin: good\n" in told.err
    assert "unheard/of could not be pulled" in told.err
    assert told.out == ""


def test_the_engines_own_words_are_seen_while_it_works_unless_that_is_unwanted(
    mcpconf: World, engine: StandIn, process: Process
) -> None:
    path = {"PATH": f"{engine.client.parent}:{os.environ['PATH']}", "TOKEN": "x"}
    line = ("server", "pull", "box", "--profile", "mine")

    assert process(*line, env=path).stderr == b"box: good\npulling good\n"
    assert process(*line, "-q", env=path).stderr == b""


def test_what_has_no_image_is_said_to_need_none(mcpconf: World, engine: StandIn) -> None:
    told = mcpconf("server", "pull", "pack", "far", "--profile", "mine")

    assert pulled(engine) == ["other"]
    assert "pack: nothing to pull: what runs pypi:mcp-server-time==1.0 gets it when it starts" in told.err
    assert "no server 'none'" in mcpconf("server", "pull", "none", "--profile", "mine", code=1).err
    assert "none of the servers has an image" in mcpconf("server", "pull", "--profile", "minimal").err


def test_without_an_engine_it_says_what_is_missing(mcpconf: World) -> None:
    mcpconf.profile("mine", PROFILE)
    assert "neither docker nor podman is on PATH" in mcpconf("server", "pull", "--profile", "mine", code=1).err


def test_a_try_leaves_no_container_and_no_secret_in_a_command_line(mcpconf: World, engine: StandIn) -> None:
    mcpconf("server", "test", "box", "--profile", "mine")

    assert engine.boxes() == []
    (run,) = engine.runs
    assert "hunter2" not in json.dumps(run["argv"])
    assert run["env"]["TOKEN"] == "hunter2"
    assert "mcpconf.server=box" in run["argv"]


def test_an_image_that_is_missing_is_told_with_the_command_that_gets_it(mcpconf: World, engine: StandIn) -> None:
    tried = mcpconf("server", "test", "far", "--profile", "mine", "--json", code=1).json
    assert tried["error"] == "the image other is not here; try: mcpconf server pull far"

    mcpconf("switch", "mine")
    asked = mcpconf("tools", "far", "--no-broker", "--json", code=1).json
    assert asked["servers"][0]["error"] == "the image other is not here"


def test_that_a_container_has_no_network_is_told_where_the_profile_names_none(mcpconf: World, engine: StandIn) -> None:
    told = mcpconf("switch", "mine").err

    assert "box: its container has no network" in told
    assert 'network = "bridge" in [servers.box.container]' in told
    assert "far: its container" not in told


def test_a_switch_says_which_images_have_to_be_got_first(mcpconf: World, engine: StandIn) -> None:
    told = mcpconf("switch", "mine").err

    assert "far: the image other is not here, and no client waits for it to be pulled" in told
    assert "try: mcpconf server pull far" in told
    assert "box: the image" not in told
    assert "off: the image" not in told
    assert sum(asked[:2] == ["image", "inspect"] for asked in engine.asked) == 5, "all at once, then each"


def test_a_network_can_be_said_where_a_server_is_added(mcpconf: World, engine: StandIn) -> None:
    mcpconf("server", "add", "new", "--image", "good", "--network", "bridge", "--no-apply", "--profile", "mine")

    assert "with --network bridge" in mcpconf("server", "show", "new", "--profile", "mine").out
