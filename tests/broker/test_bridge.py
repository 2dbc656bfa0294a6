"""Streamable HTTP of the versions with sessions: what the bridge says to the server, and to the broker."""

from __future__ import annotations

import json
import queue
import time

import pytest

from tests.broker.remote import Exchange, answer, note, pair, session


def test_a_message_goes_as_it_is_and_its_answer_comes_as_it_is() -> None:
    line = b'{"id" : 7, "jsonrpc":"2.0","method":"x","params":{"n":12345678901234567890123, "e":1e400,"s":"\\ud800"}}'
    said = b'{\r\n "jsonrpc" : "2.0",\n "result" : {"n":1.0e+2, "u":"\xe2\x80\xa8\xc2\x85"}, "id":7 }\n'
    with pair(lambda one: one.reply(200, said)) as (remote, bridge):
        bridge.say(line)
        assert bridge.line() == said.replace(b"\r", b" ").replace(b"\n", b" ").strip()
        posted = remote.next()

    assert posted.body == line
    assert posted.path == "/mcp"
    assert posted.headers["Accept"] == "application/json, text/event-stream"
    assert posted.headers["Content-Type"] == "application/json"
    assert posted.headers["MCP-Protocol-Version"] is None


def test_the_session_and_the_version_go_with_what_follows_the_handshake_and_are_given_back() -> None:
    with pair(session(lambda one: one.result({}), version="2025-06-18")) as (remote, bridge):
        bridge.greet()
        bridge.ask("tools/list")
        hello, initialized = remote.next(), remote.next()
        assert (hello.headers["Mcp-Session-Id"], hello.headers["MCP-Protocol-Version"]) == (None, None)
        for one in (initialized, remote.next(said="tools/list")):
            assert (one.headers["Mcp-Session-Id"], one.headers["MCP-Protocol-Version"]) == ("s1", "2025-06-18")
            assert one.headers["Mcp-Method"] is None
        assert bridge.end() == 0
        assert remote.next("DELETE").headers["Mcp-Session-Id"] == "s1"


def test_a_server_that_takes_no_delete_does_not_hold_up_the_end() -> None:
    def script(one: Exchange) -> None:
        if one.method == "DELETE":
            one.gone()
        else:
            session(lambda two: two.result({}))(one)

    with pair(script) as (_, bridge):
        bridge.greet()
        began = time.monotonic()
        assert bridge.end() == 0
        assert time.monotonic() - began < 5


def test_headers_of_the_profile_go_with_every_request_and_the_transports_own_win() -> None:
    headers = {"Authorization": "Bearer abcdefgh", "accept": "text/html", "Mcp-Session-Id": "forged"}
    with pair(session(lambda one: one.result({})), headers=headers) as (remote, bridge):
        bridge.greet()
        for method in ("POST", "POST", "GET"):
            one = remote.next(method)
            assert one.headers["Authorization"] == "Bearer abcdefgh"
            assert "text/html" not in one.headers["Accept"]
            assert one.headers["Mcp-Session-Id"] != "forged"
            assert one.headers["User-Agent"].startswith("mcpconf/")


def test_an_answer_as_a_stream_comes_behind_what_the_server_says_before_it() -> None:
    def script(one: Exchange) -> None:
        one.stream()
        one.chunk(b": a comment\n\n")
        one.event("ignored", event="ping")
        one.event("", id="0")
        one.event(note("notifications/progress", progress=1))
        one.event(json.dumps(answer(one.message["id"], {"a": [1, 2]}), indent=2))
        one.end()

    with pair(script) as (_, bridge):
        token = bridge.post("tools/call")
        assert bridge.hear()["method"] == "notifications/progress"
        assert bridge.hear() == answer(token, {"a": [1, 2]})


