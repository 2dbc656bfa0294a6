"""Which era a message is of, and what an answer to the probe says."""

from __future__ import annotations

import json

import pytest

from mcpconf.broker.era import PROBE, hello, modern, probe, refusal, verdict
from mcpconf.wire.actions import Era
from mcpconf.wire.lines import Overlong

META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","x":1}'
DISCOVER = f'{{"jsonrpc":"2.0","id":7,"method":"server/discover","params":{{{META}}}}}'.encode()
HELLO = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}'


def test_a_request_that_names_its_version_is_modern() -> None:
    assert modern(DISCOVER) is not None
    assert modern(HELLO) is None


@pytest.mark.parametrize(
    "line",
    [
        b"io.modelcontextprotocol/protocolVersion",
        f'{{"jsonrpc":"2.0","method":"notifications/x","params":{{{META}}}}}'.encode(),
        b'{"id":1,"method":"m","params":{"arguments":{"io.modelcontextprotocol/protocolVersion":1}}}',
        Overlong(9, b"{", b"}"),
    ],
)
def test_one_that_only_mentions_it_is_not(line: bytes | Overlong) -> None:
    assert modern(line) is None


def test_initialize_is_known() -> None:
    found = hello(HELLO)
    assert found is not None
    assert found.id == "0"
    assert hello(DISCOVER) is None
    assert hello(b'"initialize"') is None
    assert hello(Overlong(9)) is None
    assert hello(HELLO.replace(b'"id":0,', b"")) is None


def test_the_probe_speaks_in_the_clients_words() -> None:
    request = modern(DISCOVER)
    assert request is not None
    asked = json.loads(probe(request))
    assert asked["id"] == json.loads(PROBE)
    assert asked["method"] == "server/discover"
    assert asked["params"]["_meta"]["x"] == 1


@pytest.mark.parametrize(
    ("answer", "era"),
    [
        ('{"id":%s,"result":{}}', Era.MODERN),
        ('{"id":%s,"error":{"code":-32022,"message":"m"}}', Era.MODERN),
        ('{"id":%s,"error":{"code":-32601,"message":"m"}}', Era.LEGACY),
        ('{"id":%s,"error":{"code":-32000}}', Era.LEGACY),
        ('{"id":null,"error":{"code":-32700}}', Era.LEGACY),
        ('{"error":{"code":-32600}}', Era.LEGACY),
        ('{"id":9,"result":{}}', None),
        ('{"method":"notifications/message"}', None),
        ("Listening on stdio", None),
    ],
)
def test_its_answer_tells_the_era(answer: str, era: Era | None) -> None:
    assert verdict((answer % PROBE if "%" in answer else answer).encode()) is era


def test_a_line_that_is_too_long_says_nothing() -> None:
    assert verdict(Overlong(9)) is None


def test_who_asks_a_legacy_server_hears_what_it_would_say() -> None:
    request = modern(DISCOVER)
    other = modern(DISCOVER.replace(b"server/discover", b"tools/list"))
    assert request is not None
    assert other is not None
    assert json.loads(refusal(request))["error"]["code"] == -32601
    assert json.loads(refusal(other)) == {
        "jsonrpc": "2.0",
        "id": 7,
        "error": {"code": -32600, "message": "this server speaks a version with initialize, which has to come first"},
    }
