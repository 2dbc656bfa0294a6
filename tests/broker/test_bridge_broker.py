"""A remote server behind the whole broker."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.control import ask
from mcpconf.broker.place import Paths, connect
from mcpconf.broker.start import is_reachable, start
from tests.broker.remote import META, Exchange, Remote, session

SECRET = "s3cret-value"
ROOT = Path(__file__).resolve().parents[2]


class Client:
    """One connection through the broker."""

    def __init__(self, path: str, server: str) -> None:
        self.socket = connect(path, 10)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(f"MCPCONF1 OPEN {server}\n".encode())
        assert self.stream.readline() == b"OK\n"

    def ask(self, method: str, params: Any = None, token: Any = 1) -> Any:
        line = json.dumps({"jsonrpc": "2.0", "id": token, "method": method, "params": params or {}})
        self.socket.sendall(line.encode() + b"\n")
        while "id" not in (found := json.loads(self.stream.readline())):
            pass
        assert found["id"] == token
        return found

    def modern(self, method: str, token: Any = 1, **params: Any) -> Any:
        return self.ask(method, {**params, "_meta": META}, token)

    def greet(self) -> Any:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        found = self.ask("initialize", hello, "hello")
        self.socket.sendall(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return found

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class Broker:
    """A broker of a test's own."""

    def __init__(self, base: Path) -> None:
        self.config = base / "c"
        self.data = self.config / "data"
        (self.data / "broker/servers").mkdir(parents=True)
        (self.data / "secrets").write_bytes(f"KEY={SECRET}\0".encode())
        self.paths = Paths(str(self.config / "state/run"))
        self.clients: list[Client] = []

    def define(self, url: str, **more: Any) -> None:
        given = {"version": 1, "name": "far", "url": url, "spare": 0, **more}
        (self.data / "broker/servers/far.json").write_text(json.dumps(given))

    def start(self, *argv: str) -> None:
        start(self.paths, ["--config-dir", str(self.config)], argv=argv)

    def open(self) -> Client:
        client = Client(self.paths.socket, "far")
        self.clients.append(client)
        return client

    def processes(self) -> list[int]:
        (far,) = ask(self.paths.socket, {"do": "status"})["servers"]
        return [one["pid"] for one in far["processes"]]

    def everything_written(self) -> bytes:
        """All files but the one of the secrets, and what processes show of themselves."""
        found = [one.read_bytes() for one in self.config.rglob("*") if one.is_file() and one.name != "secrets"]
        for pid in self.processes():
            found += [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        return b"\n".join(found) + json.dumps(ask(self.paths.socket, {"do": "status"})).encode()

    def end(self) -> None:
        for client in self.clients:
            client.close()
        if is_reachable(self.paths.socket):
            pid = ask(self.paths.socket, {"do": "stop"})["pid"]
            for _ in iter(lambda: os.path.exists(f"/proc/{pid}"), False):
                with contextlib.suppress(OSError), socket.socket() as waiting:
                    waiting.settimeout(0.01)
                    waiting.accept()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path)
    try:
        yield one
    finally:
        one.end()


def serve(one: Exchange) -> None:
    """Both eras: tells the session and the header that came."""

    def tell(two: Exchange) -> None:
        two.result({"session": two.headers["Mcp-Session-Id"], "key": two.headers["X-Key"], "resultType": "complete"})

    if one.method == "POST" and "_meta" in one.message.get("params", {}):
        tell(one)
    else:
        session(tell)(one)


def test_it_is_kept_for_the_next_client_and_its_secret_stays_where_it_was(broker: Broker) -> None:
    with Remote(serve) as remote:
        broker.define(remote.url, headers={"X-Key": "${secret:KEY}"})
        broker.start()
        for _ in range(2):
            client = broker.open()
            client.greet()
            assert client.ask("tools/list")["result"]["key"] == SECRET
            pids = broker.processes()
            client.close()
        assert broker.processes() == pids
        assert len(pids) == 1
        assert SECRET.encode() not in broker.everything_written()
        posted = [one.message["method"] for one in list(remote.seen.queue) if one.method == "POST"]
        assert posted.count("initialize") == 1
        broker.end()
        assert remote.next("DELETE").headers["Mcp-Session-Id"] == "s1"


def test_clients_of_the_era_without_sessions_share_a_process(broker: Broker) -> None:
    with Remote(serve) as remote:
        broker.define(remote.url)
        broker.start()
        clients = [broker.open() for _ in range(3)]
        for client in clients:
            assert "result" in client.modern("tools/list", token="same")
        assert len(broker.processes()) == 1


def test_a_session_that_ends_costs_one_call(broker: Broker) -> None:
    with Remote(session(lambda one: one.result({"n": 1}))) as remote:
        broker.define(remote.url)
        broker.start()
        client = broker.open()
        client.greet()
        remote.script = session(lambda one: one.reply(404))
        assert "HTTP 404" in client.ask("tools/list")["error"]["message"]
        remote.script = session(lambda one: one.result({"n": 2}), name="s2")
        assert client.ask("tools/list")["result"] == {"n": 2}


def test_a_server_that_is_down_at_first_is_not_taken_for_one_of_the_other_era(broker: Broker) -> None:
    with Remote(lambda one: one.reply(503, b"starting", kind="text/plain")) as remote:
        broker.define(remote.url)
        broker.start()
        client = broker.open()
        assert "HTTP 503 Service Unavailable: starting" in client.modern("tools/list")["error"]["message"]
        remote.script = serve
        assert "result" in client.modern("tools/list")


def test_without_the_extra_the_client_is_told_what_to_install(broker: Broker) -> None:
    broker.define("http://127.0.0.1:1/mcp")
    boot = "import sys; sys.path.insert(0, {!r}); from mcpconf.broker.main import main; sys.exit(main(sys.argv[1:]))"
    broker.start(sys.executable, "-I", "-S", "-c", boot.format(str(ROOT)))
    client = broker.open()
    for found in (client.greet(), client.modern("server/discover")):
        assert "without its extra for remote servers; mend it with: " in found["error"]["message"]
        assert "httpx2" in found["error"]["message"]


def test_what_is_not_there_is_an_error_with_the_reason(broker: Broker) -> None:
    broker.define("http://127.0.0.1:1/mcp", headers={"A": "secret:NONE"})
    broker.start()
    assert "secret:NONE is not set" in broker.open().greet()["error"]["message"]
    broker.define("http://127.0.0.1:1/mcp", transport="ws")
    assert "speaks ws" in broker.open().greet()["error"]["message"]
    broker.define("http://127.0.0.1:1/mcp")
    assert "no connection to the server" in broker.open().greet()["error"]["message"]
