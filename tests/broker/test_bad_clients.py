"""Clients that misbehave, and what is no client at all: a good one beside them is served, and nothing of them stays."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.place import connect
from tests.broker.kit import END, PYTHON, Broker, Client, Good, as_before, bad, resident, scripted, until

FOREIGN = {
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "http post": b'POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n',
    "tls": bytes.fromhex("16030100a5010000a10303") + bytes(range(160)),
    "websocket": b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
    "redis": b"*1\r\n$4\r\nPING\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "rpc": b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n',
    "empty line": b"\n",
    "nothing": b"",
    "binary": bytes(range(256)) * 300,
    "another version": b"MCPCONF2 OPEN plain\n",
    "a longer word": b"MCPCONF11 OPEN plain\n",
    "no server": b"MCPCONF1 OPEN\n",
    "a command": b"MCPCONF1 OPEN plain /x rm -rf /\n",
    "a path": b"MCPCONF1 OPEN plain not/absolute\n",
    "a nul": b"MCPCONF1 OPEN plain /a%00b\n",
    "bad utf-8": b"MCPCONF1 OPEN pl\xffain\n",
    "a long line": b"MCPCONF1 OPEN " + b"a" * 5000 + b"\n",
    "never a line": b"MCPCONF1 OPEN " + b"a" * 50_000,
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_no_client_hears_nothing(steady: Broker, what: str) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), steady.connect() as client:
            with contextlib.suppress(OSError):  # it may have hung up already
                client.raw(FOREIGN[what])
                client.half_close()
            assert client.ended() == []


@pytest.mark.parametrize("what", ["http", "tls", "redis", "binary"])
def test_at_a_servers_own_socket_it_gets_errors_and_reaches_no_server(steady: Broker, what: str) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), steady.door("plain") as client:
            client.raw(FOREIGN[what])
            client.half_close()
            assert all(b'"error"' in line for line in client.ended())


def test_who_never_ends_the_first_line_is_let_go_after_five_seconds(steady: Broker) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), steady.connect() as silent, steady.connect() as slow:
            for byte in b"MCPCONF1 OPE":
                slow.raw(bytes([byte]))
            assert silent.ended(7) == slow.ended(7) == []


def test_two_hundred_that_say_nothing_lock_nobody_out(steady: Broker) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good):
            idle = [steady.connect() for _ in range(200)]
            with steady.open("brief") as client:
                client.greet()
                assert client.call("echo", say=1) == {"say": 1}
            for client in idle:
                client.close()


def test_two_hundred_that_only_say_whom_they_want_cost_little(steady: Broker) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good):
            pid = steady.pid
            before, left = resident(pid), len(steady.left())
            idle = [steady.open("plain") for _ in range(200)]
            assert resident(pid) - before < 4_000_000
            assert len(steady.left()) == left  # none of them has a process
            for client in idle:
                client.close()


def test_there_is_an_end_to_how_many_there_may_be(steady: Broker) -> None:
    with as_before(steady):
        clients = [steady.open("plain") for _ in range(512)]
        with steady.open("plain", ok=False) as late:
            assert late.line() == b"NO 512 clients are connected, which is as many as there may be"
        assert steady.ask("ping")["ok"]
        for client in clients:
            client.close()
    with steady.open("plain") as client:
        client.greet()


def test_ten_thousand_connections_leave_nothing(steady: Broker) -> None:
    def crowd(count: int) -> None:
        for number in range(count):
            with connect(steady.paths.server("plain") if number % 2 else steady.paths.socket) as one:
                if number % 3 == 0:
                    one.sendall(b"MCPCONF1 OPEN plain\n")

    with steady.open("plain") as good:
        good.greet()
        crowd(8000)  # the heap finds its size
        with as_before(steady, grown=2_400_000), Good(good):
            crowd(10_000)


# -- who does not read


def test_a_client_of_a_shared_server_that_does_not_read_is_dropped_and_stalls_nobody(steady: Broker) -> None:
    steady.define("one", *scripted(), pool="shared", idle_timeout=0.05)
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), steady.open("one") as lazy, steady.open("one") as other:
            lazy.greet()
            other.greet()
            with Good(other):
                for _ in range(40):
                    lazy.post("tools/call", {"name": "big", "arguments": {"size": 1_000_000}})
                until(lambda: len([one for one in steady.ask("status")["clients"] if one["server"] == "one"]) == 1)
            assert "does not read" in steady.log("one")
            lazy.ended()


def test_a_client_with_a_process_of_its_own_that_does_not_read_slows_that_down(steady: Broker) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady, grown=24_000_000), Good(good) as beside, steady.open("brief") as lazy:
            lazy.greet()
            pid = steady.pid
            before = resident(pid)
            for _ in range(60):
                lazy.post("tools/call", {"name": "big", "arguments": {"size": 1_000_000}})
            calls = beside.calls
            until(lambda: beside.calls > calls + 50)
            assert resident(pid) - before < 16_000_000
            for number in range(2, 62):  # and gets all of it when it reads
                assert lazy.answer(number)["result"]["structuredContent"] == {"size": 1_000_000}


@pytest.mark.parametrize(
    "line", [b"x", b'{"jsonrpc":"2.0","id":1,"method":"ping"}', b'{"jsonrpc":"2.0","id":1,"method":"x"}']
)
def test_who_only_writes_costs_no_memory(steady: Broker, line: bytes) -> None:
    """The broker answers these itself: the more of them, the more waits to be read."""
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), steady.door("plain") as lazy:
            pid = steady.pid
            before = resident(pid)
            lazy.fill((line + b"\n") * 1000)
            assert resident(pid) - before < 16_000_000


def test_a_client_that_waits_for_a_deaf_server_can_go(broker: Broker) -> None:
    """It is read no further, so nothing but the hang-up tells that it is gone."""
    broker.define("deaf", *bad("never_reads"))
    with as_before(broker), broker.open("deaf") as client:
        client.greet()
        client.post("tools/call", {"name": "t"})
        client.fill(b'{"jsonrpc":"2.0","method":"notifications/x","params":{"x":"%s"}}\n' % (b"x" * 100_000))
        client.close()
        until(lambda: not broker.ask("status")["clients"])


# -- who goes


@pytest.mark.parametrize("how", ["close", "kill"])
def test_what_a_client_waited_for_when_it_went_is_cancelled(broker: Broker, how: str) -> None:
    broker.define("one", *scripted(), pool="shared")
    broker.ask("reload")
    with broker.open("one") as watch:
        watch.greet()
        if how == "close":
            client = broker.open("one")
            client.greet()
            client.post("tools/call", {"name": "hold"})
            until(lambda: watch.call("report")["held"])
            client.close()
        else:
            script = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
            script += "s.sendall(sys.stdin.buffer.read())\nwhile s.recv(9): pass"
            popen = subprocess.Popen(
                [*PYTHON, "-c", script, "one.sock"], stdin=subprocess.PIPE, cwd=broker.paths.directory
            )
            hello = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}\n'
            call = b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"hold"}}\n'
            assert popen.stdin is not None
            with popen.stdin:
                popen.stdin.write(hello + call)
            until(lambda: watch.call("report")["held"])
            popen.send_signal(signal.SIGKILL)
            popen.wait(10)
        until(lambda: len(watch.call("report")["cancelled"]) == 1)


@pytest.mark.parametrize("how", ["half-close", "line", "line and more"])
def test_an_answer_that_comes_after_the_end_of_input_is_not_lost(broker: Broker, how: str) -> None:
    broker.define("one", *scripted(), pool="shared")
    with broker.open("one") as client, broker.open("one") as other:
        other.greet()
        client.greet()
        client.post("tools/call", {"name": "hold", "arguments": {"late": True}}, "x")
        if how == "half-close":
            client.half_close()
        else:
            client.send(END, *([{"jsonrpc": "2.0", "id": 9, "method": "ping"}] if how == "line and more" else []))
        until(lambda: other.call("report")["held"])
        other.call("release")
        assert client.answer("x")["result"]["structuredContent"] == {"late": True}
        assert client.ended() == []
        assert "notifications/mcpconf/end_of_input" not in other.call("report")["notes"]


def test_a_last_line_without_its_end_is_heard(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        client.raw(b'{"jsonrpc":"2.0","id":"last","method":"ping"}')
        client.half_close()
        assert client.answer("last")["result"] == {}
        assert client.ended() == []


def test_one_that_half_closes_and_then_goes_is_not_waited_for(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        client.post("tools/call", {"name": "hold"})
        client.half_close()
        until(lambda: broker.ask("status")["clients"][0]["in_flight"])
    until(lambda: not broker.ask("status")["clients"])


# -- what they say


def test_an_id_that_is_used_twice_at_once_is_answered_twice(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        for _ in range(2):
            client.post("tools/call", {"name": "hold", "arguments": {"a": 1}}, 5)
        client.post("tools/call", {"name": "release"}, 5)
        found = [client.answer(5)["result"]["structuredContent"] for _ in range(3)]
        assert sorted(map(str, found)) == ["{'a': 1}", "{'a': 1}", "{}"]


def test_ids_keep_their_kind(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        for token in (
            b"7",
            b'"7"',
            b"7.0",
            b"-1",
            b"9007199254740993",
            b"123456789012345678901234567890",
            b'"\\u00e4"',
            b"1e2",
        ):
            client.send(b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % token)
            assert b'"id":' + token in client.line()


@pytest.mark.parametrize(("version", "works"), [("2025-03-26", True), ("2025-11-25", False)])
def test_batches_are_for_the_one_version_that_has_them(broker: Broker, version: str, works: bool) -> None:
    with broker.open("plain") as client:
        client.greet(version=version)
        client.send([{"jsonrpc": "2.0", "id": number, "method": "ping"} for number in (1, 2)])
        found = client.hear()
        if works:
            assert sorted(one["id"] for one in found) == [1, 2]
        else:
            assert found["error"]["code"] == -32600


def test_what_cannot_be_read_is_refused_and_the_next_line_is_not(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        wrong = (
            b"{",
            b"\xff\xfe",
            b'{"a":1}',
            b"[]",
            b"[" * 100_000,
            b'{"jsonrpc":"2.0","id":[],"method":"x"}',
            b"nul",
        )
        for line in wrong:
            client.send(line)
            assert client.hear()["error"]["code"] in (-32700, -32600), line
        assert client.call("report")["notes"] == ["notifications/initialized"]


def test_lines_beyond_ten_megabytes_are_refused_with_their_id(steady: Broker) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady, grown=40_000_000), Good(good), steady.open("brief") as client:
            client.greet()
            client.socket.settimeout(30)
            assert client.call("echo", text="x" * 9_000_000)["text"] == "x" * 9_000_000
            client.post("tools/call", {"name": "echo", "arguments": {"text": "x" * 12_000_000}}, 77)
            assert "10000000" in client.answer(77)["error"]["message"]
            client.raw(b"x" * 30_000_000 + b"\n")
            assert "30000001 bytes" in client.hear()["error"]["message"]
            assert client.call("echo", say=1) == {"say": 1}


def test_more_requests_than_a_client_may_have_are_refused(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        numbers = [client.post("tools/call", {"name": "hold"}) for _ in range(65)]
        assert "64 requests" in client.answer(numbers[-1])["error"]["message"]


# -- the broker's own limits


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Broker]:
    """One that may have no more than forty descriptors."""
    one = Broker(tmp_path / "b")
    one.wrapper = ("/bin/bash", "-c", 'ulimit -n 40; exec "$@"', "bash")
    one.define("plain")
    try:
        yield one.start()
    finally:
        one.end()


def test_it_recovers_when_it_has_no_descriptors_left(few: Broker) -> None:
    with few.open("plain") as good:
        good.greet()
        with as_before(few):
            crowd: list[Client] = []
            for _ in range(60):
                crowd.append(Client(connect(few.paths.socket, 10)))
                crowd[-1].raw(b"MCPCONF1 OPEN plain\n")
            with Good(good) as other:
                until(lambda: other.calls > 50 or other.trouble)
            for client in crowd:
                client.close()
        with few.open("plain") as client:
            client.greet()
            assert client.call("echo", say=1) == {"say": 1}


# -- control


def test_control_takes_one_request_a_line_and_refuses_what_it_does_not_know(steady: Broker) -> None:
    with as_before(steady), steady.connect() as client:
        client.raw(b"MCPCONF1 CONTROL\n")
        assert client.line() == b"OK"
        wrong: tuple[Any, ...] = (b"x", b"[]", b"{}", {"do": "explode"}, {"do": ["stop"]}, {"do": None}, b"[" * 50_000)
        for request in wrong:
            client.send(request)
            assert client.hear()["ok"] is False, request
        client.send({"do": "warm", "servers": ["nobody"]})
        assert "nobody" in client.hear()["error"]
        client.raw(b"x" * 100_000 + b"\n")
        assert client.hear()["ok"] is False
        client.send({"do": "ping"}, {"do": "ping"})
        assert client.hear()["ok"] is client.hear()["ok"] is True
        client.half_close()
        assert client.ended() == []


def test_control_lets_go_of_who_asks_and_never_reads(steady: Broker) -> None:
    with as_before(steady), steady.connect() as client:
        client.raw(b"MCPCONF1 CONTROL\n")
        with contextlib.suppress(ConnectionError):
            client.fill(b'{"do":"ping"}\n' * 1000, calm=5)
        client.ended()
