"""Clients with a key, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.broker import BY_KEY
from mcpconf.broker.door.auth import reply
from mcpconf.broker.door.keyed import KeyedDoor
from mcpconf.broker.door.keys import Key, keys_directory, new_key, revoke_key
from tests.broker.kit import Broker, Client, Gone, until

END = b'{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}\n'


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path / "b", "--listen", "tcp:127.0.0.1:0")
    one.define("plain")
    new_key(keys_directory(str(one.config / "data")), "box")
    try:
        yield one.start()
    finally:
        one.end()


def key(broker: Broker) -> Key:
    content = Path(keys_directory(str(broker.config / "data")), "box").read_text().split()
    return Key(content[0], bytes.fromhex(content[1]))


def come(broker: Broker, target: str) -> tuple[Client, bytes]:
    """A client that has proved its key, and what the broker said to that."""
    address = next(one for one in broker.ask("status")["listeners"] if one.startswith("tcp:"))
    one = key(broker)
    client = Client(socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))))
    answer = reply(client.line() + b"\n", one.id, one.secret, target, os.urandom(16).hex())
    assert answer is not None
    client.raw(answer.line)
    said = client.line() + b"\n"
    return client, b"OK\n" if answer.proves(said) else said


def test_the_profiles_address_follows_its_file_and_no_other_is_taken(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "b")
    broker.define("plain")
    directory = keys_directory(str(broker.config / "data"))
    new_key(directory, "box")
    conf = broker.config / "data/broker/listen.conf"
    conf.write_text("listen=tcp:127.0.0.1:0\n")
    try:
        broker.start()
        said = broker.ask("status")
        assert said["followed"] == said["listeners"][1:] != []
        client, answer = come(broker, "open/plain")
        with client:
            assert answer == b"OK\n"
            client.greet()
            broker.ask("reload")
            assert broker.ask("status")["followed"] == said["followed"]
            revoke_key(directory, "box")
            broker.ask("reload")
            assert client.ended() == []
        for refused in ("0.0.0.0", "192.0.2.250", "::"):
            conf.write_text(f"listen=tcp:{refused}:8812\n")
            broker.ask("reload")
            assert broker.ask("status")["followed"] == []
            assert f"nobody can come by tcp:{refused}:8812" in broker.log()
        conf.unlink()
        broker.ask("reload")
        assert broker.ask("status")["listeners"] == said["listeners"][:1]
    finally:
        broker.end()


def test_an_address_that_is_not_free_yet_is_had_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpconf.broker.door.keyed.AGAIN", 0.01)
    conf = tmp_path / "listen.conf"
    loop = asyncio.new_event_loop()
    said: list[str] = []
    opened = loop.create_future()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = f"tcp:127.0.0.1:{taken.getsockname()[1]}"
        conf.write_text(f"listen={text}\n")
        door = KeyedDoor(loop, lambda connection, peer: None, lambda: opened.set_result(None), said.append)
        door.follow(str(conf), ())
        door.follow(str(conf), ())
        assert door.addresses == []
    loop.run_until_complete(asyncio.wait_for(opened, 10))
    assert (door.addresses, len(said)) == ([text], 2)
    door.follow(str(conf), (text,))  # it is listened on anyway
    assert door.addresses == []
    door.close()
    loop.close()


def test_a_client_with_a_key_uses_a_server(listening: Broker) -> None:
    client, said = come(listening, "open/plain")
    with client:
        assert said == b"OK\n"
        client.greet()
        assert client.call("echo", say=1) == {"say": 1}


@pytest.mark.parametrize(("target", "why"), [("control", b"unix socket"), ("open/none", b"no server 'none'")])
def test_what_it_cant_have_is_refused_in_words(listening: Broker, target: str, why: bytes) -> None:
    client, said = come(listening, target)
    with client:
        assert said.startswith(b"NO ")
        assert why in said


def test_its_end_is_said_in_a_line_and_late_answers_come(listening: Broker) -> None:
    client, _ = come(listening, "open/plain")
    with client:
        client.greet()
        number = client.post("tools/call", {"name": "echo", "arguments": {"say": 2}})
        client.raw(END)
        assert "result" in client.answer(number)
        assert client.ended() == []


def test_one_that_is_gone_is_let_go_at_once(listening: Broker) -> None:
    client, _ = come(listening, "open/plain")
    with client:
        client.greet()
    until(lambda: listening.ask("status")["clients"] == [])


def test_a_revoked_key_ends_what_came_by_it(listening: Broker) -> None:
    client, _ = come(listening, "open/plain")
    with client, listening.open("plain") as local:
        client.greet()
        local.greet()
        revoke_key(keys_directory(str(listening.config / "data")), "box")
        listening.ask("reload")
        with contextlib.suppress(Gone):
            assert client.ended() == []
        assert local.call("echo", say=3) == {"say": 3}


def test_who_cant_say_which_server_it_wants_is_told_in_a_message_why_not(listening: Broker) -> None:
    (listening.config / "data/broker/servers/plain.json").write_text("{")
    with listening.door("plain") as client:
        assert "damaged" in client.hear()["error"]["message"]
        assert client.ended() == []


def test_one_key_can_not_take_every_place(listening: Broker) -> None:
    with contextlib.ExitStack() as many:
        for _ in range(BY_KEY):
            client, said = come(listening, "open/plain")
            many.enter_context(client)
            assert said == b"OK\n"
        late, said = come(listening, "open/plain")
        many.enter_context(late)
        assert said == b"NO %d clients came by this key, which is as many as may\n" % BY_KEY
        neighbour = many.enter_context(listening.open("plain"))
        neighbour.greet()
        assert neighbour.call("echo", say=1) == {"say": 1}
