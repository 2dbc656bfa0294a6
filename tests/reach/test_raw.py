"""Who answers on a port, on real loopback sockets."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.reach.raw import RawAnswer, ask_all, classify, find_raw_mcp, probe_raw_mcp
from tests.reach.listeners import PATIENCE, Listen, closed_port, silent


def request_of(connection: socket.socket) -> dict[str, object]:
    with connection.makefile("rb") as stream:
        message = json.loads(stream.readline())
    assert isinstance(message, dict)
    return message


def reply(request: dict[str, object], **members: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], **members}).encode() + b"\n"


def mcp(connection: socket.socket) -> None:
    request = request_of(connection)
    assert request["method"] == "initialize"
    connection.sendall(reply(request, result={"protocolVersion": "2025-11-25"}))


def test_a_raw_mcp_endpoint_shakes_hands(listen: Listen) -> None:
    assert probe_raw_mcp(listen(mcp).address, PATIENCE) is RawAnswer.RAW_MCP


def test_a_server_of_another_era_that_refuses_initialize_still_speaks_mcp(listen: Listen) -> None:
    def modern(connection: socket.socket) -> None:
        connection.sendall(reply(request_of(connection), error={"code": -32022, "message": "unsupported version"}))

    assert probe_raw_mcp(listen(modern).address, PATIENCE) is RawAnswer.RAW_MCP


def test_a_log_message_before_the_answer_and_an_answer_in_pieces_are_understood(listen: Listen) -> None:
    def talkative(connection: socket.socket) -> None:
        request = request_of(connection)
        connection.sendall(b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}\n')
        for byte in reply(request, result={}):
            connection.sendall(bytes([byte]))

    assert probe_raw_mcp(listen(talkative).address, PATIENCE) is RawAnswer.RAW_MCP


def test_an_answer_without_a_final_newline_counts_when_the_server_hangs_up(listen: Listen) -> None:
    def hasty(connection: socket.socket) -> None:
        connection.sendall(reply(request_of(connection), result={}).rstrip(b"\n"))

    assert probe_raw_mcp(listen(hasty).address, PATIENCE) is RawAnswer.RAW_MCP


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request",
        b"<!DOCTYPE HTML>\n<html><body>Error response</body></html>",
        b"<html>\r\n<head><title>400 Bad Request</title></head>",
    ],
)
def test_a_web_server_is_told_by_its_complaint(listen: Listen, answer: bytes) -> None:
    def web(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(answer)

    assert probe_raw_mcp(listen(web).address, PATIENCE) is RawAnswer.HTTP


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9.6\r\n", b"MCPCONF1 8f2c\n", b"[1]\n", b'{"jsonrpc":"1.0","id":1}\n', b"[" * 65537 + b"\n"],
)
def test_another_protocol_is_something_else(listen: Listen, answer: bytes) -> None:
    assert probe_raw_mcp(listen(lambda connection: connection.sendall(answer)).address, PATIENCE) is RawAnswer.OTHER


def test_an_echo_is_no_handshake(listen: Listen) -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(connection.recv(4096))

    assert probe_raw_mcp(listen(echo).address, PATIENCE) is RawAnswer.OTHER


def test_hanging_up_at_once_is_something_else(listen: Listen) -> None:
    assert probe_raw_mcp(listen(lambda connection: None).address, PATIENCE) is RawAnswer.OTHER


def test_a_server_that_says_nothing_is_silent(listen: Listen) -> None:
    assert probe_raw_mcp(listen(silent).address, 0.05) is RawAnswer.SILENT


def test_half_an_answer_is_something_else_when_the_time_is_over(listen: Listen) -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(b'{"jsonrpc"')
        silent(connection)

    assert probe_raw_mcp(listen(half).address, 0.2) is RawAnswer.OTHER


def test_an_endless_answer_is_not_read_to_its_end(listen: Listen) -> None:
    def endless(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"x" * 65536)

    assert probe_raw_mcp(listen(endless).address, PATIENCE) is RawAnswer.OTHER


def test_a_closed_port_and_an_impossible_name_are_refused() -> None:
    assert probe_raw_mcp(f"127.0.0.1:{closed_port()}", PATIENCE) is RawAnswer.REFUSED
    assert probe_raw_mcp("x" * 70 + ".invalid:80", PATIENCE) is RawAnswer.REFUSED


def test_a_connection_that_takes_too_long_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(address: tuple[str, int], timeout: float) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", slow)

    assert probe_raw_mcp("192.0.2.1:8811", 0.3) is RawAnswer.SILENT


def test_all_candidates_are_asked_and_the_first_that_shakes_hands_is_given(listen: Listen) -> None:
    def web(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    refused, http, raw = f"127.0.0.1:{closed_port()}", listen(web).address, listen(mcp).address

    found = find_raw_mcp([refused, http, raw], timeout=PATIENCE)

    assert (found.raw, found.http) == (raw, http)
    assert found.answers[0] == (refused, RawAnswer.REFUSED)


def test_a_candidate_without_a_port_gets_the_one_asked_for(listen: Listen) -> None:
    server = listen(mcp)

    assert find_raw_mcp(["127.0.0.1"], port=server.port, timeout=PATIENCE).raw == server.address


def test_nobody_waits_for_worse_candidates_once_the_best_has_answered() -> None:
    release = threading.Event()

    def probe(address: str, timeout: float) -> RawAnswer:
        if address == "slow":
            release.wait(PATIENCE)
            return RawAnswer.OTHER
        return RawAnswer.RAW_MCP

    found = ask_all(["fast", "slow"], probe, PATIENCE * 2)
    release.set()

    assert found.answers == (("fast", RawAnswer.RAW_MCP), ("slow", RawAnswer.SILENT))


def test_a_resolver_that_hangs_does_not_hold_us() -> None:
    release = threading.Event()

    def probe(address: str, timeout: float) -> RawAnswer:
        release.wait(PATIENCE)
        return RawAnswer.RAW_MCP

    found = ask_all(["a", "b"], probe, 0.01)
    release.set()

    assert found.answers == (("a", RawAnswer.SILENT), ("b", RawAnswer.SILENT))
    assert found.raw is None


def test_nobody_to_ask_gives_no_answer() -> None:
    assert find_raw_mcp([]).answers == ()


@given(st.binary(max_size=300), st.integers(0, 300))
def test_what_is_certain_of_a_beginning_stays_so(received: bytes, cut: int) -> None:
    early = classify(received[:cut])

    assert early is None or classify(received) is early
    assert classify(received, ended=True) in (RawAnswer.HTTP, RawAnswer.OTHER)
