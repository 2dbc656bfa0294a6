"""Streamable HTTP of 2026-07-28: each request stands alone, and its headers say what it is."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mcpconf.broker.bridge.mirror import encoded
from tests.broker.remote import META, MODERN, Exchange, answer, note, pair, session

SCHEMA = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
        "yes": {"type": "boolean", "x-mcp-header": "Yes"},
        "bad": {"type": "string", "x-mcp-header": "no token\r\n"},
        "plain": {"type": "string"},
    },
}
TOOLS = {"tools": [{"name": "t", "inputSchema": SCHEMA}, {"name": "other", "inputSchema": {}}]}
MISMATCH = {"code": -32020, "message": "Header mismatch: Mcp-Param-Region is missing"}


def plain(one: Exchange) -> None:
    assert one.method == "POST"
    one.result(TOOLS if one.message["method"] == "tools/list" else {})


def test_a_request_says_its_version_method_and_name() -> None:
    with pair(plain) as (remote, bridge):
        for method, params, name in [
            ("server/discover", {}, None),
            ("tools/call", {"name": "t"}, "t"),
            ("prompts/get", {"name": "p", "uri": "u"}, "p"),
            ("resources/read", {"uri": "file:///ü x"}, encoded("file:///ü x")),
            ("completion/complete", {"name": "t"}, None),
        ]:
            bridge.modern(method, params)
            one = remote.next()
            assert one.headers["MCP-Protocol-Version"] == MODERN
            assert (one.headers["Mcp-Method"], one.headers["Mcp-Name"]) == (method, name)
            assert one.headers["Mcp-Session-Id"] is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("us-west1", "us-west1"),
        ("a b", "a b"),
        ("", ""),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("x\r\nEvil: 1", "=?base64?" + base64.b64encode(b"x\r\nEvil: 1").decode() + "?="),
        ("\ud800", "=?base64?Pw==?="),
    ],
)
def test_a_value_that_no_header_can_carry_is_encoded(value: str, said: str) -> None:
    assert encoded(value) == said


def test_nothing_is_kept_of_a_session_and_no_stream_is_opened() -> None:
    def script(one: Exchange) -> None:
        one.result({}, Mcp_Session_Id="forced")

    with pair(script) as (remote, bridge):
        bridge.modern("tools/call", {"name": "t"})
        bridge.modern("tools/call", {"name": "t"})
        assert bridge.end() == 0
        seen = [remote.seen.get(timeout=1) for _ in range(remote.seen.qsize())]
    assert [one.method for one in seen] == ["POST", "POST"]
    assert [one.headers["Mcp-Session-Id"] for one in seen] == [None, None]


def test_arguments_that_a_tool_marks_are_said_in_headers() -> None:
    with pair(plain) as (remote, bridge):
        bridge.modern("tools/list")
        arguments: dict[str, Any] = {"region": "ü", "deep": {"n": 12345678901234567890}, "yes": False, "plain": "x"}
        bridge.modern("tools/call", {"name": "t", "arguments": arguments})
        bridge.modern("tools/call", {"name": "t", "arguments": {"region": None, "deep": [1]}})
        bridge.modern("tools/call", {"name": "other", "arguments": arguments})
        remote.next(said="tools/list")
        calls = [_params(remote.next()) for _ in range(3)]
    assert calls == [{"region": encoded("ü"), "n": "12345678901234567890", "yes": "false"}, {}, {}]


def _params(one: Exchange) -> dict[str, str]:
    found = {name.lower(): value for name, value in one.headers.items()}
    return {name.removeprefix("mcp-param-"): value for name, value in found.items() if name.startswith("mcp-param-")}


@pytest.mark.parametrize("as_stream", [False, True])
def test_a_missing_header_is_learnt_and_the_call_repeated_once(as_stream: bool) -> None:
    def script(one: Exchange) -> None:
        message = one.message
        if message["method"] == "tools/list":
            assert message["params"]["_meta"] == META
            if as_stream:
                one.stream().event(answer(message["id"], TOOLS))
                one.end()
            else:
                one.result(TOOLS)
        elif message["params"]["arguments"]["region"] == _params(one).get("region"):
            one.result({"ran": True})
        else:
            one.reply(400, {"jsonrpc": "2.0", "id": message["id"], "error": MISMATCH})

    with pair(script) as (_, bridge):
        found = bridge.modern("tools/call", {"name": "t", "arguments": {"region": "x"}})
        assert found["result"] == {"ran": True}


def test_a_mismatch_that_stays_is_the_servers_answer() -> None:
    def script(one: Exchange) -> None:
        if one.message["method"] == "tools/list":
            one.reply(500, b"oops", kind="text/plain")
        else:
            one.reply(400, {"jsonrpc": "2.0", "id": one.message["id"], "error": MISMATCH})

    with pair(script) as (remote, bridge):
        assert bridge.modern("tools/call", {"name": "t", "arguments": {}})["error"] == MISMATCH
        assert remote.seen.qsize() == 3


def test_a_cancelled_request_has_its_stream_closed_and_no_message_is_sent() -> None:
    closed: list[bool] = []

    def script(one: Exchange) -> None:
        if one.message["method"] == "tools/list":
            one.result({"tools": []})
            return
        one.stream()
        one.event(note("notifications/progress"))
        closed.append(one.gone())

    with pair(script) as (remote, bridge):
        bridge.say({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "t", "_meta": META}})
        bridge.hear()
        bridge.say(note("notifications/cancelled", requestId=9))
        bridge.modern("tools/list")
        assert bridge.end() == 0
        assert [remote.seen.get(timeout=1).message["method"] for _ in range(remote.seen.qsize())] == [
            "tools/call",
            "tools/list",
        ]
    assert closed == [True]


def test_a_subscription_that_the_server_ends_is_ended_as_over_stdio() -> None:
    def script(one: Exchange) -> None:
        one.stream()
        one.event(note("notifications/subscriptions/acknowledged"))
        if one.message["params"].get("break"):
            one.hang_up()
        else:
            one.end()

    listen = {"jsonrpc": "2.0", "id": 4, "method": "subscriptions/listen"}
    with pair(script) as (_, bridge):
        bridge.say({**listen, "params": {"_meta": META}})
        assert bridge.hear()["method"] == "notifications/subscriptions/acknowledged"
        assert bridge.hear() == {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4}}
        bridge.say({**listen, "params": {"_meta": META, "break": True}})
        bridge.hear()
        found = bridge.hear()
        assert (found["id"], found["error"]["code"]) == (4, -32603)


def test_an_answer_that_breaks_off_is_not_asked_for_again() -> None:
    def script(one: Exchange) -> None:
        one.stream()
        one.event(note("notifications/progress"), id="e1")
        one.hang_up()

    with pair(script) as (remote, bridge):
        bridge.say({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "_meta": META}})
        bridge.hear()
        assert "broke" in bridge.hear()["error"]["message"]
        assert remote.seen.qsize() == 1


def test_many_subscriptions_leave_room_for_requests() -> None:
    def script(one: Exchange) -> None:
        if one.message["method"] == "tools/list":
            one.result({"tools": []})
        else:
            one.stream().event(note("notifications/subscriptions/acknowledged"))
            one.gone()

    with pair(script) as (_, bridge):
        for number in range(100):
            listen = {"jsonrpc": "2.0", "id": f"l{number}", "method": "subscriptions/listen", "params": {"_meta": META}}
            bridge.say(listen)
        for _ in range(100):
            bridge.hear()
        bridge.modern("tools/list")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"Bad Request"),
        (404, b""),
        (405, b""),
        (500, b"oops"),
        (400, {"jsonrpc": "2.0", "error": {"code": -32600, "message": "no session"}, "id": "server-error"}),
        (400, {"jsonrpc": "2.0", "error": {"code": -32022, "message": "version"}, "id": None}),
    ],
)
def test_a_server_that_does_not_know_the_era_says_so(status: int, body: Any) -> None:
    def script(one: Exchange) -> None:
        if one.message["method"] == "server/discover":
            one.reply(status, body)
        else:
            session(lambda two: two.result({}))(one)

    with pair(lambda one: script(one) if one.method == "POST" else one.reply(405)) as (_, bridge):
        found = bridge.modern("server/discover")
        code = body["error"]["code"] if isinstance(body, dict) else -32603
        assert found["error"]["code"] == code
        bridge.greet()
        assert bridge.ask("tools/list")["result"] == {}


@pytest.mark.parametrize("status", [401, 403, 429, 502, 503])
def test_a_server_that_is_not_to_be_had_is_no_sign_of_an_era(status: int) -> None:
    error = {"jsonrpc": "2.0", "error": {"code": -32000, "message": "not now"}, "id": None}
    with pair(lambda one: one.reply(status, error)) as (_, bridge):
        bridge.say({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": META}})
        assert bridge.line() == b""
        assert bridge.end() == 1
        assert f"HTTP {status}" in bridge.complaints.decode()
