"""Two clients at one gateway, each in a container of its own: each gets its own, and nothing of the other's.

The cases of servers that are shared (tests/real/broker/test_sharing.py), here with all servers behind one connection.
Two of them have the same tools, so that those go by longer names.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.suite import SDK
from tests.docker.engine import BRIDGE, SOCAT
from tests.docker.host import Host, a_host
from tests.real.broker import test_sharing
from tests.real.broker.client import META, PATIENCE, Client, Message, Modern
from tests.real.programs import unavailable
from tests.reliability.engine import Engine, poll

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SDK_SERVER = Path(test_sharing.__file__).with_name("sdk_server.py")
PROFILE = f"""\
[broker]
autostart = true

[servers.everything]
command = "mcp-server-everything"

[servers.sdk]
command = "{SDK}"
args = ["-W", "ignore", "{SDK_SERVER}"]

[servers.shared]
command = "{SDK}"
args = ["-W", "ignore", "{SDK_SERVER}"]
pool = "shared"
"""
ABLE: Message = {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}}
ASKING = {"trigger-sampling-request", "trigger-elicitation-request", "get-roots-list"}
TEXT = "demo://resource/dynamic/text/1"
CROWD, CALLS = 8, 60  # each client has processes of its own at two of the servers


@pytest.fixture(scope="module")
def served(engine: Engine) -> Iterator[Host]:
    """A host whose gateway serves the official servers on the bridge."""
    if not SDK.exists():
        unavailable("the MCP SDK is missing (./shell/test.sh installs it)")
    with a_host(engine) as host:
        host.tools.add("mcp-server-everything")
        host.profile("work", PROFILE)
        host.mcpconf("switch", "work")
        host.mcpconf("broker", "start")
        host.mcpconf("broker", "warm")
        with host.gateway():
            yield host


def in_a_container(host: Host) -> list[str]:
    return host.argv("docker", "run", "-i", "--rm", SOCAT, "STDIO", f"TCP:{BRIDGE}:8811")


@contextmanager
def two(host: Host, capabilities: Message | None = None) -> Iterator[tuple[Client, Client]]:
    with Client(argv=in_a_container(host)) as one, Client(argv=in_a_container(host)) as other:
        for number, client in enumerate((one, other)):
            client.answers_to |= test_sharing.replies(number)
            client.initialize(capabilities)
            assert poll(lambda: has_all(client))  # noqa: B023
        yield one, other


@contextmanager
def two_modern(host: Host) -> Iterator[tuple[Modern, Modern]]:
    with Modern(argv=in_a_container(host)) as one, Modern(argv=in_a_container(host)) as other:
        for client in (one, other):
            client.capabilities = {"elicitation": {"form": {}}}
            client.request("server/discover")
            assert poll(lambda: has_all(client))  # noqa: B023
        yield one, other


def has_all(client: Client) -> bool:
    """Whether the servers are up for it: it waits for their tools, as clients do."""
    return names(client) >= {"echo", "sdk__slow", "shared__slow"}


def names(client: Client) -> set[str]:
    """The tools that it sees."""
    return {tool["name"] for tool in client.request("tools/list")["tools"]}


def slow(client: Client, identity: object, name: str, steps: int, token: object = None) -> None:
    meta = {} if token is None else {"_meta": {"progressToken": token}}
    client.ask("tools/call", identity, name="shared__slow", arguments={"name": name, "steps": steps}, **meta)


def test_the_same_ids_at_once_at_several_servers(served: Host) -> None:
    identities: list[object] = [100, "100", "é", 2**53 - 1, 101]
    with two(served) as clients:
        words = dict(zip(("one", "other"), clients, strict=True))
        answered = [(client, len(client.all_answers())) for client in clients]
        for number, identity in enumerate(identities):
            for word, client in words.items():
                if number % 2:
                    client.ask("tools/call", identity, name="echo", arguments={"message": f"{word} {identity!r}"})
                else:
                    slow(client, identity, f"{word} {identity!r}", 0)
        for identity in identities:
            for word, client in words.items():
                assert f"{word} {identity!r}" in str(client.answer(identity)["result"])
        assert all(len(client.all_answers()) == before + len(identities) for client, before in answered)


def test_progress_goes_to_who_asked_with_its_own_token(served: Host) -> None:
    with two(served) as clients:
        for client, token in zip(clients, (1, "1"), strict=True):
            slow(client, "p", f"with {token!r}", 4, token)
        for client, token in zip(clients, (1, "1"), strict=True):
            assert f"with {token!r} is done" in str(client.answer("p")["result"])
            told = [one["params"] for one in client.heard("notifications/progress")]
            assert [(one["progressToken"], one["message"]) for one in told] == [(token, f"with {token!r}")] * 4


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_cancel_reaches_the_servers_request_of_that_client_only(served: Host, how: str) -> None:
    with two(served) as (one, other):
        for client, name, steps in ((one, f"mine, {how}", 400), (other, f"yours, {how}", 10)):
            slow(client, "s", name, steps, 1)
            client.told("notifications/progress")
        if how == "cancelled":
            one.note("notifications/cancelled", requestId="s")
        else:
            one.kill()
        assert f"yours, {how} is done" in str(other.answer("s")["result"])
        assert poll(lambda: f"mine, {how}" in other.call("shared__who_was_cancelled"))
        assert "yours" not in other.call("shared__who_was_cancelled")
        assert [message for message in other.all if message.get("error")] == []


def test_sampling_elicitation_and_roots_come_to_the_client_whose_process_it_is(served: Host) -> None:
    with two(served, ABLE) as clients:
        for client in clients:  # the server has them once it knows what its client can do
            assert poll(lambda: names(client) >= ASKING)  # noqa: B023
        for number, client in enumerate(clients):
            assert f"sampled by {number}" in client.call("trigger-sampling-request", prompt="?", maxTokens=5)
            assert f"name of {number}" in str(client.request("tools/call", name="trigger-elicitation-request"))
            assert f"file:///root/{number}" in client.call("get-roots-list")
        for client in clients:
            assert len(client.heard("sampling/createMessage")) == len(client.heard("elicitation/create")) == 1


def test_modern_elicitation_is_a_result_of_who_asked(served: Host) -> None:
    with two_modern(served) as clients:
        asked = []
        for number, client in enumerate(clients):
            asked.append(client.request("tools/call", name="shared__ask", arguments={"question": f"q{number}"}))
        for number, (client, before) in enumerate(zip(clients, asked, strict=True)):
            assert before["resultType"] == "input_required"
            answered = {"it": {"action": "accept", "content": {"say": f"a{number}"}}}
            result = client.request(
                "tools/call",
                name="shared__ask",
                arguments={"question": f"q{number}"},
                inputResponses=answered,
                requestState=before["requestState"],
            )
            assert f"q{number}: {{'say': 'a{number}'}}" in str(result)


def test_a_level_of_logging_is_its_clients_own(served: Host) -> None:
    with two(served) as (loud, quiet):
        for client, level in ((loud, "debug"), (quiet, "emergency")):
            client.request("logging/setLevel", level=level)
            client.request("resources/list")
        for client in (loud, quiet):
            client.request("resources/subscribe", uri=TEXT)  # which the server logs at level info
        assert any(one["level"] == "info" for one in loud.told("notifications/message"))
        assert not any(one["params"]["level"] == "info" for one in quiet.heard("notifications/message"))


def test_an_update_goes_to_who_subscribed(served: Host) -> None:
    with two(served) as (subscriber, other):
        subscriber.request("resources/subscribe", uri=TEXT)
        for client in (other, subscriber):
            client.call("toggle-subscriber-updates")
        assert subscriber.told("notifications/resources/updated")[0]["uri"] == TEXT
        assert other.heard("notifications/resources/updated") == []


def test_modern_subscriptions_go_to_who_listens(served: Host) -> None:
    with two_modern(served) as (one, other):
        wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://one"]}
        listen = one.ask("subscriptions/listen", "L", notifications=wanted)
        same = other.ask("subscriptions/listen", "L", notifications={"toolsListChanged": True})
        for client in (one, other):
            client.told("notifications/subscriptions/acknowledged")
        other.call("sdk__change")
        other.call("sdk__touch", uri="test://one")
        for client, identity in ((one, listen), (other, same)):
            changed = client.told("notifications/tools/list_changed")[0]
            assert changed["_meta"][META + "subscriptionId"] == identity
        assert one.told("notifications/resources/updated")[0]["uri"] == "test://one"
        assert other.heard("notifications/resources/updated") == []


def test_a_crowd_of_clients_gets_its_own_answers(served: Host) -> None:
    """On the gateway's socket, where a container more would only cost time."""
    wrong: list[str] = []

    def work(number: int) -> None:
        with Client(path=served.sockets.server("gateway")) as client:
            client.initialize()
            assert poll(lambda: "shared__slow" in names(client))
            before, asked = len(client.all_answers()), {}
            for call in range(CALLS):
                word = f"{number}/{call}."
                tool, arguments = ("shared__slow", {"name": word, "steps": 0}) if call % 2 else ("shared__count", {})
                asked[client.ask("tools/call", None, name=tool, arguments=arguments)] = word if call % 2 else ""
            wrong.extend(
                f"{word}: {said}" for each, word in asked.items() if word not in (said := str(client.answer(each)))
            )
            if len(client.all_answers()) != before + CALLS:
                wrong.append(f"{number} heard {len(client.all_answers()) - before} answers")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
