"""Words of a command line become a tool's arguments, or a sentence that says what is wrong with them."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.cli.render.tools import tool_lines, toolbox_lines
from mcpconf.errors import UsageError
from mcpconf.use.arguments import Word, assemble, parse_input, parse_word, refuse_loose, types_of
from mcpconf.use.checking import check
from mcpconf.use.toolbox import Tool, Toolbox

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAME = st.text(min_size=1).filter(lambda name: "=" not in name and not name.endswith(":"))


def no_file(path: str) -> str:
    raise AssertionError(f"nobody named a file, and {path!r} was read")


def no_such_file(path: str) -> str:
    raise UsageError(f"{path}: no such file")


def given_by(*words: str, schema: Any = None, files: dict[str, str] | None = None) -> dict[str, Any]:
    read = no_file if files is None else files.__getitem__
    return assemble([parse_word(word, read) for word in words], {}, schema or {})


@given(NAME, JSON)
def test_any_json_arrives_as_it_is(name: str, value: Any) -> None:
    assert given_by(f"{name}:={json.dumps(value)}") == {name: value}


@given(NAME, st.text().filter(lambda text: not text.startswith("@")))
def test_any_text_arrives_as_it_is(name: str, text: str) -> None:
    assert given_by(f"{name}={text}", schema={"properties": {name: {"type": "string"}}}) == {name: text}
    assert given_by(f"{name}={text}") == {name: text}


def test_a_file_stands_for_its_text_or_its_json() -> None:
    files = {"t": "5", "j": "[1]"}
    assert given_by("a=@t", files=files) == {"a": "5"}
    assert given_by("a=@t", files=files, schema={"properties": {"a": {"type": "integer"}}}) == {"a": 5}
    assert given_by("a:=@j", files=files) == {"a": [1]}
    assert given_by('a:="@t"') == {"a": "@t"}


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({"type": "integer"}, ["integer"]),
        ({"type": ["string", "null"]}, ["string", "null"]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, ["integer", "null"]),
        ({"allOf": [{"$ref": "#/$defs/a~1b"}]}, ["boolean"]),
        (
            {"enum": ["a", 1, 1.5, None, True, [], {}]},
            ["string", "integer", "number", "null", "boolean", "array", "object"],
        ),
        ({"const": 5}, ["integer"]),
        ({"$ref": "#/$defs/loop"}, []),
        ({"$ref": "#/nowhere/at/all"}, []),
        ({"$ref": "http://127.0.0.1:9/x"}, []),
        ({}, []),
        (True, []),
        ({"anyOf": 5, "type": None}, []),
    ],
)
def test_the_types_that_a_schema_allows(schema: Any, types: list[str]) -> None:
    root = {"$defs": {"a/b": {"type": "boolean"}, "loop": {"$ref": "#/$defs/loop"}}}
    assert list(types_of(schema, root)) == types


def test_a_name_that_the_schema_lacks_is_a_mistake_unless_it_takes_others() -> None:
    closed = {"properties": {"path": {}, "head": {}}}
    with pytest.raises(UsageError, match=r"'pth' \(did you mean 'path'\?\); nothing was sent") as found:
        given_by("pth=a", schema=closed)
    assert "it takes: path, head" in str(found.value)
    with pytest.raises(UsageError, match="it takes no arguments"):
        given_by("a=b", schema={"properties": {}})
    for more in ({"additionalProperties": True}, {"additionalProperties": {}}, {"patternProperties": {"^p": {}}}):
        assert given_by("pth=a", schema={**closed, **more}) == {"pth": "a"}


def test_arguments_without_their_option_are_told_how_they_are_written() -> None:
    refuse_loose([], "s", "t")
    for words, hint in (
        (["a=b c", "n=1"], "--arg 'a=b c' --arg n=1"),
        (['{"a": 1}'], "--input '{\"a\": 1}'"),
        (["hello"], "mcpconf tools s t"),
    ):
        with pytest.raises(UsageError, match="nothing was sent") as found:
            refuse_loose(words, "s", "t")
        assert found.value.hint == hint


def test_a_text_that_begins_with_an_at_sign_is_told_how_it_is_written() -> None:
    with pytest.raises(UsageError, match="no such file") as found:
        parse_word("to=@alice's", no_such_file)
    assert found.value.hint is not None
    (option, word, *_) = shlex.split(found.value.hint)
    assert (option, parse_word(word, no_file)) == ("--arg", Word("to", '"@alice\'s"', True))


def test_a_word_wins_over_the_input() -> None:
    words = [parse_word("a=1", no_file)]
    assert assemble(words, parse_input('{"a": "2", "b": "3"}'), {}) == {"a": "1", "b": "3"}


@given(JSON, JSON)
def test_whatever_a_schema_is_a_check_ends_with_an_answer(schema: Any, arguments: Any) -> None:
    given_schema = schema if isinstance(schema, dict) else {"properties": {"a": schema}}
    found = check(arguments if isinstance(arguments, dict) else {"a": arguments}, given_schema)
    assert isinstance(found.faults, tuple)


@pytest.mark.parametrize(
    ("schema", "arguments", "fault"),
    [
        ({"required": ["a", "b"]}, {"b": 1}, "a: is missing"),
        ({"properties": {"a": {"required": ["x"], "type": "object"}}}, {"a": {}}, "a.x: is missing"),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"b": 1}, "b: there is no such argument"),
        ({"properties": {"a": {"items": {"type": "string"}}}}, {"a": ["x", 5]}, "a[1]: expected string, not 5"),
        ({"properties": {"a": {"type": ["string", "null"]}}}, {"a": 5}, "a: expected string or null, not 5"),
        ({"properties": {"a": {"enum": ["x"]}}}, {"a": "y"}, "a: 'y' is not one of ['x']"),
        ({"properties": {"a": {"maxLength": 2}}}, {"a": "x" * 5000}, f"a: '{'x' * 159}..."),
        ({"minProperties": 1}, {}, "the arguments: {} should be non-empty"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "required": ["a"]}, {}, "a: is missing"),
    ],
)
def test_a_fault_says_which_argument_and_what_was_expected(schema: Any, arguments: Any, fault: str) -> None:
    assert check(arguments, schema).faults == (fault,)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"properties": {"a": {"$ref": "http://127.0.0.1:9/s.json"}}}, "refers to http://127.0.0.1:9/s.json"),
        ({"properties": {"a": {"$ref": "#/$defs/no"}}}, "refers to /\\$defs/no"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "refers to file:///etc/passwd"),
        ({"type": 7}, "is wrong"),
        ({"$ref": "#"}, "refers to itself without end"),
        ({"properties": {"a": {"pattern": "("}}}, "its input schema"),
    ],
)
def test_a_schema_that_is_no_use_checks_nothing_and_says_so(schema: Any, why: str) -> None:
    found = check({"a": "x"}, schema)
    assert found.faults == ()
    assert found.unchecked is not None
    assert re.search(why, found.unchecked)


WORDS = ("type", "enum", "const", "anyOf", "$ref", "items", "default", "examples", "description", "required")
HOSTILE = st.dictionaries(st.sampled_from(("properties", *WORDS)), JSON, max_size=4)


@given(HOSTILE, st.dictionaries(st.sampled_from(WORDS), JSON, max_size=3))
def test_whatever_a_schema_is_words_and_the_screen_cope_with_it(schema: Any, one: Any) -> None:
    schema = {**schema, "properties": schema.get("properties", {"a": one})}
    tool = Tool("t", None, "\033[2J", schema, None, {})
    assert "mcpconf call s t" in tool_lines(Toolbox("s", (tool,)), tool)[-1]
    assert toolbox_lines(Toolbox("s", (tool,)))
    with suppress(UsageError):
        assert assemble([parse_word("a=x", no_file)], {}, schema) == {"a": "x"} or one
