"""What the real Claude Code makes of servers, and what the doctor says of the same: no cause may be missed.

One `claude mcp list` starts them all; the doctor looks at the same files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.servers_setups import HABITS, habit, listening, web_server
from tests.real.programs import VENV_BIN, Claude, Health, offline, require

pytestmark = pytest.mark.real

PATIENCE = {"MCP_TIMEOUT": "4000"}  # milliseconds: one of them never answers
PYTHON = sys.executable


def script(path: Path, text: str, mode: int = 0o755) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def broken(home: Path) -> dict[str, tuple[Any, str]]:
    """Entries that do not work: what stands in the file, and the check that says why."""
    good = f"#!{PYTHON}\n"
    return {
        "crashes": (habit("crash"), "MC703"),
        "ends": ({"command": "true"}, "MC703"),
        "refuses": (habit("refuse"), "MC705"),
        "nameless": (habit("nameless"), "MC705"),
        "odd-version": (habit("odd"), "MC706"),
        "echo": ({"command": "cat"}, "MC705"),
        "silent": (habit("silent"), "MC704"),
        "nowhere": ({"command": "/no/such/server"}, "MC307"),
        "not-on-path": ({"command": "no-such-server-at-all"}, "MC307"),
        "one-line": ({"command": f"{PYTHON} {HABITS}"}, "MC309"),
        "no-shebang": ({"command": script(home / "plain", "echo hello\n")}, "MC310"),
        "no-interpreter": ({"command": script(home / "odd", "#!/no/such/interpreter\n")}, "MC311"),
        "carriage": ({"command": script(home / "crlf", good.replace("\n", "\r\n"))}, "MC311"),
        "not-executable": ({"command": script(home / "mode", good, 0o644)}, "MC308"),
        "directory": ({"command": str(home)}, "MC308"),
        "gone": ({"command": PYTHON, "args": [str(home / "gone.py")]}, "MC312"),
        "unset": ({"command": PYTHON, "args": ["${NO_SUCH_DIRECTORY}/server.py"]}, "MC313"),
        "shell-words": ({"command": PYTHON, "args": ["$HOME/server.py"]}, "MC314"),
        "no-listener": ({"type": "http", "url": "http://127.0.0.1:9/mcp"}, "MC708"),
        "no-url": ({"type": "http", "url": "not a url"}, "MC304"),
    }


def passed_over(home: Path) -> dict[str, tuple[Any, str]]:
    """Entries that Claude Code leaves out of its list."""
    return {
        "no-command": ({"args": ["x"]}, "MC301"),
        "number": ({"command": PYTHON, "args": [1]}, "MC301"),
        "no-type": ({"url": "http://127.0.0.1:9/mcp"}, "MC302"),
        "no-such-type": ({"type": "pigeon", "url": "http://127.0.0.1:9/mcp"}, "MC301"),
        "workspace": (habit(), "MC320"),
    }


def working(home: Path) -> dict[str, Any]:
    return {
        "plain": habit(),
        "noisy": habit("noise"),
        "ours": {"command": str(VENV_BIN / "mcpconf"), "args": ["serve"]},
        "by-variable": {"command": "${SOME_PYTHON:-" + PYTHON + "}", "args": [HABITS]},
        "memory": {"command": require("mcp-server-memory"), "env": {"MEMORY_FILE_PATH": str(home / "memory.json")}},
    }


def doctor(claude: Claude, cwd: Path, *argv: str) -> Any:
    """What the doctor says, in the environment that Claude Code has."""
    env = {**claude._clean(), **offline(), **PATIENCE, "MCPCONF_ENV": "host", "LC_ALL": "C.UTF-8"}
    command = [PYTHON, "-m", "mcpconf", "doctor", "--json", *argv]
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def causes(found: Any) -> dict[str, str]:
    """The error of each server, by its name."""
    return {one["about"]: one["id"] for one in found["findings"] if one["level"] == "error"}


def states(found: Any) -> dict[str, str]:
    return {one["server"]: one["level"] for one in found["picture"]}


def test_what_fails_for_claude_is_explained_and_what_is_called_healthy_connects(claude: Claude, home: Path) -> None:
    wrong, lost, good = broken(home), passed_over(home), working(home)
    entries = {name: entry for name, (entry, _) in {**wrong, **lost}.items()} | good
    (home / ".claude.json").write_text(json.dumps({"mcpServers": entries}))
    (home / ".claude.json").chmod(0o600)
    project = home / "project"
    (project / ".git").mkdir(parents=True)
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"pending": habit("crash")}}))

    said = claude.mcp_list(cwd=project, env=PATIENCE)
    found = doctor(claude, project)

    assert {name: one.status for name, one in said.items() if name in wrong} == dict.fromkeys(
        wrong, "Failed to connect"
    )
    assert not set(lost) & set(said)
    assert said["pending"].status.startswith("Pending approval")
    told = causes(found)
    assert {name: told.get(name) for name in {**wrong, **lost}} == {n: c for n, (_, c) in {**wrong, **lost}.items()}
    assert {name: said[name] for name in good} == dict.fromkeys(good, Health("Connected", ""))
    assert {name: states(found)[name] for name in good} == {**dict.fromkeys(good, "ok"), "noisy": "warning"}
    assert states(found)["pending"] == "skipped"
    healthy = {name for name, level in states(found).items() if level in ("ok", "warning")}
    assert healthy == {name for name, one in said.items() if one.status == "Connected"}


def test_what_is_approved_is_tried_and_what_is_switched_off_is_not(claude: Claude, home: Path) -> None:
    project = home / "project"
    (project / ".git").mkdir(parents=True)
    servers = {"approved": habit(), "rejected": habit(), "pending": habit()}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    (home / ".claude").mkdir()
    settings = {"enabledMcpjsonServers": ["approved", "rejected"], "disabledMcpjsonServers": ["rejected"]}
    (home / ".claude/settings.json").write_text(json.dumps(settings))

    said = claude.mcp_list(cwd=project)
    found = doctor(claude, project, "--only", "servers")

    connected = {name for name, one in said.items() if one.status == "Connected"}
    assert connected == {"approved"} == {name for name, level in states(found).items() if level == "ok"}


def test_a_web_server_that_is_no_mcp_server_and_one_that_is(claude: Claude, home: Path) -> None:
    """Without a network of its own, since the web servers are this process's."""
    entries = {"well": web_server(), "page": listening(200, b"<html></html>"), "missing": listening(404)}
    urls = {name: {"type": "http", "url": url} for name, url in entries.items()}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": urls}))
    command = [claude.program, "mcp", "list"]
    env = claude._clean() | PATIENCE
    done = subprocess.run(
        command, cwd=home, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    told = causes(doctor(claude, home, "--only", "servers"))
    lines = done.stdout.decode().splitlines()
    connected = {name for name in urls if any(line.startswith(f"{name}:") and "Connected" in line for line in lines)}
    assert connected == {"well"}
    assert told == {"page": "MC705", "missing": "MC708"}


def test_it_is_quick_where_all_is_well(claude: Claude, home: Path) -> None:
    (home / ".claude.json").write_text(json.dumps({"mcpServers": working(home)}))
    found = doctor(claude, home)
    assert found["looks"]
    assert max(one["seconds"] for one in found["looks"]) < 9  # 3 where nothing else runs