def test_an_answer_is_passed_on_before_the_stream_ends() -> None:
    def script(one: Exchange) -> None:
        one.stream()
        one.event(answer(one.message["id"], {}))
        one.event(note("notifications/late"))
        one.gone()

    with pair(script) as (_, bridge):
        bridge.ask("tools/call")
        assert bridge.hear()["method"] == "notifications/late"
        bridge.ask("tools/call", token=1)  # an id that is free again


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_stream_may_be_cut_anywhere(ending: str) -> None:
    lines = ["﻿: begin", "", "id: 5", 'data: {"jsonrpc":"2.0",', 'data:"id":1,"result":{"é":"\u2028"}}', "", ""]
    whole = ending.join(lines).encode()

    def script(one: Exchange) -> None:
        place = one.message["params"]["at"]
        one.stream()
        one.chunk(whole[:place])
        one.chunk(whole[place:])
        one.end()

    with pair(script) as (_, bridge):
        for place in range(len(whole) + 1):
            bridge.say({"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"at": place}})
            assert bridge.hear() == answer(1, {"é": "\u2028"})


def test_each_byte_may_come_alone() -> None:
    def script(one: Exchange) -> None:
        one.stream(kind="text/event-stream; charset=iso-8859-1")
        for byte in b'data: {"jsonrpc":"2.0","id":1,\r\ndata: "result":{"a":"\xc3\xa9"}}\r\n\r\n':
            one.chunk(bytes([byte]))
        one.end()

    with pair(script) as (_, bridge):
        assert bridge.ask("x") == answer(1, {"a": "é"})


def test_the_servers_own_messages_come_by_the_stream_that_is_opened_behind_the_handshake() -> None:
    def listen(one: Exchange) -> None:
        assert one.headers["Accept"] == "text/event-stream"
        assert one.headers["Mcp-Session-Id"] == "s1"
        one.stream()
        one.event({"jsonrpc": "2.0", "id": "s", "method": "roots/list"})
        one.gone()

    with pair(session(lambda one: one.result({}), listen=listen)) as (remote, bridge):
        bridge.greet()
        assert bridge.hear()["method"] == "roots/list"
        bridge.say({"jsonrpc": "2.0", "id": "s", "result": {"roots": []}})
        remote.next(said="initialize")
        remote.next(said="notifications/initialized")
        assert remote.next().message == {"jsonrpc": "2.0", "id": "s", "result": {"roots": []}}


def test_a_stream_that_breaks_is_taken_up_where_it_ended() -> None:
    came: list[str | None] = []

    def listen(one: Exchange) -> None:
        came.append(one.headers["Last-Event-ID"])
        one.stream()
        one.event(note(f"notifications/{len(came)}"), id=f"e{len(came)}", retry="1")
        if len(came) < 3:
            one.hang_up()
        else:
            one.gone()

    with pair(session(lambda one: one.result({}), listen=listen)) as (_, bridge):
        bridge.greet()
        assert [bridge.hear()["method"] for _ in range(3)] == [f"notifications/{n}" for n in (1, 2, 3)]
        assert came == [None, "e1", "e2"]


def test_an_answer_that_breaks_off_is_asked_for_again_by_its_last_event() -> None:
    def call(one: Exchange) -> None:
        one.stream()
        one.event("", id="a1", retry="1")
        one.event(note("notifications/progress"), id="a2")
        one.hang_up()

    def rest(one: Exchange) -> None:
        if one.headers["Last-Event-ID"] is None:
            one.reply(405)
        elif one.headers["Last-Event-ID"] == "a2":  # a poll that brings nothing yet
            one.stream()
            one.event("", id="a3")
            one.end()
        else:
            assert one.headers["Last-Event-ID"] == "a3"
            assert one.headers["Mcp-Session-Id"] == "s1"
            one.stream()
            one.event(answer(2, {"late": True}), id="a4")
            one.gone()

    with pair(session(call, listen=rest)) as (_, bridge):
        bridge.greet()
        bridge.post("tools/call")
        assert bridge.hear()["method"] == "notifications/progress"
        assert bridge.hear() == answer(2, {"late": True})


@pytest.mark.parametrize("ends", ["end", "hang_up"])
def test_an_answer_that_breaks_off_for_good_is_an_error(ends: str) -> None:
    def call(one: Exchange) -> None:
        one.stream()
        one.event(note("notifications/progress"))
        getattr(one, ends)()

    with pair(session(call)) as (_, bridge):
        bridge.greet()
        bridge.post("tools/call")
        bridge.hear()
        found = bridge.hear()
        assert found["id"] == 2
        assert "broke" in found["error"]["message"]


def test_the_rest_of_an_answer_that_the_server_does_not_give_is_an_error() -> None:
    def call(one: Exchange) -> None:
        one.stream()
        one.event("", id="a1", retry="1")
        one.end()

    with pair(session(call)) as (_, bridge):
        bridge.greet()
        assert "does not give the rest" in bridge.words("tools/call")


def test_a_session_that_has_ended_ends_the_process() -> None:
    def call(one: Exchange) -> None:
        if one.message["method"] == "slow":
            one.stream()
            one.event(note("notifications/begun"))
            one.gone()
        else:
            one.reply(404, {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "Session not found"}})

    with pair(session(call)) as (_, bridge):
        bridge.greet()
        bridge.post("slow")
        bridge.hear()
        bridge.post("tools/list")
        assert bridge.line() == b"", "the broker fails what waits, when it knows that the process is gone"
        assert bridge.end() == 1
        assert b"ended the session (HTTP 404)" in bridge.complaints


@pytest.mark.parametrize(
    ("status", "words", "over"),
    [
        (404, "", True),
        (410, "", True),
        (400, "Bad Request: No valid session ID provided", True),
        (400, "Bad Request: no such tool", False),
        (500, "session not found", False),
    ],
)
def test_what_tells_that_a_session_has_ended(status: int, words: str, over: bool) -> None:
    body = {"jsonrpc": "2.0", "error": {"code": -32000, "message": words}, "id": None} if words else b""
    with pair(session(lambda one: one.reply(status, body))) as (_, bridge):
        bridge.greet()
        bridge.post("tools/list")
        line = bridge.line()
        assert (line == b"") is over
        assert over or "error" in json.loads(line)
        assert bridge.end() == int(over)


def test_an_unknown_method_with_404_is_not_the_end_of_the_session() -> None:
    error = {"code": -32601, "message": "Method not found"}
    with pair(session(lambda one: one.reply(404, {"jsonrpc": "2.0", "id": one.message["id"], "error": error}))) as (
        _,
        bridge,
    ):
        bridge.greet()
        assert bridge.ask("x")["error"] == error
        assert bridge.ask("x")["error"] == error


def test_a_stream_that_comes_back_without_its_session_ends_the_process() -> None:
    came: list[int] = []

    def listen(one: Exchange) -> None:
        came.append(1)
        if len(came) == 1:
            one.stream()
            one.event(note("notifications/x"), retry="1")
            one.hang_up()
        else:
            one.reply(404)

    with pair(session(lambda one: one.result({}), listen=listen)) as (_, bridge):
        bridge.greet()
        bridge.hear()
        assert bridge.line() == b""
        assert bridge.end() == 1


def test_a_new_handshake_begins_a_new_session() -> None:
    with pair(session(lambda one: one.result({}))) as (remote, bridge):
        bridge.greet()
        remote.script = session(lambda one: one.result({}), name="s2")
        bridge.greet()
        bridge.ask("tools/list")
        hellos = [remote.next(said="initialize") for _ in range(2)]
        assert [one.headers["Mcp-Session-Id"] for one in hellos] == [None, None]
        assert remote.next(said="tools/list").headers["Mcp-Session-Id"] == "s2"


def test_the_handshakes_end_is_taken_before_the_next_request_is_sent() -> None:
    order: list[str] = []

    def script(one: Exchange) -> None:
        if one.method == "POST" and one.message["method"] == "notifications/initialized":
            one.gone(0.2)
        if one.method == "POST":
            order.append(one.message["method"])
        session(lambda two: two.result({}))(one)

    with pair(script) as (_, bridge):
        bridge.greet()
        bridge.ask("tools/list")
    assert order == ["initialize", "notifications/initialized", "tools/list"]


def test_a_cancelled_request_is_cancelled_at_the_server_and_gets_no_answer() -> None:
    def call(one: Exchange) -> None:
        if one.message["method"] == "slow":
            one.stream()
            one.event(note("notifications/begun"))
            one.gone(1)
            one.end()
        else:
            one.result({})

    with pair(session(call)) as (remote, bridge):
        bridge.greet()
        token = bridge.post("slow")
        bridge.hear()
        cancel = note("notifications/cancelled", requestId=token)
        bridge.say(cancel, cancel)
        assert remote.next(said="notifications/cancelled").message == cancel
        for _ in range(3):
            bridge.ask("tools/list")
        assert remote.seen.qsize() <= 3  # it was told once


def test_sixty_four_requests_are_under_way_and_the_others_wait() -> None:
    def call(one: Exchange) -> None:
        one.stream()
        one.event(note("notifications/begun"))
        go.get(timeout=15)
        one.event(answer(one.message["id"], {}))
        one.end()

    go: queue.Queue[None] = queue.Queue()
    with pair(call) as (remote, bridge):
        for _ in range(70):
            bridge.post("slow")
        for _ in range(64):
            assert bridge.hear()["method"] == "notifications/begun"
        assert remote.seen.qsize() == 64
        for _ in range(70):
            go.put(None)
        found = [bridge.hear() for _ in range(76)]
        assert sorted(one["id"] for one in found if "id" in one) == list(range(1, 71))


def test_a_waiting_request_that_is_cancelled_is_never_sent() -> None:
    def call(one: Exchange) -> None:
        one.stream()
        one.event(note("notifications/begun"))
        go.get(timeout=15)
        one.event(answer(one.message["id"], {}))
        one.end()

    go: queue.Queue[None] = queue.Queue()
    with pair(call) as (remote, bridge):
        tokens = [bridge.post("slow") for _ in range(66)]
        for _ in range(64):
            bridge.hear()
        bridge.say(note("notifications/cancelled", requestId=tokens[64]))
        for _ in range(65):
            go.put(None)
        found = {one.get("id") for one in (bridge.hear() for _ in range(66))}
        assert found == {None, *tokens[:64], tokens[65]}
        assert remote.seen.qsize() == 65


def test_an_id_in_use_is_refused() -> None:
    with pair(lambda one: one.gone() and None) as (_, bridge):
        bridge.post("slow", token=5)
        bridge.post("slow", token=5)
        assert bridge.hear()["error"]["code"] == -32600


@pytest.mark.parametrize("kind", [None, "application/vnd.x+json; charset=utf-8", "Application/JSON"])
def test_json_may_be_called_by_other_names(kind: str | None) -> None:
    with pair(lambda one: one.reply(200, answer(1, {"a": 1}), kind=kind)) as (_, bridge):
        assert bridge.ask("x") == answer(1, {"a": 1})
