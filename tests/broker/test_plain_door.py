"""The gateway's door without a handshake: where it may be, who comes in, and what is turned away before it is read."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.broker import PLAIN
from mcpconf.broker.control import held
from mcpconf.broker.gateway.neighbours import Interface, owner_of, place_for, read_interfaces
from mcpconf.broker.gateway.plain import LIMIT, may_begin
from mcpconf.errors import McpconfError, UsageError
from tests.broker.kit import PYTHON, Broker, Client, Good, scripted, until

FOREIGN = {
    "a browser's GET": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a page's POST": b'POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
    "a POST behind white space": b'\r\n POST / HTTP/1.1\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "our own handshake": b"MCPCONF1 CONTROL\n",
    "a byte order mark": b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
    "nothing but blanks": b" " * 2000,
    "a number": b"1\n",
    "a beginning without an end": b'{"a":"' + b"x" * 70_000,
}
DOCKER = (
    Interface("lo", ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv4Network("127.0.0.0/8"), False),
    Interface("eth0", ipaddress.IPv4Address("192.0.2.7"), ipaddress.IPv4Network("192.0.2.0/24"), False),
    Interface("docker0", ipaddress.IPv4Address("172.17.0.1"), ipaddress.IPv4Network("172.17.0.0/16"), True),
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path / "b")
    one.define("a", *scripted("tools=who,echo"))
    one.define("b", *scripted("tools=other"))
    try:
        yield one.start()
    finally:
        one.end()


@contextlib.contextmanager
def door(broker: Broker) -> Iterator[int]:
    """A plain door, for as long as this lasts: its port."""
    with held(broker.paths.socket, {"do": "gateway", "listen": "tcp:127.0.0.1:0"}) as (answer, _):
        yield int(answer["listen"].rpartition(":")[2])


def come(broker: Broker, port: int) -> Client:
    client = Client(socket.create_connection(("127.0.0.1", port), 5))
    broker.clients.append(client)
    return client


def test_a_client_needs_no_words(broker: Broker) -> None:
    with door(broker) as port:
        client = come(broker, port)
        client.greet()
        assert {one["name"] for one in client.request("tools/list")["result"]["tools"]} == {"who", "echo", "other"}
        assert client.call("other")["tool"] == "other"


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_message_is_closed_on_and_hears_nothing(broker: Broker, kind: str) -> None:
    with door(broker) as port:
        client = come(broker, port)
        with contextlib.suppress(OSError):  # it may be closed before all of it is sent
            client.raw(FOREIGN[kind])
        assert client.ended() == []
        assert broker.ask("status")["clients"] == []


def test_byte_by_byte_it_is_the_first_that_counts(broker: Broker) -> None:
    with door(broker) as port:
        client = come(broker, port)
        client.raw(b"\n")
        client.raw(b"P")
        assert client.ended() == []


def test_a_real_http_client_gets_no_answer(broker: Broker) -> None:
    with door(broker) as port:
        page = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "who"}}) + "\n"
        with contextlib.closing(page), pytest.raises((http.client.HTTPException, OSError)):
            _post(page, body)
        assert all(one["requests"] == 0 for one in broker.ask("status")["servers"])


def _post(page: http.client.HTTPConnection, body: str) -> None:
    page.request("POST", "/", body, {"Content-Type": "text/plain"})
    page.getresponse()


def test_idle_connections_lock_nobody_out(broker: Broker) -> None:
    with door(broker) as port:
        idle = [come(broker, port) for _ in range(3 * LIMIT)]
        client = come(broker, port)
        client.greet()
        assert client.call("echo", say=1) == {"say": 1}
        for one in idle[: 2 * LIMIT]:
            assert one.ended() == []


def test_those_without_a_key_leave_room_for_others(broker: Broker) -> None:
    with door(broker) as port:
        for _ in range(PLAIN):
            come(broker, port).send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        until(lambda: len(broker.ask("status")["clients"]) == PLAIN)
        late = come(broker, port)
        late.send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert "as many as may" in late.hear()["error"]["message"]
        assert late.ended() == []
        client = broker.door("gateway")
        client.greet()
        assert client.call("other")["tool"] == "other"


def test_a_flood_of_foreign_connections_stops_nobody(broker: Broker) -> None:
    with door(broker) as port:
        client = come(broker, port)
        client.greet()
        client.request("tools/list")
        with Good(client):
            for _ in range(10):
                for line in FOREIGN.values():
                    one = come(broker, port)
                    with contextlib.suppress(OSError):
                        one.raw(line[:500])
                    one.close()


def test_it_shuts_when_who_asked_for_it_is_gone(broker: Broker) -> None:
    with door(broker) as port:
        client = come(broker, port)
        client.greet()
        assert broker.ask("status")["plain"] == [f"tcp:127.0.0.1:{port}"]
    until(lambda: broker.ask("status")["plain"] == [])
    with pytest.raises(ConnectionRefusedError):
        come(broker, port)
    assert client.call("other")["tool"] == "other", "who is in stays"
    assert "! the gateway's plain door is open" in broker.log()
    assert "is shut" in broker.log()


def test_a_client_that_closes_its_side_as_socat_does_is_answered(broker: Broker) -> None:
    with door(broker) as port:
        client = come(broker, port)
        client.greet()
        client.post("tools/call", {"name": "echo", "arguments": {"say": 2}}, 9)
        client.half_close()
        assert client.answer(9)["result"]["structuredContent"] == {"say": 2}
        assert client.ended() == []


def test_the_profiles_door_follows_its_file(broker: Broker) -> None:
    conf = broker.config / "data/broker/gateway.conf"
    conf.write_text("listen=tcp:127.0.0.1:0\n")
    broker.ask("reload")
    (first,) = broker.ask("status")["plain"]
    broker.ask("reload")
    assert broker.ask("status")["plain"] == [first]
    conf.write_text("listen=tcp:0.0.0.0:8811\n")
    broker.ask("reload")
    assert broker.ask("status")["plain"] == []
    assert "could not be opened: a plain door on 0.0.0.0" in broker.log()
    conf.unlink()
    broker.ask("reload")
    assert broker.ask("status")["plain"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_of_this_machine_is_turned_away(broker: Broker) -> None:
    script = (
        "import os, socket, sys\nos.setuid(65534)\ns = socket.socket()\ns.connect((b'127.0.0.1', int(sys.argv[1])))\n"
    )
    script += "try: s.sendall(b'{}\\n'); print(s.recv(9))\nexcept OSError: print(b'')\n"
    with door(broker) as port:
        argv = [*PYTHON, "-c", script, str(port)]
        found = subprocess.run(argv, capture_output=True, check=True, timeout=10)
        assert found.stdout == b"b''\n"
        assert "it is user 65534's" in broker.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("how", ["close", "reset"])
def test_another_user_who_is_gone_before_it_is_looked_at_is_turned_away(broker: Broker, how: str) -> None:
    """The system says that a socket nobody has is root's, or says nothing of it any more."""
    line = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}'
    script = (
        "import os, socket, sys\nos.setuid(65534)\ns = socket.socket()\ns.connect((b'127.0.0.1', int(sys.argv[1])))\n"
    )
    script += f"s.sendall(b'{line}\\n')\n"
    if how == "reset":
        script += "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))\n"
    with door(broker) as port:
        pid = broker.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            subprocess.run([*PYTHON, "-c", script + "s.close()", str(port)], check=True, timeout=10)
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: "turned away" in broker.log())
        assert "it can't be told whose it is" in broker.log()
        assert all(not one["processes"] for one in broker.ask("status")["servers"])


