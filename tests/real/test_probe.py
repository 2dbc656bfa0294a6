"""Trying the official servers, as `mcpconf server test` does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.use.call import probe
from mcpconf.use.introduction import ProbeResult
from mcpconf.use.remote import probe_http
from tests.real.programs import VENV_BIN, offline, require

pytestmark = pytest.mark.real

TIME = "mcp-server-time==2026.10.19"
MEMORY = "@modelcontextprotocol/server-memory@2026.8.31"


def run(*argv: str) -> ProbeResult:
    return probe(argv, {**os.environ, **offline()}, None, timeout=60)


def test_our_console_script_is_a_modern_server() -> None:
    found = run(str(VENV_BIN / "mcpconf"), "serve")
    assert (found.error, found.era, found.version) == (None, "modern", "2026-07-28")
    assert found.tools == ("status", "env", "profiles", "diff", "doctor")


def test_the_memory_server(tmp_path: Path) -> None:
    require("npx")
    found = probe(
        [require("mcp-server-memory")],
        {**os.environ, "MEMORY_FILE_PATH": str(tmp_path / "memory.json")},
        None,
        timeout=60,
    )
    assert (found.error, found.server_name) == (None, "memory-server")
    assert "create_entities" in found.tools


def test_the_memory_server_through_npx() -> None:
    found = run(require("npx"), "-y", MEMORY)
    assert (found.error, found.server_name) == (None, "memory-server")


def test_the_filesystem_server(tmp_path: Path) -> None:
    found = run(require("mcp-server-filesystem"), str(tmp_path))
    assert found.error is None
    assert "read_text_file" in found.tools


def test_the_filesystem_server_says_why_it_will_not_start(tmp_path: Path) -> None:
    found = run(require("mcp-server-filesystem"), str(tmp_path / "nowhere"))
    assert found.error == "it ended with exit code 1 before it answered"
    assert "nowhere" in found.stderr_tail


def test_the_everything_server() -> None:
    found = run(require("mcp-server-everything"))
    assert found.error is None
    assert "echo" in found.tools
    assert found.instructions


def test_the_time_server_through_uvx() -> None:
    found = run(require("uvx"), TIME)
    assert found.error is None
    assert found.tools == ("get_current_time", "convert_time")


@pytest.fixture
def everything_url() -> Iterator[str]:
    """The everything server over HTTP; it says on stderr when it listens."""
    # The server takes no port 0 and no address: a port of this process's own choosing, and a retry is not worth it.
    port = 20_000 + os.getpid() % 10_000
    argv = [require("mcp-server-everything"), "streamableHttp"]
    process = subprocess.Popen(
        argv, env={**os.environ, "PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stderr
        for line in process.stderr:
            if str(port) in line:
                break
        yield f"http://127.0.0.1:{port}/mcp"
        process.kill()


def test_the_everything_server_over_http(everything_url: str) -> None:
    found = probe_http(everything_url, {}, 30)
    assert (found.error, found.era) == (None, "legacy")
    assert "echo" in found.tools
