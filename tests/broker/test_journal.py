"""The journal of a client whose descriptors were passed: what its shim reads there is what was said and told."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpconf.broker.journal import BANK, CHUNK, ENDS, FIRST, FULL, LATE, SHORT, SOON, Journal, noted
from mcpconf.shim import Book, Framer, read_journal, replay

HELLO = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"capabilities":{}}}\n'
WELCOME = b'{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"tools":{},"x":{}}}}\n'
READY = b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'


def asks(token: object, text: str = "") -> bytes:
    return b'{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"t":"%s"}}\n' % (
        str(token).encode(),
        text.encode(),
    )


def answers(token: object, text: str = "") -> bytes:
    return b'{"jsonrpc":"2.0","id":%s,"result":{"t":"%s"}}\n' % (str(token).encode(), text.encode())


class Scene:
    """A journal, and the shim's copy of its descriptor."""

    def __init__(self, first: bytes = b"") -> None:
        self.journal = Journal()
        self.file = os.dup(self.journal.file)
        self.journal.shared()
        if first is not None:
            self.journal.begin(first)

    def hear(self, data: bytes) -> None:
        """As a read of the client's pipe does."""
        journal = self.journal
        for at in range(0, len(data), CHUNK):
            piece = data[at : at + CHUNK]
            if journal.late:
                journal.compact(calm=False)
            journal.view[journal.at : journal.at + len(piece)] = piece
            assert journal.heard(len(piece)) == piece

    def tell(self, data: bytes) -> None:
        self.journal.writing()
        if not self.journal.told(data):
            self.journal.compact(calm=False)
            assert self.journal.told(data)

    def read(self) -> tuple[Book, Framer]:
        """What a shim finds."""
        begun, _, log = read_journal(self.file)
        assert begun
        book, framer = Book(), Framer()
        replay(log, framer, book)
        return book, framer

    def in_flight(self) -> list[bytes]:
        book, _ = self.read()
        return sorted(raw for waiting in book.asked.values() for raw in waiting)

    def pages(self) -> int:
        """Bytes that it takes."""
        return os.fstat(self.file).st_blocks * 512

    def close(self) -> None:
        self.journal.close()
        os.close(self.file)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def greet(scene: Scene) -> None:
    scene.hear(HELLO)
    scene.tell(WELCOME)
    scene.hear(READY)


def is_greeted(scene: Scene) -> bool:
    book, _ = scene.read()
    return (book.hello, book.ready, book.topics, book.hello_key) == (HELLO[:-1], READY[:-1], [b"tools"], b"0")


def test_what_is_not_answered_is_in_flight(scene: Scene) -> None:
    greet(scene)
    scene.hear(asks(1) + asks('"a"') + asks(2)[:9])
    scene.tell(answers(1))
    scene.hear(asks(2)[9:] + asks(2) + asks(3)[:20])
    scene.tell(answers(2))
    assert scene.in_flight() == [b'"a"', b"2"]
    assert is_greeted(scene)
    _, framer = scene.read()
    assert framer.unfinished() == asks(3)[:20]


def test_before_it_is_begun_it_says_nothing() -> None:
    journal = Journal()
    try:
        assert read_journal(journal.file) == (False, False, b"")
    finally:
        journal.close()


