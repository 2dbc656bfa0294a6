"""The broker goes away and comes back: who waits is told, the handshake is said again and nothing else is."""

from __future__ import annotations

import threading

import pytest

from tests.shim.conftest import Start
from tests.shim.scene import (
    CHANGED,
    GONE,
    INITIALIZE,
    INITIALIZED,
    WELCOME,
    Broker,
    Place,
    meet,
    request,
    result,
    resume,
    until,
)


def test_what_was_in_flight_is_answered_and_never_sent_again(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    for token in ("1", '"1"', "1.0", "123456789012345678901234567890", '"a\\u0062"'):
        client.say(request(token))
        assert connection.line() == request(token)
    connection.say(result("1.0"))
    assert client.line() == result("1.0")
    connection.close()
    lines = [client.line() for _ in range(4)]
    wanted = ("1", '"1"', "123456789012345678901234567890", '"a\\u0062"')
    assert all(f'"id":{token},"error"'.encode() in line for token, line in zip(wanted, lines, strict=True))
    assert all(GONE.encode() in line for line in lines)
    other = resume(client, broker)
    client.say(request("2"))
    assert other.line() == request("2")
    other.say(result("2"))
    assert client.line() == result("2")


def test_it_happens_again_and_again(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    for _ in range(5):
        connection.close()
        connection = resume(client, broker)
    client.say(request("1"))
    assert connection.line() == request("1")


def test_half_a_line_of_the_brokers_is_ended(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.say(request("1"))
    connection.line()
    connection.say(result("1")[:20])
    connection.close()
    assert client.line() == result("1")[:20] + b"\n"
    assert client.error() == (1, GONE)
    resume(client, broker)


def test_the_rest_of_a_line_that_went_to_a_dead_broker_is_dropped_and_its_request_answered(
    start: Start, broker: Broker
) -> None:
    client = start()
    connection = meet(client, broker)
    whole = request("1")
    client.say(whole[:-9])
    assert connection.more() == whole[:-9]
    connection.close()
    other = resume(client, broker)
    other.say(b'{"in the middle')
    assert client.more() == b'{"in the middle'
    client.say(whole[-9:] + request("2"))
    assert other.line() == request("2")
    other.say(b' of a line"}\n{"next')
    assert client.line() == b' of a line"}\n'
    assert client.error() == (1, GONE)
    other.say(b'":1}\n')
    assert client.line() == b'{"next":1}\n'
    client.say(request("3"))
    assert other.line() == request("3")


@pytest.mark.parametrize("tail", [False, True], ids=["id first", "id last"])
def test_a_long_line_whose_beginning_was_sent(start: Start, broker: Broker, tail: bool) -> None:
    client = start()
    connection = meet(client, broker)
    text = "x" * 500_000
    whole = request("77", text=text)
    if tail:
        whole = f'{{"method":"a","params":{{"t":"{text}"}},"jsonrpc":"2.0","id":77}}\n'.encode()
    client.say(whole[:250_000])
    got = 0
    while got < 250_000:
        got += len(connection.more())
    connection.close()
    other = resume(client, broker)
    client.say(whole[250_000:])
    assert client.error() == (77, GONE)
    client.say(request("2"))
    assert other.line() == request("2")


def test_what_comes_while_there_is_no_broker_is_held_and_sent_in_order(start: Start, broker: Broker) -> None:
    client = start()
    meet(client, broker)
    broker.stop()
    notes = b'{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}\n'
    client.say(request("1"), notes, request("2"), request("3")[:10])
    broker.listen()
    other = resume(client, broker)
    assert [other.line() for _ in range(3)] == [request("1"), notes, request("2")]
    assert other.more() == request("3")[:10]
    client.say(request("3")[10:])
    assert other.line() == request("3")[10:]
    other.say(result("1"))
    assert client.line() == result("1")


def test_a_held_request_that_is_cancelled_is_never_sent(start: Start, broker: Broker, place: Place) -> None:
    client = start()
    meet(client, broker)
    broker.stop()
    client.say(
        request("1"),
        request("2"),
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n',
        request("3"),
    )
    # All was read when the shim looks for a broker again.
    broker.listen()
    other = broker.accept().welcome()
    assert other.line() == INITIALIZE
    other.say(WELCOME)
    assert other.line() == INITIALIZED
    assert other.line() == request("2")
    assert other.line() == request("3")


def test_a_request_held_too_long_is_answered_with_what_to_run(start: Start, broker: Broker, place: Place) -> None:
    client = start()
    meet(client, broker)
    broker.stop()
    place.configure(hold=0.2)
    client.say(request("1"), request('"two"'))
    reason = "no broker is running; run: mcpconf broker start"
    assert client.error() == (1, reason)
    assert client.error() == ("two", reason)
    broker.listen()
    other = resume(client, broker)
    client.say(request("3"))
    assert other.line() == request("3")


def test_the_beginning_of_a_line_held_too_long_is_dropped_and_answered_at_its_end(
    start: Start, broker: Broker, place: Place
) -> None:
    client = start()
    meet(client, broker)
    broker.stop()
    place.configure(hold=0.2)
    client.say(request("9"), request("1")[:-5])
    assert client.error()[0] == 9
    broker.listen()
    other = resume(client, broker)
    client.say(request("1")[-5:], request("2"))
    assert client.error() == (1, "no broker is running; run: mcpconf broker start")
    assert other.line() == request("2")


def test_what_is_held_is_bounded(start: Start, broker: Broker, place: Place) -> None:
    """Beyond a megabyte the client waits, until time has answered what came first."""
    client = start()
    meet(client, broker)
    broker.stop()
    place.configure(hold=0.3)
    lines = [request(str(number), text="x" * 60_000) for number in range(60)]
    client.say(*lines)
    assert [client.error()[0] for _ in lines] == list(range(60))
    broker.listen()
    resume(client, broker)


def test_more_messages_than_are_held_wait(start: Start, broker: Broker) -> None:
    client = start()
    meet(client, broker)
    broker.stop()
    lines = [request(str(number), text="x" * 600) for number in range(600)]
    speaker = threading.Thread(target=client.say, args=lines)
    speaker.start()
    broker.listen()
    other = resume(client, broker)
    assert [other.line() for _ in lines] == lines
    speaker.join()


def test_the_first_initialize_in_flight_is_sent_again_and_its_answer_passed_on(start: Start, broker: Broker) -> None:
    client = start()
    client.say(INITIALIZE)
    connection = broker.accept().welcome()
    assert connection.line() == INITIALIZE
    connection.close()
    other = broker.accept().welcome()
    assert other.line() == INITIALIZE
    other.say(WELCOME)
    assert client.line() == WELCOME
    client.say(INITIALIZED, request("1"))
    assert other.line() == INITIALIZED
    assert other.line() == request("1")


def test_only_the_answer_to_the_handshake_is_kept_back(start: Start, broker: Broker) -> None:
    client = start()
    meet(client, broker).close()
    other = broker.accept().welcome()
    log = b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}\n'
    ping = request("0", "ping")
    assert other.line() == INITIALIZE
    other.say(log + ping + WELCOME[:30])
    assert client.line() == log
    assert client.line() == ping
    client.say(result("0"))
    other.say(WELCOME[30:] + log)
    assert other.line() == INITIALIZED
    assert other.line() == result("0")
    assert [client.json()["method"] for _ in CHANGED] == CHANGED
    assert client.line() == log


def test_a_refused_handshake_is_told_to_later_requests(start: Start, broker: Broker, place: Place) -> None:
    client = start()
    meet(client, broker).close()
    place.configure(hold=0.5)
    client.say(request("1"))
    until(lambda: not client.silent() or _refuse(broker), "nothing is answered")
    assert client.error() == (
        1,
        'the server refuses the handshake after its restart: "no!"; run: mcpconf broker status',
    )


def _refuse(broker: Broker) -> bool:
    other = broker.accept().welcome()
    if other.line() == INITIALIZE:
        other.say(b'{"jsonrpc":"2.0","id":0,"error":{"code":-32602,"message":"no!"}}\n')
    return False


def test_a_server_that_is_slow_to_start_anew_is_waited_for(start: Start, broker: Broker, place: Place) -> None:
    client = start()
    connection = meet(client, broker)
    place.configure(hold=0.05, hold_first=0.6)
    connection.close()
    other = broker.accept().welcome()
    assert other.line() == INITIALIZE
    client.say(request("1"))
    assert client.error() == (
        1,
        "the server is being started anew and has not answered yet; run: mcpconf broker status",
    )
    other.say(WELCOME)
    assert other.line() == INITIALIZED
    assert [client.json()["method"] for _ in CHANGED] == CHANGED


def test_an_answer_to_a_dead_server_is_not_given_to_the_new_one(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    connection.say(request("5", "elicitation/create"))
    assert client.line() == request("5", "elicitation/create")
    connection.close()
    assert client.json() == {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}}
    other = resume(client, broker)
    client.say(result("5"), request("6"))
    assert other.line() == request("6")
    other.say(request("5", "roots/list"))
    assert client.line() == request("5", "roots/list")
    client.say(result("5", "roots"))
    assert other.line() == result("5", "roots")


def test_a_session_without_a_handshake_is_just_connected_again(start: Start, broker: Broker) -> None:
    """The era of 2026-07-28: each request says for itself what it needs."""
    client = start()
    client.say(request("1"))
    connection = broker.accept().welcome()
    assert connection.line() == request("1")
    connection.close()
    assert client.error() == (1, GONE)
    client.say(request("2"))
    assert broker.accept().welcome().line() == request("2")


def test_what_the_broker_said_before_it_went_is_not_lost(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.say(request("1"), request("2"))
    assert connection.line() + connection.line() == request("1") + request("2")
    big = result("1", "x" * 3_000_000)

    def speak() -> None:
        connection.say(big)
        connection.close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    assert client.line() == big
    speaker.join()
    assert client.error() == (2, GONE)


def test_after_the_clients_end_nothing_is_begun_anew(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.say(request("1"))
    client.end()
    assert connection.rest() == request("1")
    connection.close()
    assert client.error() == (1, GONE)
    assert client.rest() == b""
    assert client.code() == 0


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"NO no such server: time\n", "the broker refuses: no such server: time"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what answers there is no mcpconf broker"),
        (b"\x00\xff" * 4000, "what answers there is no mcpconf broker"),
        (b"OK", "the broker hung up"),
    ],
)
def test_a_broker_that_does_not_greet(start: Start, broker: Broker, place: Place, said: bytes, reason: str) -> None:
    """It is tried again and again, and who waits is told why."""
    place.configure(hold=0.3, hold_first=0.6)
    client = start()
    client.say(INITIALIZE)
    asked = [0]

    def turned_away() -> bool:
        connection = broker.accept()
        assert connection.line() == b"MCPCONF1 OPEN time\n"
        connection.say(said)
        connection.close()
        asked[0] += 1
        return not client.silent()

    until(turned_away, "nothing is answered")
    token, told = client.error()
    assert (token, told.partition(";")[0]) == (0, reason)
    assert asked[0] > 1
    client.say(INITIALIZE)
    connection = broker.accept().welcome()
    assert connection.line() == INITIALIZE


def test_a_broker_that_says_nothing_does_not_hang_anybody(start: Start, broker: Broker, place: Place) -> None:
    place.configure(hold=0.2)
    client = start()
    client.say(request("1"))
    assert broker.accept().line() == b"MCPCONF1 OPEN time\n"
    assert client.error() == (1, "the broker does not answer; run: mcpconf broker status")


def test_stderr_tells_what_happened_once(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    connection.close()
    resume(client, broker)
    client.process.terminate()
    assert client.complaints().splitlines() == [
        "mcpconf: the broker went away; run: mcpconf broker start",
        "mcpconf: the broker is there",
    ]
