"""Every kind of container that the engine can make: mcpconf knows it for one, and `init` sets it up.

Nothing is forced: no flag, no variable. What `init` writes there is what the real Claude Code connects to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from tests.docker.box import Box
from tests.real.programs import Health
from tests.reliability.engine import HOME, Engine

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONNECTED = Health("Connected", "")
PROFILE = f"""\
extends = "minimal"

[servers.memory]
command = "mcp-server-memory"
env = {{ MEMORY_FILE_PATH = "{HOME}/memory.json" }}
"""
FLAVOURS = {
    "plain": (),
    "the host's processes": ("--pid=host",),
    "the host's network": ("--network=host",),
    "the host's control groups": ("--cgroupns=host",),
    "a read-only root": ("--read-only", "--tmpfs=/tmp", f"--tmpfs={HOME}:exec"),
    "a user without a name": ("--user=4242:4242", f"--tmpfs={HOME}:exec,uid=4242,gid=4242,mode=0700"),
    "the host's engine": ("--volume={engine}/s:/var/run/docker.sock",),
}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_it_is_known_for_a_container_and_set_up(flavour: str, engine: Engine, new_box: Callable[..., Box]) -> None:
    box = new_box(*_filled(FLAVOURS[flavour], engine))
    assert _kind(box) == "container"
    _set_up(box)


def test_it_is_one_without_dockers_mark_in_its_root(new_box: Callable[..., Box]) -> None:
    box = new_box()
    assert box.run("/usr/bin/rm", "/.dockerenv").code == 0
    assert _kind(box) == "container"
    _set_up(box)


def test_a_home_from_which_nothing_may_be_executed_has_the_wrapper_too(new_box: Callable[..., Box]) -> None:
    box = new_box("--read-only", "--tmpfs=/tmp", f"--tmpfs={HOME}")  # what Docker makes of it by itself
    box.tools.add("mcp-server-memory")
    box.write(f"{HOME}/.config/mcpconf/profiles/default.toml", PROFILE)
    box.mcpconf("init", "--yes", "--route", "wrapper")
    assert box.claude() == {"mcpconf": CONNECTED, "memory": CONNECTED}


def _filled(options: Sequence[str], engine: Engine) -> list[str]:
    return [option.format(engine=engine.root) for option in options]


def _kind(box: Box) -> str:
    return str(json.loads(box.mcpconf("env", "--json").out)["kind"])


def _set_up(box: Box) -> None:
    """`init` finds all by itself; its servers are kept by a broker of the container's own."""
    box.tools.add("mcp-server-memory")
    box.write(f"{HOME}/.config/mcpconf/profiles/default.toml", PROFILE)
    box.mcpconf("init", "--yes")
    assert box.claude() == {"mcpconf": CONNECTED, "memory": CONNECTED}
    (server,) = json.loads(box.mcpconf("broker", "status", "--json").out)["servers"]
    assert server["name"] == "memory"
    assert any(process["state"] != "spare" for process in server["processes"])
