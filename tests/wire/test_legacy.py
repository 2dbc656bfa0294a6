"""Sharing a process of the era of sessions."""

from __future__ import annotations

import json

import pytest

from mcpconf.wire.actions import Drop, Elsewhere, Era, Limits

from .scene import (
    INITIALIZED,
    LATEST,
    WELCOME,
    Scene,
    call,
    code,
    hello,
    join,
    legacy,
    notice,
    refusal,
    result,
)

# -- the handshake


def started(*clients: int, limits: Limits | None = None) -> Scene:
    scene = Scene(Era.LEGACY, limits)
    scene.up()
    scene.connect(*clients)
    return scene


def test_the_first_handshake_is_passed_on_without_the_clients_capabilities() -> None:
    scene = started(1)
    line = hello('"a"', capabilities='{"roots":{"listChanged":true}}').replace('"name":"c"', '"name":"\\u00e9","x":1e0')
    scene.say(1, line)
    (heard,) = scene.heard()
    number = json.loads(heard)["id"]
    assert heard == line.replace('"a"', str(number)).replace('{"roots":{"listChanged":true}}', "{}")
    scene.serve(WELCOME % (number, LATEST))
    assert scene.got(1) == [WELCOME % ('"a"', LATEST)]
    assert scene.heard() == [INITIALIZED]
    scene.say(1, INITIALIZED)
    assert scene.heard() == []


def test_later_clients_are_answered_from_what_the_first_one_got() -> None:
    scene = legacy(1)
    scene.connect(2)
    scene.say(2, hello('"second"'), INITIALIZED)
    assert scene.heard() == []
    assert scene.got(2) == [WELCOME % ('"second"', LATEST)]
    scene.say(2, hello("2"))
    assert (scene.heard(), scene.got(2)) == ([], [WELCOME % ("2", LATEST)])


def test_clients_that_come_during_the_handshake_wait_for_its_answer() -> None:
    scene = started(1, 2, 3)
    number = scene.asked(1, hello("1"))
    scene.say(2, hello("2"))
    scene.say(3, hello("3"))
    scene.leave(1)
    scene.leave(3)
    assert scene.heard() == []
    scene.serve(WELCOME % (number, LATEST))
    assert scene.got(2) == [WELCOME % ("2", LATEST)]


def test_a_server_that_answers_with_another_version_is_taken_at_its_word() -> None:
    scene = started(1)
    scene.serve(WELCOME % (scene.asked(1, hello("1")), "2025-06-18"))
    assert scene.got(1) == [WELCOME % ("1", "2025-06-18")]
    for client, version in ((2, LATEST), (3, "2025-06-18")):
        scene.connect(client)
        scene.say(client, hello("9", version))
        assert scene.got(client) == [WELCOME % ("9", "2025-06-18")]


def test_a_client_of_another_version_is_sent_elsewhere_with_what_it_said() -> None:
    scene = legacy(1)
    scene.connect(2)
    scene.say(2, hello("0", "2024-11-05"))
    assert scene.elsewhere == [Elsewhere(2, "2024-11-05", (hello("0", "2024-11-05").encode(),))]
    assert scene.heard() == []
    assert scene.left_over() == {"clients": 1}


def test_one_that_came_during_the_handshake_is_sent_elsewhere_with_all_that_it_said() -> None:
    scene = started(1, 2)
    number = scene.asked(1, hello("1"))
    said = [hello("0", "2024-11-05"), call("1", "tools/list"), notice("x")]
    scene.say(2, *said)
    scene.serve(WELCOME % (number, LATEST))
    assert scene.elsewhere == [Elsewhere(2, "2024-11-05", tuple(line.encode() for line in said))]
    assert scene.heard() == [INITIALIZED]
    assert scene.left_over() == {"clients": 1}


def test_a_session_can_not_change_its_version() -> None:
    scene = legacy(1)
    scene.say(1, hello("1", "2024-11-05"))
    assert code(scene.got(1)[0]) == -32600
    assert scene.elsewhere == []


def test_what_is_said_during_the_handshake_is_queued_in_order() -> None:
    scene = Scene(Era.LEGACY)
    scene.connect(1)
    scene.say(1, hello(), INITIALIZED, call('"a"', "m1"), notice("n"), call('"b"', "m2"), call('"c"', "m3"))
    assert scene.heard() == []
    assert scene.mux.waiting
    scene.say(1, notice("notifications/cancelled", '{"requestId":"b"}'))
    scene.up()
    assert not scene.mux.waiting
    (heard,) = scene.heard()
    scene.serve(WELCOME % (json.loads(heard)["id"], LATEST))
    heard, *rest = scene.heard()
    assert heard == INITIALIZED
    assert [json.loads(line)["method"] for line in rest] == ["m1", "n", "m3"]
    for line in (rest[2], rest[0]):
        scene.serve(result(json.loads(line)["id"]))
    assert scene.got(1) == [WELCOME % ("0", LATEST), result('"c"'), result('"a"')]
    assert scene.left_over() == {"clients": 1}


