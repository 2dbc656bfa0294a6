"""Acceptance: the second run of a client meets the same server process, with its state."""

from __future__ import annotations

import json

import pytest

from tests.real.broker.client import Client, Modern
from tests.real.broker.house import House
from tests.real.programs import REAL, Claude, Health, unavailable

pytestmark = [pytest.mark.real, pytest.mark.timeout(200)]

CONNECTED = Health("Connected", "")
OLDER = REAL / "claude-older/node_modules/.bin/claude"


def pids(broker: House, name: str) -> set[tuple[str, int]]:
    """The processes that have served somebody: era and pid."""
    return {(one["era"], one["pid"]) for one in broker.server(name)["processes"] if one["state"] != "spare"}


def test_a_python_server_is_the_same_process_in_the_second_run(broker: House) -> None:
    with Client(argv=broker.command("time")) as first:
        first.initialize()
        assert "UTC" in first.call("get_current_time", timezone="UTC")
        before = pids(broker, "time")
    with Client(argv=broker.command("time")) as second:
        second.initialize()
        assert "UTC" in second.call("get_current_time", timezone="UTC")
        assert pids(broker, "time") == before
    assert len(before) == 1


def test_a_node_server_keeps_its_process_and_its_graph(broker: House) -> None:
    with Client(argv=broker.command("memory")) as first:
        first.initialize()
        first.call("create_entities", entities=[{"name": "Ada", "entityType": "person", "observations": ["counts"]}])
        before = pids(broker, "memory")
    with Client(argv=broker.command("memory")) as second:
        second.initialize()
        assert "Ada" in second.call("read_graph")
        assert pids(broker, "memory") == before


@pytest.mark.parametrize("kind", [Client, Modern])
def test_what_a_process_has_in_its_memory_is_there_in_the_second_run(broker: House, kind: type[Client]) -> None:
    counts = []
    for _ in range(3):
        with kind(argv=broker.command("sdk")) as client:
            if kind is Client:
                client.initialize()
            counts.append(client.call("count"))
    assert counts == ["1", "2", "3"]


def entries(claude: Claude, broker: House, *names: str) -> None:
    """What `switch` would write for these servers."""
    command = {name: broker.command(name) for name in names}
    servers = {name: {"command": argv[0], "args": argv[1:]} for name, argv in command.items()}
    (claude.home / ".claude.json").write_text(json.dumps({"mcpServers": servers}))


def test_claude_meets_the_same_processes_twice_in_a_row(broker: House, claude: Claude) -> None:
    names = ("time", "memory", "everything", "sdk")
    entries(claude, broker, *names)
    assert claude.mcp_list() == dict.fromkeys(names, CONNECTED)
    before = {name: pids(broker, name) for name in names}
    assert claude.mcp_list() == dict.fromkeys(names, CONNECTED)
    assert {name: pids(broker, name) for name in names} == before
    assert all(before.values())


@pytest.mark.parametrize("order", [("older", "current", "older"), ("current", "older", "current")])
@pytest.mark.parametrize("server", ["sdk", "everything"])
def test_both_claudes_on_one_server_in_both_orders(
    broker: House, claude: Claude, order: tuple[str, ...], server: str
) -> None:
    if not OLDER.exists():
        unavailable("Claude Code 2.1.197 is missing (./shell/test.sh installs it)")
    programs = {"older": str(OLDER), "current": claude.program}
    entries(claude, broker, server)
    seen: list[set[tuple[str, int]]] = []
    for version in order:
        claude.program = programs[version]
        assert claude.mcp_list() == {server: CONNECTED}
        seen.append(pids(broker, server))
    assert seen[0] < seen[1] == seen[2]
