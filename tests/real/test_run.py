"""`mcpconf run` with the real Claude Code: it starts the profile's servers, with the user's own login."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.real.programs import VENV_BIN, Claude, alone, offline

pytestmark = pytest.mark.real

THEIRS = {"mcpServers": {"theirs": {"command": "/nonexistent/server"}}, "hasCompletedOnboarding": True}
ASK = ("-p", "hello", "--output-format", "stream-json", "--verbose")


@pytest.fixture
def env(claude: Claude, home: Path) -> Mapping[str, str]:
    """Nothing of the caller's; no address answers, so that a session stops at its first request."""
    (home / ".claude.json").write_text(json.dumps(THEIRS))
    profiles = home / ".config/mcpconf/profiles"
    profiles.mkdir(parents=True)
    (profiles / "mine.toml").write_text(
        f'[servers.ours]\ncommand = "{VENV_BIN}/mcpconf"\nargs = ["serve"]\nenv = {{ TOKEN = "secret:TOKEN" }}\n'
    )
    path = [str(Path(claude.program).parent), str(VENV_BIN), os.environ["PATH"]]
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "ANTHROPIC_API_KEY": "sk-not-one",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        **offline(),
    }


def mcpconf(env: Mapping[str, str], *argv: str, stdin: str = "") -> str:
    line = [*alone(), VENV_BIN / "mcpconf", *argv]
    done = subprocess.run(line, env=env, input=stdin, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def begun(env: Mapping[str, str], *argv: str) -> dict[str, Any]:
    """The first message of a session: what Claude Code has to work with."""
    line = [*alone(), VENV_BIN / "mcpconf", *argv]
    with subprocess.Popen(
        line, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as session:
        assert session.stdout is not None
        deadline = time.monotonic() + 60
        try:
            for text in session.stdout:
                message: dict[str, Any] = json.loads(text)
                if message.get("subtype") == "init":
                    return message
                assert time.monotonic() < deadline
            raise AssertionError(session.stderr.read() if session.stderr else "")
        finally:
            session.kill()


def test_claude_has_the_profiles_servers_and_no_others(env: Mapping[str, str], home: Path) -> None:
    mcpconf(env, "secret", "set", "TOKEN", stdin="hunter2-hunter2")
    before = (home / ".claude.json").read_bytes()
    message = begun(env, "run", "-p", "mine", "--", "claude", *ASK)
    assert [(one["name"], one["status"]) for one in message["mcp_servers"]] == [("ours", "connected")]
    assert "mcp__ours__status" in message["tools"]
    assert json.loads((home / ".claude.json").read_bytes())["mcpServers"] == json.loads(before)["mcpServers"]


def test_isolated_it_has_them_in_its_own_file_and_the_users_login(env: Mapping[str, str], home: Path) -> None:
    mcpconf(env, "secret", "set", "TOKEN", stdin="hunter2-hunter2")
    listed = mcpconf(env, "run", "-p", "mine", "--isolated", "--", "claude", "mcp", "list")
    assert "ours: " in listed
    assert "Connected" in listed
    assert "theirs" not in listed
    # Without a key of its own in the environment, what counts is the user's login.
    (home / ".claude").mkdir(exist_ok=True)
    oauth = {"accessToken": "sk-ant-oat01-none", "refreshToken": "r", "expiresAt": 4_000_000_000_000}
    login = {"claudeAiOauth": {**oauth, "scopes": ["user:inference"], "subscriptionType": "max"}}
    (home / ".claude/.credentials.json").write_text(json.dumps(login))
    without = {name: value for name, value in env.items() if name != "ANTHROPIC_API_KEY"}
    status = mcpconf(without, "run", "-p", "mine", "--isolated", "--", "claude", "auth", "status")
    assert json.loads(status)["loggedIn"] is True