@pytest.mark.parametrize("limits", [Limits(queued=3), Limits(queued_size=200)])
def test_the_queue_is_bounded(limits: Limits) -> None:
    scene = started(1, limits=limits)
    number = scene.asked(1, hello())
    scene.say(1, *[call(str(token)) for token in range(10)], notice("lost", f'"{"x" * 99}"'))
    refused = [json.loads(line)["id"] for line in scene.got(1)]
    assert refused == [*range(10 - len(refused), 10)]
    assert len(scene.logs) == 1
    scene.serve(WELCOME % (number, LATEST))
    assert len(scene.heard()) == 1 + 10 - len(refused)


def test_nothing_is_forwarded_for_who_never_said_initialize() -> None:
    scene = legacy(1)
    scene.connect(2)
    scene.say(2, call("1", "tools/list"), call("2", "ping"), notice("x"), INITIALIZED)
    refused, pong = scene.got(2)
    assert (code(refused), pong, scene.heard()) == (-32600, result("2"), [])


@pytest.mark.parametrize("params", ["{}", '{"protocolVersion":1}', "[]", '{"protocolVersion":"' + "x" * 5000 + '"}'])
def test_a_handshake_without_a_version_is_refused_here(params: str) -> None:
    scene = started(1)
    scene.say(1, call("1", "initialize", params))
    assert (code(scene.got(1)[0]), scene.heard()) == (-32602, [])


def test_initialize_can_not_be_cancelled() -> None:
    scene = started(1)
    number = scene.asked(1, hello("1"))
    scene.say(1, notice("notifications/cancelled", '{"requestId":1}'))
    assert scene.heard() == []
    scene.serve(WELCOME % (number, LATEST))
    assert len(scene.got(1)) == 1


REFUSED = [
    refusal("%s", -32602),
    '{"jsonrpc":"2.0","id":%s,"result":{"capabilities":{}}}',
    '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"1","protocolVersion":"2"}}',
    '{"jsonrpc":"2.0","id":%s,"result":{]}',
]


@pytest.mark.parametrize("form", REFUSED)
def test_a_handshake_that_fails_is_told_to_all_who_wait_and_may_be_tried_again(form: str) -> None:
    scene = started(1, 2)
    number = scene.asked(1, hello("1"))
    scene.say(1, call("5"))
    scene.say(2, hello('"2"'))
    scene.serve(form % number)
    assert {json.loads(line)["id"]: "error" in line for line in scene.got(1)} == {1: True, 5: True}
    (other,) = scene.got(2)
    assert (json.loads(other)["id"], "error" in other) == ("2", True)
    assert scene.left_over() == {"clients": 2}
    scene.serve(WELCOME % (scene.asked(2, hello("3")), LATEST))
    assert scene.got(2) == [WELCOME % ("3", LATEST)]


def test_a_progress_token_of_the_handshake_is_not_taken_for_one_of_ours() -> None:
    scene = started(1)
    line = hello("1").replace('"capabilities"', '"_meta":{"progressToken":2},"capabilities"')
    scene.serve(WELCOME % (scene.asked(1, line), LATEST))
    scene.got(1)
    scene.serve(notice("notifications/progress", '{"progressToken":2}'))
    assert scene.got(1) == []


def test_an_answer_to_what_the_server_was_not_given_yet_is_dropped() -> None:
    scene = started(1)
    number = int(scene.asked(1, hello("1")))
    scene.say(1, call("2"))
    for guess in range(number - 1, number + 3):
        if guess != number:
            scene.serve(result(str(guess)))
    assert scene.got(1) == []
    scene.serve(WELCOME % (number, LATEST))
    scene.serve(result(str(json.loads(scene.heard()[1])["id"])))
    assert scene.got(1) == [WELCOME % ("1", LATEST), result("2")]


def test_one_that_asked_twice_for_another_version_is_sent_elsewhere_once() -> None:
    scene = started(1, 2)
    number = scene.asked(1, hello("1"))
    scene.say(2, hello("0", "2024-11-05"), hello("1", "2024-11-05"))
    scene.serve(WELCOME % (number, LATEST))
    assert len(scene.elsewhere) == 1
    assert scene.left_over() == {"clients": 1}


