"""By TCP: both sides prove the key before a byte of MCP goes."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

import pytest

from mcpconf.shim import END_OF_INPUT, hmac_sha256
from tests.shim.conftest import Start
from tests.shim.scene import INITIALIZE, WELCOME, Broker, Client, Connection, Place, request, result, until

KEY = bytes(range(32))
NONCE = "0123456789abcdef" * 2


@pytest.fixture
def remote() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.stop()


@pytest.fixture
def session(start: Start, place: Place, remote: Broker) -> Client:
    key = place.path / "key"
    key.write_text(f"laptop {KEY.hex()}\n")
    place.configure(hold=0.4)
    return start(MCPCONF_BROKER=f"tcp:127.0.0.1:{remote.port}", MCPCONF_BROKER_KEY=str(key))


def proof(side: str, nonce: str) -> str:
    return hmac.digest(KEY, f"{side}|{NONCE}|{nonce}|open/time".encode(), "sha256").hex()


def challenge(connection: Connection) -> str:
    """The client's nonce, once it has proved its key."""
    connection.say(f"MCPCONF1 {NONCE}\n".encode())
    word, key_id, nonce, target, claimed = connection.line().decode().removesuffix("\n").split(" ")
    assert (word, key_id, target, len(nonce)) == ("AUTH", "laptop", "open/time", 32)
    assert claimed == proof("c", nonce)
    return nonce


def admit(connection: Connection) -> Connection:
    connection.say(f"OK {proof('s', challenge(connection))}\n".encode())
    return connection


def test_a_session_by_tcp_and_another_one_after_a_loss(session: Client, remote: Broker) -> None:
    session.say(INITIALIZE)
    connection = admit(remote.accept())
    assert connection.line() == INITIALIZE
    connection.say(WELCOME)
    assert session.line() == WELCOME
    connection.close()
    other = admit(remote.accept())
    assert other.line() == INITIALIZE
    other.say(WELCOME)
    session.say(request("1"))
    assert other.line() == request("1")


@pytest.mark.parametrize(
    "answer", [b"OK\n", b"OK " + b"0" * 64 + b"\n", b"OK %s extra\n", b"MCPCONF1 " + NONCE.encode() + b"\n"]
)
def test_who_cannot_prove_itself_is_told_nothing(session: Client, remote: Broker, answer: bytes) -> None:
    session.say(request('"secret"'))

    def cheat() -> bool:
        connection = remote.accept()
        nonce = challenge(connection)
        connection.say(answer.replace(b"%s", proof("s", nonce).encode()))
        assert connection.more() == b""
        return not session.silent()

    until(cheat, "nothing is answered")
    assert session.error()[0] == "secret"


def test_a_proof_of_the_clients_own_side_does_not_do(session: Client, remote: Broker) -> None:
    session.say(request("1"))
    connection = remote.accept()
    nonce = challenge(connection)
    connection.say(f"OK {proof('c', nonce)}\n".encode())
    assert connection.more() == b""
    assert b"can't prove that it is your broker" in session.stderr.line()


@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\n\r\n", b"MCPCONF1 short\n", b"MCPCONF2 x\n", b"OK\n", b"\n"])
def test_nothing_is_said_to_who_does_not_greet(session: Client, remote: Broker, first: bytes) -> None:
    session.say(request("1"))
    connection = remote.accept()
    connection.say(first)
    assert connection.rest() == b""


def test_a_refusal_is_told(session: Client, remote: Broker) -> None:
    session.say(request("1"))

    def refuse() -> bool:
        connection = remote.accept()
        challenge(connection)
        connection.say(b"NO no such server\n")
        connection.close()
        return not session.silent()

    until(refuse, "nothing is answered")
    assert session.error() == (1, "the broker refuses: no such server; run: mcpconf broker status")


@pytest.mark.parametrize("text", ["", "laptop\n", "laptop " + "0" * 63, "laptop " + "g" * 64, "a b " + "0" * 64])
def test_a_key_file_that_is_none(start: Start, place: Place, remote: Broker, text: str) -> None:
    key = place.path / "key"
    key.write_text(text)
    place.configure(hold=0.1)
    client = start(MCPCONF_BROKER=f"tcp:127.0.0.1:{remote.port}", MCPCONF_BROKER_KEY=str(key))
    client.say(request("1"))
    assert client.error() == (1, "MCPCONF_BROKER_KEY names no key file of the broker; run: mcpconf broker key new ID")


def test_a_key_file_that_is_not_there_and_a_port_where_nobody_listens(
    start: Start, place: Place, remote: Broker
) -> None:
    place.configure(hold=0.1)
    client = start(MCPCONF_BROKER=f"tcp:127.0.0.1:{remote.port}", MCPCONF_BROKER_KEY="/nowhere")
    client.say(request("1"))
    assert client.error()[1].startswith("the key file /nowhere: No such file or directory; run: ")
    (place.path / "key").write_text(f"laptop {KEY.hex()}\n")
    other = start(MCPCONF_BROKER="tcp:127.0.0.1:1", MCPCONF_BROKER_KEY=str(place.path / "key"))
    other.say(request("1"))
    assert other.error()[1].startswith("tcp:127.0.0.1:1: Connection refused; run: ")


@pytest.mark.parametrize("size", [0, 1, 32, 64, 65, 200])
def test_hmac_is_the_standard_librarys(size: int) -> None:
    for length in (0, 1, 55, 56, 64, 1000):
        assert hmac_sha256(b"k" * size, b"t" * length) == hmac.digest(b"k" * size, b"t" * length, "sha256")


def test_the_clients_end_is_said_in_a_line_and_late_answers_still_come(session: Client, remote: Broker) -> None:
    session.say(request("1"))
    connection = admit(remote.accept())
    assert connection.line() == request("1")
    session.end()
    assert connection.line() == END_OF_INPUT
    connection.say(result("1"))
    assert session.line() == result("1")
    connection.close()
    assert session.code() == 0
