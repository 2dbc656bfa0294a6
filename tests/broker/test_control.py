"""Asking a broker, and what comes of a bad answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.control import BrokerUnreachable, ask, listed
from mcpconf.broker.place import connect
from mcpconf.errors import McpconfError
from tests.broker.daemon import daemon


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "broker.sock")


def test_an_answer_is_what_the_broker_said(path: str) -> None:
    with daemon(path, answer=lambda request: {"ok": True, "pid": 7}) as one:
        assert ask(path, {"do": "warm", "servers": ["a"]}) == {"ok": True, "pid": 7}
        assert one.asked == [{"do": "warm", "servers": ["a"]}]


def test_a_refusal_has_the_brokers_words(path: str) -> None:
    with (
        daemon(path, answer=lambda request: {"ok": False, "error": "there is no server 'x'"}),
        pytest.raises(McpconfError, match="there is no server 'x'") as caught,
    ):
        ask(path, {"do": "warm"})
    assert caught.value.exit_code == 1


def test_without_a_broker_it_says_how_to_start_one(path: str) -> None:
    with pytest.raises(BrokerUnreachable, match="no broker is running") as caught:
        ask(path, {"do": "ping"})
    assert (caught.value.exit_code, caught.value.hint) == (6, "mcpconf broker start")
    Path(path).touch()
    with pytest.raises(BrokerUnreachable):
        ask(path, {"do": "ping"})


@pytest.mark.parametrize(
    "said", [None, b"", b"nonsense\n", b"[1]\n", b"[" * 100_000 + b"\n", b'"half'], ids=lambda said: str(said)[:9]
)
def test_what_is_no_answer_ends_the_wait(path: str, said: Any) -> None:
    with daemon(path, answer=lambda request: said), pytest.raises(BrokerUnreachable, match="does not answer"):
        ask(path, {"do": "ping"}, timeout=0.3)


def test_the_servers_are_listed_and_another_service_is_not_believed(path: str) -> None:
    with daemon(path, ("time", "git")), connect(path, 5) as connection:
        assert listed(connection, 5) == ("time", "git")
    Path(path).unlink()
    with daemon(path), connect(path, 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\n")
        with pytest.raises((ValueError, BrokenPipeError), match=r"NO such thing|Broken pipe"):
            listed(connection, 5)
