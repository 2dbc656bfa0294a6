"""Lines out of chunks: the same wherever they were cut."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mcpconf.wire.lines import BOM, KEPT, Lines, Overlong

TEXTS = st.lists(st.binary(max_size=40).filter(lambda raw: b"\n" not in raw), max_size=12)


def fed(raw: bytes, cuts: list[int], limit: int = 1000) -> list[bytes | Overlong]:
    lines = Lines(limit)
    places = sorted({min(cut, len(raw)) for cut in cuts} | {0, len(raw)})
    found = [one for start, end in pairwise(places) for one in lines.feed(raw[start:end])]
    return found + lines.end()


@given(TEXTS, st.lists(st.integers(0, 500), max_size=10))
def test_where_a_stream_was_cut_makes_no_difference(texts: list[bytes], cuts: list[int]) -> None:
    raw = b"\n".join(texts)
    assert fed(raw, cuts) == fed(raw, [])


@given(TEXTS)
def test_every_line_comes_in_order_and_blank_ones_do_not(texts: list[bytes]) -> None:
    raw = b"".join(text + b"\n" for text in [b"x", *texts])
    wanted = [text.removesuffix(b"\r") for text in texts]
    assert fed(raw, [])[1:] == [text for text in wanted if text.strip(b" \t\r")]


@given(st.integers(1, 50), st.integers(0, 200), st.lists(st.integers(0, 300), max_size=8))
def test_a_line_beyond_the_limit_is_dropped_and_the_next_one_comes(limit: int, size: int, cuts: list[int]) -> None:
    raw = b"x" * size + b"\ny\n"
    first = [b"x" * size] if size else []
    expected: list[bytes | Overlong] = [Overlong(size + 1, b"x" * size, b"x" * size)] if size > limit else list(first)
    assert fed(raw, cuts, limit) == [*expected, b"y"]


def test_a_line_too_long_that_never_ends_is_told_at_the_end() -> None:
    assert fed(b"x" * 20, [5, 11], 10) == [Overlong(20, b"x" * 20, b"x" * 20)]


@given(
    st.binary(max_size=2000).filter(lambda raw: b"\n" not in raw and b"\r" not in raw), st.lists(st.integers(0, 2000))
)
def test_the_ends_of_a_line_too_long_are_kept(raw: bytes, cuts: list[int]) -> None:
    raw = b"x" * 11 + raw
    assert fed(raw + b"\n", cuts, 10) == [Overlong(len(raw) + 1, raw[:KEPT], raw[-KEPT:])]


def test_only_a_newline_ends_a_line() -> None:
    raw = '{"a": "\u2028\u0085"}\r\n'.encode()
    assert fed(raw, []) == [raw[:-2]]


def test_a_byte_order_mark_is_left_out_at_the_start_alone() -> None:
    assert fed(BOM + b"{}\n" + BOM + b"{}\n", []) == [b"{}", BOM + b"{}"]


def test_a_line_in_tiny_pieces_takes_no_more_memory_than_a_whole_one() -> None:
    lines = Lines(1_000_000)
    tracemalloc.start()
    try:
        for number in range(20_000):
            lines.feed(b"%02d" % (number % 100))
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()
    assert lines.feed(b"x" * 5000) == []
    assert lines.feed(b"y") == []
    whole = b"".join(b"%02d" % (number % 100) for number in range(20_000)) + b"x" * 5000 + b"y"
    assert lines.feed(b"\n") == [whole]
    for _ in range(600_000):
        lines.feed(b"ab")
    assert lines.feed(b"\n") == [Overlong(1_200_001, b"ab" * 256, b"ab" * 256)]
