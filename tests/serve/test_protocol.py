"""What our own server answers, message by message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.serve.protocol import handle
from mcpconf.wire.versions import HANDSHAKE_VERSIONS, SERVER_KEY
from tests.use.fakes import modern, request, session

NAMES = ["status", "env", "profiles", "diff", "doctor"]


def answer(message: object) -> dict[str, Any]:
    found = handle(message, session())
    assert isinstance(found, dict)
    return found


def code(message: object) -> int:
    found = answer(message)["error"]["code"]
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("version", HANDSHAKE_VERSIONS)
def test_initialize_agrees_to_every_handshake_version(version: str) -> None:
    result = answer(request("initialize", protocolVersion=version))["result"]
    assert result["protocolVersion"] == version
    assert result["serverInfo"]["name"] == "mcpconf"
    assert "mcpconf switch" in result["instructions"]
    assert "resultType" not in result


@pytest.mark.parametrize("version", ["2026-07-28", "2030-01-01", "nonsense"])
def test_initialize_with_another_version_is_offered_our_newest(version: str) -> None:
    assert answer(request("initialize", protocolVersion=version))["result"]["protocolVersion"] == "2025-11-25"


def test_initialize_without_a_version_is_an_error() -> None:
    assert code(request("initialize")) == -32602


def test_discover_names_the_modern_versions() -> None:
    result = answer(modern("server/discover"))["result"]
    assert result["supportedVersions"] == ["2026-07-28"]
    assert result["resultType"] == "complete"
    assert result["ttlMs"] > 0
    assert result["_meta"][SERVER_KEY]["name"] == "mcpconf"


@pytest.mark.parametrize("method", ["server/discover", "tools/list", "no/such"])
def test_an_unsupported_modern_version_is_answered_with_the_ones_we_speak(method: str) -> None:
    error = answer(modern(method, version="2031-01-01"))["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2026-07-28"], "requested": "2031-01-01"}


@pytest.mark.parametrize(
    "message",
    [
        request("server/discover"),
        request("server/discover", _meta={"io.modelcontextprotocol/protocolVersion": "2026-07-28"}),
        request("tools/list", _meta={"io.modelcontextprotocol/protocolVersion": "2026-07-28"}),
        modern("tools/list", version=7),
    ],
)
def test_an_incomplete_envelope_is_invalid_params(message: dict[str, Any]) -> None:
    assert code(message) == -32602


def test_both_eras_list_the_same_tools() -> None:
    old, new = answer(request("tools/list"))["result"], answer(modern("tools/list"))["result"]
    assert [tool["name"] for tool in old["tools"]] == NAMES
    assert new["tools"] == old["tools"]
    assert (new["resultType"], new["cacheScope"]) == ("complete", "public")
    assert "ttlMs" not in old


def test_a_legacy_meta_with_a_progress_token_stays_legacy() -> None:
    assert "resultType" not in answer(request("tools/list", _meta={"progressToken": 1}))["result"]


def test_methods_that_the_modern_era_dropped_are_unknown_there() -> None:
    assert answer(request("ping"))["result"] == {}
    assert code(modern("ping")) == -32601
    assert code(modern("initialize", protocolVersion="2025-11-25")) == -32601


@pytest.mark.parametrize("method", ["resources/list", "logging/setLevel", "subscriptions/listen", ""])
def test_an_unknown_method_is_said_to_be_one(method: str) -> None:
    assert code(request(method)) == -32601
    assert code(modern(method)) == -32601


def test_a_cursor_is_invalid_since_there_is_one_page() -> None:
    assert code(request("tools/list", cursor="x")) == -32602


@pytest.mark.parametrize("make", [request, modern])
def test_a_call_gives_text_and_structured_content(make: Any) -> None:
    result = answer(make("tools/call", name="status", arguments={}))["result"]
    assert result["structuredContent"] == {"profile": "wörk\u2028", "clients": []}
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert result["isError"] is False


def test_a_call_passes_its_arguments() -> None:
    called = answer(request("tools/call", name="diff", arguments={"profile": "web"}))["result"]
    assert called["structuredContent"] == {"profile": "web"}
    assert answer(request("tools/call", name="diff"))["result"]["structuredContent"] == {"profile": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"profil": "web"}, "no argument profil"), ({"profile": 3}, "profile is a string")],
)
def test_wrong_arguments_are_told_to_the_model(arguments: dict[str, Any], words: str) -> None:
    result = answer(request("tools/call", name="diff", arguments=arguments))["result"]
    assert result["isError"] is True
    assert words in result["content"][0]["text"]


def test_a_failure_the_user_can_mend_comes_with_its_hint() -> None:
    result = answer(request("tools/call", name="profiles"))["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"] == "the profile directory is unreadable\nHint: mcpconf doctor"


def test_a_bug_is_an_error_result_and_a_traceback_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    result = answer(request("tools/call", name="env"))["result"]
    assert result["isError"] is True
    assert "ZeroDivisionError: surprise" in result["content"][0]["text"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" in printed.err


@pytest.mark.parametrize(
    "params",
    [{"name": "nope"}, {}, {"name": ["status"]}, {"name": "status", "arguments": []}],
)
def test_a_call_of_nothing_we_have_is_invalid_params(params: dict[str, Any]) -> None:
    assert code(request("tools/call", **params)) == -32602


@pytest.mark.parametrize("method", ["notifications/initialized", "notifications/cancelled", "tools/list", "no/such"])
def test_a_notification_is_never_answered(method: str) -> None:
    assert handle({"jsonrpc": "2.0", "method": method}, session()) is None


@pytest.mark.parametrize("member", ["result", "error"])
def test_an_answer_nobody_asked_for_is_ignored(member: str) -> None:
    assert handle({"jsonrpc": "2.0", "id": 1, member: {}}, session()) is None


@pytest.mark.parametrize(
    "message",
    [
        7,
        "ping",
        None,
        {},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": [1], "method": "ping"},
    ],
)
def test_what_is_no_request_is_refused_without_an_id(message: object) -> None:
    found = answer(message)
    assert found["error"]["code"] == -32600
    assert "id" not in found


@pytest.mark.parametrize("message", [{"id": 4, "method": "ping"}, {"jsonrpc": "2.0", "id": 4, "method": 7}])
def test_a_malformed_request_is_refused_under_its_id(message: dict[str, Any]) -> None:
    assert answer(message)["id"] == 4
    assert code(message) == -32600


@pytest.mark.parametrize("params", [[], "x", 0, False])
def test_params_that_are_no_object_are_invalid(params: object) -> None:
    assert code({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": params}) == -32602


def test_params_may_be_null() -> None:
    assert answer({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": None})["result"] == {}


@pytest.mark.parametrize("version", [None, "2024-11-05", "2025-06-18", "2025-11-25"])
def test_a_batch_is_refused_outside_its_version(version: str | None) -> None:
    here = session()
    if version:
        handle(request("initialize", protocolVersion=version), here)
    found = handle([request("ping")], here)
    assert isinstance(found, dict)
    assert found["error"]["code"] == -32600


def test_a_batch_is_answered_where_its_version_was_agreed() -> None:
    here = session()
    handle(request("initialize", protocolVersion="2025-03-26"), here)
    found = handle([request("ping", "a"), {"jsonrpc": "2.0", "method": "notifications/x"}, 7], here)
    assert isinstance(found, list)
    assert [item.get("id") for item in found] == ["a", None]
    assert handle([{"jsonrpc": "2.0", "method": "notifications/x"}], here) is None
    empty = handle([], here)
    assert isinstance(empty, dict)
    assert empty["error"]["code"] == -32600


IDS = st.one_of(st.text(), st.integers(-(10**30), 10**30))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@given(IDS)
def test_an_id_comes_back_as_it_was(identity: object) -> None:
    found = answer(request("ping", identity))
    assert found["id"] == identity
    assert type(found["id"]) is type(identity)


@given(JSON, st.sampled_from(["tools/call", "tools/list", "initialize", "server/discover", "ping", "x"]))
def test_any_params_get_exactly_one_result_or_error(params: object, method: str) -> None:
    found = answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    assert len({"result", "error"} & found.keys()) == 1


@given(JSON)
def test_any_json_is_answered_or_ignored_and_never_breaks_the_session(message: object) -> None:
    here = session()
    handle(message, here)
    assert handle(request("ping"), here) == {"jsonrpc": "2.0", "id": 1, "result": {}}