# -- a process that dies and is replaced


def test_a_new_process_is_greeted_again_and_the_clients_notice_nothing() -> None:
    scene = legacy(1, 2)
    scene.die()
    assert not scene.mux.waiting
    scene.say(1, call("1", "m"))
    assert scene.heard() == []
    assert scene.mux.waiting
    scene.up()
    (heard,) = scene.heard()
    assert json.loads(heard)["params"]["capabilities"] == {}
    scene.serve(WELCOME % (json.loads(heard)["id"], LATEST))
    assert [json.loads(line)["method"] for line in scene.heard()] == ["notifications/initialized", "m"]
    assert (scene.got(1), scene.got(2), scene.dropped) == ([], [], [])


def test_what_waits_for_a_process_that_can_not_be_started_is_answered() -> None:
    scene = Scene(Era.LEGACY)
    scene.connect(1)
    scene.say(1, hello("1"), call("2"))
    scene.die("no such file")
    assert [code(line) for line in scene.got(1)] == [-32603, -32603]
    assert scene.left_over() == {"clients": 1}
    scene.up()
    assert scene.heard() == []
    assert scene.asked(1, hello("1", "2024-11-05"))


def test_clients_are_dropped_when_the_new_process_speaks_another_version() -> None:
    scene = legacy(1)
    scene.die()
    scene.connect(2)
    scene.say(1, call("1"))
    scene.up()
    scene.serve(WELCOME % (json.loads(scene.heard()[0])["id"], "2025-06-18"))
    assert scene.dropped == [Drop(1, "the server speaks 2025-06-18 since it was restarted")]
    assert scene.left_over() == {"clients": 1}


def test_clients_are_dropped_when_the_new_process_refuses_the_handshake() -> None:
    scene = legacy(1)
    scene.die()
    scene.up()
    scene.serve(refusal(str(json.loads(scene.heard()[0])["id"])))
    assert [one.client for one in scene.dropped] == [1]
    assert scene.left_over() == {}


# -- requests of the server


def test_a_request_of_the_server_goes_to_the_one_client_with_requests_in_flight() -> None:
    scene = legacy(1, 2)
    scene.asked(2, call("1"))
    scene.serve('{"x":1,"id":"s","method":"sampling/createMessage","params":{"n":1.0}}')
    (asked,) = scene.got(2)
    number = json.loads(asked)["id"]
    assert asked == f'{{"x":1,"id":{number},"method":"sampling/createMessage","params":{{"n":1.0}}}}'
    assert scene.got(1) == []
    scene.say(1, result(str(number), '"stolen"'))
    assert scene.heard() == []
    scene.say(2, result(str(number), "1e2"), result(str(number)))
    assert scene.heard() == [result('"s"', "1e2")]
    assert "asked" not in scene.left_over()


def in_flight_nowhere(scene: Scene) -> None:
    """Nobody asks anything."""


def in_flight_twice(scene: Scene) -> None:
    for client in (1, 2):
        scene.asked(client, call("1"))


def one_was_cancelled(scene: Scene) -> None:
    in_flight_twice(scene)
    scene.say(1, notice("notifications/cancelled", '{"requestId":1}'))


def one_is_gone(scene: Scene) -> None:
    in_flight_twice(scene)
    scene.leave(1)


def only_one_and_gone(scene: Scene) -> None:
    scene.asked(1, call("1"))
    scene.leave(1)


DOUBTS = [in_flight_nowhere, in_flight_twice, one_was_cancelled, one_is_gone, only_one_and_gone]


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_request_of_the_server_in_doubt_is_refused_and_shown_to_nobody(doubt: object) -> None:
    scene = legacy(1, 2, 3)
    assert callable(doubt)
    doubt(scene)
    scene.heard()
    scene.serve(call('"s"', "elicitation/create"))
    (heard,) = scene.heard()
    assert (json.loads(heard)["id"], code(heard)) == ("s", -32603)
    assert (scene.got(2), scene.got(3)) == ([], [])


def test_the_server_is_told_that_we_are_there() -> None:
    scene = legacy(1)
    scene.serve(call("1.0", "ping"))
    assert (scene.heard(), scene.got(1)) == ([result("1.0")], [])


