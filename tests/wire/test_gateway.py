"""The gateway as a state machine: names, lists, who gets what, and both eras on either side."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from mcpconf.wire.actions import Era, Limits
from mcpconf.wire.gateway.names import Filter
from mcpconf.wire.gateway.offers import Known
from mcpconf.wire.versions import SUBSCRIPTION_KEY, VERSION_KEY

from .town import META, House, Person, Town, listed, tools

CALL = {"jsonrpc": "2.0", "id": 5, "method": "tools/call"}


def pair(**has: Any) -> Town:
    return Town(House("a", tools=tools("read", "one")), House("b", tools=tools("read", "two"), **has))


def call(person: Person, name: str, number: Any = 5, **more: Any) -> None:
    person.say({**CALL, "id": number, "params": {"name": name, **more}})


def test_initialize_is_answered_before_any_server_is_there() -> None:
    town = pair()
    for house in town.houses.values():
        house.mute.add("initialize")
        house.eras = ()
    one = town.person(known={"a": Known(capabilities='{"tools":{}}', instructions="be kind")})
    one.say({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}})
    first = json.loads(one.got[0])["result"]
    assert first["protocolVersion"] == "2025-06-18"
    assert first["serverInfo"] == {"name": "mcpconf", "version": "0"}
    assert set(first["capabilities"]) == {"completions", "logging", "prompts", "resources", "tools"}
    assert first["instructions"] == "# a\n\nbe kind"


def test_capabilities_are_those_that_are_remembered() -> None:
    known = {"a": Known(capabilities='{"tools":{}}'), "b": Known(capabilities='{"resources":{"subscribe":true}}')}
    found = pair().person(known=known).greet()
    assert found["capabilities"] == {
        "resources": {"listChanged": True, "subscribe": True},
        "tools": {"listChanged": True},
    }


def test_names_are_kept_unless_two_servers_have_them() -> None:
    one = pair().person()
    one.greet()
    assert listed(one.ask("tools/list")) == ["a__read", "one", "b__read", "two"]


def test_a_call_goes_to_the_one_server_under_its_own_name() -> None:
    town = pair()
    one = town.person()
    one.greet()
    one.ask("tools/list")
    line = '{ "jsonrpc":"2.0", "id" : "x" ,"method":"tools/call","params":{"a":1E400,"name" : "b__read"} }'
    one.say(line)
    (held,) = town.houses["b"].held
    assert held[1]["params"] == {"a": math.inf, "name": "read"}
    assert town.houses["a"].held == []
    odd = '{"jsonrpc":"2.0","id":%s,"result":{"n":9007199254740993, "s":"\\u00fc"}}'
    town.say(town.houses["b"], Era.LEGACY, (odd % held[1]["id"]).encode())
    assert one.got == [odd % '"x"']
    assert one.gateway.sizes()["flights"] == 0


def test_what_is_remembered_decides_names_before_its_server_is_there() -> None:
    town = pair()
    town.houses["b"].up = False
    one = town.person(known={"b": Known(capabilities='{"tools":{}}', tools=("read",))})
    one.greet()
    assert listed(one.ask("tools/list")) == ["a__read", "one"]


def test_a_name_that_was_told_stays_that_server_s() -> None:
    town = pair()
    town.houses["b"].has["tools"] = tools("two")
    one = town.person()
    one.greet()
    assert listed(one.ask("tools/list")) == ["read", "one", "two"]
    town.houses["b"].has["tools"] = tools("read")
    assert listed(one.ask("tools/list")) == ["a__read", "one", "b__read"]
    call(one, "read")
    assert [len(house.held) for house in town.houses.values()] == [1, 0]


@pytest.mark.parametrize("filters", [Filter(allow=("t*",)), Filter(deny=("read",))])
def test_what_is_filtered_is_neither_listed_nor_called(filters: Filter) -> None:
    town = pair()
    one = town.person(filters={"b": filters})
    one.greet()
    assert listed(one.ask("tools/list")) == ["read", "one", "two"]
    for name in ("b__read", "read"):
        call(one, name)
    assert len(town.houses["a"].held) == 1
    assert town.houses["b"].held == []
    assert one.heard()[0]["error"]["code"] == -32602


def test_a_filter_is_not_evaded_by_other_letters() -> None:
    """Go's encoding/json takes `Name` for `name`, and the last one counts."""
    town = pair()
    one = town.person(filters={"b": Filter(deny=("read",))})
    one.greet()
    one.ask("tools/list")
    for params in ('{"name":"two","Name":"read"}', '{"NAME":"read","name":"two"}', '{"name":"two","name":"read"}'):
        one.say(f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}')
        assert one.heard()[0]["error"]["code"] == -32600
    assert town.houses["b"].held == []


