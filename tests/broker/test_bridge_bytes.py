"""Payloads are never written anew, whatever they hold; and what is pure in the bridge."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.broker.bridge.message import answered, flat, own, rpc_error
from mcpconf.broker.bridge.mirror import encoded
from mcpconf.wire.members import Malformed
from tests.broker.remote import Bridge, Exchange, Remote

NUMBERS = st.sampled_from(["1e400", "-0", "1.0E+2", "123456789012345678901234567890", "0.1000", "1"])
SPACE = st.text(" \t\r\n", max_size=3)
TEXT = st.text(max_size=20).map(lambda text: json.dumps(text, ensure_ascii=False))
ESCAPED = st.text(max_size=9).map(json.dumps) | st.sampled_from(['"\\ud800"', '"\\/"', '"\\u2028"', '"\\u0000"'])


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda parts, gap: f"[{gap}{(gap + ',' + gap).join(parts)}{gap}]", st.lists(inner, max_size=4), SPACE
    )


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.lists(st.tuples(TEXT | ESCAPED, inner), max_size=4, unique_by=lambda pair: json.loads(pair[0]))
    return st.builds(
        lambda pairs, gap: "{" + ",".join(f"{gap}{key}{gap}:{gap}{value}" for key, value in pairs) + gap + "}",
        members,
        SPACE,
    )


JSON = st.recursive(
    NUMBERS | TEXT | ESCAPED | st.sampled_from(["true", "null"]),
    lambda inner: arrays(inner) | objects(inner),
    max_leaves=9,
)


class Echo:
    """Answers with the bytes it is told to, and keeps what came."""

    def __init__(self) -> None:
        self.said = b""
        self.as_stream = False
        self.came = b""

    def __call__(self, one: Exchange) -> None:
        self.came = one.body
        if self.as_stream:
            one.stream()
            lines = self.said.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            one.chunk(b"".join(b"data: " + line + b"\n" for line in lines) + b"\n")
            one.end()
        else:
            one.reply(200, self.said)


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, Bridge]]:
    server = Echo()
    with Remote(server) as remote, Bridge(remote.url) as bridge:
        yield server, bridge


@given(params=objects(JSON), result=JSON, gap=SPACE, as_stream=st.booleans())
def test_bytes_pass_as_they_are_but_for_line_breaks_between_tokens(
    echo: tuple[Echo, Bridge], params: str, result: str, gap: str, as_stream: bool
) -> None:
    server, bridge = echo
    line = flat(f'{{"jsonrpc":"2.0",{gap}"id":1,"method":"x","params":{params}}}'.encode())
    server.said = f'{{{gap}"result":{gap}{result},"id":1{gap}}}'.encode()
    server.as_stream = as_stream
    bridge.say(line)

    heard = bridge.line()
    assert server.came == line
    assert b"\r" not in heard
    one_break = server.said.replace(b"\r\n", b"\n") if as_stream else server.said
    assert heard == one_break.replace(b"\n", b" ").replace(b"\r", b" ").strip(b" \t")


@given(text=JSON)
def test_flat_means_the_same(text: str) -> None:
    def exact(source: str | bytes) -> Any:
        return json.loads(source, parse_int=str, parse_float=str)

    assert exact(flat(text.encode())) == exact(text)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_comes_is_judged_without_a_fall(line: bytes) -> None:
    with contextlib.suppress(Malformed):
        answered(line)
    assert own(line, "1") is None
    assert rpc_error(line) is None


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (b'{"error":{"code":1,"message":""}}', b'{"id":7,"error":{"code":1,"message":""}}'),
        (b' { "id" : null,"error":{} }', b' { "id" : 7,"error":{} }'),
        (b'{"id":"7","result":1e400}', b'{"id":7,"result":1e400}'),
        (b'{"id":"server-error","error":{}}', b'{"id":7,"error":{}}'),
        (b'{"id":8,"result":{}}', None),
        (b'{"id":7,"method":"x"}', None),
    ],
)
def test_an_answer_gets_its_id_back_where_it_can_be_no_others(line: bytes, mended: bytes | None) -> None:
    assert own(line, "7") == mended


@given(st.text(max_size=40))
def test_a_header_carries_any_text_and_nothing_besides(value: str) -> None:
    import base64

    said = encoded(value)
    assert said.isascii()
    assert said.isprintable() or "\t" in said
    assert said == said.strip()
    if said.startswith("=?base64?") and said.endswith("?="):
        assert base64.b64decode(said[9:-2]).decode() == value
    else:
        assert said == value
