"""A broker with the real servers that the tests name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.suite import SDK
from tests.real.broker.house import House, house
from tests.real.programs import offline, require, unavailable

TIME = "mcp-server-time==2026.10.19"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[House]:
    """A running broker that knows the official servers, and the SDK's in each way of sharing."""
    if not SDK.exists():
        unavailable("the MCP SDK is missing (./shell/test.sh installs it)")
    everything = [require("mcp-server-everything")]
    sdk = [str(SDK), "-W", "ignore", str(Path(__file__).with_name("sdk_server.py"))]
    with house() as one:
        one.define("time", [require("uvx"), TIME, "--local-timezone", "UTC"], env=offline())
        one.define("memory", [require("mcp-server-memory")], env={"MEMORY_FILE_PATH": str(tmp_path / "memory.json")})
        one.define("everything", everything)
        one.define("everything-shared", everything, pool="shared")
        one.define("sdk", sdk)
        one.define("sdk-shared", sdk, pool="shared")
        one.define("sdk-session", sdk, pool="session")
        one.start()
        yield one
