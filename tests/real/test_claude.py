"""The real Claude Code against what we serve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.programs import VENV_BIN, Claude, Health, parse_list

pytestmark = pytest.mark.real


def write_servers(home: Path, servers: dict[str, object]) -> None:
    (home / ".claude.json").write_text(json.dumps({"mcpServers": servers}))


def test_a_hand_written_entry_for_our_own_server_is_connected(claude: Claude, home: Path) -> None:
    write_servers(
        home,
        {
            "mcpconf": {"command": str(VENV_BIN / "mcpconf"), "args": ["serve"]},
            "nobody": {"command": "/nonexistent/server"},
        },
    )
    found = claude.mcp_list()
    assert found["mcpconf"] == Health("Connected", "")
    assert found["nobody"].status == "Failed to connect"


def test_a_legacy_client_and_claude_see_the_same_line_formats() -> None:
    lines = [
        "Checking MCP server health…",
        "",
        "time: /bin/cat  - ✘ Failed to connect — -32601: Method not found",
        "far-away: http://127.0.0.1:9/a - b (HTTP) - ✔ Connected",
        "new: npx -y thing - ⏸ Pending approval (run `claude` to approve)",
    ]
    assert parse_list(lines) == {
        "time": Health("Failed to connect", "-32601: Method not found"),
        "far-away": Health("Connected", ""),
        "new": Health("Pending approval (run `claude` to approve)", ""),
    }
