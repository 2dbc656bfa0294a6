"""Ids, progress, cancelling, disconnects, crashes and bounds: what holds in both eras."""

from __future__ import annotations

import json

import pytest

from mcpconf.wire.actions import Limits
from mcpconf.wire.lines import Overlong
from mcpconf.wire.versions import VERSION_KEY

from .scene import Scene, call, code, legacy, meta, modern, notice, refusal, result

IDS = ["1", "1.0", '"1"', "1e0", "-0", "9007199254740993", '"\\u0031"', '"\U0001f600"', "0.10000000000000000001"]


def cancel(token: str) -> str:
    return notice("notifications/cancelled", f'{{"requestId": {token}, "reason":"\\u00fc"}}')


def test_ids_come_back_as_they_were_written() -> None:
    scene = legacy(1)
    numbers = [scene.asked(1, call(token)) for token in IDS]
    assert len(set(numbers)) == len(IDS)
    for number, token in reversed(list(zip(numbers, IDS, strict=True))):
        scene.serve(result(number, '{"a": 1.0e+400}'))
        assert scene.got(1) == [result(token, '{"a": 1.0e+400}')]
    assert scene.left_over() == {"clients": 1}


@pytest.mark.parametrize("era", [legacy, modern])
def test_clients_with_the_same_ids_get_their_own_answers(era: type[Scene]) -> None:
    scene = era(1, 2)
    line = call("0", params=meta())
    first, second = scene.asked(1, line), scene.asked(2, line)
    scene.serve(result(second, '"two"'), refusal(first))
    assert scene.got(1) == [refusal("0")]
    assert scene.got(2) == [result("0", '"two"')]


def test_bytes_around_an_id_are_never_touched() -> None:
    scene = legacy(1)
    odd = (
        '{ "params" :{"n":1E400,"b":123456789012345678901234567890,"s":"\\ud800 \\/ \u2028","\\u0061":[ ]},'
        '\t"id": 5 ,"x":0.0,"method":"m" }'
    )
    scene.say(1, odd)
    (heard,) = scene.heard()
    number = json.loads(heard)["id"]
    assert heard == odd.replace('"id": 5 ', f'"id": {number} ')
    scene.serve(odd.replace('"id": 5', f'"id": {number}').replace('"method":"m"', '"result":-0'))
    assert scene.got(1) == [odd.replace('"method":"m"', '"result":-0')]


def test_an_id_that_is_used_again_in_flight_is_tolerated() -> None:
    scene = legacy(1)
    first, second = scene.asked(1, call("7")), scene.asked(1, call("7"))
    assert first != second
    scene.serve(result(second, "2"), result(first, "1"))
    assert scene.got(1) == [result("7", "2"), result("7", "1")]


def test_cancelling_an_id_that_is_used_twice_cancels_both() -> None:
    scene = legacy(1)
    numbers = [scene.asked(1, call("7")), scene.asked(1, call("7"))]
    scene.say(1, cancel("7"))
    assert scene.heard() == [cancel(number) for number in numbers]


@pytest.mark.parametrize("token", ["1", '"1"', "1.5"])
@pytest.mark.parametrize("quoted", [False, True])
def test_progress_goes_to_who_asked_under_its_own_token(token: str, quoted: bool) -> None:
    scene = legacy(1, 2)
    params = '{"_meta":{"progressToken": %s, "x":1}}'
    for client in (1, 2):
        scene.say(client, call(str(client), params=params % token))
    first, second = (json.loads(line) for line in scene.heard())
    assert first["params"]["_meta"] == {"progressToken": first["id"], "x": 1}
    written = json.dumps(str(second["id"])) if quoted else str(second["id"])
    scene.serve(notice("notifications/progress", f'{{"progressToken":{written},"progress":0.50}}'))
    assert scene.got(1) == []
    assert scene.got(2) == [notice("notifications/progress", f'{{"progressToken":{token},"progress":0.50}}')]


def test_progress_after_the_answer_is_dropped() -> None:
    scene = legacy(1)
    number = scene.asked(1, call("1", params='{"_meta":{"progressToken":"p"}}'))
    scene.serve(result(number))
    scene.got(1)
    scene.serve(
        notice("notifications/progress", f'{{"progressToken":{number}}}'),
        notice("notifications/progress", '{"progressToken":"p"}'),
        notice("notifications/progress", "{}"),
    )
    assert scene.got(1) == []
    assert scene.left_over() == {"clients": 1}


def test_a_progress_token_that_is_none_is_left_alone() -> None:
    scene = legacy(1)
    scene.say(1, call("1", params='{"_meta":{"progressToken":{"a":1}}}'))
    assert '"progressToken":{"a":1}' in scene.heard()[0]
    assert "progress" not in scene.left_over()


@pytest.mark.parametrize("era", [legacy, modern])
def test_a_cancelled_request_is_cancelled_under_its_number_and_its_answer_is_dropped(era: type[Scene]) -> None:
    scene = era(1, 2)
    mine = scene.asked(1, call("1", params=meta()))
    other = scene.asked(2, call("1", params=meta()))
    scene.say(1, cancel("1"))
    assert scene.heard() == [cancel(mine)]
    assert scene.left_over()["tombstones"] == 1
    scene.serve(result(mine), result(other))
    assert scene.got(1) == []
    assert scene.got(2) == [result("1")]
    assert scene.left_over() == {"clients": 2}
    assert scene.logs == []


