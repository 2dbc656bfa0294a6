"""Servers that misbehave: their own clients hear of it, nobody else does, and nothing of them stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.broker.kit import Broker, Client, Gone, Good, as_before, bad, until

# What the client of such a server is told, as a part of the error's text.
TELLS = {
    "crash_at_start": "no licence",
    "exit_at_start": "exited with 0",
    "no_initialize": "exited with 1: what a bad start",
    "initialize_garbage": "protocolVersion",
    "initialize_no_version": "protocolVersion",
    "initialize_error": "not today",
    "crash": "exited with 1: out of luck",
    "segfault": "SIGSEGV: a pointer went",
    "half_line": "-32603",  # what can't be read, or that it ended
    "bad_utf8": "can't be read",
    "deep": "can't be read",
    "long_line": "200000",
    "closes_stdout": "I say nothing",
    "holds_pipes": "my child stays",
    "child_floods": "exited with 1",
    "fork_storm": "exited with 1",
    "breeds": "exited with 1",
}
# Who calls these is answered all the same.
ANSWERS = (
    *("wrong_id", "missing_id", "twice", "garbage", "binary", "deep_params", "both", "duplicate_keys"),
    *("byte_by_byte", "request_flood", "ping_flood", "stderr_line", "ignores", "daemon"),
)
# And these never answer: the client has enough of it. Servers that only hang take four seconds to end, so all at once.
FLOODS = (("garbage_flood", "stderr_flood"), ("notification_flood", "odd_flood"), ("endless_line",))
HANGS = ("hang_initialize", "stopped", "hang", "closes_stdin", "never_reads")


def begin(broker: Broker, kind: str) -> Client:
    """A client that shakes hands and makes one call."""
    broker.define(kind, *bad(kind), idle_timeout=0.05)
    client = broker.open(kind)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    client.post("initialize", hello, 1)
    client.note("notifications/initialized")
    client.post("tools/call", {"name": "t"}, 2)
    return client


def outcome(client: Client) -> Any:
    """The error that it gets first, else the result of its call."""
    try:
        return next(found for number in (1, 2) if "error" in (found := client.answer(number)) or number == 2)
    except Gone:
        return {"error": "gone"}


@pytest.mark.parametrize("kind", TELLS)
def test_its_client_is_told_what_went_wrong_and_a_good_one_is_served(steady: Broker, kind: str) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), begin(steady, kind) as client:
            assert TELLS[kind] in str(outcome(client)["error"])


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_it_does_besides_answering_harms_nobody(steady: Broker, kind: str) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good), begin(steady, kind) as client:
            assert outcome(client)["result"]["structuredContent"] == {"done": True}


@pytest.mark.parametrize("kinds", [*FLOODS, HANGS], ids=" ".join)
def test_what_never_answers_ends_when_its_client_has_gone(steady: Broker, kinds: tuple[str, ...]) -> None:
    with steady.open("plain") as good:
        good.greet()
        with as_before(steady), Good(good) as other:
            clients = [begin(steady, kind) for kind in kinds]
            until(lambda: sum(one["in_flight"] > 0 for one in steady.ask("status")["clients"]) >= len(kinds))
            calls = other.calls
            until(lambda: other.calls > calls + 20 or other.trouble)
            for client in clients:
                client.close()


def test_memory_does_not_grow_with_what_happens_again(steady: Broker) -> None:
    steady.define("again", *bad("long_line"), idle_timeout=0.05)

    def visit() -> None:
        with begin(steady, "long_line") as client:
            assert "200000" in str(outcome(client)["error"])

    visit()
    with as_before(steady, grown=3_000_000):
        visit()
        visit()


def test_a_crash_is_answered_at_once_and_the_next_call_has_a_new_process(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        first = client.call("report")["pid"]
        waiting = [client.post("tools/call", {"name": "hold"}) for _ in range(3)]
        client.post("tools/call", {"name": "die", "arguments": {"text": "out of milk\n"}})
        for number in (*waiting, client.last):
            error = client.answer(number, 2)["error"]
            assert error["code"] == -32603
            assert "exited with 3: out of milk" in error["message"]
        second = client.call("report")
        assert (second["pid"] != first, second["initialize"], broker.server("plain")["restarts"]) == (True, 1, 1)


def test_one_that_crashes_again_and_again_is_left_alone_for_a_while(broker: Broker) -> None:
    broker.define("loop", *bad("crash_at_start"))
    errors = []
    with broker.open("loop") as client:
        for _ in range(7):
            errors.append(client.request("initialize", {"protocolVersion": "2025-11-25"})["error"]["message"])
    assert ["not started again" in one for one in errors] == [False] * 5 + [True] * 2
    assert all("no licence" in one for one in errors)
    found = broker.server("loop")
    assert (found["state"], "no licence" in found["error"]) == ("open circuit", True)
    with broker.open("loop") as client:  # nor does a new client start it
        assert "no licence" in str(client.request("initialize", {"protocolVersion": "2025-11-25"}, seconds=2)["error"])
    broker.ask("warm", servers=["loop"])  # but whoever asks for it does
    until(lambda: broker.log("loop").count("no licence") > 10)


def test_what_cannot_be_started_is_told(broker: Broker) -> None:
    broker.define("missing", "/no/such/program")
    broker.define("elsewhere", "/bin/sh", cwd="/no/such/directory")
    broker.define("text", str(broker.servers / "plain.json"))
    for name, words in (("missing", "No such file"), ("elsewhere", "/no/such/directory"), ("text", "denied")):
        with broker.open(name) as client:
            error = client.request("initialize", {"protocolVersion": "2025-11-25"})["error"]["message"]
            assert words in error, error


def test_the_call_after_a_crash_is_read_although_the_server_had_stopped_reading(broker: Broker) -> None:
    """Five megabytes wait for a server that does not read: its client is read no further, until it has died."""
    with begin(broker, "never_reads") as client:
        client.answer(1)
        pid = until(lambda: broker.processes("never_reads"))[0]
        rest = client.fill(b'{"jsonrpc":"2.0","method":"notifications/x","params":{"x":"%s"}}\n' % (b"x" * 100_000))
        broker.kill(pid)
        assert "SIGKILL" in str(client.answer(2)["error"])
        client.raw(rest)
        client.post("tools/call", {"name": "t"}, 3)
        until(lambda: [one for one in broker.processes("never_reads") if one != pid])


def test_a_server_that_its_client_did_not_read_is_read_again_for_the_next_one(broker: Broker) -> None:
    with broker.open("plain") as client:
        client.greet()
        pid = client.call("report")["pid"]
        client.post("tools/call", {"name": "big", "arguments": {"size": 4_000_000}})
        until(lambda: broker.ask("status")["clients"][0]["queued"] > 1_000_000)
    until(lambda: not broker.ask("status")["clients"])
    with broker.open("plain") as client:
        client.greet()
        assert client.call("report")["pid"] == pid
