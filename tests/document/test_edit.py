"""Edits as people see them: what the text looks like afterwards, and what a removal leaves."""

from __future__ import annotations

import json

import pytest

from mcpconf.document.edit import Drop, Put, Trace, edit, read_members
from mcpconf.document.encoding import decode
from mcpconf.document.scan import JSONC, STRICT

POINTER = ("mcpServers",)
LOCAL = ("projects", "/p", "mcpServers")
ENTRY = {"command": "/bin/x", "args": ["a", "b"]}


def put(text: str, name: str = "x", value: object = ENTRY, pointer: tuple[str, ...] = POINTER) -> str:
    return edit(text, pointer, [Put(name, value)], STRICT).text or ""


LAYOUTS = {
    "two spaces": (
        '{\n  "mcpServers": {\n    "a": {}\n  }\n}\n',
        '{\n  "mcpServers": {\n    "a": {},\n    "x": {\n      "command": "/bin/x",\n      "args": [\n'
        '        "a",\n        "b"\n      ]\n    }\n  }\n}\n',
    ),
    "tabs and CRLF": (
        '{\r\n\t"mcpServers": {\r\n\t\t"a": {}\r\n\t}\r\n}',
        '{\r\n\t"mcpServers": {\r\n\t\t"a": {},\r\n\t\t"x": {\r\n\t\t\t"command": "/bin/x",\r\n\t\t\t"args": [\r\n'
        '\t\t\t\t"a",\r\n\t\t\t\t"b"\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}',
    ),
    "one line, tight": (
        '{"mcpServers":{"a":{}}}',
        '{"mcpServers":{"a":{},"x":{"command":"/bin/x","args":["a","b"]}}}',
    ),
    "one line, loose": (
        '{"mcpServers": {"a": {}}}',
        '{"mcpServers": {"a": {}, "x": {"command": "/bin/x", "args": ["a", "b"]}}}',
    ),
    "one line, very loose": (
        '{ "mcpServers": { "a": {} } }',
        '{ "mcpServers": { "a": {}, "x": {"command": "/bin/x", "args": ["a", "b"]} } }',
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_new_text_follows_the_style_of_the_file(name: str) -> None:
    before, after = LAYOUTS[name]
    assert put(before) == after
    json.loads(after)


def test_a_new_file_is_written_line_by_line_with_two_spaces() -> None:
    assert put("", value={"command": "x"}) == (
        '{\n  "mcpServers": {\n    "x": {\n      "command": "x"\n    }\n  }\n}\n'
    )


def test_the_whole_way_to_a_pointer_is_made_and_goes_again() -> None:
    text = '{\n  "numStartups": 3\n}\n'
    done = edit(text, LOCAL, [Put("x", {})], STRICT)
    assert json.loads(done.text or "")["projects"] == {"/p": {"mcpServers": {"x": {}}}}
    assert edit(done.text or "", LOCAL, [Drop("x")], STRICT, done.traces).text == text


def test_of_a_document_that_we_made_nothing_is_left() -> None:
    done = edit("", POINTER, [Put("x", {})], STRICT)
    undone = edit(done.text or "", POINTER, [Drop("x")], STRICT, done.traces)
    assert (undone.text, undone.traces) == (None, {})


def test_a_document_of_ours_that_others_have_used_stays_without_our_part() -> None:
    done = edit("", POINTER, [Put("x", {})], STRICT)
    theirs = (done.text or "").replace('{\n  "mcp', '{\n  "theme": "dark",\n  "mcp')
    undone = edit(theirs, POINTER, [Drop("x")], STRICT, done.traces)
    assert undone.text == '{\n  "theme": "dark"\n}\n'


def test_an_object_of_ours_with_somebody_elses_member_stays() -> None:
    done = edit("{}", POINTER, [Put("x", {})], STRICT)
    theirs = edit(done.text or "", POINTER, [Put("theirs", 1)], STRICT)
    undone = edit(theirs.text or "", POINTER, [Drop("x")], STRICT, done.traces)
    assert json.loads(undone.text or "") == {"mcpServers": {"theirs": 1}}


def test_an_empty_object_gets_its_white_space_back() -> None:
    text = '{"mcpServers": {\n\n  }}'
    done = edit(text, POINTER, [Put("x", {}), Put("y", {})], STRICT)
    assert done.traces == {POINTER: Trace(inner="\n\n  ")}
    assert edit(done.text or "", POINTER, [Drop("x"), Drop("y")], STRICT, done.traces).text == text


def test_a_comment_alone_stays_above_what_is_made() -> None:
    done = edit("// mine", POINTER, [Put("x", 1)], JSONC)
    assert (done.text or "").startswith("// mine\n{\n")
    assert edit(done.text or "", POINTER, [Drop("x")], JSONC, done.traces).text == "// mine"


def test_dropping_what_is_not_there_changes_nothing() -> None:
    for text in ("", "{}", '{"a": 1}', '{"mcpServers": {"a": 1}}'):
        assert edit(text, POINTER, [Drop("x")], STRICT) == edit(text, POINTER, [], STRICT)
        assert edit(text, POINTER, [Drop("x")], STRICT).text == text


def test_of_several_operations_on_one_name_the_last_counts() -> None:
    text = '{"mcpServers": {}}'
    assert edit(text, POINTER, [Put("x", 1), Drop("x")], STRICT).text == text
    assert edit(text, POINTER, [Drop("x"), Put("x", 1), Put("x", 2)], STRICT).text == '{"mcpServers": {"x": 2}}'


def test_raw_text_is_put_back_as_it_stood() -> None:
    raw = '{ "b" : 1.0,\n\n"a":[ ] }'
    text = f'{{"mcpServers": {{"x": {raw}, "y": 1}}}}'
    replaced = edit(text, POINTER, [Put("x", ENTRY)], STRICT)
    assert raw not in (replaced.text or "")
    assert edit(replaced.text or "", POINTER, [Put("x", raw=raw)], STRICT).text == text


def test_the_root_itself_can_be_edited() -> None:
    done = edit('{\n  "a": 1\n}', (), [Put("enabled", ["x"])], STRICT)
    assert json.loads(done.text or "") == {"a": 1, "enabled": ["x"]}
    assert edit(done.text or "", (), [Drop("enabled")], STRICT, done.traces).text == '{\n  "a": 1\n}'
    fresh = edit("", (), [Put("enabled", [])], STRICT)
    assert json.loads(fresh.text or "") == {"enabled": []}
    assert edit(fresh.text or "", (), [Drop("enabled")], STRICT, fresh.traces).text is None


def test_letters_beyond_ascii_stay_readable_and_lone_surrogates_are_escaped() -> None:
    assert '"ü": {"a": "é\u2028"}' in put('{"mcpServers": {"b": 1}}', "ü", {"a": "é\u2028"})
    escaped = put('{"mcpServers": {"b": 1}}', "x", {"a": "é\ud800"})
    assert '{"a": "\\u00e9\\ud800"}' in escaped
    assert escaped.encode()


def test_a_name_that_is_written_with_escapes_is_the_same_name() -> None:
    text = '{"mcpServers": {"\\u0078": 1}}'
    assert read_members(text, POINTER, STRICT)["x"].value == 1
    assert put(text, "x", 2) == '{"mcpServers": {"\\u0078": 2}}'


def test_a_members_line_is_the_line_of_its_name() -> None:
    found = read_members('{\n"mcpServers": {\n\n"a":\n1, "b": 2}}', POINTER, STRICT)
    assert {name: one.line for name, one in found.items()} == {"a": 4, "b": 5}


def test_bom_and_crlf_are_kept() -> None:
    raw = b'\xef\xbb\xbf{\r\n  "a": 1\r\n}\r\n'
    decoded = decode(raw)
    done = edit(decoded.text, POINTER, [Put("x", ENTRY)], STRICT)
    written = decoded.encode(done.text or "")
    assert written.startswith(b"\xef\xbb\xbf{\r\n")
    assert written.count(b"\n") == written.count(b"\r\n")
    undone = edit(decode(written).text, POINTER, [Drop("x")], STRICT, done.traces)
    assert decoded.encode(undone.text or "") == raw


JSONC_CASES = {
    "comment behind the last member": ('{"mcpServers": {\n  "a": 1 // one\n}}', '"a": 1, // one\n  "x": 0'),
    "comma kept at the end": ('{"mcpServers": {\n  "a": 1, // one\n}}', '"a": 1, // one\n  "x": 0,'),
    "block comment on one line": ('{"mcpServers": {"a": 1 /* one */}}', '"a": 1, /* one */ "x": 0'),
    "comment in an empty object": ('{"mcpServers": { /* none */ }}', '"x": 0 /* none */'),
    "line comment with one line's style": ('{"mcpServers": {"a": 1 // one\n}}', '"a": 1, "x": 0 // one'),
}


@pytest.mark.parametrize("name", JSONC_CASES)
def test_comments_stay_where_they_speak(name: str) -> None:
    text, part = JSONC_CASES[name]
    done = edit(text, POINTER, [Put("x", 0)], JSONC)
    assert part in (done.text or "")
    assert edit(done.text or "", POINTER, [Drop("x")], JSONC, done.traces).text == text


def test_a_member_of_ours_between_others_goes_without_their_comments() -> None:
    text = '{"mcpServers": {"a": 1, /* of b */ "b": 2, "c": 3}}'
    done = edit(text, POINTER, [Drop("b")], JSONC)
    assert done.text == '{"mcpServers": {"a": 1, /* of b */ "c": 3}}'
    assert edit(text, POINTER, [Drop("a")], JSONC).text == '{"mcpServers": { /* of b */ "b": 2, "c": 3}}'
