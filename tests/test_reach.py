"""Who answers on a port, on real loopback sockets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.broker.door.auth import Admitted, Challenge
from mcpconf.broker.door.keys import new_key, read_key_file
from mcpconf.broker.place import Paths
from mcpconf.model import Kind
from mcpconf.reach import (
    FoundBroker,
    RawAnswer,
    ask_all,
    broker_candidates,
    classify,
    find_broker,
    find_raw_mcp,
    host_candidates,
    probe_raw_mcp,
    split_address,
    with_port,
)
from tests.broker.daemon import daemon

PATIENCE = 5.0  # for servers that do answer, on a busy machine
Behaviour = Callable[[socket.socket], None]


class Listener:
    """A loopback server that treats each connection with one behaviour until it is closed."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self._serve, args=(behaviour,), daemon=True)
        self.thread.start()

    def _serve(self, behaviour: Behaviour) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                try:
                    behaviour(connection)
                except OSError:
                    continue

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(PATIENCE)


Listen = Callable[[Behaviour], Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    listeners: list[Listener] = []

    def start(behaviour: Behaviour) -> Listener:
        listeners.append(Listener(behaviour))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


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


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert isinstance(port, int)
    return port


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


def test_a_host_asks_itself_and_never_its_router() -> None:
    assert host_candidates(Kind.HOST, {}, "192.168.1.1") == ("127.0.0.1",)


def test_a_container_asks_the_names_and_then_its_gateway() -> None:
    assert host_candidates(Kind.CONTAINER, {"MCPCONF_HOST": " build:9000 "}, "172.17.0.1") == (
        "build:9000",
        "host.docker.internal",
        "host.containers.internal",
        "host.lima.internal",
        "172.17.0.1",
    )


@pytest.mark.parametrize("kind", [Kind.WSL, Kind.UNKNOWN])
def test_what_may_share_the_hosts_loopback_asks_there_last(kind: Kind) -> None:
    assert host_candidates(kind, {}, None)[-1] == "127.0.0.1"
    assert host_candidates(kind, {"MCPCONF_HOST": "127.0.0.1"}, None)[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        ("host", ("host", None), "host:8811"),
        ("host:9000", ("host", 9000), "host:9000"),
        ("host:http", ("host", None), "host:8811"),
        ("host:99999", ("host", None), "host:8811"),
        ("::1", ("::1", None), "[::1]:8811"),
        ("[::1]", ("::1", None), "[::1]:8811"),
        ("[::1]:9000", ("::1", 9000), "[::1]:9000"),
    ],
)
def test_addresses_are_taken_apart_and_put_together(text: str, parts: tuple[str, int | None], whole: str) -> None:
    assert split_address(text) == parts
    assert with_port(text, 8811) == whole


def unix(path: Path) -> str:
    return f"unix:{path}"


def test_a_broker_is_believed_by_its_handshake_alone(tmp_path: Path) -> None:
    silent = socket.socket(socket.AF_UNIX)
    with silent, daemon(str(tmp_path / "real"), ("time",)):
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        (tmp_path / "file").touch()
        others = [unix(tmp_path / name) for name in ("gone", "file", "silent")] + ["nonsense", "unix:relative", "tcp:x"]

        found = find_broker([*others, unix(tmp_path / "real")], None, timeout=0.3)
        assert found == FoundBroker(unix(tmp_path / "real"), ("time",))
        for other in others:
            assert find_broker([other], None, timeout=0.1) is None


def test_the_first_of_several_brokers_counts(tmp_path: Path) -> None:
    with daemon(str(tmp_path / "a"), ("x",)), daemon(str(tmp_path / "b"), ("y",)):
        found = find_broker([unix(tmp_path / "b"), unix(tmp_path / "a")], None)
        assert found is not None
        assert found.servers == ("y",)


def test_brokers_are_looked_for_where_something_lies(tmp_path: Path) -> None:
    own = Paths(str(tmp_path))
    assert broker_candidates(Kind.CONTAINER, {}, own.directory, "172.17.0.1") == ()
    Path(own.socket).touch()
    assert broker_candidates(Kind.CONTAINER, {}, own.directory, None) == (f"unix:{own.socket}",)
    told = {"MCPCONF_BROKER": " tcp:h:1 ", "MCPCONF_BROKER_KEY": "/k"}
    assert broker_candidates(Kind.HOST, told, own.directory, None) == ("tcp:h:1",)


def test_only_who_has_a_key_knocks_at_ports() -> None:
    key = {"MCPCONF_BROKER_KEY": "/k"}
    assert broker_candidates(Kind.HOST, key, None, "192.168.1.1") == ()
    assert broker_candidates(Kind.CONTAINER, key, None, "172.17.0.1") == (
        "tcp:host.docker.internal:8812",
        "tcp:host.containers.internal:8812",
        "tcp:host.lima.internal:8812",
        "tcp:172.17.0.1:8812",
    )


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Two key files of one id, of which a broker knows the first."""
    made = {name: tmp_path / name / "keys" for name in ("right", "wrong")}
    for directory in made.values():
        new_key(str(directory), "me")
    return {name: directory / "me" for name, directory in made.items()}


def with_key(key: Path) -> Behaviour:
    """A broker that lists its servers for whoever proves this key."""

    def speak(connection: socket.socket) -> None:
        challenge = Challenge(lambda _: read_key_file(str(key)).secret, "0" * 32)
        connection.sendall(challenge.greeting())
        answer = None
        while answer is None:
            answer = challenge.feed(connection.recv(4096))
        if isinstance(answer, Admitted):
            connection.sendall(answer.line + b"time\ngit\n")

    return speak


def test_over_tcp_both_sides_prove_the_key(listen: Listen, keys: dict[str, Path]) -> None:
    address = f"tcp:{listen(with_key(keys['right'])).address}"

    assert find_broker([address], str(keys["right"]), PATIENCE) == FoundBroker(address, ("time", "git"))
    assert find_broker([address], str(keys["wrong"]), PATIENCE) is None
    assert find_broker([address], str(keys["right"].parent / "gone"), PATIENCE) is None
    assert find_broker([address], None, PATIENCE) is None


def test_who_sits_on_the_port_without_the_key_is_told_nothing(listen: Listen, keys: dict[str, Path]) -> None:
    heard: list[bytes] = []

    def squat(connection: socket.socket) -> None:
        connection.sendall(f"MCPCONF1 {'1' * 32}\n".encode())
        heard.append(connection.recv(4096))
        connection.sendall(b"OK " + b"0" * 64 + b"\ntime\n")
        heard.append(connection.recv(4096))

    address = f"tcp:{listen(squat).address}"
    assert find_broker([address], str(keys["right"]), PATIENCE) is None
    assert heard[0].startswith(b"AUTH me ")
    assert heard[1:] in ([], [b""])
