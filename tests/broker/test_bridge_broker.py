"""A remote server behind the whole broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.start import command
from tests.broker.kit import VERSION, Broker, Client, until
from tests.broker.remote import Exchange, Remote, session

SECRET = "s3cret-value"
HELLO = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


class Far(Broker):
    """A broker that knows one server, `far`, and where its own libraries are."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        (self.config / "data/secrets").write_bytes(f"KEY={SECRET}\0".encode())

    def far(self, url: str, **more: Any) -> None:
        """Where it is."""
        given = {"version": 1, "name": "far", "url": url, "spare": 0, **more}
        (self.servers / "far.json").write_text(json.dumps(given))

    def client(self) -> Client:
        return self.open("far")

    def refused(self) -> str:
        """What a client of the era with sessions is told."""
        return str(self.client().request("initialize", HELLO)["error"]["message"])

    def everything_written(self) -> bytes:
        """All files but the one of the secrets, and what processes show of themselves."""
        found = [one.read_bytes() for one in self.base.rglob("*") if one.is_file() and one.name != "secrets"]
        for pid in self.processes("far"):
            found += [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        return b"\n".join(found) + json.dumps(self.ask("status")).encode()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Far]:
    one = Far(tmp_path / "b")
    one.program = tuple(command(()))
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


def test_it_is_kept_for_the_next_client_and_its_secret_stays_where_it_was(broker: Far) -> None:
    with Remote(serve) as remote:
        broker.far(remote.url, headers={"X-Key": "${secret:KEY}"})
        broker.start()
        for _ in range(2):
            client = broker.client()
            client.greet()
            assert client.request("tools/list")["result"]["key"] == SECRET
            pids = broker.processes("far")
            client.close()
        assert broker.processes("far") == pids
        assert len(pids) == 1
        assert SECRET.encode() not in broker.everything_written()
        posted = [one.message["method"] for one in list(remote.seen.queue) if one.method == "POST"]
        assert posted.count("initialize") == 1
        broker.stop()
        assert remote.next("DELETE").headers["Mcp-Session-Id"] == "s1"


def test_what_a_server_says_of_a_secret_is_not_logged(broker: Far) -> None:
    def echo(one: Exchange) -> None:
        if one.method == "POST" and one.message["method"] == "notifications/initialized":
            one.reply(500, f"no: {one.headers['X-Key']}".encode(), kind="text/plain")
        else:
            serve(one)

    with Remote(echo) as remote:
        broker.far(remote.url, headers={"X-Key": "secret:KEY"})
        broker.start()
        client = broker.client()
        client.greet()
        client.request("tools/list")
        told = "was not taken: the server answered HTTP 500 Internal Server Error: no: ***"
        until(lambda: told in broker.log("far"))
        assert SECRET.encode() not in broker.everything_written()


def test_clients_of_the_era_without_sessions_share_a_process(broker: Far) -> None:
    with Remote(serve) as remote:
        broker.far(remote.url)
        broker.start()
        for client in [broker.client() for _ in range(3)]:
            assert "result" in client.modern("tools/list", number="same")
        assert len(broker.processes("far")) == 1


def test_a_session_that_ends_costs_one_call(broker: Far) -> None:
    with Remote(session(lambda one: one.result({"n": 1}))) as remote:
        broker.far(remote.url)
        broker.start()
        client = broker.client()
        client.greet()
        remote.script = session(lambda one: one.reply(404))
        assert "ended the session (HTTP 404)" in client.request("tools/list")["error"]["message"]
        remote.script = session(lambda one: one.result({"n": 2}), name="s2")
        assert client.request("tools/list")["result"] == {"n": 2}


def test_a_server_that_is_down_at_first_is_not_taken_for_one_of_the_other_era(broker: Far) -> None:
    with Remote(lambda one: one.reply(503, b"starting", kind="text/plain")) as remote:
        broker.far(remote.url)
        broker.start()
        client = broker.client()
        assert "HTTP 503 Service Unavailable: starting" in client.modern("tools/list")["error"]["message"]
        remote.script = serve
        assert "result" in client.modern("tools/list")


def test_without_the_extra_the_client_is_told_what_to_install(idle: Broker) -> None:
    (idle.servers / "far.json").write_text('{"version":1,"name":"far","url":"http://127.0.0.1:1/"}')
    idle.start()  # by the standard library alone
    client = idle.open("far")
    for found in (client.request("initialize", HELLO), client.modern("server/discover")):
        assert "without its extra for remote servers; mend it with: " in found["error"]["message"]
        assert "httpx2" in found["error"]["message"]


def test_what_is_not_there_is_an_error_with_the_reason(broker: Far) -> None:
    broker.far("http://127.0.0.1:1/mcp", headers={"A": "secret:NONE"})
    broker.start()
    assert "secret:NONE is not set" in broker.refused()
    broker.far("http://127.0.0.1:1/mcp", transport="ws")
    assert "speaks ws" in broker.refused()
    broker.far("http://127.0.0.1:1/mcp")
    assert "no connection to the server" in broker.refused()