def test_a_lone_server_s_filter_holds_for_what_it_never_listed() -> None:
    town = Town(House("a", tools=tools("x")))
    one = town.person(filters={"a": Filter(deny=("secret",))})
    one.greet()
    call(one, "secret")
    assert one.heard()[0]["error"]["code"] == -32602
    call(one, "hidden")
    assert len(town.houses["a"].held) == 1


def test_a_call_before_any_list_finds_its_server() -> None:
    town = pair()
    one = town.person()
    one.greet()
    call(one, "two")
    assert len(town.houses["b"].held) == 1
    call(one, "three")
    assert one.heard()[0]["error"] == {"code": -32602, "message": "no server of this gateway has tool 'three'"}


def test_a_call_waits_longer_than_a_list_for_the_server_that_may_have_its_tool() -> None:
    town = pair()
    town.houses["b"].mute.add("tools/list")
    one = town.person()
    one.greet()
    call(one, "two")
    town.wait(10)
    assert one.got == []
    town.release("b", {"tools": tools("two")})
    assert town.houses["b"].held[-1][1]["method"] == "tools/call"

    other = town.person()
    other.greet()
    call(other, "two")
    town.wait(21)
    assert other.heard()[0]["error"] == {"code": -32602, "message": "no server of this gateway has tool 'two'"}
    assert other.gateway.sizes()["flights"] == 0


def test_pages_of_servers_are_joined_and_long_lists_are_given_in_pages() -> None:
    town = Town(House("a", tools=tools(*(f"t{n}" for n in range(2500)))), House("b", tools=tools("z")))
    town.houses["a"].page = 100
    one = town.person()
    one.greet()
    names: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        found = one.ask("tools/list", cursor)
        names += listed(found)
        cursor = {"cursor": found.get("nextCursor")}
    assert names == [f"t{n}" for n in range(2500)] + ["z"]
    assert cursor == {"cursor": None}
    assert one.ask("tools/list", {"cursor": "1"})["code"] == -32602