def test_an_answer_too_long_to_what_the_server_asked_becomes_an_error() -> None:
    scene = legacy(1, limits=Limits(client_line=1000))
    scene.asked(1, call("1"))
    scene.serve(call('"s"', "sampling/createMessage"))
    number = json.loads(scene.got(1)[0])["id"]
    scene.say(1, result(str(number), '"' + "x" * 2000 + '"'), result("99", '"' + "x" * 2000 + '"'))
    (heard,) = scene.heard()
    assert (json.loads(heard)["id"], code(heard)) == ("s", -32603)


def test_an_answer_too_long_of_another_client_is_not_taken_for_the_one_that_was_asked() -> None:
    scene = legacy(1, 2, limits=Limits(client_line=1000))
    scene.asked(1, call("1"))
    scene.serve(call('"s"', "sampling/createMessage"))
    number = json.loads(scene.got(1)[0])["id"]
    scene.say(2, result(str(number), '"' + "x" * 2000 + '"'))
    scene.leave(2)
    assert scene.heard() == []
    scene.serve(notice("notifications/cancelled", '{"requestId":"other"}'))
    scene.say(1, result(str(number)))
    assert scene.heard() == [result('"s"')]


def test_what_a_client_that_left_was_asked_is_refused() -> None:
    scene = legacy(1, 2)
    scene.asked(1, call("1"))
    scene.serve(call('"s"', "roots/list"))
    scene.leave(1)
    cancelled, refused = scene.heard()
    assert "cancelled" in cancelled
    assert (json.loads(refused)["id"], code(refused)) == ("s", -32603)


def test_the_server_may_withdraw_what_it_asked_or_die_of_it() -> None:
    scene = legacy(1, 2)
    scene.asked(1, call("1"))
    scene.serve(call('"s"', "roots/list"), call('"t"', "roots/list"))
    first, second = (json.loads(line)["id"] for line in scene.got(1))
    scene.serve(notice("notifications/cancelled", '{"requestId":"s","x":1}'))
    assert scene.got(1) == [notice("notifications/cancelled", f'{{"requestId":{first},"x":1}}')]
    assert scene.got(2) == []
    scene.die()
    withdrawn, failed = map(json.loads, sorted(scene.got(1), key=lambda line: '"id"' in line))
    assert (withdrawn["params"]["requestId"], failed["id"]) == (second, 1)
    assert "asked" not in scene.left_over()


def test_only_who_was_asked_can_tell_of_its_progress() -> None:
    scene = legacy(1, 2)
    scene.asked(1, call("1"))
    scene.serve(call('"s"', "sampling/createMessage", '{"_meta":{"progressToken":"p"}}'))
    line = notice("notifications/progress", '{"progressToken":"p","progress":1}')
    scene.say(2, line)
    assert scene.heard() == []
    scene.say(1, line)
    assert scene.heard() == [line]


def test_a_client_is_not_asked_without_bounds() -> None:
    scene = legacy(1, limits=Limits(asked=2))
    scene.asked(1, call("1"))
    scene.serve(*[call(str(token), "roots/list") for token in range(5)])
    assert len(scene.got(1)) == 2
    assert [json.loads(line)["id"] for line in scene.heard()] == [2, 3, 4]


# -- logging


def level(token: str, name: str) -> str:
    return call(token, "logging/setLevel", f'{{"level":"{name}","x":1e0}}')


def log(name: str) -> str:
    return notice("notifications/message", f'{{"level":"{name}","data":"\\u00fc"}}')


def test_the_server_has_the_most_verbose_level_that_anyone_wants() -> None:
    scene = legacy(1, 2, 3)
    for client, wanted, told in ((1, "warning", "warning"), (2, "debug", "debug"), (3, "error", "debug")):
        scene.say(client, level("1", wanted))
        (heard,) = scene.heard()
        assert json.loads(heard)["params"]["level"] == told
        assert '"x":1e0' in heard
        scene.serve(result(str(json.loads(heard)["id"])))
        assert scene.got(client) == [result("1")]
    scene.leave(3)
    assert scene.heard() == []
    scene.leave(2)
    (heard,) = map(json.loads, scene.heard())
    assert (heard["method"], heard["params"]) == ("logging/setLevel", {"level": "warning"})
    scene.leave(1)
    assert json.loads(scene.heard()[0])["params"] == {"level": "info"}


def test_a_level_is_told_to_a_new_process() -> None:
    scene = legacy(1)
    scene.serve(result(scene.asked(1, level("1", "debug"))))
    scene.die()
    scene.up()
    scene.serve(WELCOME % (json.loads(scene.heard()[0])["id"], LATEST))
    assert '"level":"debug"' in scene.heard()[1]


