"""The Toolkit's classic entry as `switch` writes it, on a plain Linux engine: only where its container can get."""

from __future__ import annotations

import json

import pytest

from tests.docker.engine import BRIDGE
from tests.docker.host import Host
from tests.real.programs import Health

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

PROFILE = """\
[broker]
autostart = true

[servers.memory]
command = "mcp-server-memory"
env = { MEMORY_FILE_PATH = "${HOME}/memory.json" }
routes = ["broker"]

[servers.kit]
toolkit = "memory"
"""


def kit(host: Host) -> dict[str, object]:
    """What a switch would do with the server of the Toolkit."""
    plan = json.loads(host.mcpconf("switch", "work", "--dry-run", "--json").out)
    found: dict[str, object] = next(one for one in plan["targets"][0]["servers"] if one["name"] == "kit")
    return found


def test_the_classic_entry_is_written_where_the_endpoint_is_on_the_bridge(host: Host) -> None:
    host.tools.add("mcp-server-memory")
    host.profile("work", PROFILE)
    host.mcpconf("switch", "work")
    with host.gateway("tcp:127.0.0.1:8811"):
        alone = kit(host)
    assert alone["route"] is None
    assert f"and not on {BRIDGE}:8811" in str(alone["because"])
    assert f"mcpconf broker gateway --listen tcp:{BRIDGE}:8811" in str(alone["hint"])

    with host.gateway():
        assert kit(host)["because"] == f"a raw MCP endpoint shook hands on {BRIDGE}:8811"
        host.mcpconf("switch", "work")
        connected = Health("Connected", "")
        assert host.claude() == {"memory": connected, "MCP_DOCKER": connected}
