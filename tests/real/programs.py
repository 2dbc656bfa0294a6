"""The real programs that tests run: where they are, and what happens where one is missing.

`./shell/test.sh` installs them. In CI a missing one is a failure; elsewhere its tests are skipped with a reason, which
`./shell/test.sh` lists at its end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT / ".cache" / "real"
NPM_BIN = REAL / "npm" / "node_modules" / ".bin"
VENV_BIN = Path(sys.executable).parent

# ✔ Connected, ✘ Failed to connect — why, ⏸ Pending approval: a sign, words, and perhaps a reason behind a dash.
HEALTH = re.compile(r"^(?P<name>[^:]+): .* - (?P<sign>[^\w\s]\S*) (?P<status>.+?)(?: — (?P<detail>.*))?$")


class Health(NamedTuple):
    """What `claude mcp list` says of a server: `Connected`, `Failed to connect`, ...; and the reason, or ''."""

    status: str
    detail: str


def require(name: str) -> str:
    """The path of a program; without it the test fails in CI and is skipped elsewhere."""
    found = shutil.which(name, path=os.pathsep.join([str(NPM_BIN), str(VENV_BIN), os.environ.get("PATH", "")]))
    if found is None:
        unavailable(f"{name} is missing (./shell/test.sh installs it where it can)")
    return found


def unavailable(reason: str) -> NoReturn:
    """In CI what a test needs and has not is a failure; elsewhere it is skipped, and shell/test.sh lists why."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def offline() -> dict[str, str]:
    """What makes uvx and npx start servers from the caches that test.sh filled, without any network."""
    return {
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(REAL / "uv-cache"),
        "UV_TOOL_DIR": str(REAL / "uv-tools"),
        "UV_PYTHON_DOWNLOADS": "never",
        "npm_config_offline": "true",
        "npm_config_cache": str(REAL / "npm-cache"),
        "npm_config_update_notifier": "false",
    }


@cache
def alone() -> tuple[str, ...]:
    """The start of a command line that leaves its program no network but loopback; empty where that is not allowed."""
    up = ("bash", "-c", 'ip link set lo up && exec "$@"', "_")
    for flags in (("--net",), ("--map-root-user", "--net")):
        command = ("unshare", *flags, *up)
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return ()


class Claude:
    """The real Claude Code in a home of its own, without any network but loopback."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = require("claude")

    def run(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 110
    ) -> subprocess.CompletedProcess[str]:
        """Run it with nothing of the caller's environment but PATH; `env` comes on top."""
        return subprocess.run(
            [*alone(), self.program, *arguments],
            cwd=cwd or self.home,
            env=self._clean() | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Run it beside us."""
        return subprocess.Popen(
            [*alone(), self.program, *arguments],
            cwd=self.home,
            env=self._clean(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _clean(self) -> dict[str, str]:
        return {
            "PATH": os.pathsep.join([str(VENV_BIN), os.environ["PATH"]]),
            "HOME": str(self.home),
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "MCP_TIMEOUT": "60000",
            **offline(),
        }

    def mcp_list(self, *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> dict[str, Health]:
        """`claude mcp list`, which starts every server: name -> (status, detail)."""
        done = self.run("mcp", "list", cwd=cwd, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        return parse_list(done.stdout.splitlines())


def parse_list(lines: Sequence[str]) -> dict[str, Health]:
    """The servers in the output of `claude mcp list`; other lines are passed over."""
    found = (HEALTH.match(line) for line in lines)
    return {match["name"]: Health(match["status"], match["detail"] or "") for match in found if match}