def test_a_level_that_the_server_refuses_or_nobody_knows_is_not_kept() -> None:
    scene = legacy(1, 2)
    scene.serve(result(scene.asked(1, level("1", "error"))))
    scene.serve(refusal(scene.asked(1, level("1", "debug"))))
    scene.serve(refusal(scene.asked(2, level("1", "debug"))))
    scene.serve(result(scene.asked(2, level("1", "loud"))))
    assert scene.left_over()["levels"] == 1
    scene.say(2, level("2", "critical"))
    assert '"level":"error"' in scene.heard()[0]


def test_each_client_sees_the_messages_of_its_level() -> None:
    scene = legacy(1, 2)
    for client, wanted in ((1, "error"), (2, "debug")):
        scene.serve(result(scene.asked(client, level("1", wanted))))
        scene.got(client)
    scene.asked(1, call("1"))
    scene.serve(log("warning"), log("error"), log("emergency"), log("strange"))
    assert scene.got(1) == [log("error"), log("emergency"), log("strange")]
    assert scene.got(2) == []


def test_log_messages_in_doubt_are_dropped() -> None:
    scene = legacy(1, 2)
    scene.serve(log("emergency"))
    in_flight_twice(scene)
    scene.serve(log("emergency"))
    assert (scene.got(1), scene.got(2), len(scene.logs)) == ([], [], 2)


def test_the_only_client_sees_all_messages() -> None:
    scene = legacy(1)
    scene.serve(log("debug"))
    assert scene.got(1) == [log("debug")]


def test_log_messages_may_be_shared_on_demand_and_keep_their_levels() -> None:
    scene = legacy(1, 2, 3, shared_logs=True)
    scene.serve(result(scene.asked(1, level("1", "debug"))))
    scene.serve(result(scene.asked(2, level("1", "error"))))
    scene.got(1), scene.got(2)
    scene.serve(log("debug"), log("info"), log("error"))
    assert [len(scene.got(client)) for client in (1, 2, 3)] == [3, 1, 2]


# -- subscriptions


def subscribe(token: str, uri: str = "r:/a", verb: str = "subscribe") -> str:
    return call(token, f"resources/{verb}", f'{{"uri":"{uri}","x":1.0}}')


def updated(uri: str) -> str:
    return notice("notifications/resources/updated", f'{{"uri":"{uri}","x":1.0}}')


def test_the_server_hears_of_the_first_and_the_last_subscriber_alone() -> None:
    scene = legacy(1, 2, 3)
    scene.say(1, subscribe("1"))
    (heard,) = scene.heard()
    number = json.loads(heard)["id"]
    assert heard == subscribe(str(number))
    scene.say(2, subscribe('"2"'))
    assert (scene.heard(), scene.got(2)) == ([], [])
    scene.serve(result(str(number), '{"y":1.0}'))
    assert (scene.got(1), scene.got(2)) == ([result("1", '{"y":1.0}')], [result('"2"', '{"y":1.0}')])
    scene.say(3, subscribe("3"))
    assert (scene.heard(), scene.got(3)) == ([], [result("3")])

    scene.serve(updated("r:/a"), updated("r:/b"))
    assert [scene.got(client) for client in (1, 2, 3)] == [[updated("r:/a")]] * 3

    scene.say(1, subscribe("4", verb="unsubscribe"))
    scene.leave(2)
    assert (scene.heard(), scene.got(1)) == ([], [result("4")])
    scene.serve(updated("r:/a"))
    assert (scene.got(1), scene.got(3)) == ([], [updated("r:/a")])
    scene.leave(3)
    (heard,) = map(json.loads, scene.heard())
    assert (heard["method"], heard["params"]) == ("resources/unsubscribe", {"uri": "r:/a"})
    scene.serve(result(str(heard["id"])))
    assert scene.left_over() == {"clients": 1}


def test_a_subscription_that_is_refused_is_refused_to_all_who_wait() -> None:
    scene = legacy(1, 2)
    number = scene.asked(1, subscribe("1"))
    scene.say(2, subscribe("2"))
    scene.serve(refusal(number))
    assert (scene.got(1), scene.got(2)) == ([refusal("1")], [refusal("2")])
    assert scene.left_over() == {"clients": 2}
    assert scene.asked(1, subscribe("3"))


def test_a_subscriber_that_comes_while_the_last_one_goes_is_subscribed_again() -> None:
    scene = legacy(1, 2)
    scene.serve(result(scene.asked(1, subscribe("1"))))
    goes = scene.asked(1, subscribe("2", verb="unsubscribe"))
    scene.say(2, subscribe("3"))
    assert scene.heard() == []
    scene.serve(result(goes))
    (heard,) = map(json.loads, scene.heard())
    assert heard["method"] == "resources/subscribe"
    scene.serve(result(str(heard["id"])))
    assert scene.got(2) == [result("3")]