@pytest.mark.parametrize("token", ["2", '"1"', "1.0", "null"])
def test_a_client_cancels_nothing_but_its_own_ids_as_it_wrote_them(token: str) -> None:
    scene = legacy(1, 2)
    scene.asked(1, call("1"))
    scene.asked(2, call("2"))
    scene.say(1, cancel(token), notice("notifications/cancelled"))
    assert scene.heard() == []


def test_a_forgotten_tombstone_lets_no_answer_go_astray() -> None:
    scene = legacy(1, 2, limits=Limits(tombstones=3))
    numbers = []
    for _ in range(10):
        numbers.append(scene.asked(1, call("5")))
        scene.say(1, cancel("5"))
        scene.heard()
    assert scene.left_over()["tombstones"] == 3
    alive = scene.asked(2, call("5"))
    scene.serve(*[result(number, '"late"') for number in numbers], result(alive))
    assert scene.got(1) == []
    assert scene.got(2) == [result("5")]
    assert scene.left_over() == {"clients": 2}


@pytest.mark.parametrize("era", [legacy, modern])
def test_who_disconnects_has_its_requests_cancelled_and_its_answers_dropped(era: type[Scene]) -> None:
    scene = era(1, 2)
    mine = scene.asked(
        1, call("1", params=meta(',"progressToken":1') if era is modern else '{"_meta":{"progressToken":1}}')
    )
    other = scene.asked(2, call("1", params=meta()))
    scene.leave(1)
    (heard,) = map(json.loads, scene.heard())
    assert (heard["method"], str(heard["params"]["requestId"])) == ("notifications/cancelled", mine)
    scene.serve(notice("notifications/progress", f'{{"progressToken":{mine}}}'), result(mine), result(other))
    assert scene.got(2) == [result("1")]
    assert scene.left_over() == {"clients": 1}
    scene.do(scene.mux.disconnect(1))
    assert scene.mux.from_client(1, b"{}") == []


def test_a_client_is_connected_once() -> None:
    scene = legacy(1)
    with pytest.raises(ValueError, match="connected already"):
        scene.mux.connect(1)


@pytest.mark.parametrize("era", [legacy, modern])
def test_all_that_is_open_is_answered_at_once_when_the_server_dies(era: type[Scene]) -> None:
    scene = era(1, 2)
    scene.asked(1, call('"a"', params=meta()))
    scene.asked(2, call("1.0", params=meta()))
    scene.asked(2, call("2", params=meta()))
    scene.die("Traceback\nMemoryError: \u00fc\n")
    for client, tokens in ((1, ["a"]), (2, [1.0, 2])):
        answers = [json.loads(line) for line in scene.got(client)]
        assert [one["id"] for one in answers] == tokens
        assert all(
            one["error"]["code"] == -32603 and "MemoryError: \u00fc" in one["error"]["message"] for one in answers
        )
    assert scene.left_over() == {"clients": 2}
    scene.serve(result("1"))
    assert scene.heard() == []
    scene.die("")
    assert not scene.mux.waiting


def test_an_answer_to_nothing_is_dropped_and_told_in_the_log() -> None:
    scene = legacy(1)
    scene.serve(result("4711"), result('"1"'), '{"jsonrpc":"2.0","error":{"code":1},"id":null}')
    assert scene.got(1) == []
    assert len(scene.logs) == 3


@pytest.mark.parametrize("line", ["Starting...", b"\xff\xfe", "[", "[]", "{}", '{"id":1,"id":2,"result":{}}', "null"])
def test_what_is_no_message_of_the_server_is_dropped_and_told_in_the_log(line: str | bytes) -> None:
    scene = legacy(1)
    scene.serve(line)
    assert scene.got(1) == []
    assert scene.heard() == []
    assert len(scene.logs) >= 1


BROKEN = [
    '{"jsonrpc":"2.0","id":%s,"result":{]}',
    '{"result":NaN,"jsonrpc":"2.0","id":%s}',
    '{"id":%s,"id":0,"result":1}',
]


@pytest.mark.parametrize("form", BROKEN)
def test_who_asked_is_told_when_the_answer_is_broken(form: str) -> None:
    scene = legacy(1, 2)
    number = scene.asked(1, call("x".join('""')))
    scene.serve(form % number)
    (answer,) = map(json.loads, scene.got(1))
    assert (answer["id"], answer["error"]["code"]) == ("x", -32603)
    assert scene.got(2) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET / HTTP/1.1", -32700),
        (b'{"id":1,"method":"\xff"}', -32700),
        (b'{"id":1,"method":"x","params":NaN}', -32700),
        (b'{"id":1,"method":"x"', -32700),
        (b'{"id":1,"id":2,"method":"x"}', -32700),
        (b"{}", -32600),
        (b'{"id":{},"method":"x"}', -32600),
        (b"7", -32700),
    ],
)
@pytest.mark.parametrize("era", [legacy, modern])
def test_what_is_no_message_of_a_client_is_refused_without_an_id_and_not_forwarded(
    era: type[Scene], line: bytes, expected: int
) -> None:
    scene = era(1)
    scene.say(1, line)
    (answer,) = scene.got(1)
    assert (code(answer), "id" in json.loads(answer)) == (expected, False)
    assert scene.heard() == []


