"""What can't be edited safely is refused, with the line and the column of the first thing that is wrong."""

from __future__ import annotations

import pytest

from mcpconf.document import walk
from mcpconf.document.edit import Drop, Put, edit, read_members
from mcpconf.document.encoding import decode
from mcpconf.document.fault import Fault, line_column
from mcpconf.document.scan import JSONC, STRICT, scan
from mcpconf.document.walk import Dialect, walk_value
from mcpconf.errors import Located
from mcpconf.plan import decode_file

POINTER = ("mcpServers",)
LOCAL = ("projects", "/p", "mcpServers")

MALFORMED = {
    "line comment": ('{\n  // hi\n  "a": 1}', (2, 3), "a comment is not allowed in this file"),
    "block comment": ('{"a": /* x */ 1}', (1, 7), "a comment is not allowed"),
    "comment after the document": ('{"a": 1}\n// end', (2, 1), "a comment is not allowed"),
    "hash comment": ('{"a": 1, # x\n"b": 2}', (1, 10), "a comment is not allowed"),
    "trailing comma": ('{\n  "a": 1,\n}', (2, 9), "trailing comma"),
    "trailing comma inside": ('{\n  "a": [1,\n2,]}', (3, 2), "trailing comma"),
    "trailing comma in an inner object": ('{"a": {"b": 1,}}', (1, 14), "trailing comma"),
    "NaN": ('{"a":\n NaN}', (2, 2), "NaN is no JSON value"),
    "NaN inside": ('{"a": [NaN]}', (1, 8), "NaN is no JSON value"),
    "negative infinity": ('{"a": -Infinity}', (1, 7), "-Infinity is no JSON value"),
    "undefined": ('{"a": undefined}', (1, 7), "undefined is no JSON value"),
    "single quotes": ("{'a': 1}", (1, 2), "JSON strings stand in double quotes"),
    "single quotes in a value": ("{\"a\": 'x'}", (1, 7), "JSON strings stand in double quotes"),
    "bare name": ("{a: 1}", (1, 2), "expected a name in double quotes, found 'a'"),
    "bare word": ('{"a": yes}', (1, 7), "expected a value, found 'y'"),
    "no colon": ('{"a" 1}', (1, 6), "expected ':', found '1'"),
    "no colon inside": ('{"x": {"a" 1}}', (1, 12), "expected ':', found '1'"),
    "no comma": ('{"a": 1\n"b": 2}', (2, 1), "expected ',' or '}'"),
    "no comma in a list": ('{"a": [1 2]}', (1, 10), "expected ',' or ']'"),
    "bare inner name": ('{"a": {b: 1}}', (1, 8), "expected a name in double quotes"),
    "wrong bracket": ('{"a": [1}}', (1, 9), "expected ',' or ']'"),
    "no value": ('{"a": }', (1, 7), "expected a value, found '}'"),
    "only a comma": ("{,}", (1, 2), "expected a name in double quotes"),
    "leading zero": ('{"a": 01}', (1, 8), "expected ',' or '}'"),
    "plus sign": ('{"a": +1}', (1, 7), "expected a value"),
    "raw line end in a string": ('{"a": "x\ny"}', (1, 9), "broken string: invalid control character"),
    "raw line end in a name": ('{"a\n": 1}', (1, 4), "broken string: invalid control character"),
    "bad escape": ('{"a": "\\x"}', (1, 8), "broken string: invalid \\escape"),
    "NUL": ("\0\0\0", (1, 1), "found '\\x00'"),
    "NUL behind the document": ("{}\n\0", (2, 1), "expected the end of the file, found '\\x00'"),
    "truncated in the middle": ('{"a": {"b"', (1, 11), "the file ends where ':' is expected"),
    "truncated in a string": ('{"a": "b', (1, 7), "broken string: unterminated string"),
    "truncated after a comma": ('{"a": 1,\n', (2, 1), "the file ends where a name in double quotes is expected"),
    "truncated after a member": ('{"a": 1\n', (2, 1), "the file ends where ',' or '}' is expected"),
    "truncated list": ('{"a": [', (1, 8), "the file ends where a value is expected"),
    "two documents": ("{}\n{}", (2, 1), "expected the end of the file, found '{'"),
    "top level list": ("\n [1]", (2, 2), "the top level is not an object"),
    "top level string": ('"x"', (1, 1), "the top level is not an object"),
    "top level null": ("null", (1, 1), "the top level is not an object"),
    "not JSON at all": ("<html>", (1, 1), "expected a value, found '<'"),
    "container is a list": ('{\n "mcpServers": []}', (2, 16), '"mcpServers" is not an object'),
    "container is null": ('{"mcpServers": null}', (1, 16), '"mcpServers" is not an object'),
    "container is a string": ('{"mcpServers": "{}"}', (1, 16), '"mcpServers" is not an object'),
    "container twice": (
        '{\n"mcpServers": {},\n"mcpServers": {}}',
        (3, 1),
        '"mcpServers" stands twice, in lines 2 and 3',
    ),
    "container three times": (
        '{"mcpServers": {},\n"mcpServers": 1,\n"mcpServers": {}}',
        (2, 1),
        '"mcpServers" stands 3 times, in lines 1 and 2 and 3',
    ),
    "container twice, once escaped": ('{"mcpServers": {},\n "mcp\\u0053ervers": {}}', (2, 2), "stands twice"),
}


