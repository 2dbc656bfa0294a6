"""What is ours, written down and read back; a record that can't be trusted is an error and never a guess."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.document.edit import Trace
from mcpconf.errors import Refused
from mcpconf.ledger import FileRecord, Ledger, Owned, digest, dump, load
from mcpconf.model import Scope

PATH = "/home/u/.claude.json"
OWNED = Owned("d1", "claude-code", "user", "work", "direct", '{"command": "old"}')
RECORD = FileRecord(
    created=True,
    members={("mcpServers",): {"x": OWNED}, ("projects", "/p", "mcpServers"): {"ü": OWNED, "x": OWNED}},
    traces={(): Trace(created=True, document="\n"), ("mcpServers",): Trace(inner="\t")},
    made=("/home/u/a", "/home/u"),
)

text = st.text(max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
paths = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4).map("/{}".format)
blank = st.text(" \t\r\n", max_size=4)
owned = st.builds(
    Owned, text, text, st.sampled_from([*Scope]).map(str), text, text, st.none() | json_values.map(json.dumps)
)
records = st.builds(
    FileRecord,
    st.booleans(),
    st.dictionaries(
        st.tuples(text, text), st.dictionaries(text, owned, min_size=1, max_size=2), min_size=1, max_size=2
    ),
    st.dictionaries(st.tuples(text), st.builds(Trace, st.booleans(), blank, blank), max_size=2),
    st.lists(paths, max_size=2).map(tuple),
)


@given(st.dictionaries(paths, records, max_size=2))
def test_what_is_written_is_read_back(files: dict[str, FileRecord]) -> None:
    assert load(dump(Ledger(files)), "ledger.json") == Ledger(files)


def test_no_file_is_an_empty_ledger() -> None:
    assert load(None, "ledger.json") == Ledger()


def test_a_file_with_nothing_of_ours_is_forgotten() -> None:
    ledger = Ledger().with_file("/a", RECORD).with_file("/b", RECORD)
    assert set(ledger.with_file("/a", FileRecord(created=True, made=("/x",))).files) == {"/b"}
    assert ledger.with_file("/a", RECORD) == ledger


@given(json_values)
def test_a_digest_tells_meaning_not_layout(value: Any) -> None:
    again = json.loads(json.dumps(value, indent=3))
    assert digest(again) == digest(value)
    assert digest({"a": value, "b": 1}) == digest({"b": 1, "a": value})
    assert digest([value]) != digest([value, value])


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (1, True), (0, None), ([], {}), ("a", "A"), ("é", "e\u0301")])
def test_different_values_have_different_digests(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


def test_lone_surrogates_and_infinities_have_digests() -> None:
    assert digest("\ud800") != digest("\ud801")
    assert digest(float("inf")) != digest(float("-inf"))


def damaged(change: Any) -> bytes:
    data = json.loads(dump(Ledger({PATH: RECORD})))
    change(data)
    return json.dumps(data).encode()


DAMAGED = {
    "empty": b"",
    "cut off": dump(Ledger({PATH: RECORD}))[:40],
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "null": b"null",
    "no version": b'{"files": {}}',
    "a version that is no number": b'{"version": "1", "files": {}}',
    "no files": b'{"version": 1}',
    "files is a list": b'{"version": 1, "files": []}',
    "a record is null": damaged(lambda data: data["files"].update({PATH: None})),
    "no members": damaged(lambda data: data["files"][PATH].pop("members")),
    "a member without a name": damaged(lambda data: data["files"][PATH]["members"][0].pop("name")),
    "a member without a digest": damaged(lambda data: data["files"][PATH]["members"][0].pop("digest")),
    "a member with an unknown field": damaged(lambda data: data["files"][PATH]["members"][0].update(more=1)),
    "a trace without a field": damaged(lambda data: data["files"][PATH]["traces"][0].pop("inner")),
    "a pointer of lists": damaged(lambda data: data["files"][PATH]["members"][0].update(pointer=[["a"]])),
    "a pointer that is text": damaged(lambda data: data["files"][PATH]["members"][0].update(pointer="a")),
    "a name that is a number": damaged(lambda data: data["files"][PATH]["members"][0].update(name=5)),
    "a digest that is a list": damaged(lambda data: data["files"][PATH]["members"][0].update(digest=[])),
    "an unknown scope": damaged(lambda data: data["files"][PATH]["members"][0].update(scope="moon")),
    "no JSON before": damaged(lambda data: data["files"][PATH]["members"][0].update(before='{"a":')),
    "two values before": damaged(lambda data: data["files"][PATH]["members"][0].update(before="{}, 1")),
    "a trace that is more than white space": damaged(lambda data: data["files"][PATH]["traces"][0].update(inner="x")),
    "a trace with half a comment": damaged(lambda data: data["files"][PATH]["traces"][0].update(document="/*")),
    "created is a number": damaged(lambda data: data["files"][PATH].update(created=1)),
    "made is text": damaged(lambda data: data["files"][PATH].update(made="/a")),
    "a relative path": dump(Ledger({"a": RECORD})),
    "a path with NUL": dump(Ledger({"/a\0b": RECORD})),
    "a path that no file system has": dump(Ledger({"/\ud800": RECORD})),
    "deep nesting": b"[" * 100_000,
    "a number without end": b'{"version": ' + b"1" * 6000 + b', "files": {}}',
    "a version that is true": b'{"version": true, "files": {}}',
    "version 0": b'{"version": 0, "files": {}}',
}


def test_what_stood_there_before_may_hold_what_python_cannot_read() -> None:
    for before in ('{"a": ' + "1" * 6000 + "}", '{"a": 1, // why\n }', "[" * 3000 + "]" * 3000):
        ledger = Ledger({PATH: FileRecord(members={("m",): {"x": Owned("d", "c", "user", "p", "r", before)}})})
        assert load(dump(ledger), "ledger.json") == ledger


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_ledger_is_an_error_with_a_way_out(name: str) -> None:
    with pytest.raises(Refused, match=r"(?s)/s/ledger\.json is damaged .*; nothing was changed") as caught:
        load(DAMAGED[name], "/s/ledger.json")
    assert "mv /s/ledger.json /s/ledger.json.damaged" in (caught.value.hint or "")


def test_a_newer_ledger_is_left_to_a_newer_mcpconf() -> None:
    with pytest.raises(Refused, match="was written by a newer mcpconf") as caught:
        load(b'{"version": 2, "files": "whatever"}', "/s/ledger.json")
    assert caught.value.hint == "update mcpconf"
