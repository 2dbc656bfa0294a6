"""Real servers over HTTP, behind shim and broker: the official everything-server of each SDK."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcpconf.broker.start import command
from tests.conformance.suite import EVERYTHING, NODE, PROGRAM, SDK, SERVER, lost, run
from tests.real.broker.client import Client
from tests.real.broker.house import House, house
from tests.real.programs import require, unavailable

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

PYTHON = (str(SDK), "-W", "ignore", "-m", "mcp_everything_server.server")
SLOW = "trigger-long-running-operation"
LEAST = 60


@contextmanager
def serving(argv: Sequence[str], port: int, env: Mapping[str, str], log: Path) -> Iterator[None]:
    """A server that listens."""
    with log.open("wb") as stream:
        popen = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env={**os.environ, **env}, cwd=log.parent
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert popen.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield
    finally:
        popen.terminate()
        popen.wait(15)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def behind(url: str, transport: str = "http") -> Iterator[House]:
    """A broker that knows it as `far`, with the libraries that a remote server takes."""
    with house() as one:
        one.boot = command(())
        one.define("far", (), url=url, transport=transport)
        one.start()
        yield one


@pytest.mark.parametrize(("kind", "path", "transport"), [("streamableHttp", "mcp", "http"), ("sse", "sse", "sse")])
def test_the_everything_server_of_node(tmp_path: Path, kind: str, path: str, transport: str) -> None:
    port = free_port()
    argv = [require("mcp-server-everything"), kind]
    with (
        serving(argv, port, {"PORT": str(port)}, tmp_path / "log"),
        behind(f"http://127.0.0.1:{port}/{path}", transport) as one,
        Client(argv=one.command("far")) as first,
    ):
        assert "serverInfo" in first.initialize()
        assert "é\u2028" in first.call("echo", message="é\u2028")
        arguments = {"duration": 0.2, "steps": 4}
        done = first.request("tools/call", name=SLOW, arguments=arguments, _meta={"progressToken": "p"})
        assert "completed" in str(done)
        assert [note["params"]["progress"] for note in first.heard("notifications/progress")] == [1, 2, 3, 4]
        pids = [process["pid"] for process in one.server("far")["processes"]]
        first.close()
        with Client(argv=one.command("far")) as second:
            second.initialize()
            assert "tools" in second.request("tools/list")
        assert pids[0] in [process["pid"] for process in one.server("far")["processes"]], "it was kept"


@pytest.mark.parametrize("suite", ["B", "C"])
def test_every_check_that_passes_through_a_pipe_passes_over_http(tmp_path: Path, suite: str) -> None:
    for path in (NODE, PROGRAM, SDK, EVERYTHING):
        if not path.exists():
            unavailable(f"{path.name} is missing (./shell/test.sh installs the conformance suite)")
    port = free_port()
    argv = [*PYTHON, "--port", str(port), "--log-level", "WARNING"]
    direct = run(suite, SERVER)
    assert sum(direct.values()) >= LEAST
    with (
        serving(argv, port, {"PYTHONPATH": str(EVERYTHING)}, tmp_path / "log"),
        behind(f"http://127.0.0.1:{port}/mcp") as one,
    ):
        assert lost(direct, lambda: run(suite, one.command("far"))) == []