def place_of(text: str, fault: Fault) -> tuple[int, int]:
    return line_column(text, fault.position)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_text_is_refused_at_its_place(name: str) -> None:
    text, place, message = MALFORMED[name]
    with pytest.raises(Fault) as caught:
        edit(text, POINTER, [Put("x", {})], STRICT)
    assert place_of(text, caught.value) == place
    assert message in caught.value.message


@pytest.mark.parametrize("name", MALFORMED)
def test_reading_refuses_what_editing_refuses(name: str) -> None:
    text, place, message = MALFORMED[name]
    with pytest.raises(Fault) as caught:
        read_members(text, POINTER, STRICT)
    assert place_of(text, caught.value) == place
    assert message in caught.value.message


MENDED = {
    "trailing comma": ('{"a": 1,}', "remove this comma"),
    "trailing comma in a list": ('{"a": [1,]}', "remove this comma"),
    "only a comma": ("{,}", "remove this comma: nothing stands before it"),
    "unclosed": ('{"a": {', "write the end that is missing: every { needs its }"),
    "broken off": ("{broken", 'write names in double quotes, as in {"name": "value"}, and close every { with a }'),
    "bare name": ("{broken: 1}", 'write names in double quotes, as in {"name": "value"}'),
    "no comma": ('{"a": 1 "b": 2}', "put a comma between"),
    "no comma in a list": ('{"a": ["b" "c"]}', "put a comma between"),
    "a second document": ("{} {}", "remove what stands behind the last }"),
    "top level list": ("[]", "put one JSON object in its place"),
    "container is a list": ('{"mcpServers": []}', 'write {} there: "mcpServers": {}'),
    "single quotes": ("{'a': 1}", "write double quotes"),
    "NaN": ('{"a": NaN}', "write a number in its place"),
    "comment": ('{"a": 1 // x\n}', "remove the comment"),
}


@pytest.mark.parametrize("name", MENDED)
def test_a_fault_says_in_one_sentence_how_to_mend_it(name: str) -> None:
    text, hint = MENDED[name]
    with pytest.raises(Fault) as caught:
        read_members(text, POINTER, STRICT)
    assert (caught.value.hint or "").startswith(hint)
    assert "\n" not in (caught.value.hint or "")


