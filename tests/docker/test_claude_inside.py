"""Claude Code inside a container: each way in which mcpconf brings it to its servers, on a real engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.docker.box import Box
from tests.docker.engine import BRIDGE, HOST_NAME
from tests.docker.host import Host
from tests.real.broker.client import Client
from tests.real.programs import Health
from tests.reliability.engine import HOME

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONNECTED = Health("Connected", "")
BY_GATEWAY = f"--add-host={HOST_NAME}:host-gateway"
KEY = "/run/box.key"
MEMORY = """\
[servers.memory]
command = "mcp-server-memory"
env = { MEMORY_FILE_PATH = "${HOME}/memory.json" }
"""
KEPT = f"[broker]\nautostart = true\n\n{MEMORY}"
ADA = {"name": "Ada", "entityType": "person", "observations": ["counts"]}
NewBox = Callable[..., Box]


def keeping(host: Host, *options: str) -> Host:
    """A host whose broker has the memory server; `options` start it."""
    host.tools.add("mcp-server-memory")
    host.profile("work", KEPT)
    host.mcpconf("switch", "work")
    host.mcpconf("broker", "start", *options)
    return host


def furnished(box: Box, profile: str = KEPT) -> Box:
    """What a user does in a new container: a profile, and `init`."""
    box.write(f"{HOME}/.config/mcpconf/profiles/work.toml", profile)
    box.mcpconf("init", "--yes", "--profile", "work")
    return box


def entries(box: Box) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(box.read(f"{HOME}/.claude.json"))["mcpServers"]
    return found


def session(box: Box, entry: Mapping[str, Any]) -> Client:
    """A scripted client that starts the entry as Claude does."""
    env = {name: str(value) for name, value in entry.get("env", {}).items()}
    return Client(argv=box.argv(entry["command"], *entry.get("args", []), **env))


def pids(host: Host) -> set[int]:
    """The processes of the memory server that have served somebody."""
    said = json.loads(host.mcpconf("broker", "status", "--json").out)
    processes = next(one["processes"] for one in said["servers"] if one["name"] == "memory")
    return {one["pid"] for one in processes if one["state"] != "spare"}


def state_survives(host: Host, start: Callable[[], Box]) -> None:
    """What one container's client had remembered is there in the next container, from the same process."""
    first = start()
    assert first.claude() == {"memory": CONNECTED}
    with session(first, entries(first)["memory"]) as client:
        client.initialize()
        client.call("create_entities", entities=[ADA])
        before = pids(host)
    assert before
    first.remove()

    second = start()
    assert second.claude() == {"memory": CONNECTED}
    with session(second, entries(second)["memory"]) as client:
        client.initialize()
        assert "Ada" in client.call("read_graph")
        assert pids(host) == before
    assert (host.home / "memory.json").exists()


def test_by_the_mounted_socket_directory(host: Host, new_box: NewBox) -> None:
    sockets = keeping(host).sockets.directory
    state_survives(host, lambda: furnished(new_box(f"--volume={sockets}:/run/mcpconf:ro")))


def test_by_tcp_over_the_bridge_with_a_key(host: Host, new_box: NewBox) -> None:
    keeping(host, "--listen", f"tcp:{BRIDGE}:8812", "--allow-nonlocal")
    key = host.mcpconf("broker", "key", "new", "box").out.strip()
    options = [f"--volume={key}:{KEY}:ro", BY_GATEWAY]
    state_survives(host, lambda: furnished(new_box(*options, MCPCONF_BROKER_KEY=KEY)))


def test_by_the_gateways_plain_door_over_the_bridge(host: Host, new_box: NewBox) -> None:
    keeping(host)
    with host.gateway():
        box = furnished(new_box(BY_GATEWAY), f'[servers.all]\nendpoint = "tcp:{HOST_NAME}:8811"\n')
        assert box.claude() == {"all": CONNECTED}
        with session(box, entries(box)["all"]) as client:
            client.initialize()
            client.call("create_entities", entities=[ADA])
    assert "Ada" in (host.home / "memory.json").read_text()


def test_by_the_wrapper_without_any_broker(new_box: NewBox) -> None:
    box = new_box()
    box.tools.add("mcp-server-memory")
    furnished(box, f'[route]\norder = ["wrapper"]\n\n{MEMORY}')
    assert box.claude() == {"memory": CONNECTED}
    log = box.read(f"{HOME}/.local/share/mcpconf/wrapper/data/mcp-memory.log")
    assert "starting " in log
    assert "broker" not in log
