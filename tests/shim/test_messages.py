"""What the shim has to know of a line, and ids as they were written."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf import shim
from mcpconf.shim import ANSWER, KEPT, NOTE, REQUEST, SIZE, Framer, error, key, members, messages

IDS = ["1", '"1"', "1.0", "-7", "1e2", "123456789012345678901234567890", '"a\\u00e9\\n"', '"é"', '"a,b}\\""', '""']
LONG = "x" * SIZE


def told(line: str) -> list[tuple[str, str | None]]:
    """Kind and id of each message, told of the line and of what a long line leaves."""
    return [(one.kind, one.id.decode() if one.id else None) for one in messages(line.encode())]


def framed(line: str) -> bytes:
    """The line as a reader of chunks gives it."""
    framer = Framer()
    raw = line.encode() + b"\n"
    found = [one for at in range(0, len(raw), SIZE) for one in framer.feed(raw[at : at + SIZE])]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("token", IDS)
@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize("text", ["short", "y" * 3000, LONG], ids=["short", "middling", "long"])
def test_kind_and_id_of_the_orders_that_are_written(token: str, space: str, text: str) -> None:
    s = space
    params = f'{{"text":{s}"\\"id\\":9,{text}","id":{s}9,"a":[{{"id":8}}],"method":"m"}}'
    lines = {
        f'{{"jsonrpc":{s}"2.0",{s}"id":{s}{token},{s}"method":{s}"a/b",{s}"params":{s}{params}}}': REQUEST,
        f'{{"method":{s}"a/b",{s}"params":{s}{params},{s}"jsonrpc":{s}"2.0",{s}"id":{s}{token}}}': REQUEST,
        f'{{"id":{s}{token},{s}"jsonrpc":{s}"2.0",{s}"result":{s}{params}}}': ANSWER,
        f'{{"result":{s}{params},{s}"jsonrpc":{s}"2.0",{s}"id":{s}{token}}}': ANSWER,
        f'{{"error":{s}{params},{s}"id":{s}{token},{s}"jsonrpc":{s}"2.0"}}': ANSWER,
    }
    for line, kind in lines.items():
        json.loads(line)
        if "\\" in token and text is LONG:
            continue  # a long line is only looked at where nothing is escaped
        assert [(one.kind, one.id) for one in messages(framed(line))] == [(kind, token.encode())], line[:80]


@pytest.mark.parametrize("text", ["short", LONG], ids=["short", "long"])
def test_a_notification_has_no_id(text: str) -> None:
    params = f'{{"requestId":3,"id":4,"t":"{text}"}}'
    for line in (
        f'{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}',
        f'{{"method":"notifications/progress","params":{params},"jsonrpc":"2.0"}}',
    ):
        assert [(one.kind, one.id) for one in messages(framed(line))] == [(NOTE, None)]


def test_a_batch_is_several_messages() -> None:
    batch = '[ {"id":1,"method":"a"}, {"method":"notifications/x"},{"result":{},"id":"1"} ]'
    assert told(batch) == [(REQUEST, "1"), (NOTE, None), (ANSWER, '"1"')]


@pytest.mark.parametrize(
    "line",
    ["", " ", "null", "3", '"id"', "{", "[", "[{]", '{"id":1', '{"id":1}', '{"id"', "x" * 2000, '{"a":' * 2000, "{}"],
)
def test_what_is_no_message_is_none(line: str) -> None:
    assert messages(line.encode()) == []


def test_a_null_id_is_none() -> None:
    assert told('{"jsonrpc":"2.0","id":null,"error":{"code":1}}') == [(ANSWER, None)]


def test_an_id_in_the_middle_is_found_in_a_line_that_can_be_parsed() -> None:
    line = '{"params":{"a":"%s"},"id":5,"method":"x","more":{}}'
    assert told(line % "short") == told(line % ("y" * 5000)) == [(REQUEST, "5")]


def test_the_method_of_a_handshake_is_told() -> None:
    for line in (
        '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}',
        '{"method":"initialize","params":{},"jsonrpc":"2.0","id":0}',
        '{ "method" : "initialize" , "id" : 0 }',
    ):
        assert messages(line.encode())[0].method == shim.INITIALIZE


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
TOKENS = st.integers() | st.text(max_size=8) | st.floats(allow_nan=False)
RPC = st.fixed_dictionaries(
    {}, optional={"jsonrpc": st.just("2.0"), "id": TOKENS, "method": st.text(max_size=20), "params": JSONS, "x": JSONS}
) | st.fixed_dictionaries({"id": TOKENS}, optional={"jsonrpc": st.just("2.0"), "result": JSONS, "error": JSONS})


@given(RPC, st.randoms(use_true_random=False), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_any_message_is_read_as_json_reads_it(
    message: dict[str, object], random: object, plain: bool, mark: object
) -> None:
    names = list(message)
    random.shuffle(names)  # type: ignore[attr-defined]
    line = json.dumps({name: message[name] for name in names}, ensure_ascii=plain, separators=mark)  # type: ignore[arg-type]
    kind = None
    if "method" in message:
        kind = REQUEST if "id" in message else NOTE
    elif "result" in message or "error" in message:
        kind = ANSWER
    found = messages(line.encode("utf-8", "surrogatepass"))
    assert [one.kind for one in found] == ([] if kind is None else [kind])
    if kind in (REQUEST, ANSWER):
        token = found[0].id
        assert token is not None
        assert json.loads(token) == message["id"]


@given(RPC, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_ends_of_a_long_line_are_never_misread(message: dict[str, object], where: int, random: object) -> None:
    """Either the truth is told of them or nothing."""
    filler = {"first": "z" * SIZE, "more": {"id": 77, "method": "no", "result": {}}}
    names = list(message)
    random.shuffle(names)  # type: ignore[attr-defined]
    names.insert(min(where, len(names)), "params")
    line = json.dumps({name: message[name] if name != "params" else filler for name in names}, separators=(",", ":"))
    for one in messages(framed(line)):
        assert one.id is None or json.loads(one.id) == message["id"]


@given(st.lists(st.binary(max_size=30).filter(lambda raw: b"\n" not in raw)), st.lists(st.integers(0, 300), max_size=9))
def test_where_a_stream_was_cut_makes_no_difference(lines: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(line + b"\n" for line in lines)
    places = sorted({min(cut, len(raw)) for cut in cuts} | {0, len(raw)})
    framer = Framer()
    found = [line for start, end in pairwise(places) for line in framer.feed(raw[start:end]) if start < end]
    assert found == lines
    assert not framer.open


@given(st.integers(SIZE - 3, SIZE + 3), st.lists(st.integers(0, SIZE + 3), max_size=4))
def test_of_a_long_line_the_ends_are_kept_wherever_it_was_cut(size: int, cuts: list[int]) -> None:
    raw = (b"0123456789" * (size // 10 + 1))[:size]
    framer = Framer()
    places = sorted({min(cut, size) for cut in cuts} | {0, size})
    for begin, end in pairwise(places):
        assert framer.feed(raw[begin:end]) == []
    assert framer.open
    wanted = raw if size <= SIZE else raw[:KEPT] + b"\n" + raw[-KEPT:]
    assert framer.feed(b"\n") == [wanted]


@pytest.mark.parametrize("token", IDS)
def test_an_error_has_the_id_as_it_was_written(token: str) -> None:
    line = error(token.encode(), 'a "reason"')
    assert f'"id":{token},' in line.decode()
    assert json.loads(line)["error"] == {"code": -32603, "message": 'mcpconf: a "reason"'}


def test_two_spellings_of_a_string_are_one_id_and_two_numbers_are_two() -> None:
    assert key(b'"a\\u0062"') == key(b'"ab"')
    assert key(b'"\\u00e9"') == key('"é"'.encode())
    assert len({key(token) for token in (b"1", b'"1"', b"1.0", b"01")}) == 4
    assert key(b'"\\ud800"') == key(b'"\\uD800"')


def test_members_are_as_they_were_written() -> None:
    found = members(b' { "a" : 1.0 , "b\\u0063":{"x": [ 1 ]},"d":1e400,"n":NaN}')
    assert found == {b"a": b"1.0", b"bc": b'{"x": [ 1 ]}', b"d": b"1e400", b"n": b"NaN"}
    big = b"9" * 6000
    assert members(b'{"id":%s}' % big) == {b"id": big}