@pytest.mark.parametrize("era", [legacy, modern])
def test_what_could_be_read_in_two_ways_inside_is_refused(era: type[Scene]) -> None:
    scene = era(1)
    scene.say(1, call("1", params=f'{{"_meta":{{"{VERSION_KEY}":"2026-07-28","progressToken":1,"progressToken":2}}}}'))
    assert code(scene.got(1)[0]) == -32600
    scene.say(1, notice("notifications/cancelled", '{"requestId":1,"requestId":2}'))
    assert scene.heard() == []
    assert scene.got(1) == []


def test_more_requests_in_flight_than_a_client_may_have_are_refused() -> None:
    scene = legacy(1, 2, limits=Limits(in_flight=2))
    numbers = [scene.asked(1, call("1")), scene.asked(1, call("2"))]
    scene.say(1, call("3"))
    assert scene.heard() == []
    assert json.loads(scene.got(1)[0])["id"] == 3
    assert scene.asked(2, call("1"))
    scene.serve(result(numbers[0]))
    assert scene.asked(1, call("3"))


def test_an_id_beyond_the_bound_is_refused() -> None:
    scene = legacy(1, limits=Limits(token=10))
    scene.say(1, call('"' + "x" * 10 + '"'))
    assert scene.heard() == []
    assert "more than 10" in scene.got(1)[0]


LONG = {
    "id first": ('{"jsonrpc":"2.0","id":"a","method":"m","params":"%s"}', "a"),
    "id last": ('{"method":"m","params":{"x":"%s"},"jsonrpc":"2.0","id":"a"}', "a"),
    "all last": ('{"params":{"x":"%s"},"method":"m","id":"a"}', "a"),
    "no telling": ('{"params":{"x":"%s"},"method":"m","id":"a","more":{}}', None),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("framed", [False, True])
def test_a_line_too_long_is_answered_with_the_limit(name: str, framed: bool) -> None:
    form, token = LONG[name]
    scene = legacy(1, limits=Limits(client_line=5000))
    line = (form % ("x" * 6000)).encode()
    scene.say(1, Overlong(len(line), line[:500], line[-500:]) if framed else line)
    answer = json.loads(scene.got(1)[0])
    assert (answer.get("id"), answer["error"]["code"]) == (token, -32600)
    assert "5000" in answer["error"]["message"]
    assert scene.heard() == []


@pytest.mark.parametrize(
    "form", ['{"jsonrpc":"2.0","id":%s,"result":"%s"}', '{"result":{"x":"%s"},"jsonrpc":"2.0","id":%s}']
)
def test_an_answer_too_long_becomes_an_error_that_tells_the_limit(form: str) -> None:
    scene = legacy(1, 2, limits=Limits(server_line=5000))
    number = scene.asked(1, call("1"))
    first = form.startswith('{"jsonrpc"')
    scene.serve(form % ((number, "x" * 6000) if first else ("x" * 6000, number)))
    (answer,) = scene.got(1)
    assert json.loads(answer)["id"] == 1
    assert "5000" in answer
    assert scene.got(2) == []
    scene.serve(Overlong(9999, b'{"jsonrpc":"2.0","method":"notifications/message"', b"}"))
    assert scene.got(1) == []


@pytest.mark.parametrize(
    "form", ['{"jsonrpc":"2.0","id":%s,"result":{"a":[%s]}}', '{"result":{"a":[%s]},"jsonrpc":"2.0","id":%s}']
)
@pytest.mark.parametrize("filling", ['"\u00fc"', '{"id":7}', '{"i\\u0064":7}', "1"])
def test_long_answers_come_back_as_short_ones_do(form: str, filling: str) -> None:
    scene = legacy(1, 2, limits=Limits(quick=1000))
    first = form.startswith('{"jsonrpc"')
    body = ",".join([filling] * 400)
    number = scene.asked(2, call('"x"'))
    late = scene.asked(1, call("1"))
    scene.say(1, cancel("1"))
    for one in (number, late, "99"):
        scene.serve(form % ((one, body) if first else (body, one)))
    assert scene.got(2) == [form % (('"x"', body) if first else (body, '"x"'))]
    assert scene.got(1) == []
    assert scene.left_over() == {"clients": 2}


def test_unknown_methods_and_fields_pass_untouched() -> None:
    scene = legacy(1)
    line = '{"future":[1e5],"method":"x/y","id":1,"params":[1,2],"_":null}'
    number = scene.asked(1, line)
    scene.say(1, '{"method":"notifications/x","params":null,"y":0e0}')
    assert scene.heard() == ['{"method":"notifications/x","params":null,"y":0e0}']
    scene.serve(f'{{"result":null,"z":1,"id":{number}}}')
    assert scene.got(1) == ['{"result":null,"z":1,"id":1}']
