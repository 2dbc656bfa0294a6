"""HTTP+SSE, the transport of 2024-11-05."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.broker.remote import META, Bridge, Exchange, Remote, Script, answer, note


class Old:
    """Says what is put into it by its one stream, and answers each request by that."""

    def __init__(self, endpoint: str = "/messages?session_id=7", then: Script | None = None) -> None:
        self.endpoint = endpoint
        self.then = then
        self.out: queue.Queue[Any] = queue.Queue()
        self.listening = threading.Event()

    def __call__(self, one: Exchange) -> None:
        if one.method == "GET":
            one.stream()
            one.event(self.endpoint, event="endpoint")
            self.listening.set()
            while (said := self.out.get()) is not None:
                one.event(said, event="message")
            one.end()
        elif self.then is not None:
            self.then(one)
        else:
            one.reply(202, b"Accepted", kind="text/plain")
            if "method" in one.message and "id" in one.message:
                self.out.put(answer(one.message["id"], {"path": one.path}))


@contextmanager
def old(server: Old, **more: Any) -> Iterator[tuple[Remote, Bridge]]:
    with Remote(server) as remote:
        try:
            with Bridge(remote.url, "sse", **more) as bridge:
                yield remote, bridge
        finally:
            server.out.put(None)


def test_messages_are_posted_where_the_server_says_and_answers_come_by_its_stream() -> None:
    server = Old()
    with old(server, headers={"Authorization": "Bearer abcdef"}) as (remote, bridge):
        assert bridge.greet()["result"] == {"path": "/messages?session_id=7"}
        bridge.ask("tools/list")
        server.out.put({"jsonrpc": "2.0", "id": 1, "method": "roots/list"})
        assert bridge.hear()["method"] == "roots/list"
        stream = remote.next("GET")
        assert (stream.path, stream.headers["Accept"]) == ("/mcp", "text/event-stream")
        for said in ("initialize", "notifications/initialized", "tools/list"):
            assert remote.next(said=said).headers["Authorization"] == "Bearer abcdef"
        server.out.put(None)
        assert bridge.end() in (0, 1)


def test_its_answers_may_come_in_any_order_and_the_server_is_told_of_a_cancelled_request() -> None:
    server = Old(then=lambda one: one.reply(202))
    with old(server) as (remote, bridge):
        bridge.post("slow")
        bridge.post("quick")
        server.out.put(answer(2, {}))
        assert bridge.hear() == answer(2, {})
        bridge.say(note("notifications/cancelled", requestId=1))
        assert remote.next(said="notifications/cancelled").message["params"] == {"requestId": 1}
        server.out.put(None)


def test_a_post_that_is_refused_is_an_error() -> None:
    server = Old(then=lambda one: one.reply(500, b"<html><body>it   broke</body></html>", kind="text/html"))
    with old(server) as (_, bridge):
        assert bridge.words() == "the server answered HTTP 500 Internal Server Error: it broke"
        server.out.put(None)


def test_the_other_era_is_refused_without_asking() -> None:
    server = Old()
    with old(server) as (remote, bridge):
        assert bridge.modern("server/discover", {"_meta": META})["error"]["code"] == -32601
        bridge.greet()
        assert remote.next().message["method"] == "initialize"
        server.out.put(None)


def test_the_end_of_the_stream_is_the_end_of_the_process() -> None:
    server = Old(then=lambda one: one.reply(202))
    with old(server) as (remote, bridge):
        bridge.post("slow")
        remote.next(said="slow")
        server.out.put(None)
        assert bridge.line() == b""
        assert bridge.end() == 1
        assert bridge.complaints == b"the server closed its stream\n"


@pytest.mark.parametrize("endpoint", ["http://evil.example.com/x", "//127.0.0.1:1/x", "https://127.0.0.1/x"])
def test_an_endpoint_elsewhere_is_refused(endpoint: str) -> None:
    with old(Old(endpoint)) as (remote, bridge):
        bridge.post("initialize")
        bridge.line()
        assert bridge.end() == 1
        assert b"another server's" in bridge.complaints
        assert remote.seen.qsize() == 1


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (lambda one: one.reply(404, b"no such page", kind="text/plain"), "HTTP 404 Not Found: no such page"),
        (lambda one: one.reply(200, {}), "'application/json', which is no stream"),
        (lambda one: one.hang_up(), "broke"),
        (lambda one: one.stream().end(), "closed its stream"),
    ],
)
def test_without_a_stream_there_is_no_server(script: Any, words: str) -> None:
    with Remote(script) as remote, Bridge(remote.url, "sse") as bridge:
        assert bridge.line() == b""
        assert bridge.end() == 1
        assert words in bridge.complaints.decode()
