"""Sharing a process of the era without sessions."""

from __future__ import annotations

import json

import pytest

from mcpconf.wire.actions import Era, Limits
from mcpconf.wire.versions import SUBSCRIPTION_KEY

from .scene import Scene, call, code, hello, meta, modern, notice, refusal, result


def listen(token: str) -> str:
    return call(token, "subscriptions/listen", meta()[:-1] + ',"notifications":{"toolsListChanged":true}}')


def on(identity: str, method: str = "notifications/tools/list_changed") -> str:
    return notice(method, f'{{"x":1.0,"_meta":{{"{SUBSCRIPTION_KEY}":{identity}}}}}')


def test_requests_pass_with_all_that_they_say_of_themselves() -> None:
    scene = modern(1)
    line = call('"a"', params=meta(',"io.modelcontextprotocol/clientCapabilities":{"x":1e0},"\\u0061":[ ]'))
    number = scene.asked(1, line)
    scene.say(1, line)
    assert scene.heard() == [line.replace('"id":"a"', f'"id":{int(number) + 1}')]
    reply = result(number, '{"resultType":"input_required","requestState":"\\u0000"}')
    scene.serve(reply)
    assert scene.got(1) == [reply.replace(f'"id":{number}', '"id":"a"')]


def test_discover_is_the_servers_to_answer_each_time() -> None:
    scene = modern(1, 2)
    for client in (1, 2):
        scene.serve(result(scene.asked(client, call("0", "server/discover", meta()))))
        assert scene.got(client) == [result("0")]


# A request without its version is one with wrong parameters: the conformance suite's server-stateless says so.
@pytest.mark.parametrize(
    ("line", "answer"),
    [(hello("1"), -32601), (call("1", "tools/list"), -32602), (f"[{call('1', params=meta())}]", -32600)],
)
def test_nothing_that_could_lock_the_process_to_the_other_era_is_forwarded(line: str, answer: int) -> None:
    scene = modern(1)
    scene.say(1, line, notice("notifications/initialized"))
    assert scene.heard() == []
    assert code(scene.got(1)[0]) == answer


@pytest.mark.parametrize("quoted", [False, True])
def test_what_is_heard_on_a_subscription_goes_to_its_listener_under_its_own_id(quoted: bool) -> None:
    scene = modern(1, 2)
    first, second = scene.asked(1, listen("0")), scene.asked(2, listen("0.0"))
    ack = "notifications/subscriptions/acknowledged"
    scene.serve(on(f'"{first}"' if quoted else first, ack), on(f'"{second}"' if quoted else second))
    assert (scene.got(1), scene.got(2)) == ([on("0", ack)], [on("0.0")])
    end = result(second, f'{{"_meta":{{"{SUBSCRIPTION_KEY}":{second}}}}}')
    scene.serve(end, on(second))
    assert scene.got(2) == [result("0.0", f'{{"_meta":{{"{SUBSCRIPTION_KEY}":0.0}}}}')]


def test_a_long_answer_to_a_listener_is_looked_into() -> None:
    scene = modern(1, limits=Limits(quick=10))
    number = scene.asked(1, listen('"s"'))
    scene.serve(result(number, f'{{"_meta":{{"{SUBSCRIPTION_KEY}":{number}}}}}'))
    assert scene.got(1) == [result('"s"', f'{{"_meta":{{"{SUBSCRIPTION_KEY}":"s"}}}}')]


def test_an_answer_too_long_to_nothing_is_told_in_the_log() -> None:
    scene = modern(1, limits=Limits(client_line=100))
    scene.say(1, result("7", '"' + "x" * 200 + '"'))
    assert (scene.got(1), scene.heard(), len(scene.logs)) == ([], [], 1)