def test_what_a_message_says_alone_has_no_hint() -> None:
    with pytest.raises(Fault) as caught:
        read_members('{"a": yes}', POINTER, STRICT)
    assert caught.value.hint is None


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{"projects": []}', (1, 14), '"projects" is not an object'),
        ('{"projects": {\n"/p": 1}}', (2, 7), '"/p" is not an object'),
        ('{"projects": {"/p": {\n"mcpServers": false}}}', (2, 15), '"mcpServers" is not an object'),
        ('{"projects": {"/p": {},\n"/p": {}}}', (2, 1), '"/p" stands twice, in lines 1 and 2'),
        ('{"projects": {"/p": {\n"mcpServers": {},\n"mcpServers": {}}}}', (3, 1), "in lines 2 and 3"),
    ],
)
def test_every_level_of_a_pointer_is_looked_at(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(Fault) as caught:
        edit(text, LOCAL, [Drop("x")], STRICT)
    assert place_of(text, caught.value) == place
    assert message in caught.value.message


def test_a_repeated_name_of_ours_is_told_by_its_lines_in_the_whole_file() -> None:
    text = '{\n "a": 1,\n "mcpServers": {\n  "x": 1,\n  "y": {},\n  "x": 2\n }\n}'
    with pytest.raises(Fault, match='"x" stands twice, in lines 4 and 6') as caught:
        edit(text, POINTER, [Put("y", {}), Drop("x")], STRICT)
    assert place_of(text, caught.value) == (6, 3)
    assert caught.value.hint == "merge them by hand into one"
    assert edit(text, POINTER, [Drop("y")], STRICT).text == text.replace('\n  "y": {},', "")


def test_other_repeated_names_stay() -> None:
    text = '{"a": 1, "a": 2, "mcpServers": {"b": 1, "b": 2}, "a": {"c": 0, "c": 0}}'
    put = edit(text, POINTER, [Put("x", 1)], STRICT)
    assert put.text == text.replace('"b": 2}', '"b": 2, "x": 1}')


def test_of_members_with_one_name_the_last_is_read() -> None:
    found = read_members('{"mcpServers": {"b": 1,\n "b": 2}}', POINTER, STRICT)["b"]
    assert (found.value, found.line) == (2, 2)
    assert found.repeated is not None
    assert "in lines 1 and 2" in found.repeated.message


@pytest.mark.parametrize("text", ["", "\n", " \r\n\t"])
def test_a_text_of_white_space_has_no_members_and_is_no_fault(text: str) -> None:
    assert read_members(text, POINTER, STRICT) == {}
    assert scan(text, STRICT) is None
    assert edit(text, POINTER, [Drop("x")], STRICT).text == text


@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("dialect", [STRICT, JSONC])
def test_two_thousand_foreign_brackets_are_accepted(brackets: tuple[str, str], dialect: Dialect) -> None:
    deep = brackets[0] * 2000 + "1" + brackets[1] * 2000
    text = f'{{"deep": {deep}, "mcpServers": {{"foreign": {deep}}}}}'
    put = edit(text, POINTER, [Put("x", {})], dialect)
    assert put.text == text[:-2] + ', "x": {}}}'
    assert read_members(text, POINTER, dialect)["foreign"].raw == deep
    assert edit(put.text, POINTER, [Drop("x")], dialect, put.traces).text == text


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_brackets_that_never_close_are_a_fault_at_the_end(opening: str) -> None:
    text = '{"deep": ' + opening * 2000
    with pytest.raises(Fault, match="the file ends where") as caught:
        scan(text, STRICT)
    assert caught.value.position == len(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_brackets_without_measure_are_a_fault_where_it_is_full(
    opening: str, closing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "DEEPEST", 3000)
    fine = f'{{"deep": {opening * 3000}1{closing * 3000}}}'
    scanned = scan(fine, STRICT)
    assert scanned is not None
    assert scanned.end == len(fine)
    with pytest.raises(Fault, match="nested more than 3,000 levels deep") as caught:
        scan(fine.replace("1", opening + closing), STRICT)
    assert caught.value.position == len('{"deep": ' + opening * 3000)


def test_huge_and_odd_numbers_are_accepted_and_kept() -> None:
    numbers = "[1e400, -0, 12345678901234567890, 0.1e-999, " + "9" * 5000 + "]"
    text = f'{{"n": {numbers}, "mcpServers": {{"foreign": {numbers}}}}}'
    found = read_members(text, POINTER, STRICT)["foreign"]
    assert found.raw == numbers
    assert found.value == {"": numbers}, "a value that Python can't read stands for itself"
    assert numbers in (edit(text, POINTER, [Put("x", 1)], STRICT).text or "")


def test_a_value_with_comments_stands_for_itself() -> None:
    found = read_members('{"mcpServers": {"a": {"b": 1 /* one */}}}', POINTER, JSONC)["a"]
    assert found.value == {"": '{"b": 1 /* one */}'}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("{ /* never closed", (1, 3), "comment without an end"),
        ('{"a": [1, /* never', (1, 11), "comment without an end"),
        ('{"a": 1 # hash\n}', (1, 9), "this kind of comment is not allowed"),
        ('{"a": [1, # hash\n]}', (1, 11), "this kind of comment is not allowed"),
        ('{"a": [1,,]}', (1, 10), "expected a value, found ','"),
        ('{"a": {"b": 1,,}}', (1, 15), "expected a name in double quotes"),
        ("{} /* behind */ 1", (1, 17), "expected the end of the file"),
        ("// first\n7", (2, 1), "the top level is not an object"),
    ],
)
def test_jsonc_has_its_faults_too(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(Fault) as caught:
        edit(text, POINTER, [Put("x", {})], JSONC)
    assert place_of(text, caught.value) == place
    assert message in caught.value.message


@pytest.mark.parametrize("text", ['{"a": [1, 2,], /* c */ "b": {"c": 1,},}', "// a\r\n{ // b\r\n}\r\n// c"])
def test_jsonc_allows_comments_and_trailing_commas(text: str) -> None:
    put = edit(text, POINTER, [Put("x", {})], JSONC)
    assert edit(put.text or "", POINTER, [Drop("x")], JSONC, put.traces).text == text


BEFORE = '{"n": [1, -2.5e3, "\u00fc", null], "s": "x\\n", "plain": true, "last": {}}'
BROKEN = {
    "a trailing comma": ('"x": [1, 2,]', 10, "trailing comma"),
    "a trailing comma behind a name": ('"x": 1, }', 6, "trailing comma"),
    "NaN": ('"x": [1, NaN]', 9, "NaN is no JSON value"),
    "a comment between plain values": ('"x": [1, /* */ 2]', 9, "a comment is not allowed"),
    "a leading zero": ('"x": [1, 01, 2]', 10, "expected ',' or ']'"),
    "an end that is missing": ('"x": [1, 2, ', 12, "the file ends where a value is expected"),
    "a string with a raw line end": ('"x": ["a", "b\n", 1]', 13, "broken string"),
}


@pytest.mark.parametrize("depth", [1, 5, 20])
@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_deep_in_a_large_value_is_told_at_its_place(name: str, depth: int) -> None:
    """Deeper than the C scanner is tried, and behind all that is skipped without a look at its tokens."""
    rest, offset, message = BROKEN[name]
    head = f'{{"deep": {BEFORE[:-1]}, "list": [{BEFORE}, ' * depth + f"{{{BEFORE[1:-1]}, "
    with pytest.raises(Fault, match=message) as caught:
        scan(head + rest, STRICT)
    assert caught.value.position == len(head) + offset


def test_a_fault_is_found_once_and_told_as_often_as_it_is_asked_for() -> None:
    text = '{"once": [1, 2'
    with pytest.raises(Fault) as first:
        scan(text, STRICT)
    with pytest.raises(Fault) as second:
        scan(text, STRICT)
    assert first.value is not second.value, "each has its own traceback"
    assert str(first.value) == str(second.value)
    assert (first.value.position, first.value.hint) == (second.value.position, second.value.hint)


def test_of_many_members_with_one_name_the_first_lines_are_told() -> None:
    text = '{"mcpServers": {\n' + ",\n".join('"b": 1' for _ in range(1000)) + "}}"
    repeated = read_members(text, POINTER, STRICT)["b"].repeated
    assert repeated is not None
    assert repeated.message == '"b" stands 1000 times, in lines 2 and 3 and 4 and 5 and 996 more'


def test_members_are_told_by_their_lines() -> None:
    text = '{"mcpServers": {"a": 1, "b":\n2,\n\n"c": [\n], "d": 1\n}}'
    found = read_members(text, POINTER, STRICT)
    assert {name: member.line for name, member in found.items()} == {"a": 1, "b": 1, "c": 4, "d": 5}


@pytest.mark.parametrize("word", ["true", "false", "null", "-1.5e+3", '"\\u00e9"', "[]", "{}", "[[],{}]"])
def test_the_patient_scanner_finds_the_end_of_every_kind_of_value(word: str) -> None:
    assert walk_value(f" {word} ,", 1, STRICT) == 1 + len(word)


ENCODINGS = {
    "UTF-16 little": ("{}".encode("utf-16"), (1, 1), "the file is UTF-16, not UTF-8"),
    "UTF-16 big": (b"\xfe\xff" + "{}".encode("utf-16-be"), (1, 1), "the file is UTF-16"),
    "UTF-32 little": ("{}".encode("utf-32"), (1, 1), "the file is UTF-32"),
    "UTF-32 big": (b"\x00\x00\xfe\xff" + "{}".encode("utf-32-be"), (1, 1), "the file is UTF-32"),
    "Latin-1": ('{\n "é": "ä"}'.encode("latin-1"), (2, 3), "byte 0xe9 is not valid UTF-8"),
    "behind a BOM": (b'\xef\xbb\xbf{\n"ab\xff"}', (2, 4), "byte 0xff is not valid UTF-8"),
    "behind other letters": ('{"ü": "'.encode() + b"\xc3\x28", (1, 8), "byte 0xc3 is not valid UTF-8"),
    "cut off inside a letter": ('{"ü'.encode()[:-1], (1, 3), "byte 0xc3 is not valid UTF-8"),
    "an encoded surrogate": (b'{"\xed\xa0\x80"}', (1, 3), "byte 0xed is not valid UTF-8"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_other_encodings_are_refused_at_their_place(name: str) -> None:
    raw, place, message = ENCODINGS[name]
    with pytest.raises(Located) as caught:
        decode_file("/f.json", raw)
    assert (caught.value.line, caught.value.column) == place
    assert message in caught.value.reason
    assert "UTF-8" in (caught.value.hint or "")
    assert str(caught.value).startswith(f"/f.json:{place[0]}:{place[1]}: ")


@pytest.mark.parametrize("raw", [b"", b"{}", b'\xef\xbb\xbf{"a": "\xc3\xa9"}\r\n', b"\xef\xbb\xbf", b"\0"])
def test_bytes_come_back_as_they_were(raw: bytes) -> None:
    decoded = decode(raw)
    assert decoded.encode(decoded.text) == raw
    assert not decoded.text.startswith("\ufeff")


def test_a_path_does_not_look_like_lines_of_ours() -> None:
    error = Located("/tmp/a\n  try: rm -rf ~/x", "is broken", line=1, column=2)
    assert str(error) == "/tmp/a\\n  try: rm -rf ~/x:1:2: is broken"
    assert error.path == "/tmp/a\n  try: rm -rf ~/x"
