"""What an attack on the broker found: each is a way in which one client could reach another, or stop everyone."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from mcpconf.broker.bridge.setup import Setup, is_loopback, secrets
from mcpconf.broker.door.auth import reply
from mcpconf.broker.door.keys import new_key, revoke_key
from tests.broker.kit import Broker, Client, Gone, scripted, until

# Reads lines as the Python SDK does (TextIOWrapper: a carriage return ends one), and with `fold` names as Go does.
READER = """
import io, json, sys
KNOWN = {n.casefold(): n for n in ("id", "method", "params", "requestId")}
def low(o):
    if isinstance(o, dict): return {KNOWN.get(k.casefold(), k): low(v) for k, v in o.items()}
    return o
held = {}
def say(n, r): print(json.dumps({"jsonrpc": "2.0", "id": n, "result": r}), flush=True)
for line in io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"):
    try: m = json.loads(line)
    except ValueError: continue
    m = low(m) if "fold" in sys.argv else m
    method, n, p = m.get("method"), m.get("id"), m.get("params") or {}
    if method == "initialize":
        say(n, {"protocolVersion": p["protocolVersion"], "capabilities": {}, "serverInfo": {"name": "r"}})
    elif method == "notifications/cancelled": held.pop(p.get("requestId"), None)
    elif method == "hold": held[n] = 1
    elif method == "held": say(n, {"held": list(held)})
    elif n is not None: say(n, {"said": p})
