"""Which client meets which process, and what it finds there of those before it."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from typing import Any

import pytest

from tests.broker.kit import META, MODERN, Broker, Client, Good, bad, scripted, until

HELLO = {"protocolVersion": "2025-11-25"}


def visit(broker: Broker, name: str = "plain", **greeting: Any) -> Any:
    """What a server says of itself to a client that comes and goes."""
    with broker.open(name) as client:
        client.greet(**greeting)
        return client.call("report")


def gone(broker: Broker) -> None:
    """Wait until the broker knows that all clients have gone."""
    until(lambda: not broker.ask("status")["clients"])


# -- session


def test_the_next_client_meets_the_same_process_and_its_state(broker: Broker) -> None:
    with broker.open("plain") as client:
        first = client.greet()
        client.call("store", value="a")
    gone(broker)
    with broker.open("plain") as client:
        assert client.greet() == first
        found = client.call("report")
    assert (found["pid"], found["state"], found["initialize"]) == (first["serverInfo"]["pid"], ["a"], 1)


def test_a_client_that_can_do_other_things_gets_another_process(broker: Broker) -> None:
    plain = visit(broker)
    gone(broker)
    able = visit(broker, capabilities={"sampling": {}})
    gone(broker)
    old = visit(broker, version="2025-06-18")
    gone(broker)
    assert len({plain["pid"], able["pid"], old["pid"]}) == 3
    assert (plain["capabilities"], able["capabilities"]) == ({}, {"sampling": {}})
    assert visit(broker, capabilities={"sampling": {}})["pid"] == able["pid"]
    gone(broker)
    assert visit(broker)["pid"] == plain["pid"]


def test_two_clients_at_once_have_a_process_each(broker: Broker) -> None:
    with broker.open("plain") as one, broker.door("plain") as other:
        one.greet()
        other.greet()
        one.call("store", value="secret")
        found = other.call("report")
        assert (found["state"], found["pid"] != one.call("report")["pid"]) == ([], True)


def test_what_a_client_leaves_is_cancelled_and_a_late_answer_reaches_nobody(broker: Broker) -> None:
    broker.define("late", *scripted("late"))
    with broker.open("late") as client:
        pid = client.greet()["serverInfo"]["pid"]
        client.post("tools/call", {"name": "hold", "arguments": {"whose": "the first one's"}}, 7)
        client.post("tools/call", {"name": "hold", "arguments": {"whose": "the first one's"}}, 8)
        until(lambda: broker.ask("status")["clients"][0]["in_flight"] == 2)
    until(lambda: broker.server("late")["processes"][0]["state"] == "idle")
    with broker.open("late") as client:
        client.greet()
        numbers = [client.post("ping", number=number) for number in (7, 8)]
        assert [client.answer(number)["result"] for number in numbers] == [{}, {}]
        found = client.call("report")
        assert (found["pid"], len(found["cancelled"]), found["held"]) == (pid, 2, 0)
        assert client.silent()
        assert client.aside == []


def test_a_server_that_says_nothing_of_what_was_cancelled_is_kept_for_who_comes_after_the_grace(broker: Broker) -> None:
    """It may: the specification wants no answer to what was cancelled."""
    with broker.open("plain") as client:
        pid = client.greet()["serverInfo"]["pid"]
        client.post("tools/call", {"name": "hold", "arguments": {"whose": "the first one's"}}, 7)
        until(lambda: broker.ask("status")["clients"][0]["in_flight"])
    gone(broker)
    with broker.open("plain") as early:
        assert early.greet()["serverInfo"]["pid"] != pid
        until(lambda: [one["state"] for one in broker.server("plain")["processes"] if one["pid"] == pid] == ["idle"])
        with broker.open("plain") as client:
            assert client.greet()["serverInfo"]["pid"] == pid
            assert client.call("release", number=7) == {}
            assert client.aside == []


def test_a_server_that_answers_nothing_at_all_is_not_given_to_the_next_one(broker: Broker) -> None:
    with broker.open("plain") as client:
        pid = client.greet()["serverInfo"]["pid"]
        client.post("tools/call", {"name": "hold"})
        until(lambda: broker.ask("status")["clients"][0]["in_flight"])
        os.kill(pid, signal.SIGSTOP)
    gone(broker)
    until(lambda: pid not in broker.left())
    assert visit(broker)["pid"] != pid


def test_what_the_server_asks_reaches_its_client_alone_and_the_answer_the_server(broker: Broker) -> None:
    with broker.open("plain") as one, broker.open("plain") as other:
        for client in (one, other):
            client.greet(capabilities={"sampling": {}})
        one.call("ask", id="s1", method="sampling/createMessage")
        asked = one.aside.pop()
        assert asked["method"] == "sampling/createMessage"
        one.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"text": "yes"}})
        until(lambda: one.call("report")["asked"] == {"s1": {"text": "yes"}})
        assert other.call("report")["asked"] == {}
        one.call("note", method="notifications/tools/list_changed")
        assert [note["method"] for note in one.aside] == ["notifications/tools/list_changed"]
        assert other.aside == []


def test_log_level_and_subscriptions_do_not_outlive_a_client(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        client.request("logging/setLevel", {"level": "debug"})
        client.request("resources/subscribe", {"uri": "file:///x"})
    until(lambda: broker.server("plain")["processes"][0]["state"] == "idle")  # not before it is clean
    with broker.open("plain") as client:
        client.greet()
        assert client.call("report")["notes"][1:5] == [
            *("logging/setLevel", "resources/subscribe", "resources/unsubscribe", "logging/setLevel"),
        ]
        client.call("note", method="notifications/resources/updated", params={"uri": "file:///x"})
        assert client.aside == []


def test_a_spare_process_waits_for_the_second_client(broker: Broker) -> None:
    broker.define("spared", *scripted(), spare=1)
    with broker.open("spared") as client:
        client.greet()
        spare = until(lambda: [one for one in broker.server("spared")["processes"] if one["state"] == "spare"])[0]
        with broker.open("spared") as other:
            assert other.greet()["serverInfo"]["pid"] == spare["pid"]


def test_a_warm_server_is_there_before_its_first_client(broker: Broker) -> None:
    assert broker.ask("warm", servers=None)["servers"] == ["plain"]
    pid = until(lambda: broker.processes("plain"))[0]
    assert visit(broker)["pid"] == pid
    with pytest.raises(Exception, match="no server 'x'"):
        broker.ask("warm", servers=["x"])


def test_idle_processes_end_after_their_time(broker: Broker) -> None:
    broker.define("short", *scripted(), idle_timeout=0.1)
    pid = visit(broker, "short")["pid"]
    until(lambda: pid not in broker.left())
    assert broker.processes("short") == []
    assert visit(broker, "short")["pid"] != pid


def test_not_more_than_a_few_idle_processes_are_kept(broker: Broker) -> None:
    clients = [broker.open("plain") for _ in range(12)]
    assert len({client.greet()["serverInfo"]["pid"] for client in clients}) == 12
    for client in clients:
        client.close()
    until(lambda: 1 <= len(broker.processes("plain")) <= 5)
    until(lambda: len(broker.left()) == 3 + len(broker.processes("plain")))


def test_processes_are_bounded_and_who_comes_too_late_is_told(broker: Broker) -> None:
    broker.define("many", "/bin/sleep", "1000")
    clients = [broker.open("many") for _ in range(65)]
    for client in clients:
        client.post("initialize", HELLO)
    until(lambda: len(broker.processes("many")) == 64)
    assert "64 processes already" in clients[-1].answer(1)["error"]["message"]
    clients[0].close()
    until(lambda: len(broker.processes("many")) == 63)
    with broker.open("many") as client:
        client.post("initialize", HELLO)
        until(lambda: len(broker.processes("many")) == 64)


# -- fresh


def test_a_fresh_process_has_one_client_and_ends(broker: Broker) -> None:
    broker.define("new", *scripted(), pool="fresh")
    pids = {visit(broker, "new")["pid"] for _ in range(3)}
    assert len(pids) == 3
    until(lambda: not pids & set(broker.left()))


# -- shared


def test_fifty_clients_on_one_process_get_their_own_answers(broker: Broker) -> None:
    broker.define("one", *scripted(), pool="shared")
    wrong: list[Any] = []
    pids = set()

    def run(client: Client, name: int) -> None:
        chance = random.Random(name)
        try:
            pids.add(client.greet()["serverInfo"]["pid"])
            for first in range(0, 100, 10):
                numbers: list[Any] = [*range(first, first + 9), f"{first + 9}"]
                for number in numbers:
                    text = "ä\u2028" * chance.randrange(50)
                    client.post(
                        "tools/call", {"name": "echo", "arguments": {"who": name, "n": number, "t": text}}, number
                    )
                for number in numbers:
                    found = client.answer(number)["result"]["structuredContent"]
                    if (found["who"], found["n"]) != (name, number):
                        wrong.append((name, number, found))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(broker.open("one"), name)) for name in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert len(pids) == 1
    assert broker.server("one")["requests"] == 50 * 101


def test_one_that_leaves_a_shared_process_takes_its_requests_along_and_no_other(broker: Broker) -> None:
    broker.define("one", *scripted(), pool="shared")
    with broker.open("one") as stays, broker.open("one") as goes:
        for client in (stays, goes):
            client.greet()
            client.post("tools/call", {"name": "hold", "arguments": {"whose": client is stays}}, 5)
        until(lambda: stays.call("report")["held"] == 2)
        goes.close()
        until(lambda: len(stays.call("report")["cancelled"]) == 1)
        stays.post("tools/call", {"name": "release"}, 6)
        assert stays.answer(5)["result"]["structuredContent"] == {"whose": True}
        assert stays.answer(6)["result"]["structuredContent"] == {}


def test_versions_that_differ_share_no_process(broker: Broker) -> None:
    broker.define("one", *scripted(), pool="shared")
    with broker.open("one") as new, broker.open("one") as old:
        first, second = new.greet(), old.greet(version="2025-03-26")
        assert (first["protocolVersion"], second["protocolVersion"]) == ("2025-11-25", "2025-03-26")
        assert first["serverInfo"]["pid"] != second["serverInfo"]["pid"]


def test_a_crash_of_a_shared_process_is_told_to_all_and_they_go_on_with_the_next(broker: Broker) -> None:
    broker.define("one", *scripted(), pool="shared")
    clients = [broker.open("one") for _ in range(5)]
    for client in clients:
        client.greet()
        client.post("tools/call", {"name": "hold"}, 9)
    clients[0].post("tools/call", {"name": "die", "arguments": {"text": "bye\n"}}, 10)
    for client in clients:
        assert "bye" in client.answer(9)["error"]["message"]
    assert len({client.call("report")["pid"] for client in clients}) == 1


# -- projects


def test_each_project_has_processes_of_its_own_in_its_directory(broker: Broker) -> None:
    broker.define("here", *scripted(), cwd="project")
    found = {}
    for name in ("a b", "ü"):
        path = broker.base / name
        path.mkdir()
        quoted = "".join(f"%{byte:02x}" for byte in str(path).encode())
        for _ in range(2):
            with broker.open("here", quoted) as client:
                client.greet()
                report = client.call("report")
                assert (report["cwd"], report["env"]["CLAUDE_PROJECT_DIR"]) == (str(path), str(path))
                client.call("store", value=name)
                found.setdefault(name, []).append(report)
            gone(broker)
    assert [[one["state"] for one in found[name]] for name in ("a b", "ü")] == [[[], ["a b"]], [[], ["ü"]]]
    assert found["a b"][0]["pid"] != found["ü"][0]["pid"]
    broker.define("plain", *scripted())
    with broker.open("plain", "/somewhere") as client:  # one that has nothing to do with projects
        client.greet()
        assert client.call("report")["cwd"] == str(broker.base)


def test_a_project_that_is_gone_is_told(broker: Broker) -> None:
    broker.define("here", *scripted(), cwd="project")
    with broker.open("here", "/no/such/project") as client:
        assert "/no/such/project" in client.request("initialize", HELLO)["error"]["message"]
    with broker.open("here", "relative", ok=False) as client:
        assert client.ended() == []


def test_pools_of_many_projects_are_not_kept_for_ever(broker: Broker) -> None:
    broker.define("here", *scripted(), cwd="project")
    for number in range(300):
        broker.open("here", f"/p/{number}").close()
    gone(broker)
    assert len(broker.ask("status")["servers"]) < 100


# -- eras


def test_both_eras_are_served_at_once(broker: Broker) -> None:
    for words in (("modern",), ("locked",)):
        broker.define("both", *scripted(*words))
        with broker.open("both") as old, broker.open("both") as new, broker.open("both") as other:
            assert "result" in new.modern("server/discover")
            old.greet()
            pid = new.modern_call("report")["pid"]
            assert pid != old.call("report")["pid"]
            assert other.modern_call("report")["pid"] == pid  # sessions are no more, so they share
            states = {(one["era"], tuple(one["clients"])) for one in broker.server("both")["processes"]}
            assert {era for era, _ in states} == {"legacy", "modern"}
        gone(broker)


def test_one_connection_may_speak_both(broker: Broker) -> None:
    broker.define("both", *scripted("locked"))
    with broker.open("both") as client:
        client.post("server/discover", {"_meta": META}, 1)
        client.post("initialize", {**HELLO, "capabilities": {}}, 2)
        assert client.answer(1)["result"]["supportedVersions"] == [MODERN]
        assert client.answer(2)["result"]["protocolVersion"] == "2025-11-25"
        assert client.call("echo", say=1) == {"say": 1}
        assert client.modern_call("echo", say=2) == {"say": 2}


@pytest.mark.parametrize("pool", ["session", "fresh"])
@pytest.mark.parametrize("how", ["error", "die"])
def test_a_server_of_the_older_era_that_is_asked_what_it_speaks(broker: Broker, how: str, pool: str) -> None:
    """Claude Code 2.1.330 asks first and falls back; each of its runs does, and the server must not be worn out."""
    broker.define("old", *scripted(how), pool=pool)
    for _ in range(7):
        with broker.open("old") as client:
            client.post("server/discover", {"_meta": META}, 1)
            client.post("initialize", {**HELLO, "capabilities": {}}, 2)
            assert "error" in client.answer(1)
            assert client.answer(2)["result"]["protocolVersion"] == "2025-11-25"
            assert client.call("echo", say=1) == {"say": 1}
        gone(broker)


def test_one_that_dies_whatever_it_is_asked_is_left_alone_for_a_while(broker: Broker) -> None:
    broker.define("dies", *bad("crash_at_start"))
    with broker.open("dies") as client:
        errors = [client.modern("tools/list")["error"]["message"] for _ in range(7)]
    assert all("no licence" in one for one in errors)
    assert broker.server("dies")["state"] == "open circuit"
    assert broker.log("dies").count("no licence") <= 10


def test_a_server_that_never_says_what_it_speaks_holds_nobody_up(broker: Broker) -> None:
    broker.define("old", *scripted("never"))
    with broker.open("plain") as good, broker.open("old") as client:
        good.greet()
        with Good(good):
            client.post("server/discover", {"_meta": META}, 1)
            client.post("initialize", {**HELLO, "capabilities": {}}, 2)
            assert client.answer(2, 3)["result"]["protocolVersion"] == "2025-11-25"
            assert client.call("echo", say=1) == {"say": 1}


# -- configuration


def test_a_reload_lets_go_of_the_clients_of_what_changed_and_of_nobody_else(broker: Broker) -> None:
    for name in ("stays", "changes", "goes", "same"):
        broker.define(name)
    clients = {name: broker.open(name) for name in ("stays", "changes", "goes", "same")}
    pids = {name: client.greet()["serverInfo"]["pid"] for name, client in clients.items()}
    broker.define("changes", *scripted(), env={"A": "1"})
    broker.define("same")
    (broker.servers / "goes.json").unlink()
    assert broker.ask("reload")["changed"] == ["changes", "goes"]
    for name in ("changes", "goes"):
        assert clients[name].ended() == []
    for name in ("stays", "same"):
        assert clients[name].call("report")["pid"] == pids[name]
    assert visit(broker, "changes")["env"]["A"] == "1"
    until(lambda: not {pids["changes"], pids["goes"]} & set(broker.left()))


def test_a_definition_that_is_torn_costs_nobody_a_running_server(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        (broker.servers / "plain.json").write_text("{")
        assert broker.ask("reload")["changed"] == []
        assert client.call("echo", say=1) == {"say": 1}


def test_a_changed_definition_is_seen_by_the_next_client_without_a_reload(broker: Broker) -> None:
    assert "A" not in visit(broker)["env"]
    broker.define("plain", *scripted(), env={"A": "2"})
    assert visit(broker)["env"]["A"] == "2"


def test_a_server_gets_the_environment_that_it_is_due(idle: Broker) -> None:
    idle.env = {"CLAUDE_CODE_SESSION_ID": "x", "SECRET_OF_MINE": "x", "ANTHROPIC_API_KEY": "x", "LANG": "C", "B": "b"}
    idle.define("plain", *scripted(), env={"A": "${B}", "D": "${NOT:-d}"})
    idle.start()
    found = visit(idle)["env"]
    assert set(found) - {"LC_CTYPE"} == {"PATH", "HOME", "LANG", "A", "D", "MCPCONF_UPSTREAM"}
    assert (found["A"], found["D"], found["HOME"]) == ("b", "d", str(idle.base))


def test_secrets_reach_the_server_and_no_log(broker: Broker) -> None:
    value = "sesame-open-77"
    (broker.config / "data/secrets").write_bytes(f"TOKEN={value}\0".encode())
    broker.define("kept", *scripted(), env={"KEY": "${secret:TOKEN}"})
    with broker.open("kept") as client:
        client.greet()
        assert client.call("report")["env"]["KEY"] == value
        client.call("complain", text=f"using {value}")
        client.call("complain", text="x" * 8180 + value + "y" * 9000)
        client.call("complain", text="x" * 65_530 + value)
        client.post("tools/call", {"name": "die", "arguments": {"text": f"bad key {value}"}})
        error = client.answer(client.last)["error"]["message"]
        assert error.endswith("bad key ***")
        status = json.dumps(broker.ask("status"))
    text = broker.log("kept")
    assert "using ***" in text
    assert "bad key ***" in text
    for shown in (text, status, broker.log(), broker.errors()):
        assert value not in shown
        assert value[:8] not in shown


def test_a_secret_that_is_missing_is_named_with_what_to_do(broker: Broker) -> None:
    broker.define("needs", *scripted(), env={"KEY": "${secret:TOKEN}"})
    with broker.open("needs") as client:
        error = client.request("initialize", HELLO)["error"]["message"]
        assert "TOKEN" in error
        assert "mcpconf secret set" in error
        (broker.config / "data/secrets").write_bytes(b"TOKEN=abcdefg\0")
        client.greet()  # it is asked for again
        assert client.call("report")["env"]["KEY"] == "abcdefg"
    assert "TOKEN" in broker.server("needs")["error"]


def test_a_secret_in_a_path_is_not_told_when_it_cannot_be_started(broker: Broker) -> None:
    (broker.config / "data/secrets").write_bytes(b"TOKEN=sesame-open-77\0")
    broker.define("lost", "/no/${secret:TOKEN}/program")
    with broker.open("lost") as client:
        assert "'/no/***/program'" in client.request("initialize", HELLO)["error"]["message"]
    assert "'/no/***/program'" in broker.server("lost")["error"]


def test_a_server_whose_secret_has_changed_is_started_anew_on_reload(broker: Broker) -> None:
    secrets = broker.config / "data/secrets"
    secrets.write_bytes(b"TOKEN=the-old-one\0OTHER=1234\0")
    broker.define("keyed", *scripted(), env={"KEY": "secret:TOKEN"})
    with broker.open("keyed") as client, broker.open("plain") as other:
        client.greet()
        other.greet()
        secrets.write_bytes(b"TOKEN=the-old-one\0OTHER=5678\0")
        assert broker.ask("reload")["changed"] == []
        secrets.write_bytes(b"TOKEN=the-new-one\0")
        assert broker.ask("reload")["changed"] == ["keyed"]
        assert client.ended() == []
        assert other.call("echo", say=1) == {"say": 1}
    with broker.open("keyed") as client:
        client.greet()
        assert client.call("report")["env"]["KEY"] == "the-new-one"
