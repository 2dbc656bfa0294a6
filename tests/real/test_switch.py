"""The main job with the real Claude Code: what mcpconf writes is what it connects to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.real.programs import VENV_BIN, Claude, Health, offline, require

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONNECTED = Health("Connected", "")
ESSENTIALS = {"mcpconf", "filesystem", "memory", "fetch", "git", "time"}
THEIRS = '{\n  "numStartups": 7,\n  "mcpServers": {\n    "nobody": {"command": "/nonexistent/server"}\n  }\n}\n'


class Mcpconf:
    """The installed command, in the test's home."""

    def __init__(self, home: Path) -> None:
        for program in ("npx", "uvx"):
            require(program)
        self.home = home
        self.env = {
            "HOME": str(home),
            "PATH": os.pathsep.join([str(VENV_BIN), os.environ["PATH"]]),
            **offline(),
        }

    def __call__(self, *argv: str, cwd: Path | None = None, stdin: str = "") -> str:
        done = subprocess.run(
            [VENV_BIN / "mcpconf", *argv],
            input=stdin,
            cwd=cwd or self.home,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def mcpconf(home: Path) -> Mcpconf:
    return Mcpconf(home)


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def repository(home: Path) -> Path:
    path = home / "src/repo"
    path.mkdir(parents=True)
    subprocess.run([require("git"), "init", "-q", str(path)], check=True, env={"PATH": os.environ["PATH"]})
    return path


def test_minimal_then_essentials_then_back_are_connected(claude: Claude, mcpconf: Mcpconf, home: Path) -> None:
    mcpconf("switch", "minimal")
    assert claude.mcp_list() == {"mcpconf": CONNECTED}
    mcpconf("switch", "essentials")
    assert claude.mcp_list() == dict.fromkeys(ESSENTIALS, CONNECTED)
    mcpconf("switch", "-")
    assert claude.mcp_list() == {"mcpconf": CONNECTED}
    assert "in step" in mcpconf("status")


def test_local_scope_is_connected_in_its_project_only(claude: Claude, mcpconf: Mcpconf, home: Path) -> None:
    project = repository(home)
    below = project / "deep/er"
    below.mkdir(parents=True)
    mcpconf("switch", "essentials", "--scope", "local", cwd=below)
    assert claude.mcp_list(cwd=project) == dict.fromkeys(ESSENTIALS, CONNECTED)
    assert claude.mcp_list(cwd=below) == dict.fromkeys(ESSENTIALS, CONNECTED)
    assert claude.mcp_list(cwd=home) == {}
    mcpconf("switch", "minimal", cwd=project)
    assert claude.mcp_list(cwd=below) == {"mcpconf": CONNECTED}


def test_project_scope_is_connected_once_approved_and_trusted(claude: Claude, mcpconf: Mcpconf, home: Path) -> None:
    project = repository(home)
    mcpconf("switch", "essentials", "--scope", "project", cwd=project)
    pending = claude.mcp_list(cwd=project)
    assert set(pending) == ESSENTIALS
    assert all(health.status.startswith("Pending approval") for health in pending.values())

    mcpconf("switch", "essentials", "--approve", cwd=project)
    # What Claude Code's own dialog writes when a person says yes.
    data = read(home / ".claude.json")
    data.setdefault("projects", {}).setdefault(str(project), {})["hasTrustDialogAccepted"] = True
    (home / ".claude.json").write_text(json.dumps(data))
    assert claude.mcp_list(cwd=project) == dict.fromkeys(ESSENTIALS, CONNECTED)

    mcpconf("uninstall", cwd=project)
    assert not (project / ".mcp.json").exists()
    assert not (project / ".claude").exists()


@pytest.mark.parametrize("before", [None, THEIRS, '{"a":1e400}', '\ufeff{\r\n\t"a": 12345678901234567890\r\n}'])
def test_uninstall_gives_back_the_bytes_where_claude_wrote_nothing(
    mcpconf: Mcpconf, home: Path, before: str | None
) -> None:
    path = home / ".claude.json"
    if before is not None:
        path.write_bytes(before.encode())
    mcpconf("init", "--yes")
    mcpconf("switch", "essentials")
    mcpconf("switch", "-")
    mcpconf("uninstall")
    assert (path.read_bytes().decode() if path.exists() else None) == before


def test_uninstall_takes_only_our_members_where_claude_wrote(claude: Claude, mcpconf: Mcpconf, home: Path) -> None:
    path = home / ".claude.json"
    path.write_text(THEIRS)
    mcpconf("switch", "essentials")
    added = claude.run("mcp", "add", "-s", "user", "late", "--", "/nonexistent/late", "--flag")
    assert added.returncode == 0, added.stderr
    claude.mcp_list()
    written = read(path)
    assert set(written["mcpServers"]) == {"nobody", "late", *ESSENTIALS}
    mcpconf("uninstall")
    for name in ESSENTIALS:
        del written["mcpServers"][name]
    assert read(path) == written
    assert list(read(path)) == list(written)


def test_a_secret_reaches_its_server_by_the_wrapper_and_stands_in_no_file_of_claudes(
    claude: Claude, mcpconf: Mcpconf, home: Path
) -> None:
    package = next(
        line.split('"')[1]
        for line in (Path(__file__).parents[2] / "profiles/essentials.toml").read_text().splitlines()
        if line.startswith('package = "pypi:mcp-server-time')
    )
    mcpconf("profile", "new", "mine", "--extends", "minimal")
    mcpconf("server", "add", "clock", "--package", package, "-e", "CLOCK_TOKEN=secret:CLOCK_TOKEN", "--profile", "mine")
    entry = read(home / ".claude.json")["mcpServers"]["clock"]
    assert entry["command"].endswith("/wrapper/mcp-clock")
    assert claude.mcp_list()["clock"].status == "Failed to connect"  # there is no such secret yet
    mcpconf("secret", "set", "CLOCK_TOKEN", stdin="hunter2-hunter2")
    assert claude.mcp_list() == {"mcpconf": CONNECTED, "clock": CONNECTED}
    assert "hunter2" not in (home / ".claude.json").read_text()


def initialize(entry: dict[str, Any], home: Path) -> dict[str, Any]:
    """Start an entry as Claude Desktop does, with a short PATH in a foreign directory, and shake hands."""
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    }
    # The cache was filled for this Python; on the short PATH uv would find another one, and have no network.
    python = {"UV_PYTHON": os.path.join(sys.base_prefix, "bin", "python3")}
    child = subprocess.Popen(
        [entry["command"], *entry.get("args", [])],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", **offline(), **python, **entry.get("env", {})},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        assert answer, child.stderr.read() if child.stderr else b""
        return dict(json.loads(answer)["result"])
    finally:
        os.killpg(child.pid, 9)
        child.communicate()


def test_every_entry_for_claude_desktop_starts_with_its_short_path(mcpconf: Mcpconf, home: Path) -> None:
    mcpconf("switch", "essentials", "--client", "claude-desktop")
    entries = read(home / ".config/Claude/claude_desktop_config.json")["mcpServers"]
    assert set(entries) == ESSENTIALS
    for entry in entries.values():
        assert Path(entry["command"]).is_absolute()
        assert "serverInfo" in initialize(entry, home)