def test_a_server_that_starts_is_waited_for_and_then_announced() -> None:
    town = pair()
    town.houses["b"].mute.add("tools/list")
    one = town.person()
    one.greet()
    one.say({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    town.wait(1.4)
    assert one.got == []
    town.wait(0.2)
    (answer,) = one.heard()
    assert listed(answer["result"]) == ["read", "one"]
    town.release("b", {"tools": tools("two")})
    assert [message["method"] for message in one.heard()] == ["notifications/tools/list_changed"]
    town.houses["b"].mute.clear()
    assert "two" in listed(one.ask("tools/list"))


def test_a_server_that_is_down_is_left_out_until_it_is_back() -> None:
    town = pair()
    one = town.person()
    one.greet()
    one.ask("tools/list")
    town.die("b")
    assert listed(one.ask("tools/list")) == ["a__read", "one"]
    call(one, "two")
    assert "it can't be started" in one.heard()[0]["error"]["message"]
    call(one, "one")
    town.release("a")
    assert one.heard()[0]["result"]["from"] == "a"
    town.revive("b")
    assert listed(one.ask("tools/list")) == ["a__read", "one", "b__read", "two"]


def test_one_that_could_not_be_greeted_is_tried_again_and_announced() -> None:
    town = pair()
    town.houses["b"].up = False
    one = town.person()
    one.greet()
    assert listed(one.ask("tools/list")) == ["read", "one"]
    assert one.gateway.down == {"b": "the server ended: it can't be started"}
    town.wait(1.0)
    assert one.got == []
    town.revive("b")
    town.wait(2.0)
    assert [message["method"] for message in one.heard()] == ["notifications/tools/list_changed"]
    assert listed(one.ask("tools/list")) == ["a__read", "one", "b__read", "two"]


def test_a_list_that_failed_is_asked_for_again_and_announced() -> None:
    town = pair()
    one = town.person()
    one.greet()
    one.ask("tools/list")
    town.die("b")
    assert listed(one.ask("tools/list")) == ["a__read", "one"]
    town.wait(1.0)
    assert one.got == []
    town.revive("b")
    town.wait(2.0)
    assert [message["method"] for message in one.heard()] == ["notifications/tools/list_changed"]


def test_a_list_that_a_server_does_not_know_is_empty_and_not_asked_for_again() -> None:
    town = Town(House("a", resources=[{"uri": "u"}]), House("b", tools=tools("x")))
    one = town.person()
    one.greet()
    town.houses["a"].mute.add("resources/templates/list")
    one.say({"jsonrpc": "2.0", "id": 1, "method": "resources/templates/list"})
    message = town.holds("a")
    error = {"code": -32601, "message": "no such method"}
    town.say(town.houses["a"], Era.LEGACY, {"jsonrpc": "2.0", "id": message["id"], "error": error})
    assert one.heard()[0]["result"] == {"resourceTemplates": []}
    assert one.gateway.due is None


def test_a_list_that_was_cancelled_tells_nothing() -> None:
    town = pair()
    town.houses["b"].mute.add("tools/list")
    one = town.person()
    one.greet()
    one.say({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    one.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    town.wait(2.0)
    assert one.got == []
    assert one.gateway.sizes()["flights"] == 0


def test_what_waits_for_servers_is_bounded() -> None:
    town = pair()
    for house in town.houses.values():
        house.mute.add("initialize")
    one = town.person(limits=Limits(queued_size=1200), known={"a": Known(tools=("one",))})
    one.greet()
    for number in range(3):
        call(one, "one", number, arguments={"x": "y" * 400})
    assert [message["id"] for message in one.heard()] == [2]


def test_resources_go_to_who_listed_them_or_could_have() -> None:
    town = Town(
        House("a", resources=[{"uri": "x://1"}, {"uri": "x://both"}]),
        House("b", resources=[{"uri": "x://both"}], resourceTemplates=[{"uriTemplate": "file:///{+path}"}]),
    )
    one = town.person()
    one.greet()
    assert listed(one.ask("resources/list"), "resources", "uri") == ["x://1", "x://both"]
    for uri in ("x://1", "x://both", "file:///a/b"):
        one.say({"jsonrpc": "2.0", "id": uri, "method": "resources/read", "params": {"uri": uri}})
    assert [len(house.held) for house in town.houses.values()] == [2, 1]
    assert one.ask("resources/read", {"uri": "y://"})["code"] == -32602


def test_questions_of_servers_get_ids_of_their_own_and_answers_go_back_to_who_asked() -> None:
    town = pair()
    for house in town.houses.values():
        house.muxes[Era.LEGACY] = type(house.muxes[Era.LEGACY])(Era.LEGACY, exclusive=True)
        town.perform(house, Era.LEGACY, house.muxes[Era.LEGACY].server_ready())
    one = town.person()
    one.greet(roots={})
    for house in town.houses.values():
        params = {"_meta": {"progressToken": 3}}
        town.say(house, Era.LEGACY, {"jsonrpc": "2.0", "id": 3, "method": "roots/list", "params": params})
    first, second = one.heard()
    assert first["id"] != second["id"]
    assert first["params"]["_meta"]["progressToken"] == first["id"]
    one.say(
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": second["id"], "progress": 1}}
    )
    one.say({"jsonrpc": "2.0", "id": second["id"], "result": {"roots": ["b"]}})
    assert town.houses["b"].heard[-1][1] == {"jsonrpc": "2.0", "id": 3, "result": {"roots": ["b"]}}
    assert town.houses["b"].heard[-2][1]["params"] == {"progressToken": 3, "progress": 1}
    assert all("result" not in message for _, message in town.houses["a"].heard)
    one.say({"jsonrpc": "2.0", "id": second["id"], "result": {"roots": ["twice"]}})
    assert len([message for _, message in town.houses["b"].heard if "result" in message]) == 1


def test_cancelling_reaches_the_server_that_has_the_request() -> None:
    town = pair()
    one = town.person()
    one.greet()
    one.ask("tools/list")
    call(one, "two", 7)
    one.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})
    assert town.houses["b"].heard[-1][1]["method"] == "notifications/cancelled"
    assert all(message["method"] != "notifications/cancelled" for _, message in town.houses["a"].heard)
    town.release("b")
    assert one.got == []
    assert one.gateway.sizes()["flights"] == 0


def test_progress_comes_back_as_it_is() -> None:
    town = pair()
    one = town.person()
    one.greet()
    one.ask("tools/list")
    call(one, "two", _meta={"progressToken": "p"})
    token = town.houses["b"].held[0][1]["params"]["_meta"]["progressToken"]
    note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}}
    town.say(town.houses["b"], Era.LEGACY, note)
    assert one.heard()[0]["params"] == {"progressToken": "p", "progress": 1}


