"""What stands in a message, and that nothing else of it changes when a token is replaced."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.wire.envelope import META, Kind, batch, is_batch, of_text, read
from mcpconf.wire.members import Malformed, document, elements, members
from mcpconf.wire.versions import VERSION_KEY

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text().filter(lambda name: name not in {"id", "method", "result", "error"})
IDS = st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
INDENT = st.sampled_from([None, 1, "\t"])


@given(IDS, st.text(), st.dictionaries(NAMES, VALUES, max_size=4), INDENT, st.booleans(), st.randoms())
def test_another_id_changes_nothing_else(
    value: Any, method: str, more: dict[str, Any], indent: Any, ascii_only: bool, dice: Any
) -> None:
    items = [("id", value), ("method", method), *more.items()]
    dice.shuffle(items)
    text = json.dumps(dict(items), indent=indent, ensure_ascii=ascii_only)
    envelope = of_text(text)
    assert (envelope.kind, envelope.method, envelope.id) == (
        Kind.REQUEST,
        method,
        json.dumps(value, ensure_ascii=ascii_only),
    )
    changed = envelope.replaced((envelope.id_span, "4711"))
    assert json.loads(changed) == {**dict(items), "id": 4711}
    again = of_text(changed)
    assert again.replaced((again.id_span, envelope.id or "")) == text


@given(VALUES)
def test_members_are_found_where_the_parser_finds_them(value: Any) -> None:
    text = json.dumps({"a": value, "b": [value]}, indent=1)
    assert {name: json.loads(span.of(text)) for name, span in document(text).items()} == json.loads(text)
    assert [json.loads(span.of(text)) for span in elements(text, document(text)["b"].start)] == [value]


KINDS = [
    ('{"jsonrpc":"2.0","id":1,"method":"ping"}', Kind.REQUEST, "1"),
    ('{"method":"notifications/initialized"}', Kind.NOTIFICATION, None),
    ('{"id":null,"method":"ping"}', Kind.NOTIFICATION, None),
    ('{"result":{},"id":"\\u0031"}', Kind.RESPONSE, '"\\u0031"'),
    ('{"error":{"code":-1},"id":null}', Kind.RESPONSE, None),
    ('{"i\\u0064":1.50,"result":1e400}', Kind.RESPONSE, "1.50"),
]


@pytest.mark.parametrize(("text", "kind", "token"), KINDS)
def test_a_message_is_what_its_members_say(text: str, kind: Kind, token: str | None) -> None:
    found = read(text.encode())
    assert (found.kind, found.id, found.failed) == (kind, token, "error" in text)


ODD = [
    b"",
    b"[]",
    b"{",
    b"{}",
    b"nonsense",
    b'{"id":1}',
    b'{"id":1,"id":2,"method":"x"}',
    b'{"id":1,"i\\u0064":2,"method":"x"}',
    b'{"id":[1],"method":"x"}',
    b'{"id":true,"method":"x"}',
    b'{"id":1,"method":5}',
    b'{"id":1,"method":"x","result":{}}',
    b'{"id":1,"method":"x"} {}',
    b'{"id":1,"method":"x",}',
    b'{"id":1 "method":"x"}',
    b'{"id" 1,"method":"x"}',
    b'{id:1,"method":"x"}',
    b'{"id":1,"method":"x","params":{"n":NaN}}',
    b'{"id":1,"method":"x","params":Infinity}',
    b'{"id":1,"method":"\xff"}',
    b'{"id":1,"method":"a\tb"}',
    b'{"id":1,"method":"x","params":' + b"[" * 100_000,
    b"'{}'",
]


@pytest.mark.parametrize("line", ODD, ids=lambda line: repr(line[:40]))
def test_what_a_server_may_not_be_given_is_refused(line: bytes) -> None:
    with pytest.raises(Malformed):
        read(line)


def test_values_are_found_by_their_path() -> None:
    found = read(b'{"id":1,"method":"tools/call","params":{"_meta":{"progressToken":"7\\u0020"},"uri":"u"}}')
    assert found.token(*META, "progressToken") == '"7\\u0020"'
    assert (found.word(*META, "progressToken"), found.word("params", "uri")) == ("7 ", "u")
    assert (found.at("params", "none"), found.at("params", "uri", "deeper"), found.word("id")) == (None, None, None)
    assert found.token("nothing", "there") is None
    assert not found.modern


def test_a_request_that_names_its_version_is_of_the_new_era() -> None:
    text = json.dumps({"id": 1, "method": "tools/list", "params": {"_meta": {VERSION_KEY: "2026-07-28"}}})
    assert of_text(text).modern
    assert not of_text(json.dumps({"id": 1, "method": "x", "params": {"a": VERSION_KEY}})).modern


def test_a_batch_is_its_messages() -> None:
    line = b' [{"id":1,"method":"a"}, {"method":"b"}]'
    assert is_batch(line)
    assert [of_text(one).method for one in batch(line)] == ["a", "b"]
    for wrong in (b"[]", b'[{"method":"a"} {}]', b"[", b"x"):
        with pytest.raises(Malformed):
            batch(wrong)
    assert not is_batch(b"{}")


def test_members_of_what_is_no_object_are_refused() -> None:
    for text in ("", "[]", "1", '{"a":', '{"a":1 "b":2}'):
        with pytest.raises(Malformed):
            members(text)