@pytest.mark.parametrize("leaves", [False, True])
def test_who_asked_first_may_give_up_while_another_waits(leaves: bool) -> None:
    scene = legacy(1, 2)
    number = scene.asked(1, subscribe("1"))
    scene.say(2, subscribe("2"))
    if leaves:
        scene.leave(1)
    else:
        scene.say(1, notice("notifications/cancelled", '{"requestId":1}'))
    assert scene.heard() == []
    scene.serve(result(number), updated("r:/a"))
    assert scene.got(2) == [result("2"), updated("r:/a")]
    assert leaves or scene.got(1) == []


def test_a_subscription_that_nobody_wants_any_more_is_ended_when_it_is_there() -> None:
    scene = legacy(1)
    number = scene.asked(1, subscribe("1"))
    scene.say(1, subscribe("2", verb="unsubscribe"))
    assert scene.heard() == []
    scene.serve(result(number))
    (heard,) = map(json.loads, scene.heard())
    assert heard["method"] == "resources/unsubscribe"
    scene.serve(result(str(heard["id"])))
    assert scene.left_over() == {"clients": 1}


def test_a_subscribe_that_waits_for_an_unsubscribe_and_is_taken_back_is_answered() -> None:
    scene = legacy(1)
    scene.serve(result(scene.asked(1, subscribe("1"))))
    number = scene.asked(1, subscribe("2", verb="unsubscribe"))
    scene.say(1, subscribe("3"), subscribe("4", verb="unsubscribe"))
    scene.serve(result(number))
    assert scene.got(1) == [result("1"), result("2"), result("4"), result("3")]
    assert scene.left_over() == {"clients": 1}


def test_one_of_two_subscribes_that_is_cancelled_leaves_the_other() -> None:
    scene = legacy(1)
    number = scene.asked(1, subscribe("1"))
    scene.say(1, subscribe("2"), notice("notifications/cancelled", '{"requestId":1}'))
    scene.serve(result(number))
    assert (scene.got(1), scene.heard()) == ([result("2")], [])
    assert scene.left_over()["subscriptions"] == 1


def test_an_update_of_something_below_reaches_who_subscribed_above() -> None:
    scene = legacy(1, 2, 3)
    for client, uri in ((1, "file:///a"), (2, "file:///ab"), (3, "file:///a/")):
        scene.serve(result(scene.asked(client, subscribe("1", uri))))
        scene.got(client)
    scene.serve(updated("file:///a/b"))
    assert [len(scene.got(client)) for client in (1, 2, 3)] == [1, 0, 1]


def test_subscriptions_outlive_the_process() -> None:
    scene = legacy(1, 2)
    scene.serve(result(scene.asked(1, subscribe("1"))))
    scene.asked(2, subscribe("1", "r:/b"))
    scene.die()
    scene.up()
    assert len(scene.got(2)) == 1
    scene.serve(WELCOME % (json.loads(scene.heard()[0])["id"], LATEST))
    _, heard = scene.heard()
    assert json.loads(heard)["params"] == {"uri": "r:/a"}
    scene.serve(result(str(json.loads(heard)["id"])), updated("r:/a"))
    assert scene.got(1)[-1] == updated("r:/a")


def test_a_subscription_that_a_new_process_refuses_is_no_more() -> None:
    scene = legacy(1)
    scene.serve(result(scene.asked(1, subscribe("1"))))
    scene.die()
    scene.up()
    scene.serve(WELCOME % (json.loads(scene.heard()[0])["id"], LATEST))
    scene.serve(refusal(str(json.loads(scene.heard()[1])["id"])))
    assert scene.left_over() == {"clients": 1}


def test_what_the_broker_asks_for_itself_is_bounded() -> None:
    scene = legacy(1, limits=Limits(tombstones=2))
    heard = []
    for client in range(2, 7):
        join(scene, client)
        scene.serve(result(scene.asked(client, level("1", "debug"))))
        scene.leave(client)
        heard += [str(json.loads(line)["id"]) for line in scene.heard()]
    assert (len(heard), scene.left_over()["own"]) == (5, 2)
    scene.serve(*[result(number) for number in heard])
    assert scene.left_over() == {"clients": 1}


def test_subscribers_that_leave_while_there_is_no_process_are_forgotten() -> None:
    scene = legacy(1)
    scene.serve(result(scene.asked(1, subscribe("1"))))
    scene.serve(result(scene.asked(1, level("2", "debug"))))
    scene.die()
    scene.leave(1)
    assert (scene.heard(), scene.left_over()) == ([], {})


