"""The book of what is in flight, fed without any input or output."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mcpconf.shim import Book, Framer, messages
from tests.shim.scene import GONE, INITIALIZE, INITIALIZED, WELCOME, request, result

# An id with escapes is not found in a long line.
TOKENS = ["0", "1", '"1"', "1.0", '"é"', '"a b"', "123456789012345678901"]


def client(book: Book, *lines: bytes) -> Book:
    for line in lines:
        book.client(line[:-1], messages(line[:-1]))
    return book


def server(book: Book, *lines: bytes) -> Book:
    for line in lines:
        book.server(line[:-1])
    return book


def failed(book: Book) -> list[str]:
    """The ids, as they were written, that are answered with an error when the broker is lost."""
    found = []
    for line in book.lost():
        assert json.loads(line)["error"]["message"] == "mcpconf: " + GONE
        found.append(line.partition(b'"id":')[2].partition(b',"error"')[0].decode())
    return found


def met() -> Book:
    return client(server(client(Book(), INITIALIZE), WELCOME), INITIALIZED)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(TOKENS), st.sampled_from([1, 2000, 70000])), max_size=12),
    st.lists(st.integers(1, 5000), min_size=1, max_size=5),
)
def test_what_was_asked_and_not_answered_is_left_however_it_was_cut(
    events: list[tuple[bool, str, int]], cuts: list[int]
) -> None:
    """An id may be asked twice; an answer that nobody awaits is nothing. The streams come in pieces of any size."""
    book = Book()
    framers = {True: Framer(), False: Framer()}
    open_ids: list[str] = []
    turn = 0
    for asks, token, size in events:
        raw = request(token, text="m" * size) if asks else result(token, "r" * size)
        while raw:
            piece, raw = raw[: cuts[turn % len(cuts)]], raw[cuts[turn % len(cuts)] :]
            turn += size < 70000 or 7
            for line in framers[asks].feed(piece):
                if asks:
                    book.client(line, messages(line))
                else:
                    book.server(line)
        if asks:
            open_ids.append(token)
        elif token in open_ids:
            open_ids.remove(token)
    assert sorted(failed(book)) == sorted(open_ids)


def test_an_answer_in_another_spelling_is_one() -> None:
    book = server(client(Book(), request('"a\\u0062"')), result('"ab"'))
    assert failed(book) == []


def test_what_was_cancelled_is_not_answered() -> None:
    note = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1","reason":"x"}}\n'
    book = client(Book(), request("1"), request('"1"'), note)
    assert failed(book) == ["1"]


def test_a_batch_is_answered_one_by_one() -> None:
    batch = b"[" + request("1")[:-1] + b"," + request("2")[:-1] + b"]\n"
    book = server(client(Book(), batch), b"[" + result("2")[:-1] + b"]\n")
    assert failed(book) == ["1"]


def test_the_handshake_is_kept_as_it_was_written() -> None:
    book = met()
    assert (book.hello, book.ready) == (INITIALIZE[:-1], INITIALIZED[:-1])
    assert [json.loads(line)["method"] for line in book.changed()] == [
        "notifications/tools/list_changed",
        "notifications/resources/list_changed",
    ]


def test_an_initialize_in_flight_is_not_failed_but_sent_again() -> None:
    book = client(Book(), INITIALIZE, request("7"))
    assert book.opening() == INITIALIZE[:-1]
    assert failed(book) == ["7"]
    assert book.opening() is None


def test_a_refused_initialize_is_not_kept() -> None:
    book = server(client(Book(), INITIALIZE), b'{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"no"}}\n')
    assert book.hello is None
    assert book.changed() == []


def test_a_second_initialize_takes_the_first_ones_place_once_it_is_answered() -> None:
    other = INITIALIZE.replace(b'"id":0', b'"id":5')
    book = client(met(), other)
    assert book.hello == INITIALIZE[:-1]
    server(book, WELCOME.replace(b'"id":0', b'"id":5'))
    assert book.hello == other[:-1]


def test_a_request_of_a_dead_server_is_cancelled_and_its_answer_concerns_nobody() -> None:
    book = server(met(), request("3", "elicitation/create"))
    told = [json.loads(line) for line in book.lost()]
    assert told == [{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}}]
    [answer] = messages(result("3"))
    assert not book.wanted(answer)
    server(book, request("3", "roots/list"))
    assert book.wanted(answer)


def test_an_answered_or_withdrawn_request_of_the_server_is_not_cancelled() -> None:
    book = client(server(met(), request("3", "ping"), request("4", "roots/list")), result("3"))
    server(book, b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}\n')
    assert book.lost() == []
