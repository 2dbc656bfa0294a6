"""One client at a time on a process that outlives it: the session pool's way."""

from __future__ import annotations

import json

import pytest

from mcpconf.wire.actions import Era
from mcpconf.wire.mux import Mux

from .scene import INITIALIZED, LATEST, WELCOME, Scene, call, hello, notice, result

ROOTS = notice("notifications/roots/list_changed").replace(',"params":{}', "")


def session(capabilities: str = '{"sampling":{},"roots":{}}') -> Scene:
    """A process whose first client has shaken hands."""
    scene = Scene(exclusive=True)
    scene.up()
    scene.connect(1)
    scene.say(1, hello("7", capabilities=capabilities))
    (heard,) = scene.heard()
    assert json.loads(heard)["params"]["capabilities"] == json.loads(capabilities)
    scene.serve(WELCOME % (json.loads(heard)["id"], LATEST))
    scene.say(1, INITIALIZED)
    assert scene.got(1) == [WELCOME % ("7", LATEST)]
    assert scene.heard() == [INITIALIZED]
    return scene


def test_a_request_of_the_server_reaches_the_client_though_it_asked_nothing() -> None:
    scene = session()
    scene.serve(call('"q"', "sampling/createMessage"))
    (asked,) = scene.got(1)
    scene.say(1, result(str(json.loads(asked)["id"]), '{"ok":1}'))
    assert scene.heard() == [result('"q"', '{"ok":1}')]


def test_the_next_client_is_greeted_without_the_server_which_hears_that_the_roots_are_others() -> None:
    scene = session()
    scene.leave(1)
    scene.connect(2)
    (ping,) = map(json.loads, scene.heard())
    assert ping["method"] == "ping"
    scene.say(2, hello('"x"', capabilities='{"sampling":{},"roots":{}}'))
    assert scene.got(2) == [WELCOME % ('"x"', LATEST)]
    assert scene.heard() == []
    scene.say(2, INITIALIZED, INITIALIZED)
    assert scene.heard() == [], "what it asked before it answers the ping could be meant for the client that left"
    scene.serve(result(str(ping["id"])))
    assert scene.heard() == [ROOTS]
    scene.serve(call('"q"', "roots/list"))
    assert [json.loads(line)["method"] for line in scene.got(2)] == ["roots/list"]


def test_the_roots_are_told_of_behind_the_last_of_several_pings() -> None:
    scene = session()
    pings = []
    for client in (2, 3):
        scene.leave(client - 1)
        scene.connect(client)
        pings += [json.loads(line)["id"] for line in scene.heard()]
        scene.say(client, hello("1", capabilities='{"sampling":{},"roots":{}}'), INITIALIZED)
    scene.serve(result(str(pings[0])))
    assert scene.heard() == []
    scene.serve(result(str(pings[1])))
    assert scene.heard() == [ROOTS]


def test_a_server_that_knows_no_ping_hears_of_the_roots_once_it_has_answered_anything() -> None:
    scene = session()
    scene.leave(1)
    scene.connect(2)
    scene.heard()
    scene.say(2, hello("1", capabilities='{"sampling":{},"roots":{}}'), INITIALIZED)
    scene.serve(result(scene.asked(2, call("2"))))
    assert scene.heard() == [ROOTS]


def test_a_client_without_roots_changes_none() -> None:
    scene = session("{}")
    scene.leave(1)
    scene.connect(2)
    scene.heard()
    scene.say(2, hello("1", capabilities="{}"), INITIALIZED)
    assert scene.heard() == []


def test_a_change_of_roots_is_passed_on() -> None:
    scene = session()
    scene.say(1, ROOTS)
    assert scene.heard() == [ROOTS]


def test_what_a_client_leaves_behind_is_undone_and_settles_when_the_server_has_answered() -> None:
    scene = session()
    scene.say(1, call("1"), call("2", "logging/setLevel", '{"level":"debug"}'))
    scene.say(1, call("3", "resources/subscribe", '{"uri":"a:b"}'))
    numbers = [json.loads(line)["id"] for line in scene.heard()]
    scene.serve(*(result(str(number)) for number in numbers[1:]))
    scene.leave(1)
    told = [json.loads(line) for line in scene.heard()]
    assert {one["method"] for one in told} == {
        "notifications/cancelled",
        "logging/setLevel",
        "resources/unsubscribe",
    }
    assert not scene.mux.settled
    scene.serve(result(str(numbers[0])), *(result(str(one["id"])) for one in told if "id" in one))
    assert scene.mux.settled
    assert scene.left_over() == {}


def test_a_late_answer_to_one_client_never_reaches_the_next() -> None:
    scene = session()
    number = scene.asked(1, call("5"))
    scene.leave(1)
    scene.connect(2)
    scene.say(2, hello("5"), INITIALIZED)
    scene.got(2)
    scene.heard()
    second = scene.asked(2, call("5"))
    scene.serve(result(number, '"first"'), result(second, '"second"'))
    assert scene.got(2) == [result("5", '"second"')]