# -- where it may be


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "172.17.0.1"])
def test_where_it_may_be(host: str) -> None:
    place = place_for(host, lambda: DOCKER)
    assert ipaddress.ip_address(host) in place.network
    assert place.local == (host != "172.17.0.1")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("0.0.0.0", "every network"),
        ("::", "every network"),
        ("192.0.2.7", "eth0's, which is no bridge"),
        ("198.51.100.1", "no interface"),
        ("172.17.0.2", "no interface"),
    ],
)
def test_where_it_may_not_be(host: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        place_for(host, lambda: DOCKER)


def test_a_door_that_may_not_be_is_refused_in_words(broker: Broker) -> None:
    for listen, why in (("tcp:0.0.0.0:1", "every network"), ("nonsense", "no address")):
        with (
            pytest.raises(McpconfError, match=why),
            held(broker.paths.socket, {"do": "gateway", "listen": listen}),
        ):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's own tables")
def test_the_interfaces_of_this_machine_are_read() -> None:
    found = {one.name: one for one in read_interfaces()}
    assert found["lo"].address == ipaddress.IPv4Address("127.0.0.1")
    assert not found["lo"].bridge


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's own tables")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_whose_a_connection_is(host: str) -> None:
    with contextlib.ExitStack() as stack:
        try:
            listening = stack.enter_context(
                socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else 2)
            )
        except OSError:
            pytest.skip("this machine has no such address")
        to = listening.getsockname()[1]
        connection = stack.enter_context(socket.create_connection((host, to)))
        port = connection.getsockname()[1]
        assert owner_of(ipaddress.ip_address(host), port, to) == os.geteuid()
        assert owner_of(ipaddress.ip_address(host), port, to + 1) is None
        assert owner_of(ipaddress.ip_address("127.0.0.9"), port, to) is None


@pytest.mark.parametrize(
    ("held_bytes", "verdict"),
    [
        (b"", None),
        (b" \r\n\t", None),
        (b"{", True),
        (b"\n[", True),
        (b"G", False),
        (b" P", False),
        (b" " * 1025, False),
    ],
)
def test_the_first_byte(held_bytes: bytes, verdict: bool | None) -> None:
    assert may_begin(held_bytes) is verdict
