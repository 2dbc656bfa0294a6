"""Telling whose answer a line is without a parser: as the parser says, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.wire.envelope import Kind, read
from mcpconf.wire.members import Malformed
from mcpconf.wire.quick import Remains, answer, remains

# Strings that look like what is searched for, in every place where a string can be.
ODD = st.sampled_from(
    ['"id":7', ',"id":7}', '"id"', '{"id":7,"result":', "\\", '"', '","id":7}', '"jsonrpc":"2.0"}', "id"]
)
TEXT = ODD | st.text(max_size=4)
VALUE = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.just("id"), inner, max_size=3),
    max_leaves=6,
)
IDS = st.sampled_from(["0", "7", "12", "7", "12", "3", "-1", "1.0", "1e0", '"7"', "null", '"\\u0037"'])
NAME = st.sampled_from(
    [
        '"id"',
        '"id"',
        '"id"',
        '"i\\u0064"',
        '"\\u0069d"',
        '"result"',
        '"result"',
        '"error"',
        '"jsonrpc"',
        '"method"',
        '"x"',
    ]
)
SPACE = st.sampled_from(["", "", "", " ", "\t "])


@st.composite
def lines(draw: Any) -> bytes:
    """Objects like answers: any order, names that come twice or with escapes, values that look like the envelope."""
    ascii_only, members = draw(st.booleans()), []
    usual = draw(st.permutations(['"id"', draw(st.sampled_from(['"result"', '"error"'])), '"jsonrpc"']))
    names = draw(st.lists(NAME, max_size=3)) + usual if draw(st.booleans()) else usual[draw(st.integers(0, 1)) :]
    for name in names:
        value = json.dumps(draw(VALUE), ensure_ascii=ascii_only, separators=(",", ":"))
        if "0069" in name or "0064" in name or name == '"id"':
            value = draw(IDS)
        elif name == '"jsonrpc"':
            value = '"2.0"'
        elif name == '"method"':
            value = '"m"'
        members.append(draw(SPACE) + name + draw(SPACE) + ":" + draw(SPACE) + value + draw(SPACE))
    text = draw(SPACE) + "{" + ",".join(members) + "}" + draw(SPACE)
    return text.encode("utf-8", "surrogatepass")


@given(lines())
def test_the_quick_reading_agrees_with_the_full_one_or_declines(line: bytes) -> None:
    found = answer(line)
    try:
        envelope = read(line)
    except Malformed as error:
        refused = str(error)
    else:
        refused = ""
    if refused:  # an id that comes twice is never taken; what is broken elsewhere can't be seen
        assert found is None or "'id' comes twice" not in refused
    elif found is not None:
        assert (envelope.kind, envelope.id) == (Kind.RESPONSE, found.id)
        assert envelope.id_span is not None
        assert line[: found.start].decode() == envelope.text[: envelope.id_span.start]
        assert line[found.end :].decode() == envelope.text[envelope.id_span.end :]


TAKEN = [
    b'{"jsonrpc":"2.0","id":7,"result":{"a":1}}',
    b' {"id" : 7 , "jsonrpc": "2.0", "error":{"code":1}} ',
    b'{"result":{"a":"\\"id\\":8"},"jsonrpc":"2.0","id":7}',
    b'{"jsonrpc":"2.0","result":[],"id":7}\r',
    b'{"result":"\xc3\xbc","id":7,"jsonrpc":"2.0"}',
]
DECLINED = [
    b'{"jsonrpc":"2.0","id":"7","result":1}',
    b'{"jsonrpc":"2.0","id":7.0,"result":1}',
    b'{"jsonrpc":"2.0","id":7,"method":"m"}',
    b'{"jsonrpc":"2.0","id":7,"result":1,"id":8}',
    b'{"jsonrpc":"2.0","id":7,"result":1,"i\\u0064":8}',
    b'{"id":7,"result":1,"id":7}',
    b'{"result":1,"id":8,"id":7}',
    b'{"result":{"x":1,"id":7}}',
    b'{"x":1,"result":1,"id":7}',
    b'{"result":1,"id":7,"x":1}',
    b'{"result":"\xff","id":7}',
    b'{"id":7,"result":1',
    b'[{"id":7,"result":1}]',
]


@pytest.mark.parametrize("line", TAKEN)
def test_what_encoders_write_is_taken(line: bytes) -> None:
    found = answer(line)
    assert found is not None
    assert (found.id, line[found.start : found.end]) == ("7", b"7")


@pytest.mark.parametrize("line", DECLINED)
def test_what_only_a_parser_can_tell_is_declined(line: bytes) -> None:
    assert answer(line) is None


REMAINS = [
    (b'{"jsonrpc":"2.0","id":"\xc3\xa4","method":"m","par', b"", Remains('"\u00e4"', True)),
    (b'{"method":"tools/call","params":{"a":', b'x"},"jsonrpc":"2.0","id":-5}', Remains("-5", True)),
    (b'{"jsonrpc":"2.0","id":5,"result":', b"", Remains("5", False)),
    (b'{"jsonrpc":"2.0","id":05,"result":', b"", Remains(None, False)),
    (b'{"jsonrpc":"2.0","method":"m"', b"}}", Remains(None, True)),
    (b"nonsense", b"nonsense", Remains(None, False)),
]


@pytest.mark.parametrize(("head", "tail", "expected"), REMAINS)
def test_of_what_was_not_read_the_id_may_still_be_told(head: bytes, tail: bytes, expected: Remains) -> None:
    assert remains(head, tail) == expected