def test_levels_go_to_all_that_log_and_their_messages_say_who_they_are() -> None:
    town = pair()
    for house in town.houses.values():
        house.capabilities["logging"] = {}
    one = town.person()
    one.greet()
    assert one.ask("logging/setLevel", {"level": "error"}) == {}
    assert one.ask("logging/setLevel", {"level": "loud"})["code"] == -32602
    levels = [
        m["params"]["level"] for h in town.houses.values() for _, m in h.heard if m["method"] == "logging/setLevel"
    ]
    assert levels == ["error", "error"]
    for logger in ({}, {"logger": "own"}):
        params = {"level": "error", "data": 1, **logger}
        town.say(town.houses["b"], Era.LEGACY, {"jsonrpc": "2.0", "method": "notifications/message", "params": params})
    assert [message["params"]["logger"] for message in one.heard()] == ["b", "own"]


def test_batches_are_taken_apart_and_answered_in_one() -> None:
    town = pair()
    one = town.person()
    one.greet("2025-03-26")
    one.ask("tools/list")
    requests = [{**CALL, "id": n, "params": {"name": name}} for n, name in enumerate(("one", "two"))]
    one.say([*requests, {"jsonrpc": "2.0", "id": 9, "method": "ping"}])
    town.release("b")
    assert one.got == []
    town.release("a")
    (answers,) = one.heard()
    assert {answer["id"] for answer in answers} == {0, 1, 9}


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
def test_other_versions_have_no_batches(version: str) -> None:
    one = pair().person()
    if version == "2025-11-25":
        one.greet()
    one.say([{"jsonrpc": "2.0", "id": 9, "method": "ping"}])
    assert one.heard()[0]["error"]["code"] == -32600


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"nonsense", b'{"jsonrpc":"2.0","id":1}', b'{"id":1,"id":2,"method":"ping"}']
)
def test_what_is_no_message_is_refused(line: bytes) -> None:
    one = pair().person()
    one.greet("2025-03-26")
    one.say(line)
    assert one.heard()[0]["error"]["code"] in (-32700, -32600)


def test_an_id_of_the_gateway_s_own_and_too_many_requests_are_refused() -> None:
    town = pair()
    one = town.person(limits=Limits(in_flight=2))
    one.greet()
    one.say({**CALL, "id": "mcpconf-gateway-1", "params": {"name": "one"}})
    assert one.heard()[0]["error"]["code"] == -32600
    for number in range(3):
        call(one, "one", number)
    assert one.heard()[0]["error"]["code"] == -32603


# -- both eras


def test_a_modern_client_meets_both_kinds_of_server() -> None:
    town = Town(
        House("new", tools=tools("x"), eras=(Era.MODERN,)),
        House("old", tools=tools("y"), resources=[{"uri": "o://1"}]),
    )
    one = town.person()
    found = one.modern("server/discover")
    assert found["supportedVersions"] == ["2026-07-28"]
    assert found["resultType"] == "complete"
    result = one.modern("tools/list")
    assert listed(result) == ["x", "y"]
    assert (result["resultType"], result["ttlMs"], result["cacheScope"]) == ("complete", 0, "private")
    for name in ("x", "y"):
        call(one, name, name, _meta={**META, "progressToken": 1, "mine": 2})
    assert VERSION_KEY in town.houses["new"].held[0][1]["params"]["_meta"]
    assert set(town.houses["old"].held[0][1]["params"]["_meta"]) == {"progressToken", "mine"}
    town.release("new", {"resultType": "input_required", "requestState": "s"})
    town.release("old", {"content": []})
    assert [message["result"] for message in one.heard()] == [
        {"resultType": "input_required", "requestState": "s"},
        {"resultType": "complete", "content": []},
    ]
    one.say({"jsonrpc": "2.0", "id": 3, "method": "resources/read", "params": {"uri": "o://1", "_meta": META}})
    town.release("old", {"contents": []})
    assert one.heard()[0]["result"] == {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "contents": []}