"""
SMUGGLED = {
    "an answer in carriage returns": (
        "",
        b'{"id":5,"method":"x","params":{"x":[\r{"id":%d,"method":"y","params":{}}\r]}}',
    ),
    "a cancel in carriage returns": (
        "",
        b'{"id":5,"method":"x","params":{"x":[\r{"method":"notifications/cancelled","params":{"requestId":%d}}\r]}}',
    ),
    "a second id in capitals": ("fold", b'{"id":5,"method":"y","params":{},"ID":%d}'),
    "an id in capitals": ("fold", b'{"method":"y","params":{},"Id":%d}'),
    "a method in capitals": ("fold", b'{"method":"z","Method":"notifications/cancelled","params":{"requestId":%d}}'),
    "parameters with a long s": ("fold", '{"method":"notifications/cancelled","paramſ":{"requestId":%d}}'.encode()),
    "a name in capitals": ("fold", b'{"method":"z","params":{"requestID":%d},"METHOD":"notifications/cancelled"}'),
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_no_message_reaches_a_servers_reader_from_within_another(broker: Broker, how: str) -> None:
    word, line = SMUGGLED[how]
    broker.define("r", sys.executable, "-I", "-S", "-c", READER, word, pool="shared")
    with broker.open("r") as one, broker.open("r") as other:
        one.greet()
        other.greet()
        other.post("hold")
        number = until(lambda: one.request("held")["result"]["held"])[0]
        one.send(line % number)
        assert one.request("held")["result"]["held"] == [number]
        assert other.silent()


@pytest.mark.parametrize(
    "params",
    [
        '{"requestId":1,"requestID":2}',
        '{"requestId":1,"requestId":2}',
        '{"URI":"x"}',
        '{"_META":{"progressToken":1}}',
        '{"_meta":{"PROGRESSTOKEN":1}}',
        '{"taskId":"a","TaskId":"b"}',
    ],
)
def test_what_two_readers_could_understand_differently_is_refused_under_its_id(broker: Broker, params: str) -> None:
    with broker.open("plain") as client:
        client.greet()
        client.send(f'{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{params}}}'.encode())
        answer = client.hear()
        assert (answer["id"], answer["error"]["code"]) == (7, -32600)


def test_a_subscription_named_with_an_escaped_slash_is_looked_at(broker: Broker) -> None:
    broker.define("m", *(*scripted(), "modern"))
    with broker.open("m") as client:
        client.modern("server/discover")
        meta = json.dumps({"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}})[:-2]
        more = '"io.modelcontextprotocol\\/subscriptionId":1'
        line = f'{{"jsonrpc":"2.0","id":9,"method":"tools/list","params":{meta},{more}}}}}}}'
        client.send(line.encode())
        assert "no such subscription" in client.hear()["error"]["message"]


@pytest.mark.parametrize("pool", ["fresh", "session"])
def test_who_says_two_initializes_at_once_shares_no_process(broker: Broker, pool: str) -> None:
    broker.define("p", *scripted(), pool=pool)
    pids = set()
    for client in (broker.open("p"), broker.open("p")):
        for number, version in ((1, "2025-11-25"), (2, "2024-11-05")):
            params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
            client.send({"jsonrpc": "2.0", "id": number, "method": "initialize", "params": params})
        assert {("result" in one, one["id"]) for one in (client.hear(), client.hear())} == {(True, 1), (False, 2)}
        client.last = 2
        pids.add(client.call("report")["pid"])
    assert len(pids) == 2


def test_a_server_called_broker_leaves_the_broker_its_socket(idle: Broker) -> None:
    idle.define("broker")
    idle.start()
    assert idle.ask("ping")["ok"]
    with idle.open("broker") as client:
        client.greet()


def test_who_waited_while_its_key_was_revoked_is_turned_away(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "b", "--listen", "tcp:127.0.0.1:0")
    broker.define("plain")
    keys = str(broker.config / "data/broker/keys")
    key = new_key(keys, "box")
    broker.start()
    try:
        port = int(broker.ask("status")["listeners"][1].rpartition(":")[2])
        client = Client(socket.create_connection(("127.0.0.1", port)))
        greeting = client.line() + b"\n"
        revoke_key(keys, "box")
        broker.ask("reload")
        answer = reply(greeting, "box", key.secret, "open/plain", os.urandom(16).hex())
        assert answer is not None
        client.raw(answer.line)
        with pytest.raises(Gone):
            client.line()
        client.close()
    finally:
        broker.end()


def test_a_fifo_in_the_place_of_a_definition_holds_nobody_up(broker: Broker) -> None:
    os.mkfifo(broker.servers / "f.json")
    with broker.open("plain") as client:
        client.greet()
        other = broker.open("f", ok=False)
        assert b"no regular file" in other.line()
        assert client.call("echo", a=1) == {"a": 1}


def test_what_lies_in_the_place_of_one_door_closes_no_other(idle: Broker) -> None:
    idle.define("also")
    door = Path(idle.paths.directory, "also.sock")
    door.mkdir(parents=True)
    idle.start()
    with idle.door("plain") as client:
        client.greet()
    idle.define("third")
    idle.ask("reload")
    assert Path(idle.paths.directory, "third.sock").exists()
    door.rmdir()


def test_a_hidden_value_is_not_shown_by_its_first_half(broker: Broker) -> None:
    code = "import sys;print('x'*180+__import__('os').environ['K'],flush=True);sys.stdin.read()"
    broker.define("p", sys.executable, "-I", "-S", "-c", code, env={"K": "${secret:TOKEN}"})
    (broker.config / "data/secrets").write_bytes(b"TOKEN=" + b"s3cr3t-" * 10 + b"\0")
    with broker.open("p") as client:
        client.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
        until(lambda: "printed" in broker.log("p"))
    assert "***" in broker.log("p")
    assert "s3cr3t" not in broker.log("p")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.2", "127.1", "::1", "::ffff:127.0.0.1", "0.0.0.0"]
)
def test_this_machine_by_other_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.1", "128.0.0.1", "mylocalhost"])
def test_other_machines(host: str) -> None:
    assert not is_loopback(host)


def test_all_of_a_url_that_may_be_a_key_is_hidden() -> None:
    found = secrets(Setup(url="https://user:p%40ssword@h/s/SECRETPATH-0123456789/mcp?key=SECRETQUERY&v=2"))
    assert {"p%40ssword", "p@ssword", "SECRETPATH-0123456789", "SECRETQUERY", "dXNlcjpwQHNzd29yZA=="} <= set(found)


def test_containers_are_removed_though_no_process_is_left_when_both_are_killed(broker: Broker) -> None:
    docker, asked = broker.base / "docker", broker.base / "asked"
    docker.write_text(f'#!/bin/sh\necho "$1" >> {asked}\n[ "$1" != run ] || exec cat >/dev/null\n')
    docker.chmod(0o700)
    broker.define("d", str(docker), "run", "-i", "image", image="image", idle_timeout=0.05)
    with broker.open("d") as client:
        client.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
        until(lambda: broker.processes("d"))
    until(lambda: not broker.processes("d") and len(broker.left()) == 3)
    assert list(broker.logs.glob("docker-*"))
    serving = broker.pid
    for pid in (broker.supervisor, serving):  # at once: each of them would do it for the other
        os.kill(pid, signal.SIGKILL)
    until(lambda: not list(broker.logs.glob("docker-*")))
    assert "ps" in asked.read_text().split()
    for path in Path(broker.paths.directory).glob("*.sock"):
        path.unlink()
    Path(broker.paths.state).unlink(missing_ok=True)