def test_a_listener_that_ends_hears_nothing_more() -> None:
    scene = modern(1, 2)
    first, second = scene.asked(1, listen("0")), scene.asked(2, listen("0"))
    scene.say(1, notice("notifications/cancelled", '{"requestId":0}'))
    scene.leave(2)
    assert [json.loads(line)["params"]["requestId"] for line in scene.heard()] == [int(first), int(second)]
    scene.serve(on(first), on(second), on("99"), on('"x"'))
    assert scene.got(1) == []


def test_what_is_said_on_a_subscription_is_said_under_the_servers_id_and_only_on_ones_own() -> None:
    scene = modern(1, 2)
    number = scene.asked(1, listen('"s"'))
    scene.asked(2, listen("0"))
    scene.say(1, on('"s"', "notifications/x"), call("5", params=meta(f',"{SUBSCRIPTION_KEY}":"s"')))
    note, request = scene.heard()
    assert note == on(number, "notifications/x")
    assert f'"{SUBSCRIPTION_KEY}":{number}' in request
    scene.say(2, on('"s"', "x"), on(number, "x"), call("5", params=meta(f',"{SUBSCRIPTION_KEY}":{number}')))
    assert scene.heard() == []
    assert [code(line) for line in scene.got(2)] == [-32602]


def test_the_server_may_end_a_subscription_by_itself() -> None:
    scene = modern(1)
    number = scene.asked(1, listen('"s"'))
    scene.serve(notice("notifications/cancelled", f'{{"requestId":{number},"reason":"r"}}'))
    assert scene.got(1) == [notice("notifications/cancelled", '{"requestId":"s","reason":"r"}')]
    assert scene.left_over() == {"clients": 1}
    scene.serve(notice("notifications/cancelled", f'{{"requestId":{number}}}'), on(number))
    assert scene.got(1) == []


def test_requests_of_the_server_are_dropped_and_told_in_the_log() -> None:
    scene = modern(1)
    scene.asked(1, call("1", params=meta()))
    scene.serve(call('"s"', "sampling/createMessage"))
    assert (scene.got(1), scene.heard(), len(scene.logs)) == ([], [], 1)
    scene.say(1, result('"s"'))
    assert (scene.heard(), len(scene.logs)) == ([], 2)


def test_a_notification_without_a_subscription_goes_to_the_one_it_can_be_for() -> None:
    scene = modern(1, 2)
    line = notice("notifications/message", '{"level":"info"}')
    scene.serve(line)
    first = scene.asked(1, call("1", params=meta()))
    scene.serve(line)
    scene.asked(2, call("1", params=meta()))
    scene.serve(line, notice("notifications/tools/list_changed"))
    assert (scene.got(1), scene.got(2), len(scene.logs)) == ([line], [], 3)
    scene.serve(refusal(first))
    assert scene.got(1) == [refusal("1")]


def test_what_is_said_before_there_is_a_process_waits_for_it() -> None:
    scene = Scene(Era.MODERN)
    scene.connect(1)
    scene.say(1, call("1", "a", meta()), notice("n"), call("2", "b", meta()))
    assert scene.mux.waiting
    assert scene.heard() == []
    scene.up()
    assert [json.loads(line)["method"] for line in scene.heard()] == ["a", "n", "b"]
    assert not scene.mux.waiting
    scene.die()
    scene.say(1, call("3", "c", meta()))
    scene.die("again")
    assert [code(line) for line in scene.got(1)] == [-32603] * 3
    assert scene.left_over() == {"clients": 1}


def test_a_request_that_could_be_read_in_two_ways_does_not_hold_up_the_others() -> None:
    scene = Scene(Era.MODERN)
    scene.connect(1, 2)
    twice = meta(',"progressToken":1,"progressToken":2')
    scene.say(1, call("1", "a", twice), call("2", "b", meta()))
    scene.say(2, call("2", "c", meta()))
    scene.up()
    assert [json.loads(line)["method"] for line in scene.heard()] == ["b", "c"]
    assert [code(line) for line in scene.got(1)] == [-32600]
