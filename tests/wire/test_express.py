"""The short way through common messages: to the same effect as the long one, whatever comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.wire import express
from mcpconf.wire.actions import Action, Era, ToServer
from mcpconf.wire.mux import Mux
from mcpconf.wire.versions import VERSION_KEY

from .scene import INITIALIZED, LATEST, WELCOME, hello

FRONT = b'{"jsonrpc":"2.0","id":%b,"method":"tools/call","params":{"name":"t"}}'
BACK = b'{"method":"tools/call","params":{"name":"t"},"jsonrpc":"2.0","id":%b}'


@pytest.mark.parametrize("form", [FRONT, BACK])
@pytest.mark.parametrize("token", [b"0", b"-7", b'"x y"', b"9007199254740993", '"é"'.encode()])
def test_a_common_request_is_known_and_its_id_is_where_it_stands(form: bytes, token: bytes) -> None:
    line = form % token
    found = express.request(line)
    assert found is not None
    message, method = found
    assert method == "tools/call"
    assert line[message.start : message.end] == token == message.token.encode()


@pytest.mark.parametrize(
    "line",
    [
        FRONT % b"1.0",
        FRONT % b"1e2",
        FRONT % b"null",
        FRONT % b'"\\u0031"',
        FRONT % b"01",
        FRONT % b"1" + b" ",
        FRONT % b"1" + b"x",
        b"[" + FRONT % b"1" + b"]",
        b'{"id":1,"method":"m","id":2}',
        b'{"id":1,"method":"m","i\\u0064":2}',
        b'{"id":1,"method":"m","method":"n"}',
        b'{"id":1,"method":7}',
        b'{"id":1,"method":"m","result":1}',
        b'{"id":1,"method":"m","params":NaN}',
        b'{"id":1,"method":"m","params":{}',
        b'{"id":1,"method":"m","params":"\xff"}',
        b'{"id":1,"method":"m","params":{"_meta":{"progressToken":1}}}',
        b'{"method":"m","params":{"id":1}}',
        b'{"method":"m","params":"\\",\\"id\\":1}"}',
        b'"x",{"id":1}',
    ],
)
def test_what_is_unusual_is_left_to_the_long_way(line: bytes) -> None:
    assert express.request(line) is None


def test_an_answer_is_no_request_and_a_request_no_answer() -> None:
    assert express.response(FRONT % b"1") is None
    assert express.request(b'{"id":1,"result":{}}') is None
    assert express.response(b'{"result":{},"jsonrpc":"2.0","id":1}') is not None
    assert express.response(b'{"id":1,"nothing":{}}') is None


def _pair(era: Era) -> tuple[Mux, Mux]:
    """Two that are alike but for the way they read, with two clients each."""
    both = Mux(era), Mux(era, express=False)
    for mux in both:
        mux.server_ready()
        for client in (1, 2):
            mux.connect(client)
            if era is Era.LEGACY:
                told = mux.from_client(client, hello().encode())
                if client == 1:
                    (greeting,) = [one.line for one in told if isinstance(one, ToServer)]
                    mux.from_server((WELCOME % (json.loads(greeting)["id"], LATEST)).encode())
                mux.from_client(client, INITIALIZED.encode())
    return both


VALUES = st.recursive(
    st.sampled_from(
        ["1", "0", "-1", "2", "7", '"1"', '"\\u0031"', '"id"', "null", "1.0", "true", "NaN", '"é\\n"', "01"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda all_: "[" + ",".join(all_) + "]"),
        st.lists(
            st.tuples(st.sampled_from(["id", "_meta", "x", VERSION_KEY, "progressToken", "task"]), inner), max_size=3
        ).map(lambda all_: "{" + ",".join(f'"{name}":{value}' for name, value in all_) + "}"),
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(['"id"', '"method"', '"params"', '"jsonrpc"', '"result"', '"error"', '"i\\u0064"', '"x"'])
METHODS = st.sampled_from(['"tools/call"', '"ping"', '"logging/setLevel"', '"subscriptions/listen"', '"initialize"'])
MODERN = f'{{"_meta":{{"{VERSION_KEY}":"2026-07-28"}}}}'


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Something like a message: mostly right, in any order, with anything wrong."""
    members: list[tuple[str, str]] = []
    if draw(st.booleans()):
        members.append(('"jsonrpc"', '"2.0"'))
    if draw(st.booleans()):
        members.append(('"id"', draw(st.sampled_from(["1", "2", "3", "4", "5", '"a"', '"2"', "1.0", "null"]))))
    kind = draw(st.sampled_from(['"method"', '"result"', '"error"']))
    members.append((kind, draw(METHODS) if kind == '"method"' else draw(VALUES)))
    members.append(('"params"', draw(st.one_of(VALUES, st.just(MODERN)))))
    members += draw(st.lists(st.tuples(NAMES, VALUES), max_size=1))
    space = draw(st.sampled_from(["", "", " ", "\t"]))
    order = draw(st.permutations(members))
    text = "{" + ",".join(f"{name}{space}:{space}{value}" for name, value in order) + "}"
    return draw(st.sampled_from([text, text, text, text + " ", text + "}", "[" + text + "]", text[:-1]])).encode()


@given(st.sampled_from(list(Era)), st.lists(st.tuples(st.sampled_from([0, 1, 2]), messages()), max_size=12))
def test_both_ways_do_the_same(era: Era, events: list[tuple[int, bytes]]) -> None:
    short, long = _pair(era)

    def say(mux: Mux, place: int, line: bytes) -> list[Action]:
        return mux.from_client(place, line) if place else mux.from_server(line)

    for place, line in events:
        assert _plain(say(short, place, line)) == _plain(say(long, place, line))
    assert short.sizes() == long.sizes()
    assert short.asked == long.asked


def _plain(actions: list[Action]) -> list[Any]:
    return [(type(one).__name__, one if isinstance(one, tuple) else repr(one)) for one in actions]