@pytest.mark.parametrize("eras", [(Era.MODERN,), (Era.LEGACY,)])
def test_what_a_server_speaks_is_asked_once(eras: tuple[Era, ...]) -> None:
    town = Town(House("a", tools=tools("x"), eras=eras))
    first = town.person()
    first.modern("server/discover")
    assert first.learned["a"].speaks is eras[0]
    second = town.person(known=first.learned)
    second.modern("server/discover")
    assert listed(second.modern("tools/list")) == ["x"]
    assert (first.probed, second.probed) == (1, 0)


def test_a_server_that_speaks_otherwise_now_is_found_out() -> None:
    town = Town(House("a", tools=tools("x"), eras=(Era.MODERN,)))
    one = town.person(known={"a": Known(speaks=Era.LEGACY)})
    one.modern("server/discover")
    assert listed(one.modern("tools/list")) == ["x"]
    assert one.learned["a"].speaks is Era.MODERN


def test_a_client_with_a_session_meets_a_server_without() -> None:
    town = Town(House("new", tools=tools("x"), eras=(Era.MODERN,)), House("old", tools=tools("y")))
    one = town.person()
    one.greet(sampling={})
    assert listed(one.ask("tools/list")) == ["x", "y"]
    assert one.learned["new"].modern_only
    call(one, "x", 1, _meta={"progressToken": 4})
    meta = town.holds("new")["params"]["_meta"]
    assert meta[VERSION_KEY] == "2026-07-28"
    assert meta["io.modelcontextprotocol/clientCapabilities"] == {}
    assert "progressToken" in meta
    town.release("new", {"resultType": "complete", "content": []})
    assert one.heard()[0]["result"] == {"resultType": "complete", "content": []}
    call(one, "x", 2)
    town.release("new", {"resultType": "input_required"})
    assert "asks for input" in one.heard()[0]["error"]["message"]
    town.changed("new")
    assert one.heard() == [{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}]


def test_a_client_with_a_session_subscribes_at_a_server_without() -> None:
    uris = [{"uri": f"n://{number}"} for number in range(3)]
    town = Town(House("new", resources=uris, eras=(Era.MODERN,)), House("old", tools=tools("y")))
    one = town.person(limits=Limits(subscriptions=2))
    one.greet()
    for number, code in ((0, None), (1, None), (2, -32602)):
        assert one.ask("resources/subscribe", {"uri": f"n://{number}"}).get("code") == code
    listening = [m for _, m in town.houses["new"].held if m["method"] == "subscriptions/listen"]
    assert listening[-1]["params"]["notifications"]["resourceSubscriptions"] == ["n://0", "n://1"]
    meta = {SUBSCRIPTION_KEY: listening[-1]["id"]}
    note = {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "n://1", "_meta": meta}}
    town.say(town.houses["new"], Era.MODERN, note)
    assert one.heard()[0]["params"] == {"uri": "n://1", "_meta": {}}
    assert one.ask("resources/unsubscribe", {"uri": "n://1"}) == {}
    listening = [m for _, m in town.houses["new"].held if m["method"] == "subscriptions/listen"]
    assert listening[-1]["params"]["notifications"]["resourceSubscriptions"] == ["n://0"]


