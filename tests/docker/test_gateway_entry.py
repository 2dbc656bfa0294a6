"""The classic entry of Docker's Toolkit with our gateway behind it, on a real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

from tests.docker.engine import BRIDGE, HOST_NAME, names_known
from tests.docker.host import Host
from tests.real.broker.client import Client
from tests.real.programs import Health
from tests.reliability.engine import Engine, poll

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONNECTED = Health("Connected", "")
# Byte for byte what Docker Desktop once wrote.
CLASSIC = (
    '{"mcpServers":{"MCP_DOCKER":{"command":"docker",'
    '"args":["run","-i","--rm","alpine/socat","STDIO","TCP:host.docker.internal:8811"]}}}'
)
BY_GATEWAY = ["--add-host", f"{HOST_NAME}:host-gateway"]
PROFILE = """\
[broker]
autostart = true

[servers.memory]
command = "mcp-server-memory"
env = { MEMORY_FILE_PATH = "${HOME}/memory.json" }

[servers.files]
command = "mcp-server-filesystem"
args = ["${HOME}"]
"""


@pytest.fixture
def served(host: Host) -> Iterator[Host]:
    """A host whose gateway serves two real servers on the bridge."""
    host.tools.add("mcp-server-memory", "mcp-server-filesystem")
    host.profile("work", PROFILE)
    host.mcpconf("switch", "work")
    host.mcpconf("broker", "start")
    with host.gateway():
        yield host


def connects(host: Host, entries: str) -> dict[str, Health]:
    (host.home / ".claude.json").write_text(entries)
    return host.claude()


def with_options(*options: str) -> str:
    data = json.loads(CLASSIC)
    args: list[str] = data["mcpServers"]["MCP_DOCKER"]["args"]
    args[3:3] = options
    return json.dumps(data)


def argv(entries: str) -> Sequence[str]:
    entry = json.loads(entries)["mcpServers"]["MCP_DOCKER"]
    return [entry["command"], *entry["args"]]


def gone(engine: Engine) -> bool:
    """Whether no container is left of those that the entries start."""
    return engine.must("ps", "--all", "--quiet") == ""


def test_the_classic_entry_connects_where_the_name_is_known(engine: Engine, served: Host) -> None:
    with names_known(engine, {}):  # as on a plain engine
        assert "Name or service not known" in served.run(*argv(CLASSIC)).err
    with names_known(engine, {HOST_NAME: BRIDGE}):
        assert connects(served, CLASSIC) == {"MCP_DOCKER": CONNECTED}
    assert poll(lambda: gone(engine))


def test_our_variant_connects_on_a_plain_engine(engine: Engine, served: Host) -> None:
    assert connects(served, with_options(*BY_GATEWAY)) == {"MCP_DOCKER": CONNECTED}
    assert poll(lambda: gone(engine))


def test_a_session_through_the_entry_lists_and_calls_the_tools_of_all_servers(engine: Engine, served: Host) -> None:
    (served.home / "note.txt").write_text("counted by hand")
    with Client(argv=served.argv(*argv(with_options(*BY_GATEWAY)))) as client:
        client.initialize()
        names = {tool["name"] for tool in client.request("tools/list")["tools"]}
        assert {"create_entities", "read_graph", "read_text_file", "list_directory"} <= names
        client.call("create_entities", entities=[{"name": "Ada", "entityType": "person", "observations": ["counts"]}])
        assert "Ada" in client.call("read_graph")
        assert client.call("read_text_file", path=str(served.home / "note.txt")) == "counted by hand"
    assert poll(lambda: gone(engine))
