"""All servers behind one connection of a real broker: who gets what, and that two clients have nothing in common."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.door.keys import keys_directory, new_key
from tests.broker.kit import PYTHON, ROOT, Broker, Client, descriptors, scripted, until
from tests.broker.test_by_tcp import come

OWN = "tools=report,hold,store,release,note,ask,die"
CHANGED = "notifications/tools/list_changed"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Broker]:
    """A broker with two servers that have two tools of the same name, and many of their own names."""
    one = Broker(tmp_path / "b", "--listen", "tcp:127.0.0.1:0")
    one.define("a", *scripted("tools=who,only_a,echo," + OWN.partition("=")[2]))
    one.define("b", *scripted("tools=who,only_b", "resources=b://1"))
    new_key(keys_directory(str(one.config / "data")), "box")
    try:
        yield one.start()
    finally:
        one.end()


def gateway(broker: Broker, project: str = "") -> Client:
    client = broker.connect()
    client.raw(f"MCPCONF1 OPEN *{project and ' ' + project}\n".encode())
    assert client.line() == b"OK"
    return client


def names(client: Client, modern: bool = False) -> list[str]:
    found = client.modern("tools/list") if modern else client.request("tools/list")
    return [one["name"] for one in found["result"]["tools"]]


def told(client: Client, method: str) -> Any:
    """Wait for a notification of this method."""

    def there() -> Any:
        found = next((one for one in client.aside if one.get("method") == method), None)
        if found is None:
            client.aside.append(client.hear())
        return found

    message = until(there)
    client.aside.remove(message)
    return message


def test_all_servers_are_one(two: Broker) -> None:
    client = gateway(two)
    began = time.monotonic()
    found = client.greet()
    assert time.monotonic() - began < 1.0  # 50 ms are promised; a machine of tests may be busy
    assert found["serverInfo"]["name"] == "mcpconf"
    assert {"a__who", "b__who", "only_a", "only_b"} <= set(names(client))
    pids = {name: client.call(name)["pid"] for name in ("a__who", "b__who", "only_a", "only_b")}
    assert pids["a__who"] == pids["only_a"] != pids["b__who"] == pids["only_b"]
    assert client.call("b__who")["tool"] == "who"
    read = client.request("resources/read", {"uri": "b://1"})
    assert read["result"]["contents"][0]["text"] == str(pids["only_b"])
    assert [one["server"] for one in two.ask("status")["clients"]] == ["gateway"]


def test_its_own_socket_needs_no_words(two: Broker) -> None:
    client = two.door("gateway")
    client.greet()
    assert client.call("only_b")["tool"] == "only_b"


def test_a_server_of_that_name_keeps_its_socket(two: Broker) -> None:
    two.define("gateway", *scripted("tools=mine"))
    two.ask("reload")
    client = two.door("gateway")
    client.greet()
    assert names(client) == ["mine"]
    assert {"mine", "only_a", "only_b"} <= set(_greeted(gateway(two)))


def _greeted(client: Client) -> list[str]:
    client.greet()
    return names(client)


def test_a_client_with_a_key_comes_by_tcp(two: Broker) -> None:
    client, said = come(two, "open/*")
    with client:
        assert said == b"OK\n"
        client.greet()
        assert client.call("only_a")["tool"] == "only_a"


def test_a_shim_shows_all_servers(two: Broker) -> None:
    env = {"MCPCONF_BROKER": f"unix:{two.paths.socket}", "MCPCONF_BROKER_START": "0"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    lines = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "only_b"}},
    ]
    said = "".join(json.dumps(line) + "\n" for line in lines)
    command = [*PYTHON, str(ROOT / "mcpconf/shim.py"), "--gateway"]
    done = subprocess.run(command, input=said.encode(), env=env, stdout=subprocess.PIPE, timeout=20, check=True)
    answers = {one.get("id"): one for one in map(json.loads, done.stdout.splitlines())}
    assert answers[1]["result"]["structuredContent"]["tool"] == "only_b"


# -- two clients


def test_two_clients_have_processes_ids_and_questions_of_their_own(two: Broker) -> None:
    first, second = gateway(two), gateway(two)
    for client in (first, second):
        client.greet(capabilities={"roots": {}})
        names(client)
    assert first.call("store", number=7, value=1) == {"state": [1]}
    assert second.call("store", number=7, value=2) == {"state": [2]}
    assert first.call("report")["pid"] != second.call("report")["pid"]
    assert first.call("ask", id=9, method="roots/list") == {}
    question = next(one for one in first.aside if one.get("method") == "roots/list")
    second.send({"jsonrpc": "2.0", "id": question["id"], "result": {"roots": ["not mine"]}})
    second.call("echo")
    first.send({"jsonrpc": "2.0", "id": question["id"], "result": {"roots": ["mine"]}})
    assert until(lambda: first.call("report")["asked"]) == {"9": {"roots": ["mine"]}}
    assert second.call("report")["asked"] == {}
    assert first.call("note", method="notifications/message", params={"level": "info", "data": "x"}) == {}
    assert told(first, "notifications/message")["params"]["logger"] == "a"
    assert second.aside == []
    assert second.silent()


def test_clients_of_a_shared_server_are_told_apart(two: Broker) -> None:
    two.define("a", *scripted("tools=who,echo,hold,release,report"), pool="shared")
    two.ask("reload")
    first, second = gateway(two), gateway(two)
    for client in (first, second):
        client.greet()
        names(client)
    for number, client in enumerate((first, second)):
        client.post("tools/call", {"name": "hold", "arguments": {"mine": number}}, 5)
    until(lambda: first.call("report")["held"] == 2)
    assert first.call("report")["pid"] == second.call("report")["pid"]
    first.note("notifications/cancelled", {"requestId": 5})
    until(lambda: len(second.call("report")["cancelled"]) == 1)
    second.call("release")
    assert second.answer(5)["result"]["structuredContent"] == {"mine": 1}
    first.call("echo")
    assert all(message.get("id") != 5 for message in first.aside)


def test_what_a_client_leaves_is_cancelled_at_its_servers(two: Broker) -> None:
    two.define("a", *scripted("tools=who,echo,hold,release,report"), pool="shared")
    two.ask("reload")
    first, second = gateway(two), gateway(two)
    for client in (first, second):
        client.greet()
        names(client)
    first.post("tools/call", {"name": "hold", "arguments": {}}, 5)
    until(lambda: second.call("report")["held"] == 1)
    first.close()
    until(lambda: len(second.call("report")["cancelled"]) == 1)
    until(lambda: len(two.ask("status")["clients"]) == 1)


# -- eras


def test_both_eras_meet_both_kinds_of_server(two: Broker) -> None:
    two.define("new", *scripted("modern", "tools=fresh,who"))
    two.ask("reload")
    session, single = gateway(two), gateway(two)
    session.greet()
    found = single.modern("server/discover")["result"]
    assert found["supportedVersions"] == ["2026-07-28"]
    for listed in (names(session), names(single, modern=True)):
        assert {"a__who", "b__who", "new__who", "fresh", "only_a"} <= set(listed)
    assert session.call("fresh")["tool"] == "fresh"
    assert single.modern_call("fresh")["tool"] == "fresh"
    answer = single.modern("tools/call", {"name": "only_a"})["result"]
    assert (answer["resultType"], answer["structuredContent"]["tool"]) == ("complete", "only_a")


# -- servers that come and go


def test_a_server_that_fails_stops_no_other_and_is_announced_when_it_is_back(two: Broker) -> None:
    good = two.servers / "b.json"
    kept = good.read_bytes()
    two.define("b", "/nonexistent")
    two.ask("reload")
    client = gateway(two)
    client.greet()
    assert "only_a" in names(client)
    assert client.call("only_a")["tool"] == "only_a"
    assert "error" in client.request("resources/read", {"uri": "b://1"})
    good.write_bytes(kept)
    two.ask("reload")
    told(client, CHANGED)
    assert "only_b" in names(client)


def test_a_crash_costs_its_own_calls_only(two: Broker) -> None:
    client = gateway(two)
    client.greet()
    names(client)
    dead = client.request("tools/call", {"name": "die", "arguments": {"text": "the last words"}})
    assert "the last words" in dead["error"]["message"]
    assert client.call("only_b")["tool"] == "only_b"
    assert client.call("only_a")["tool"] == "only_a"


def test_servers_are_added_and_removed_while_a_client_is_there(two: Broker) -> None:
    client = gateway(two)
    client.greet()
    names(client)
    two.define("c", *scripted("tools=only_c"))
    two.ask("reload")
    told(client, CHANGED)
    assert "only_c" in names(client)
    (two.servers / "b.json").unlink()
    two.ask("reload")
    told(client, CHANGED)
    found = names(client)
    assert "only_b" not in found
    assert "who" in found
    assert "error" in client.request("tools/call", {"name": "only_b"})


def test_a_project_has_its_own_servers(two: Broker, tmp_path: Path) -> None:
    from mcpconf.broker.gateway.members import of_project

    project = str(tmp_path)
    two.define(f"b{of_project(project)}", *scripted("tools=of_project"))
    two.define("c.00000000", *scripted("tools=of_another"))
    assert {"only_a", "of_project"} <= set(_greeted(gateway(two, project))) - {"only_b", "of_another"}
    assert not {"of_project", "of_another"} & set(_greeted(gateway(two)))


def test_what_is_filtered_is_not_there(two: Broker) -> None:
    two.define("a", *scripted("tools=who,only_a"), tools={"allow": ["*"], "deny": ["who"]})
    two.ask("reload")
    client = gateway(two)
    client.greet()
    assert names(client) == ["only_a", "who", "only_b"]
    assert client.request("tools/call", {"name": "a__who"})["error"]["code"] == -32602


# -- what is remembered


def test_a_new_broker_remembers_what_servers_can_do(two: Broker) -> None:
    first = gateway(two)
    assert "completions" in first.greet()["capabilities"]
    names(first)
    memory = two.logs / "gateway.json"
    until(lambda: memory.exists() and len(json.loads(memory.read_bytes())["servers"]) == 2)
    assert memory.stat().st_mode & 0o777 == 0o600
    first.close()
    assert two.stop() == 0
    memory_of_names = [one["tools"] for one in json.loads(memory.read_bytes())["servers"].values()]
    assert ["who", "only_b"] in memory_of_names
    two.start()
    found = gateway(two).greet()
    assert found["capabilities"] == {"resources": {"listChanged": True}, "tools": {"listChanged": True}}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"version":1,"servers":{"x":{}}}', b'{"version":9}'])
def test_a_damaged_memory_is_no_memory(two: Broker, content: bytes) -> None:
    (two.logs / "gateway.json").write_bytes(content)
    assert "completions" in gateway(two).greet()["capabilities"]


# -- many


def test_ten_servers_with_thirty_tools_each(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "b")
    for server in range(10):
        broker.define(f"s{server}", *scripted("tools=same," + ",".join(f"t{server}_{n}" for n in range(29))))
    try:
        broker.start()
        client = gateway(broker)
        client.greet()
        until(lambda: len(names(client)) == 300)
        found = names(client)
        assert len(set(found)) == 300
        assert {f"s{server}__same" for server in range(10)} <= set(found)
        pids = {client.call(f"t{server}_7")["pid"] for server in range(10)}
        assert len(pids) == 10
    finally:
        broker.end()


def test_a_client_that_says_its_last_word_is_still_answered(two: Broker) -> None:
    client = gateway(two)
    client.greet()
    names(client)
    client.post("tools/call", {"name": "only_b"}, 3)
    client.half_close()
    assert client.answer(3)["result"]["structuredContent"]["tool"] == "only_b"
    assert client.ended() == []


def test_a_gateway_leaves_nothing(two: Broker) -> None:
    for name in ("a", "b"):
        two.define(name, *scripted("tools=who"), idle_timeout=0.05)
    two.ask("reload")

    def at_rest() -> bool:
        said = two.ask("status")
        return not said["clients"] and not any(one["processes"] for one in said["servers"])

    _greeted(gateway(two))
    two.clients[-1].close()
    until(at_rest)
    before = descriptors(two.pid)
    for _ in range(20):
        client = gateway(two)
        client.greet()
        client.post("tools/list")
        client.close()
    until(at_rest)
    until(lambda: descriptors(two.pid) <= before, why=f"{descriptors(two.pid)} descriptors, {before} before")