def test_a_client_listens_to_changes_of_both_kinds_of_server() -> None:
    town = Town(
        House("new", tools=tools("x"), resources=[{"uri": "n://1"}], eras=(Era.MODERN,)),
        House("old", tools=tools("y"), resources=[{"uri": "o://1"}]),
    )
    one = town.person()
    one.modern("server/discover")
    wishes = {"toolsListChanged": True, "resourceSubscriptions": ["n://1", "o://1"]}
    one.say(
        {
            "jsonrpc": "2.0",
            "id": "L",
            "method": "subscriptions/listen",
            "params": {"notifications": wishes, "_meta": META},
        }
    )
    (acknowledged,) = one.heard()
    assert acknowledged["params"]["notifications"] == wishes
    assert acknowledged["params"]["_meta"] == {SUBSCRIPTION_KEY: "L"}
    assert any(
        m["method"] == "resources/subscribe" and m["params"]["uri"] == "o://1" for _, m in town.houses["old"].heard
    )
    for name in town.houses:
        town.changed(name)
        town.changed(name, "prompts")
    note = {
        "jsonrpc": "2.0",
        "method": "notifications/tools/list_changed",
        "params": {"_meta": {SUBSCRIPTION_KEY: "L"}},
    }
    assert one.heard() == [note, note]
    params = {"uri": "o://1"}
    town.say(
        town.houses["old"],
        Era.LEGACY,
        {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": params},
    )
    assert one.heard()[0]["params"] == {"uri": "o://1", "_meta": {SUBSCRIPTION_KEY: "L"}}
    one.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "L"}})
    assert any(m["method"] == "resources/unsubscribe" for _, m in town.houses["old"].heard)
    assert any(m["method"] == "notifications/cancelled" for _, m in town.houses["new"].heard)
    town.changed("old")
    assert one.heard() == []


def test_a_client_that_asks_and_then_says_initialize_begins_anew() -> None:
    town = Town(House("new", tools=tools("x"), eras=(Era.MODERN, Era.LEGACY)), House("old", tools=tools("y")))
    one = town.person()
    one.modern("server/discover")
    one.greet()
    assert listed(one.ask("tools/list")) == ["x", "y"]
    assert one.modern("tools/list")["code"] == -32600
    assert one.modern("server/discover")["code"] == -32601


def test_another_modern_version_is_not_supported() -> None:
    meta = {**META, VERSION_KEY: "2030-01-01"}
    found = pair().person().ask("server/discover", {"_meta": meta})
    assert found["code"] == -32022
    assert found["data"] == {"supported": ["2026-07-28"], "requested": "2030-01-01"}


@pytest.mark.parametrize("method", ["ping", "logging/setLevel", "resources/subscribe"])
def test_what_the_later_era_has_no_more_is_not_there(method: str) -> None:
    assert Town(House("a", resources=[{"uri": "u"}])).person().modern(method, {"uri": "u"})["code"] == -32601


def test_a_request_that_stands_alone_says_what_its_client_can_do() -> None:
    found = pair().person().ask("tools/list", {"_meta": {VERSION_KEY: "2026-07-28"}})
    assert found["code"] == -32602


def test_tasks_go_to_the_server_that_began_them() -> None:
    town = pair()
    one = town.person()
    one.greet()
    call(one, "two", 1, task={"ttl": 1})
    town.release("b", {"task": {"taskId": "T"}})
    assert one.heard()[0]["result"] == {"task": {"taskId": "T"}}
    assert one.ask("tasks/get", {"taskId": "T"}) == {}
    assert town.houses["b"].heard[-1][1]["method"] == "tasks/get"
    assert one.ask("tasks/get", {"taskId": "other"})["code"] == -32602
    assert one.ask("tasks/list")["code"] == -32601


def test_servers_come_and_go_with_the_configuration() -> None:
    from mcpconf.wire.gateway.leg import Leg

    town = pair()
    one = town.person()
    one.greet()
    one.ask("tools/list")
    call(one, "two")
    one.do(one.gateway.part(1, "it is not configured any more"))
    failed, told = one.heard()
    assert "not configured" in failed["error"]["message"]
    assert told["method"] == "notifications/tools/list_changed"
    assert listed(one.ask("tools/list")) == ["read", "one"]
    one.do(one.gateway.join(Leg(1, "b")))
    assert [message["method"] for message in one.heard()] == ["notifications/tools/list_changed"]
    assert listed(one.ask("tools/list")) == ["a__read", "one", "b__read", "two"]
