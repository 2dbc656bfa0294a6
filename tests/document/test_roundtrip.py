"""Whatever the layout: only our members change, and taking them away gives the old bytes back."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpconf.document.edit import Drop, Operation, Put, edit, read_members
from mcpconf.document.scan import JSONC, STRICT, scan
from mcpconf.document.walk import walk_value
from tests.document.layouts import documents

POINTERS = [("mcpServers",), ("projects", "/a b", "mcpServers")]
OURS = ["mcpconf", "our-git", "ü", "x"]

entries = st.fixed_dictionaries(
    {"command": st.sampled_from(["/bin/x", 'q"uo\\te', "\ud800", "é\u2028"])},
    optional={
        "args": st.lists(st.text(max_size=3), max_size=3),
        "env": st.dictionaries(st.text(max_size=3), st.just("v")),
    },
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, tuple[str, ...], bool]:
    jsonc = draw(st.booleans())
    pointer = draw(st.sampled_from(POINTERS))
    return draw(documents(jsonc=jsonc, pointer=pointer)), pointer, jsonc


@st.composite
def scripts(draw: st.DrawFn) -> list[list[Operation]]:
    """Batches of operations on our names, as switches make them."""
    operation = st.one_of(
        st.builds(Put, st.sampled_from(OURS), entries),
        st.builds(Drop, st.sampled_from(OURS)),
    )
    return draw(st.lists(st.lists(operation, min_size=1, max_size=4), min_size=1, max_size=4))


def is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)


@given(cases(), scripts())
@example(("{ // c\n}", ("mcpServers",), True), [[Put("x", {"command": "y"})]])
@example(('{"a":1 // c\n}', ("mcpServers",), True), [[Put("x", {"command": "y"})]])
@example(("// c", ("mcpServers",), True), [[Put("x", {"command": "y"})]])
@example(('{"mcpServers":{\n}}', ("mcpServers",), False), [[Put("x", {}), Put("ü", {})], [Drop("x")]])
@example(('{ // c\n"mcpServers":{ }}', ("mcpServers",), True), [[Put("x", {"a": 1})], [Put("ü", {"a": 1}), Drop("x")]])
def test_removing_all_of_ours_gives_the_old_text_back(
    case: tuple[str, tuple[str, ...], bool], script: list[list[Operation]]
) -> None:
    expect_old_text_back(case, script)


@pytest.mark.long
@settings(max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100000")))
@given(cases(), scripts())
def test_campaign_of_removing_all_of_ours(
    case: tuple[str, tuple[str, ...], bool], script: list[list[Operation]]
) -> None:
    expect_old_text_back(case, script)


def expect_old_text_back(case: tuple[str, tuple[str, ...], bool], script: list[list[Operation]]) -> None:
    text, pointer, jsonc = case
    dialect = JSONC if jsonc else STRICT
    current: str | None = text
    traces: Any = {}
    for batch in script:
        done = edit(current or "", pointer, batch, dialect, traces)
        current, traces = done.text, done.traces
        assert is_subsequence(text, current or ""), "something of the owner's is gone"
        expect_members(current or "", pointer, script, batch, jsonc)
    undone = edit(current or "", pointer, [Drop(name) for name in OURS], dialect, traces)
    assert (undone.text or "") == text
    assert not any(trace.created for trace in undone.traces.values())


def expect_members(
    text: str, pointer: tuple[str, ...], script: list[list[Operation]], batch: list[Operation], jsonc: bool
) -> None:
    """After a batch our members have the last value that was put, and a strict file is JSON for anyone."""
    found = read_members(text, pointer, JSONC if jsonc else STRICT)
    for operation in {operation.name: operation for operation in batch}.values():
        if isinstance(operation, Drop):
            assert operation.name not in found
        else:
            assert found[operation.name].value == operation.value
    if not jsonc and text.strip():
        json.loads(text, parse_int=str)


@given(cases())
def test_what_foreign_members_hold_is_read_as_it_stands(case: tuple[str, tuple[str, ...], bool]) -> None:
    text, pointer, jsonc = case
    dialect = JSONC if jsonc else STRICT
    for name, found in read_members(text, pointer, dialect).items():
        assert found.raw in text
        assert walk_value(found.raw, 0, dialect) == len(found.raw), name


@given(cases())
def test_the_fast_and_the_patient_scanner_agree(case: tuple[str, tuple[str, ...], bool]) -> None:
    text, _, jsonc = case
    if jsonc or not text.strip():
        return
    root = scan(text, STRICT)
    assert root is not None
    assert walk_value(text, root.start, STRICT) == root.end


@given(cases(), st.sampled_from(OURS), entries, entries)
def test_changing_ours_touches_nothing_else(
    case: tuple[str, tuple[str, ...], bool], name: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    text, pointer, jsonc = case
    dialect = JSONC if jsonc else STRICT
    put = edit(text, pointer, [Put(name, first)], dialect)
    changed = edit(put.text or "", pointer, [Put(name, second)], dialect, put.traces)
    back = edit(changed.text or "", pointer, [Put(name, first)], dialect, changed.traces)
    assert back.text == put.text