def test_odd_subscriptions_are_the_servers_to_judge_and_endless_ones_are_not() -> None:
    scene = legacy(1, limits=Limits(subscriptions=1, token=20))
    assert scene.asked(1, call("1", "resources/subscribe", '{"uri":7}'))
    assert scene.asked(1, call("1", "resources/unsubscribe", '{"uri":"r:/never"}'))
    scene.say(1, subscribe("2", "x" * 30))
    assert code(scene.got(1)[0]) == -32602
    assert scene.asked(1, subscribe("3", "r:/1"))
    scene.say(1, subscribe("4", "r:/2"))
    assert code(scene.got(1)[0]) == -32602


def test_a_subscription_that_could_be_read_in_two_ways_blocks_nobody() -> None:
    scene = legacy(1, 2)
    scene.say(1, call("1", "resources/subscribe", '{"uri":"u","_meta":{"progressToken":1,"progressToken":2}}'))
    assert code(scene.got(1)[0]) == -32600
    scene.say(1, call("1", "logging/setLevel", '{"level":"debug","_meta":{"progressToken":1,"progressToken":2}}'))
    assert code(scene.got(1)[0]) == -32600
    scene.serve(result(scene.asked(2, call("1", "resources/subscribe", '{"uri":"u"}'))))
    assert scene.got(2) == [result("1")]
    assert "levels" not in scene.left_over()


# -- the rest of the server's notifications


@pytest.mark.parametrize("what", ["tools", "prompts", "resources"])
def test_all_initialized_clients_hear_that_a_list_changed(what: str) -> None:
    scene = legacy(1, 2)
    scene.connect(3, 4)
    scene.say(4, hello())
    scene.got(4)
    line = notice(f"notifications/{what}/list_changed", '{"x":1.0}')
    scene.serve(line)
    assert [scene.got(client) for client in (1, 2, 3, 4)] == [[line], [line], [], []]


def test_a_notification_that_nobody_knows_goes_to_the_one_it_can_be_for() -> None:
    scene = legacy(1, 2)
    scene.serve(notice("notifications/x"))
    assert (scene.got(1), scene.got(2), len(scene.logs)) == ([], [], 1)
    scene.asked(2, call("1"))
    scene.serve(notice("notifications/x"))
    assert (scene.got(1), scene.got(2)) == ([], [notice("notifications/x")])


def test_changed_roots_of_one_client_are_not_told_to_the_server() -> None:
    scene = legacy(1)
    scene.say(1, notice("notifications/roots/list_changed"))
    assert scene.heard() == []


# -- tasks


def with_task(scene: Scene, client: int, task: str, token: str = "1") -> str:
    params = '{"name":"t","task":{"ttl":1},"_meta":{"progressToken":"p"}}'
    number = scene.asked(client, call(token, params=params))
    scene.serve(result(number, f'{{"task":{{"taskId":"{task}","status":"working"}}}}'))
    scene.got(client)
    return number


def test_a_task_is_its_owners_alone() -> None:
    scene = legacy(1, 2)
    with_task(scene, 1, "t1")
    for method in ("tasks/get", "tasks/result", "tasks/cancel"):
        scene.say(2, call("1", method, '{"taskId":"t1"}'))
        assert (code(scene.got(2)[0]), scene.heard()) == (-32602, [])
        scene.serve(result(scene.asked(1, call("2", method, '{"taskId":"t1"}'))))
    status = notice("notifications/tasks/status", '{"taskId":"t1","status":"working"}')
    scene.serve(status, status.replace("t1", "t2"))
    assert (scene.got(1)[3:], scene.got(2)) == ([status], [])


def test_a_task_in_a_long_answer_is_noted_too() -> None:
    scene = legacy(1, limits=Limits(quick=10))
    with_task(scene, 1, "t1")
    assert scene.left_over()["tasks"] == 1


def test_tasks_that_end_with_their_process_are_not_cancelled_in_the_next() -> None:
    scene = legacy(1)
    with_task(scene, 1, "t1")
    scene.die()
    scene.leave(1)
    assert scene.heard() == []


def test_tasks_can_not_be_listed() -> None:
    scene = legacy(1)
    scene.say(1, call("1", "tasks/list"))
    assert (code(scene.got(1)[0]), scene.heard()) == (-32601, [])


