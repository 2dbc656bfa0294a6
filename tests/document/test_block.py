"""A block of ours between other people's lines: put, replaced, taken out, and every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.document.block import BOM, MARKDOWN, SHELL, Torn, block_of, find, marked, put, take

BEGIN, END = MARKDOWN.begin, MARKDOWN.end
BLOCK = marked("one\ntwo")
OTHER = marked("three")
TEXTS = st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\r", b" ", BOM, b"\xc3\xbc", b"\xff", b"<!-- x -->"])).map(
    b"".join
)


@given(TEXTS)
def test_what_is_put_can_be_taken_out_again_byte_for_byte(text: bytes) -> None:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    there = put(text, BLOCK)
    assert block_of(there) == BLOCK
    assert take(there) == text
    assert put(there, BLOCK) == there
    assert take(put(there, OTHER)) == text


@given(TEXTS, TEXTS)
def test_a_new_block_takes_the_place_of_the_old_one_and_nothing_else(before: bytes, after: bytes) -> None:
    before = before and before.strip(b"\xff\xfe") + b"\n"
    old = before + BLOCK + b"\n" + after
    assert put(old, BLOCK) == old
    assert put(old, OTHER) == before + OTHER + b"\n" + after


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (None, BLOCK + b"\n"),
        (b"", BLOCK + b"\n"),
        (BOM, BOM + BLOCK + b"\n"),
        (b"x\n", b"x\n\n" + BLOCK + b"\n"),
        (b"x", b"x\n\n" + BLOCK),
        (b"x\r\ny\r\n", b"x\r\ny\r\n\r\n" + BLOCK.replace(b"\n", b"\r\n") + b"\r\n"),
    ],
)
def test_where_a_block_goes(text: bytes | None, there: bytes) -> None:
    assert put(text, BLOCK) == there
    assert take(there) == (text or b"")


def test_a_mark_may_be_indented_and_stand_behind_a_bom() -> None:
    found = find(BOM + BEGIN + b"\n  " + END + b"  \nrest")
    assert found is not None
    assert (found.start, found.line) == (3, 1)
    assert block_of(b"a " + BEGIN + b"\n") is None
    assert block_of(None) is None
    assert take(b"nothing of ours") == b"nothing of ours"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (b"a\n" + BEGIN + b"\nb\n", 2, "without the line that ends"),
        (b"a\n" + END + b"\nb\n", 2, "without the line that begins"),
        (BEGIN + b"\n" + BEGIN + b"\n" + END, 2, "a second"),
        (BLOCK + b"\n" + BLOCK, 5, "a second"),
        (b"\xff\xfe<\0", 1, "UTF-16"),
    ],
)
def test_a_block_that_is_torn_is_refused_with_its_line(text: bytes, line: int, why: str) -> None:
    for act in (find, take, lambda raw: put(raw, BLOCK)):
        with pytest.raises(Torn, match=why) as torn:
            act(text)
        assert torn.value.line == line


RC = marked("if [ -r x ]; then . x; fi", SHELL)


@given(st.one_of(TEXTS, st.binary(max_size=40)))
def test_a_shells_block_can_be_taken_out_of_any_bytes_again(text: bytes) -> None:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    there = put(text, RC, SHELL)
    assert block_of(there, SHELL) == RC
    assert take(there, SHELL) == text
    assert put(there, RC, SHELL) == there
    assert take(put(there, marked("other", SHELL), SHELL), SHELL) == text


@given(TEXTS, TEXTS)
def test_what_was_appended_since_to_a_shells_file_stays_a_line_of_its_own(text: bytes, more: bytes) -> None:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or not more:
        return
    ended = text if text in (b"", BOM) or text.endswith(b"\n") else text + b"\n"
    assert take(put(text, RC, SHELL) + more, SHELL) == ended + more


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (None, RC + b"\n"),
        (b"x\n", b"x\n\n" + RC + b"\n"),
        (b"x", b"x\n" + RC.replace(b"begin", b"begin ", 1) + b"\n"),
        (b"x\r\n", b"x\r\n\n" + RC + b"\n"),  # a CR would be a part of `fi`
        (b"x\r\ny", b"x\r\ny\n" + RC.replace(b"begin", b"begin ", 1) + b"\n"),
    ],
)
def test_where_a_shells_block_goes(text: bytes | None, there: bytes) -> None:
    assert put(text, RC, SHELL) == there
    assert take(there, SHELL) == (text or b"")


def test_a_shells_block_ends_its_line_so_that_others_can_append() -> None:
    appended = put(b"x", RC, SHELL) + b"export A=1\n"
    assert find(appended, SHELL) is not None
    assert take(b"export B=1\n" + put(None, RC, SHELL), SHELL) == b"export B=1\n"


def test_one_kind_of_block_is_none_of_the_other() -> None:
    assert find(BLOCK, SHELL) is None
    assert find(RC) is None
