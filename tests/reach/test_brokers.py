"""Which broker answers, and what each address said that none did."""

from __future__ import annotations

import errno
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.door.auth import Admitted, Challenge
from mcpconf.broker.door.keys import new_key, read_key_file
from mcpconf.environment.tried import Outcome, Tried
from mcpconf.reach.brokers import find_broker, first
from tests.broker.daemon import daemon
from tests.reach.listeners import PATIENCE, Behaviour, Listen, closed_port, silent


def unix(path: Path) -> str:
    return f"unix:{path}"


def asked(address: str, key: Path | None = None, timeout: float = PATIENCE, **more: Any) -> Tried:
    """What came of asking one address."""
    (tried,) = find_broker([address], None if key is None else str(key), timeout, **more)
    assert tried.address == address
    return tried


def test_a_broker_is_believed_by_its_handshake_alone(tmp_path: Path) -> None:
    mute = socket.socket(socket.AF_UNIX)
    with mute, daemon(str(tmp_path / "real"), ("time",)):
        mute.bind(str(tmp_path / "silent"))
        mute.listen()
        (tmp_path / "file").touch()
        others = [unix(tmp_path / name) for name in ("gone", "file", "silent")] + ["nonsense", "unix:relative", "tcp:"]

        found = first(find_broker([*others, unix(tmp_path / "real")], None, timeout=0.3))
        assert found == Tried(unix(tmp_path / "real"), Outcome.ANSWERS, servers=("time",))
        assert [asked(other, timeout=0.1).outcome for other in others] == [
            Outcome.NO_SOCKET,
            Outcome.REFUSED,
            Outcome.SILENT,
            Outcome.MALFORMED,
            Outcome.MALFORMED,
            Outcome.MALFORMED,
        ]


def test_the_first_of_several_brokers_counts(tmp_path: Path) -> None:
    with daemon(str(tmp_path / "a"), ("x",)), daemon(str(tmp_path / "b"), ("y",)):
        found = first(find_broker([unix(tmp_path / "b"), unix(tmp_path / "a")], None))
        assert found is not None
        assert found.servers == ("y",)


def test_nobody_waits_for_worse_addresses_once_the_best_has_answered(tmp_path: Path) -> None:
    release, waited = threading.Event(), []

    def stuck(*_: object) -> list[Any]:
        waited.append(release.wait(PATIENCE * 4))
        return []

    with daemon(str(tmp_path / "a"), ("x",)):
        best, worse = find_broker([unix(tmp_path / "a"), "tcp:h:1"], None, timeout=PATIENCE * 4, resolve=stuck)
    assert waited == []
    release.set()
    assert (best.found, worse.outcome) == (True, Outcome.UNRESOLVED)


def test_a_socket_whose_broker_hangs_up_is_another_users(tmp_path: Path) -> None:
    with daemon(str(tmp_path / "theirs")) as there:
        there._converse = lambda connection, lines: None  # type: ignore[method-assign]
        tried = asked(unix(tmp_path / "theirs"))
    assert (tried.outcome, tried.owner) == (Outcome.DENIED, os.geteuid())


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.HTTP),
        (b"<html>", Outcome.HTTP),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Outcome.OTHER),
        (b"x" * 70_000, Outcome.OTHER),
        (b"", Outcome.OTHER),
        (b"MCPCONF1 " + b"0" * 32 + b"\n", Outcome.NO_KEY),
    ],
)
def test_what_is_no_broker_is_told_apart_with_a_key_and_without(
    listen: Listen, keys: dict[str, Path], said: bytes, outcome: Outcome
) -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(said)

    address = f"tcp:{listen(speak).address}"
    assert asked(address).outcome is outcome
    if outcome is not Outcome.NO_KEY:
        assert asked(address, keys["right"]).outcome is outcome


@pytest.mark.parametrize("with_a_key", [True, False])
def test_who_says_nothing_is_asked_in_http_where_the_question_is_what_it_is(
    listen: Listen, keys: dict[str, Path], with_a_key: bool
) -> None:
    def web(connection: socket.socket) -> None:
        if connection.recv(4096).startswith(b"GET / HTTP/1.0\r\n"):
            connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

    key = keys["right"] if with_a_key else None
    address = f"tcp:{listen(web).address}"
    assert asked(address, key, 0.1).outcome is Outcome.SILENT
    assert asked(address, key, 0.5, thorough=True).outcome is Outcome.HTTP
    assert asked(f"tcp:{listen(silent).address}", key, 0.1, thorough=True).outcome is Outcome.SILENT


def test_a_name_is_told_with_its_number_and_one_that_is_none_as_such() -> None:
    port = closed_port()

    def known(host: str, port: int, *_: int) -> list[Any]:
        if host != "host.docker.internal":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    refused = asked(f"tcp:host.docker.internal:{port}", resolve=known)
    assert (refused.outcome, refused.detail) == (Outcome.REFUSED, "127.0.0.1")
    assert asked(f"tcp:host.lima.internal:{port}", resolve=known).outcome is Outcome.UNRESOLVED
    assert asked("tcp:" + "x" * 70 + ".invalid:80").outcome is Outcome.UNRESOLVED
    plain = asked(f"tcp:127.0.0.1:{port}")
    assert (plain.outcome, plain.detail) == (Outcome.REFUSED, "")


def test_a_resolver_that_hangs_holds_nobody() -> None:
    release = threading.Event()

    def stuck(*_: object) -> list[Any]:
        release.wait(PATIENCE)
        return []

    tried = asked("tcp:host.docker.internal:1", timeout=0.01, resolve=stuck)
    release.set()
    assert tried.outcome is Outcome.UNRESOLVED


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_a_network_without_a_way_is_told(number: int) -> None:
    def away(*_: object) -> list[Any]:
        raise OSError(number, "no way")

    assert asked("tcp:192.0.2.1:1", resolve=away).outcome is Outcome.UNREACHABLE


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
        while answer is None and (chunk := connection.recv(4096)):
            answer = challenge.feed(chunk)
        if isinstance(answer, Admitted):
            connection.sendall(answer.line + b"time\ngit\n")

    return speak


def test_over_tcp_both_sides_prove_the_key(listen: Listen, keys: dict[str, Path]) -> None:
    address = f"tcp:{listen(with_key(keys['right'])).address}"

    assert asked(address, keys["right"]) == Tried(address, Outcome.ANSWERS, servers=("time", "git"))
    wrong = asked(address, keys["wrong"])
    assert (wrong.outcome, wrong.detail) == (Outcome.KEY_REFUSED, "it does not take the key me")
    gone = asked(address, keys["right"].parent / "gone")
    assert gone.outcome is Outcome.KEY_FILE
    assert "No such file" in gone.detail
    assert asked(address).outcome is Outcome.NO_KEY


def test_who_sits_on_the_port_without_the_key_is_told_nothing(listen: Listen, keys: dict[str, Path]) -> None:
    heard: list[bytes] = []

    def squat(connection: socket.socket) -> None:
        connection.sendall(f"MCPCONF1 {'1' * 32}\n".encode())
        heard.append(connection.recv(4096))
        connection.sendall(b"OK " + b"0" * 64 + b"\ntime\n")
        heard.append(connection.recv(4096))

    address = f"tcp:{listen(squat).address}"
    tried = asked(address, keys["right"])
    assert (tried.outcome, tried.detail) == (Outcome.KEY_REFUSED, "it does not prove that it has the key me")
    assert heard[0].startswith(b"AUTH me ")
    assert heard[1:] in ([], [b""])
