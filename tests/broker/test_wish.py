"""First lines, and what they want."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.broker.door.wish import LINE_LIMIT, Wish, may_become, of_target, wish


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"MCPCONF1 OPEN time", Wish("open", "time")),
        (b"MCPCONF1 OPEN time\r", Wish("open", "time")),
        (b"MCPCONF1 OPEN time.0123abcd /work/a%20b", Wish("open", "time.0123abcd", "/work/a b")),
        (b"MCPCONF1 OPEN t /%ff", Wish("open", "t", os.fsdecode(b"/\xff"))),
        (b"MCPCONF1 PASS time", Wish("pass", "time")),
        (b"MCPCONF1 PASS time /work", Wish("pass", "time", "/work")),
        (b"MCPCONF1 CONTROL", Wish("control")),
        (b"MCPCONF1 LIST", Wish("list")),
        (b"MCPCONF1 OPEN *", Wish("open", "*")),
        (b"MCPCONF1 OPEN * /work/a%20b", Wish("open", "*", "/work/a b")),
    ],
)
def test_our_own_lines_are_understood(line: bytes, found: Wish) -> None:
    assert wish(line) == found


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET / HTTP/1.1",
        b"MCPCONF1",
        b"MCPCONF2 LIST",
        b"MCPCONF1 LIST x",
        b"MCPCONF1 OPEN * a",
        b"MCPCONF1 OPEN * /a /b",
        b"MCPCONF1 CONTROL ",
        b"MCPCONF1 OPEN",
        b"MCPCONF1 OPEN ",
        b"MCPCONF1 OPEN a b",
        b"MCPCONF1 PASS",
        b"MCPCONF1 PASS a b",
        b"MCPCONF1 OPEN a /b c",
        b"MCPCONF1 OPEN a /%00",
        b"MCPCONF1 OPEN \xff",
        b"MCPCONF1  LIST",
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
    ],
)
def test_anything_else_is_not(line: bytes) -> None:
    assert wish(line) is None


@given(st.binary(max_size=200))
def test_no_line_is_too_strange(line: bytes) -> None:
    found = wish(line)
    assert found is None or line.startswith(b"MCPCONF1 ")


@given(st.binary(max_size=12))
def test_nobody_waits_for_the_rest_of_what_is_not_ours(held: bytes) -> None:
    assert may_become(held) == (b"MCPCONF1".startswith(held[:8]))


def test_a_line_without_an_end_is_not_waited_for() -> None:
    assert not may_become(b"MCPCONF1 OPEN " + b"x" * LINE_LIMIT)


def test_on_tcp_the_target_says_it() -> None:
    assert [of_target(one) for one in ("open/time", "control", "list")] == [
        Wish("open", "time"),
        Wish("control"),
        Wish("list"),
    ]
