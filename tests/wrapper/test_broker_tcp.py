"""The wrapper without Python and a broker behind TCP: who proves what, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from mcpconf.broker.door.auth import Admitted, Turned
from mcpconf.broker.door.keys import Key, format_key
from tests.wrapper.place import END, GREETING, KEY, PATIENCE, Connection, Listener, Place, Running, until

JOINED = "mcpconf: time: carrying bytes to the broker on 127.0.0.1:{}\n"
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
PONG = b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


def talk(shim: Running, connection: Connection) -> None:
    """One message each way."""
    shim.say(PING)
    assert connection.line() == PING
    connection.say(PONG)
    assert shim.hear() == PONG


def test_a_client_with_the_key_reaches_the_server_it_names(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port, "my-server_2") as shim, tcp.accept() as connection:
        admitted = connection.shake_hands()
        assert isinstance(admitted, Admitted)
        assert (admitted.key_id, admitted.server, admitted.rest) == ("laptop", "my-server_2", b"")
        talk(shim, connection)
        shim.stdin.close()
        assert connection.until_end_of_input() == b"\n"
        connection.close()
        assert shim.end() == (0, JOINED.format(tcp.port).replace("time", "my-server_2"))


def test_what_the_client_said_before_the_handshake_is_not_lost(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim:
        shim.say(PING * 100)
        with tcp.accept() as connection:
            connection.shake_hands()
            assert [connection.line() for _ in range(100)] == [PING] * 100


def test_what_the_broker_says_right_behind_its_proof_is_not_lost(place: Place, tcp: Listener) -> None:
    from mcpconf.broker.door.auth import Challenge

    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        challenge = Challenge({KEY.id: KEY.secret}.get, "0" * 32)
        connection.say(challenge.greeting())
        admitted = challenge.feed(connection.line())
        assert isinstance(admitted, Admitted)
        connection.say(admitted.line + PONG + PONG)
        assert [shim.hear(), shim.hear()] == [PONG, PONG]


def test_answers_that_come_after_the_end_of_input_arrive(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.shake_hands()
        shim.say(PING)
        shim.stdin.close()
        assert connection.until_end_of_input() == PING + b"\n"
        with pytest.raises(subprocess.TimeoutExpired):
            shim.process.wait(1.2)  # it waits for what is late, without a limit of its own
        connection.say(PONG)
        connection.close()
        assert shim.stdout.read() == PONG
        assert shim.end() == (0, JOINED.format(tcp.port))


def test_a_last_line_without_its_end_does_not_swallow_the_end_of_input(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.shake_hands()
        shim.say(PING.rstrip())
        shim.stdin.close()
        assert connection.until_end_of_input() == PING


def test_a_megabyte_goes_through_unchanged_both_ways_at_once(place: Place, tcp: Listener) -> None:
    ours, theirs = os.urandom(1 << 20), os.urandom(1 << 20)  # any bytes: NULs, no lines
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.shake_hands()

        def send() -> None:
            connection.say(theirs)

        def write() -> None:
            shim.say(ours)
            shim.stdin.close()

        came: list[bytes] = []
        threads = [
            threading.Thread(target=send),
            threading.Thread(target=write),
            threading.Thread(target=lambda: came.append(connection.until_end_of_input())),
        ]
        for thread in threads:
            thread.start()
        assert shim.stdout.read(1 << 20) == theirs
        for thread in threads:
            thread.join(PATIENCE)
        assert came == [ours + b"\n"]


def test_a_client_with_a_wrong_key_is_told_so(place: Place, tcp: Listener) -> None:
    place.key.write_bytes(format_key(Key("laptop", bytes(32))))
    with place.tcp(tcp.port) as shim:
        shim.say(PING)
        with tcp.accept() as connection:
            assert isinstance(connection.shake_hands(), Turned)
        code, said = shim.end()
    assert code == 0
    assert "does not take the key laptop; mend it with: mcpconf broker key ls" in said
    assert "0" * 64 not in said


def test_a_server_that_the_broker_does_not_have_is_told(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.say(GREETING)
        connection.line()
        connection.say(b"NO there is no server time\x1b[2J\n")
        code, said = shim.end()
    assert code == 0
    assert "refuses: there is no server time?[2J; mend" in said


IMPOSTORS = {
    "a guess": lambda auth: b"OK " + b"0" * 64 + b"\n",
    "the client's own proof": lambda auth: b"OK " + auth.split()[-1] + b"\n",
    "no proof": lambda auth: b"OK\n",
    "MCP": lambda auth: PONG,
    "a star": lambda auth: b"OK *\n",
    "nothing": lambda auth: b"\n",
    "too much": lambda auth: b"OK " + b"0" * 100_000,
}


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_a_broker_that_cant_prove_itself_gets_no_byte_of_mcp(place: Place, tcp: Listener, impostor: str) -> None:
    with place.tcp(tcp.port) as shim:
        shim.say(PING)
        with tcp.accept() as connection:
            connection.say(GREETING)
            auth = connection.line()
            assert auth.startswith(b"AUTH laptop ")
            assert KEY.secret.hex().encode() not in auth
            connection.say(IMPOSTORS[impostor](auth))
            came = connection.rest()
        code, said = shim.end()
    assert (code, came) == (0, b"")
    assert "could not prove" in said or "does not take the key" in said


@pytest.mark.parametrize(
    "greeting",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"MCPCONF1 abc\n", b"MCPCONF1 " + b"G" * 32 + b"\n", b"x" * 100_000],
)
def test_what_does_not_greet_like_a_broker_gets_nothing(place: Place, tcp: Listener, greeting: bytes) -> None:
    with place.tcp(tcp.port) as shim:
        with tcp.accept() as connection:
            connection.say(greeting)
            connection.socket.shutdown(1)
            came = connection.rest()
        code, said = shim.end()
    assert (code, came) == (0, b"")
    assert "is no broker of mcpconf's" in said


def test_each_handshake_has_another_nonce(place: Place, tcp: Listener) -> None:
    nonces = set()
    for _ in range(3):
        with place.tcp(tcp.port), tcp.accept() as connection:
            connection.say(GREETING)
            nonces.add(connection.line().split()[2])
    assert len(nonces) == 3


def test_when_the_broker_goes_the_shim_goes_within_a_second(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim:
        with tcp.accept() as connection:
            connection.shake_hands()
            talk(shim, connection)
            shim.say(PING)
            connection.line()
        assert until(lambda: shim.process.poll() is not None)
        code, said = shim.end()
        assert shim.stdout.read() == b""
    assert code == 1
    assert said.splitlines()[1].startswith("mcpconf: time: the broker on 127.0.0.1:")
    assert "went away; mend it with: mcpconf broker start" in said
    assert said.count("\n") == 2


def test_a_broker_that_resets_the_connection_is_no_other_end(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim:
        with tcp.accept() as connection:
            connection.shake_hands()
            shim.say(PING * 1000)
            assert connection.line() == PING
            connection.resets()
        assert until(lambda: shim.process.poll() is not None)  # by that alone: its input has not ended
        code, said = shim.end()
    assert code == 1
    assert said.count("\n") == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_at_once(place: Place, tcp: Listener, number: signal.Signals) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.shake_hands()
        talk(shim, connection)
        shim.process.send_signal(number)  # to it alone, as clients do
        assert until(lambda: not shim.left())
        assert shim.process.returncode == 128 + number
        assert connection.rest() in {b"", b"\n" + END}
        assert shim.stderr.read().decode() == JOINED.format(tcp.port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_handshake_ends_everything_too(place: Place, tcp: Listener, number: signal.Signals) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        shim.process.send_signal(number)
        assert until(lambda: not shim.left())
        assert connection.rest() == b""


def test_signals_at_any_moment_of_the_start_leave_nothing(place: Place, tcp: Listener) -> None:
    """Around the moment when the children are started, where a signal could find them half made.

    Two signals, as Claude Code sends them: bash itself loses one that comes in the microseconds before it waits.
    """
    for count in range(30):
        with place.tcp(tcp.port) as shim, tcp.accept() as connection:
            connection.shake_hands()
            for _ in range(count * 1500):  # a short while, longer each time
                pass
            shim.process.send_signal(signal.SIGINT)
            if not until(lambda shim=shim: not shim.left(), 0.1):  # type: ignore[misc]
                shim.process.send_signal(signal.SIGTERM)
            assert until(lambda shim=shim: not shim.left()), count  # type: ignore[misc]


def test_killed_it_leaves_nothing_that_outlives_the_clients_stdin(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.shake_hands()
        talk(shim, connection)
        shim.process.kill()
        shim.stdin.close()
        assert connection.until_end_of_input() == b"\n"
        connection.close()
        assert until(lambda: not shim.left())


def test_a_client_that_stops_reading_ends_it_with_the_next_message(place: Place, tcp: Listener) -> None:
    with place.tcp(tcp.port) as shim, tcp.accept() as connection:
        connection.shake_hands()
        talk(shim, connection)
        shim.stdout.close()
        connection.say(PONG)
        assert until(lambda: not shim.left())


def test_nobody_listens(place: Place, tcp: Listener) -> None:
    port = tcp.port
    tcp.socket.close()
    with place.tcp(port) as shim:
        code, said = shim.end()
    assert code == 0
    assert f"no way to start it: no broker listens on 127.0.0.1:{port}; mend it with: mcpconf broker start" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "address",
    ["tcp:", "tcp:127.0.0.1", "tcp:127.0.0.1:", "tcp:127.0.0.1:x", "tcp:a/b:1", "tcp:a b:1", "udp:x", "unix:x"],
)
def test_an_address_that_is_none_is_told(place: Place, address: str) -> None:
    with place.run(MCPCONF_BROKER=address, MCPCONF_BROKER_KEY=str(place.key)) as shim:
        code, said = shim.end()
    assert code == 0
    assert "is no address" in said


@pytest.mark.parametrize(
    "content",
    [b"", b"laptop", b"laptop " + b"0" * 63 + b"\n", b"laptop " + b"A" * 64 + b"\n", b"LAPTOP " + b"0" * 64 + b"\n"],
)
def test_a_key_file_that_is_none_is_told_without_quoting_it(place: Place, tcp: Listener, content: bytes) -> None:
    place.key.write_bytes(content)
    with place.tcp(tcp.port) as shim:
        code, said = shim.end()
    assert code == 0
    assert "key file" in said
    assert "0000" not in said


def test_no_key_file_is_told(place: Place, tcp: Listener, tmp_path: Path) -> None:
    with place.tcp(tcp.port, MCPCONF_BROKER_KEY="") as shim:
        assert "wants a key; mend it with: MCPCONF_BROKER_KEY=FILE" in shim.end()[1]
    with place.tcp(tcp.port, MCPCONF_BROKER_KEY=str(tmp_path / "none")) as shim:
        assert "can't be read" in shim.end()[1]


def test_a_message_of_ours_is_what_the_broker_waits_for() -> None:
    assert json.loads(END) == {"jsonrpc": "2.0", "method": "notifications/mcpconf/end_of_input"}
