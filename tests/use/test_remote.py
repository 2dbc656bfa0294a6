"""Trying a server behind a URL, against real HTTP servers on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.use.remote import _events, probe_http
from tests.use.fakes import tools

Start = Callable[["Habits"], str]
VERSION_HEADER = "MCP-Protocol-Version"


class Habits:
    """How a server answers; and what it was asked."""

    def __init__(self, era: str = "legacy", *, sse: bool = False, session: str | None = None, status: int = 0) -> None:
        self.era = era
        self.sse = sse
        self.session = session
        self.status = status
        self.stall = ""  # the type of an answer that never ends
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        method, names = message["method"], [{"name": name} for name in tools()]
        result: dict[str, Any] | None = None
        if self.era == "modern":
            result = {
                "server/discover": {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}},
                "tools/list": {"tools": names},
            }.get(method)
        else:
            info = {"name": "far", "version": "7"}
            result = {
                "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info},
                "tools/list": {"tools": names},
            }.get(method)
        if result is None:
            return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}}
        return {"jsonrpc": "2.0", "id": message["id"], "result": result}


class Handler(BaseHTTPRequestHandler):
    habits: Habits
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        pass

    def do_DELETE(self) -> None:
        self.habits.seen.append(("DELETE", "", dict(self.headers)))
        self.say(204, "text/plain", b"")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.habits.seen.append(("POST", message["method"], dict(self.headers)))
        if self.habits.stall:
            self.drip()
        elif self.habits.status:
            self.send_response(self.habits.status)
            self.send_header("Location", "https://elsewhere.example/mcp")
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"nope")
        elif "id" not in message:
            self.say(202, "text/plain", b"")
        else:
            self.tell(self.habits.answer(message))

    def tell(self, answer: dict[str, Any]) -> None:
        text = json.dumps(answer)
        if self.habits.sse:
            before = ': hello\r\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\r\n\r\n'
            split = text.index(",") + 1
            body = f"{before}id: 4\ndata: {text[:split]}\ndata:{text[split:]}\n\n"
            self.say(200, "text/event-stream; charset=utf-8", body.encode())
        else:
            # As the specification has it, a modern refusal comes with an error status and a JSON-RPC body.
            self.say(404 if "error" in answer else 200, "application/json", text.encode())

    def say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.habits.session:
            self.send_header("Mcp-Session-Id", self.habits.session)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """An answer that stays alive with comments, or with white space, and never says anything."""
        self.send_response(200)
        self.send_header("Content-Type", self.habits.stall)
        self.end_headers()
        self.close_connection = True
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                self.wfile.write(b": still here\n" * 10 if "event" in self.habits.stall else b" ")
        except OSError:
            return


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[tuple[ThreadingHTTPServer, Thread]] = []

    def launch(habits: Habits) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"habits": habits}))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/mcp"

    yield launch
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("sse", [False, True])
def test_a_modern_server_is_known_after_one_request(start: Start, sse: bool) -> None:
    habits = Habits("modern", sse=sse)
    found = probe_http(start(habits), {"Authorization": "Bearer x"}, 20)
    assert (found.error, found.era, found.version) == (None, "modern", "2026-07-28")
    assert found.tools == tuple(tools())
    assert [method for _verb, method, _headers in habits.seen] == ["server/discover", "tools/list"]
    for _verb, method, headers in habits.seen:
        assert headers["Authorization"] == "Bearer x"
        assert headers["Mcp-Protocol-Version"] == "2026-07-28"
        assert headers["Mcp-Method"] == method


@pytest.mark.parametrize("sse", [False, True])
def test_a_legacy_server_gets_a_handshake_and_its_session_back(start: Start, sse: bool) -> None:
    habits = Habits(sse=sse, session="s-1")
    found = probe_http(start(habits), {}, 20)
    assert (found.error, found.era, found.version) == (None, "legacy", "2025-06-18")
    assert (found.server_name, found.tools) == ("far", tuple(tools()))
    discover, initialize, initialized, listing, gone = habits.seen
    assert discover[1] == "server/discover"
    assert "Mcp-Session-Id" not in initialize[2]
    assert "Mcp-Protocol-Version" not in initialize[2]
    for _verb, _method, headers in (initialized, listing, gone):
        assert headers["Mcp-Session-Id"] == "s-1"
        assert headers["Mcp-Protocol-Version"] == "2025-06-18"
    assert gone[0] == "DELETE"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "it wants authorization (HTTP 401)"),
        (403, "it wants authorization (HTTP 403)"),
        (307, "it redirects to https://elsewhere.example/mcp (HTTP 307)"),
        (302, "it redirects to https://elsewhere.example/mcp (HTTP 302)"),
        (404, "it answered HTTP 404 Not Found"),
        (500, "it answered HTTP 500 Internal Server Error"),
    ],
)
def test_an_http_status_is_told_as_it_is(start: Start, status: int, words: str) -> None:
    habits = Habits(status=status)
    found = probe_http(start(habits), {}, 20)
    assert found.error == words
    assert len(habits.seen) == (1 if status < 404 else 2)


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
def test_an_answer_that_never_ends_runs_into_the_time_out(start: Start, kind: str) -> None:
    habits = Habits()
    habits.stall = kind
    began = time.monotonic()
    assert probe_http(start(habits), {}, 1.0).error == "it did not answer in time"
    assert time.monotonic() - began < 8


def test_a_port_where_nobody_listens_is_said_to_be_one(start: Start) -> None:
    url = start(Habits())
    nowhere = url.rsplit(":", 1)[0] + ":1/mcp"
    assert probe_http(nowhere, {}, 5).error == "nothing listens there (connection refused)"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "mcp", "http://", "http://[::1"])
def test_only_web_addresses_are_tried(url: str) -> None:
    assert "is no http or https URL" in str(probe_http(url, {}, 5).error)


def test_a_header_that_would_split_the_request_is_refused(start: Start) -> None:
    habits = Habits()
    assert probe_http(start(habits), {"X": "a\r\nB: c"}, 5).error is not None
    assert habits.seen == []


@given(st.lists(st.lists(st.binary().filter(lambda b: b"\n" not in b and b"\r" not in b), min_size=1), max_size=5))
def test_events_give_back_the_data_they_were_made_of(events: list[list[bytes]]) -> None:
    lines: list[bytes] = []
    for event in events:
        lines += [b": comment\n", b"event: message\r\n", *(b"data: " + part + b"\n" for part in event), b"\r\n"]
    assert list(_events(lines)) == [b"\n".join(event) for event in events]