@pytest.mark.parametrize("length", [SHORT - 1, SHORT, SHORT + 1, 5 * SHORT])
def test_one_long_line_is_noted_as_it_is_among_others(length: int) -> None:
    line = bytes(range(32, 127)) * (length // 95) + b"x" * (length % 95)
    kept = line if length <= SHORT else line[:ENDS] + b"\3" + line[-ENDS:]
    assert noted(line + b"\n") == kept + b"\n"
    assert noted(line + b"\n" + line + b"\n") == kept + b"\n" + kept + b"\n"


def test_a_line_that_may_be_half_out_is_told(scene: Scene) -> None:
    scene.hear(asks(1))
    scene.journal.writing()
    assert read_journal(scene.file)[1]
    scene.tell(answers(1))
    assert not read_journal(scene.file)[1]


@pytest.mark.parametrize("calm", [True, False])
def test_made_anew_it_tells_the_same(scene: Scene, calm: bool) -> None:
    greet(scene)
    for number in range(300):
        scene.hear(asks(number, "x" * 90))
        scene.tell(answers(number))
    if not calm:
        scene.hear(asks(7) + asks(7) + asks(8)[:5])
        scene.tell(asks(1))
    before = scene.journal.at
    scene.journal.compact(calm)
    assert scene.journal.at < before / 50
    assert is_greeted(scene)
    book, framer = scene.read()
    assert scene.in_flight() == ([] if calm else [b"7", b"7"])
    assert list(book.asking) == ([] if calm else [b"1"])
    assert framer.unfinished() == (b"" if calm else asks(8)[:5])


def test_it_goes_back_to_the_handshake_and_stays_small(scene: Scene) -> None:
    greet(scene)
    scene.journal.compact(calm=True)
    for number in range(1000):
        if scene.journal.at > scene.journal.look:
            assert scene.journal.rewind()
        scene.hear(asks(number))
        scene.tell(answers(number))
    scene.hear(asks("1000"))
    assert scene.in_flight() == [b"1000"]
    assert is_greeted(scene)
    assert scene.pages() <= 4096
    assert scene.journal.at - BANK < 2 * SOON


def test_it_does_not_go_back_behind_a_handshake(scene: Scene) -> None:
    scene.journal.compact(calm=True)
    greet(scene)
    assert not scene.journal.rewind()
    assert is_greeted(scene)


def test_the_room_of_a_long_line_is_given_back(scene: Scene) -> None:
    greet(scene)
    scene.hear(asks(5, "x" * 3_000_000)[:-1])
    book, framer = scene.read()
    assert framer.open
    assert book.asked == {}
    scene.hear(b"\n")
    assert scene.in_flight() == [b"5"]
    scene.tell(answers(5, "y" * 3_000_000))
    assert scene.in_flight() == []
    scene.journal.compact(calm=True)
    assert is_greeted(scene)
    assert scene.pages() <= 4096


def test_bytes_that_mean_something_here_mean_nothing_when_others_say_them(scene: Scene) -> None:
    scene.hear(b'{"x":"\1{\2\3\0"}\n' + asks(1))
    scene.tell(b'{"y":"\2\0\1' + asks(9)[:-1] + b'\n"}\n')
    assert b"1" in scene.in_flight()
    scene.tell(answers(1, "\1"))
    assert b"1" not in scene.in_flight()


def test_whoever_has_it_can_neither_cut_it_nor_make_it_longer(scene: Scene) -> None:
    for size in (0, 10 * BANK):
        with pytest.raises(PermissionError):
            os.ftruncate(scene.file, size)


def test_what_a_shim_could_write_into_it_costs_no_memory(scene: Scene) -> None:
    os.pwrite(scene.file, b"\3" * LATE, 0)
    os.pwrite(scene.file, b"[" * LATE, LATE)
    scene.journal.at = 2 * LATE
    scene.journal.compact(calm=False)
    assert scene.journal.at < BANK + 4 * CHUNK


STEP = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 6), st.sampled_from([0, 50, 2000, 70_000])),
    st.tuples(st.just("answer"), st.integers(0, 6), st.sampled_from([0, 50, 2000, 70_000])),
    st.tuples(st.just("part"), st.integers(1, 40), st.just(0)),
    st.tuples(st.just("compact"), st.just(0), st.just(0)),
    st.tuples(st.just("write"), st.just(0), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_whatever_happens_a_shim_finds_what_is_in_flight(steps: list[tuple[str, int, int]]) -> None:
    """After each step, which is when a kill may come."""
    scene = Scene()
    try:
        greet(scene)
        flying: list[bytes] = []
        rest = b""  # of a line whose beginning was read
        for kind, number, size in steps:
            if kind == "ask":
                scene.hear(rest + asks(number, "x" * size))
                flying += ([b"99"] if rest else []) + [b"%d" % number]
                rest = b""
            elif kind == "part" and not rest:
                line = asks(99)
                scene.hear(line[:number])
                rest = line[number:]
            elif kind == "answer" and b"%d" % number in flying:
                flying.remove(b"%d" % number)
                scene.tell(answers(number, "y" * size))
            elif kind == "compact":
                scene.journal.compact(calm=not flying and not rest)
            elif kind == "write":
                scene.journal.writing()
            assert scene.in_flight() == sorted(flying)
            assert scene.read()[1].open == bool(rest)
            assert is_greeted(scene)
    finally:
        scene.close()


@pytest.mark.parametrize("bank", [1, 2])
def test_thousands_of_the_shortest_requests_stay_within_their_log(scene: Scene, bank: int) -> None:
    """Each takes more room when the log is made anew; what a client can do between two such times is too much."""
    journal, short = scene.journal, b'{"id":1,"method":""}\n'
    kept = len(asks(1).replace(b',"params":{"t":""}', b"").replace(b"tools/call", b"-"))
    while (left := FULL - journal.at + FIRST[journal.at > BANK]) > 2 * kept:
        scene.hear(short * min(CHUNK // len(short), left // kept))
        journal.compact(calm=False)
    if (journal.at > BANK) != (bank == 1):
        journal.compact(calm=False)
    assert not journal.full
    for size in (LATE - 100, CHUNK):  # not late before the second of them
        data = short * (size // len(short))
        journal.view[journal.at : journal.at + len(data)] = data
        journal.heard(len(data))
    journal.compact(calm=False)
    assert journal.full
    assert journal.at <= bank * BANK
    begun, _, log = read_journal(scene.file)
    assert begun
    assert set(log.splitlines()) == {b'{"jsonrpc":"2.0","id":1,"method":"-"}'}
