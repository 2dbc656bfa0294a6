"""The same sessions where the shim steps aside: the broker has the client's own descriptors, and the shim a journal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from tests.shim import test_broker_lost, test_passing
from tests.shim.conftest import Start
from tests.shim.scene import GONE, Broker, Passed, Place, meet, request, result, resume

# The same tests again, with the fixtures below.
SAME = (
    test_broker_lost.test_a_held_request_that_is_cancelled_is_never_sent,
    test_broker_lost.test_a_refused_handshake_is_told_to_later_requests,
    test_broker_lost.test_a_session_without_a_handshake_is_just_connected_again,
    test_broker_lost.test_after_the_clients_end_nothing_is_begun_anew,
    test_broker_lost.test_an_answer_to_a_dead_server_is_not_given_to_the_new_one,
    test_broker_lost.test_half_a_line_of_the_brokers_is_ended,
    test_broker_lost.test_it_happens_again_and_again,
    test_broker_lost.test_only_the_answer_to_the_handshake_is_kept_back,
    test_broker_lost.test_stderr_tells_what_happened_once,
    test_broker_lost.test_the_beginning_of_a_line_held_too_long_is_dropped_and_answered_at_its_end,
    test_broker_lost.test_the_first_initialize_in_flight_is_sent_again_and_its_answer_passed_on,
    test_broker_lost.test_the_rest_of_a_line_that_went_to_a_dead_broker_is_dropped_and_its_request_answered,
    test_broker_lost.test_what_comes_while_there_is_no_broker_is_held_and_sent_in_order,
    test_broker_lost.test_what_the_broker_said_before_it_went_is_not_lost,
    test_broker_lost.test_what_was_in_flight_is_answered_and_never_sent_again,
    test_passing.test_a_client_that_says_nothing_at_all,
    test_passing.test_a_session_names_its_server_and_is_passed_on_byte_by_byte,
    test_passing.test_half_a_line_is_passed_on_at_once,
    test_passing.test_it_ends_when_nobody_reads_its_answers,
    test_passing.test_ten_megabytes_both_ways_at_once_and_nobody_waits_for_the_other,
    test_passing.test_whatever_stdout_is_its_flags_stay_as_they_were,
)
globals().update({one.__name__: one for one in SAME})


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("s"), passes=True)


@pytest.fixture
def broker(place: Place) -> Iterator[Broker]:
    made = Broker(place.socket, Passed)
    yield made
    made.stop()


def test_the_client_and_the_broker_speak_without_the_shim(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    assert isinstance(connection, Passed)
    assert connection.ends is not None
    client.process.send_signal(signal.SIGSTOP)  # it has nothing to do with what follows
    client.say(request("1"))
    assert connection.line() == request("1")
    connection.say(result("1"))
    assert client.line() == result("1")
    client.process.send_signal(signal.SIGCONT)


def test_an_older_broker_hangs_up_and_is_asked_in_the_older_way(start: Start, place: Place) -> None:
    broker = Broker(place.socket)
    try:
        client = start()
        first = broker.accept()
        assert first.line() == b"MCPCONF1 PASS time\n"
        first.close()
        meet(client, broker)
        client.process.terminate()
        assert client.complaints() == ""
    finally:
        broker.stop()


def test_a_broker_that_has_no_use_for_them_relays(start: Start, place: Place) -> None:
    broker = Broker(place.socket)
    try:
        client = start()
        client.say(request("1"))
        connection = broker.accept().welcome(b"MCPCONF1 PASS time\n")
        assert connection.line() == request("1")
        connection.say(result("1"))
        assert client.line() == result("1")
    finally:
        broker.stop()


def test_a_broker_that_goes_before_it_has_read_anything(start: Start, broker: Broker) -> None:
    """What the client has said meanwhile was not taken, and is sent once more."""
    client = start()
    client.say(request("1"))
    connection = broker.accept()
    line = connection.socket.recv(4096)
    assert line == b"MCPCONF1 PASS time\n"
    connection.close()
    other = broker.accept().welcome()
    assert other.line() == request("1")


def test_the_brokers_last_word_ends_it(start: Start, broker: Broker) -> None:
    client = start()
    connection = meet(client, broker)
    client.end()
    assert connection.more() == b""
    connection.socket.sendall(b"BYE\n")
    connection.close()
    assert client.code() == 0
    assert client.complaints() == ""


@pytest.mark.parametrize("tail", [False, True], ids=["id first", "id last"])
def test_a_long_line_whose_beginning_was_read(start: Start, broker: Broker, tail: bool) -> None:
    client = start()
    connection = meet(client, broker)
    text = "x" * 500_000
    whole = request("77", text=text)
    if tail:
        whole = f'{{"method":"a","params":{{"t":"{text}"}},"jsonrpc":"2.0","id":77}}\n'.encode()
    cut = 250_000 if not tail else len(whole) - 3
    speaker = threading.Thread(target=client.say, args=(whole[:cut],))
    speaker.start()
    got = 0
    while got < cut:
        got += len(connection.more())
    speaker.join()
    connection.close()
    other = resume(client, broker)
    client.say(whole[cut:])
    assert client.error() == (77, GONE)
    client.say(request("2"))
    assert other.line() == request("2")


def test_after_a_take_over_it_is_a_relay(start: Start, broker: Broker) -> None:
    client = start()
    meet(client, broker).close()
    connection = resume(client, broker)
    assert isinstance(connection, Passed)
    assert connection.ends is None
    client.say(request("1"))
    assert connection.line() == request("1")
    connection.close()
    assert client.error() == (1, GONE)