def test_a_task_makes_progress_until_it_ends() -> None:
    scene = legacy(1)
    number = with_task(scene, 1, "t1")
    line = notice("notifications/progress", '{"progressToken":%s,"progress":1}')
    scene.serve(line % number)
    assert scene.got(1) == [line % '"p"']
    scene.serve(notice("notifications/tasks/status", '{"taskId":"t1","status":"completed"}'), line % number)
    assert len(scene.got(1)) == 1


def test_what_names_a_task_goes_to_its_owner() -> None:
    scene = legacy(1, 2)
    with_task(scene, 1, "t1")
    scene.asked(2, call("1"))
    related = '{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t1"}}}'
    scene.serve(call("9", "elicitation/create", related), notice("notifications/message", related))
    assert len(scene.got(1)) == 2
    assert scene.got(2) == []


def test_tasks_of_a_client_that_left_are_cancelled_and_those_of_a_dead_server_forgotten() -> None:
    scene = legacy(1, 2)
    with_task(scene, 1, "t1")
    with_task(scene, 2, "t2")
    scene.leave(1)
    (heard,) = map(json.loads, scene.heard())
    assert (heard["method"], heard["params"]) == ("tasks/cancel", {"taskId": "t1"})
    scene.serve(result(str(heard["id"])))
    assert scene.left_over() == {"clients": 1, "tasks": 1, "progress": 1}
    scene.die()
    assert scene.left_over() == {"clients": 1}


def test_tasks_are_bounded() -> None:
    scene = legacy(1, limits=Limits(tasks=2, token=50))
    for task in ("t1", "t2", "t3", "x" * 60):
        with_task(scene, 1, task)
    assert scene.left_over()["tasks"] == 2
    scene.say(1, call("1", "tasks/get", '{"taskId":"t1"}'))
    assert code(scene.got(1)[0]) == -32602


# -- batches

OLD = "2025-03-26"


def test_a_batch_is_split_and_its_answers_go_back_together() -> None:
    scene = legacy(1, 2, version=OLD)
    scene.say(1, f"[{call('1', 'a')}, {notice('n')},{call('1.0', 'b')} , 7, {call('3', 'c')}]")
    heard = scene.heard()
    assert [json.loads(line).get("method") for line in heard] == ["a", "n", "b", "c"]
    first, _, second, third = (str(json.loads(line).get("id")) for line in heard)
    scene.serve(result(second, "1e0"))
    scene.say(1, notice("notifications/cancelled", '{"requestId":1}'))
    assert scene.got(1) == []
    scene.serve(f"[{result(first)},{notice('notifications/tools/list_changed')},{refusal(third)}]")
    listed, answer = scene.got(1)
    assert "list_changed" in listed
    assert answer.startswith('[{"jsonrpc":"2.0","error":{"code":-32')
    assert answer.endswith(f",{result('1.0', '1e0')},{refusal('3')}]")
    assert scene.left_over() == {"clients": 2}


def test_a_batch_of_notifications_alone_has_no_answer() -> None:
    scene = legacy(1, version=OLD)
    scene.say(1, f"[{notice('a')},{notice('b')}]")
    assert (len(scene.heard()), scene.got(1)) == (2, [])


def test_a_batch_is_answered_when_the_server_dies_and_not_when_the_client_left() -> None:
    scene = legacy(1, 2, version=OLD)
    for client in (1, 2):
        scene.say(client, f"[{call('1')},{call('2')},{call('3')}]")
    scene.serve(result(str(json.loads(scene.heard()[0])["id"])))
    scene.leave(1)
    scene.die()
    (answer,) = scene.got(2)
    assert [one["id"] for one in json.loads(answer)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "expected"), [("[]", -32600), ("[1", -32700), ("[" + ",".join([call("1")] * 5) + "]", -32600)]
)
def test_odd_batches_are_refused(line: str, expected: int) -> None:
    scene = legacy(1, version=OLD, limits=Limits(batch=4))
    scene.say(1, line)
    assert ([code(one) for one in scene.got(1)], scene.heard()) == ([expected], [])


def test_initialize_is_no_part_of_a_batch() -> None:
    scene = legacy(1, version=OLD)
    scene.say(1, f"[{hello('1', OLD)}]")
    ((answer,),) = map(json.loads, scene.got(1))
    assert answer["error"]["code"] == -32600


@pytest.mark.parametrize("version", [LATEST, "2025-06-18", "2024-11-05"])
def test_other_versions_have_no_batches(version: str) -> None:
    scene = legacy(1, version=version)
    scene.say(1, f"[{call('1')}]")
    assert ([code(one) for one in scene.got(1)], scene.heard()) == ([-32600], [])
    join(scene, 2, version)
