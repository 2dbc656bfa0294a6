"""Whatever a client or a server says: no exception, no answer twice, and nothing that stays."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpconf.wire.actions import Era
from mcpconf.wire.versions import SUBSCRIPTION_KEY, VERSION_KEY

from .town import META, House, Town, listed, tools

REQUESTED = (
    "initialize server/discover ping tools/list tools/call prompts/list prompts/get resources/list resources/read "
    "resources/templates/list resources/subscribe resources/unsubscribe completion/complete logging/setLevel tasks/get "
    "tasks/list subscriptions/listen roots/list sampling/createMessage x"
)
NOTED = (
    "initialized cancelled progress roots/list_changed message tools/list_changed resources/updated "
    "subscriptions/acknowledged"
)
METHODS = [*REQUESTED.split(), *(f"notifications/{name}" for name in NOTED.split())]
WORDS = st.sampled_from(
    ["x", "read", "a__read", "u://1", "u://{x}", "", "1", "debug", "2025-11-25", "mcpconf-gateway-1"]
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 5), WORDS, st.just({}), st.just([]), st.just({"name": "x"})
)
NAMED = (
    "name Name uri cursor level ref task taskId requestId progressToken arguments protocolVersion capabilities "
    "notifications resourceSubscriptions nextCursor tools resources"
)
NAMES = st.sampled_from(NAMED.split())
METAS = st.one_of(
    st.just({}),
    st.just(META),
    VALUES,
    st.fixed_dictionaries({"progressToken": VALUES, SUBSCRIPTION_KEY: VALUES, VERSION_KEY: WORDS}),
)
PARAMS = st.one_of(
    VALUES, st.dictionaries(NAMES, VALUES, max_size=3).flatmap(lambda one: METAS.map(lambda m: {**one, "_meta": m}))
)
IDS = st.one_of(st.integers(0, 4), WORDS, st.none(), st.just(1.5))
RESULTS = st.one_of(VALUES, st.dictionaries(NAMES, st.one_of(VALUES, st.lists(VALUES, max_size=2)), max_size=3))


def message(method: Any, number: Any, params: Any, result: Any) -> str:
    parts: dict[str, Any] = {"jsonrpc": "2.0"}
    for name, value in (("id", number), ("method", method), ("params", params), ("result", result)):
        if value is not None:
            parts[name] = value
    return json.dumps(parts)


MESSAGES = st.builds(message, st.one_of(st.none(), st.sampled_from(METHODS)), IDS, PARAMS, RESULTS | st.none())
REQUESTS = st.builds(message, st.sampled_from(METHODS), IDS, PARAMS, st.none())
TWICE = st.sampled_from(
    [
        '{"id":1,"method":"tools/call","params":{"name":"x","name":"y"}}',
        '{"id":2,"result":{"a":1,"a":2}}',
        "[]",
        "{",
        "[{}]",
    ]
)


def town() -> Town:
    has = {
        "tools": tools("read", "x"),
        "resources": [{"uri": "u://1"}],
        "resourceTemplates": [{"uriTemplate": "u://{x}"}],
    }
    return Town(House("a", **has), House("b", eras=(Era.MODERN,), tools=tools("read")))


@settings(max_examples=150, deadline=None)
@given(first=st.booleans(), lines=st.lists(st.one_of(REQUESTS, MESSAGES, TWICE), max_size=12), waits=st.booleans())
def test_a_client_may_say_anything(first: bool, lines: list[str], waits: bool) -> None:
    here = town()
    one, other = here.person(), here.person()
    other.greet()
    if first:
        one.greet("2025-03-26")
    for line in lines:
        one.say(line)
    here.wait(2.0 if waits else 0.1)
    for house in here.houses.values():
        for era, request in list(house.held):
            if request["method"] != "subscriptions/listen":
                house.held.remove((era, request))
                here.say(house, era, {"jsonrpc": "2.0", "id": request["id"], "result": {}})
    assert other.heard() == []
    assert listed(other.ask("tools/list"))[0] == "a__read"


@settings(max_examples=150, deadline=None)
@given(modern=st.booleans(), lines=st.lists(st.one_of(MESSAGES, TWICE), max_size=12))
def test_a_server_may_say_anything(modern: bool, lines: list[str]) -> None:
    """Past its multiplexer even, which lets little of it through."""
    here = town()
    one = here.person()
    if modern:
        one.modern("server/discover")
    else:
        one.greet()
    for line in lines:
        for server in (0, 1):
            one.do(one.gateway.from_server(server, line.encode()))
    here.wait(2.0)
    one.got.clear()
    found = one.modern("tools/list", number="last") if modern else one.ask("tools/list", number="last")
    assert "tools" in found


@settings(max_examples=80, deadline=None)
@given(result=st.one_of(RESULTS, TWICE), method=st.sampled_from(["initialize", "tools/list", "server/discover"]))
def test_a_server_may_answer_anything(result: Any, method: str) -> None:
    here = town()
    here.houses["a"].mute.add(method)
    one = here.person()
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}}
    one.say({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})
    one.say({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    for era, request in list(here.houses["a"].held):
        here.houses["a"].held.remove((era, request))
        text = result if isinstance(result, str) and result[:1] in "{[" and result else json.dumps(result)
        here.say(here.houses["a"], era, f'{{"jsonrpc":"2.0","id":{request["id"]},"result":{text}}}'.encode())
    here.wait(2.0)
    answers = {one.get("id"): one for one in one.heard()}
    assert "read" in str(answers[1])