def test_tasks_are_this_clients_own() -> None:
    scene = session()
    scene.say(1, call("1", "tasks/list"), call("2", "tasks/get", '{"taskId":"t"}'))
    assert [json.loads(line)["method"] for line in scene.heard()] == ["tasks/list", "tasks/get"]


@pytest.mark.parametrize("era", list(Era))
def test_there_is_never_a_second_client(era: Era) -> None:
    mux = Mux(era, exclusive=True)
    mux.connect(1)
    with pytest.raises(ValueError, match="already"):
        mux.connect(2)


def test_a_process_is_greeted_before_anyone_is_there() -> None:
    scene = Scene(exclusive=True)
    scene.do(scene.mux.prepare(hello("9", capabilities='{"roots":{}}').encode()))
    scene.up()
    (heard,) = scene.heard()
    assert not scene.mux.greeted
    scene.serve(WELCOME % (json.loads(heard)["id"], LATEST))
    assert scene.mux.greeted
    assert scene.heard() == [INITIALIZED]
    scene.connect(1)
    scene.say(1, hello("1", capabilities='{"roots":{}}'), INITIALIZED)
    assert scene.got(1) == [WELCOME % ("1", LATEST)]
    assert scene.heard() == []


def test_durations_are_those_of_the_clock_that_is_given() -> None:
    times = iter([10.0, 12.5])
    scene = Scene(Era.MODERN, clock=lambda: next(times))
    scene.up()
    scene.connect(1)
    meta = '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}'
    scene.serve(result(scene.asked(1, call("1", params=meta))))
    assert list(scene.mux.took) == [2.5]
    assert scene.mux.asked == 1


def silent() -> tuple[Scene, str]:
    """A server that says nothing of what was cancelled, and the next client's process; the id of what it owes."""
    scene = session()
    number = scene.asked(1, call("5"))
    scene.leave(1)
    scene.heard()
    scene.do(scene.mux.question())
    (asked,) = scene.heard()
    assert json.loads(asked)["method"] == "ping"
    assert not scene.mux.give_up(), "it may not have read that it was cancelled"
    scene.serve(result(str(json.loads(asked)["id"])))
    return scene, number


def test_a_server_that_keeps_silent_about_what_was_cancelled_is_kept_once_it_has_read_so() -> None:
    scene, number = silent()
    assert not scene.mux.settled
    assert scene.mux.give_up()
    assert scene.mux.settled
    scene.connect(2)
    (ping,) = scene.heard()
    scene.say(2, hello("1", capabilities='{"sampling":{},"roots":{}}'), INITIALIZED)
    scene.got(2)
    scene.serve(result(number), result(str(json.loads(ping)["id"])))
    assert scene.got(2) == []
    assert scene.left_over() == {"clients": 1}


def test_what_such_a_server_asks_goes_to_the_next_client_only_while_that_one_asks_something() -> None:
    scene, _ = silent()
    assert scene.mux.give_up()
    scene.connect(2)
    (ping,) = scene.heard()
    scene.serve(result(str(json.loads(ping)["id"])))
    scene.say(2, hello("1", capabilities='{"sampling":{},"roots":{}}'), INITIALIZED)
    scene.got(2)
    scene.heard()
    scene.serve(call("7", "sampling/createMessage"))
    assert scene.got(2) == []
    assert "error" in json.loads(scene.heard()[0])
    scene.asked(2, call("2"))
    scene.serve(call("8", "sampling/createMessage"))
    assert json.loads(scene.got(2)[0])["method"] == "sampling/createMessage"


def test_one_that_owes_a_real_answer_is_not_given_up() -> None:
    scene = session()
    scene.asked(1, call("5"))
    scene.do(scene.mux.question())
    (asked,) = scene.heard()
    scene.serve(result(str(json.loads(asked)["id"])))
    assert not scene.mux.give_up()


@pytest.mark.parametrize("by", ["the answer to our ping", "the first answer to it"])
def test_what_a_server_still_had_to_say_to_one_client_does_not_reach_the_next(by: str) -> None:
    scene = session()
    scene.leave(1)
    scene.connect(2)
    (ping,) = scene.heard()
    scene.say(2, hello("1", capabilities='{"sampling":{},"roots":{}}'), INITIALIZED)
    scene.got(2)
    scene.heard()
    number = scene.asked(2, call("2"))
    message = notice("notifications/message", '{"level":"info","data":"of the first"}')
    scene.serve(message, call("8", "elicitation/create"))
    assert scene.got(2) == []
    assert "error" in json.loads(scene.heard()[0])
    scene.serve(result(number if by.startswith("the first") else str(json.loads(ping)["id"])))
    scene.got(2)
    scene.serve(message)
    assert scene.got(2) == [message]
