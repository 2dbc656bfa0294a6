"""A server's lines: what is read as a message, and what becomes of an answer that can't be."""

from __future__ import annotations

import json

import pytest

from mcpconf.cli.render.called import parts, text_of
from mcpconf.use.manners import TOLD, Manners
from mcpconf.use.reading import UNREADABLE, message

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":7,"result":%b}' % DEEP,
        b'{"result":%b,"jsonrpc":"2.0","id": 7}\r' % DEEP,
        b'{"jsonrpc":"2.0","id":7,"result":{"a":}}',
        b'{"jsonrpc":"2.0","id":7,"result":{"n":%b}}' % (b"9" * 5000),
    ],
)
def test_an_answer_that_cant_be_read_is_an_error(line: bytes) -> None:
    found = message(line)
    assert found is not None
    assert found["id"] == 7
    assert found["error"]["code"] == UNREADABLE
    assert found["error"]["message"].startswith("its answer can't be read: ")


@pytest.mark.parametrize(
    "line", [b"", b"listening on 7", b'"id":7}', DEEP, b'{"jsonrpc":"2.0","method":"x","id":7,', b"[1]", b"\xff\xfe"]
)
def test_what_is_no_answer_is_no_message(line: bytes) -> None:
    assert message(line) is None


def test_bytes_and_numbers_that_json_has_not_become_what_a_client_makes_of_them() -> None:
    found = message(b'\xef\xbb\xbf{"id":1,"result":{"t":"a\xffb","n":[1e999,NaN,-Infinity,1.5,12345678901234567890]}}')
    assert found == {"id": 1, "result": {"t": "a\ufffdb", "n": [None, None, None, 1.5, 12345678901234567890]}}
    assert json.dumps(found, allow_nan=False)


def test_a_server_that_asks_again_and_again_is_shown_a_few_times() -> None:
    told: list[str] = []
    manners = Manners(told.append)
    for number in range(100):
        assert manners.hear({"id": number, "method": "elicitation/create", "params": {"message": str(number)}})
    assert len(told) == TOLD
    assert "it may ask more" in told[-1]


def test_content_that_is_no_list_is_shown_as_it_is() -> None:
    assert text_of(parts({"content": "hello"})) == '"hello"'
    assert text_of(parts({"content": {"type": "text", "text": "x"}})) == "x"
    assert parts({"content": None}) == ()
