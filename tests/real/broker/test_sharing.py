"""Acceptance: clients that share a real server each get their own, and nothing of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.real.broker.client import META, PATIENCE, Client, Message, Modern
from tests.real.broker.house import House

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

SLOW = "trigger-long-running-operation"


def test_the_servers_are_shared_as_they_are_said_to_be(broker: House) -> None:
    with two(broker, "everything-shared"), two(broker, "everything"):
        for name, processes in {"everything-shared": 1, "everything": 2}.items():
            used = [one for one in broker.server(name)["processes"] if one["clients"]]
            assert len(used) == processes


@contextmanager
def two(broker: House, name: str, capabilities: Message | None = None) -> Iterator[tuple[Client, Client]]:
    """Two clients of the versions with sessions, through the shim."""
    with Client(argv=broker.command(name)) as one, Client(argv=broker.command(name)) as other:
        for client in (one, other):
            client.initialize(capabilities)
        yield one, other


@contextmanager
def two_modern(broker: House, name: str) -> Iterator[tuple[Modern, Modern]]:
    """Two clients of the version without."""
    with Modern(argv=broker.command(name)) as one, Modern(argv=broker.command(name)) as other:
        for client in (one, other):
            client.request("server/discover")
        yield one, other


# What both eras share: (server, kind of client, tool that repeats, its argument)
ECHOES = [
    pytest.param("everything-shared", Client, "echo", "message", id="legacy-shared"),
    pytest.param("everything", Client, "echo", "message", id="legacy-session"),
    pytest.param("sdk", Modern, "slow", "name", id="modern-shared"),
    pytest.param("sdk-session", Modern, "slow", "name", id="modern-session"),
]


def greeted(client: Client) -> Client:
    if isinstance(client, Modern):
        client.request("server/discover")
    else:
        client.initialize()
    return client


def echo(client: Client, identity: object, tool: str, argument: str, word: str) -> object:
    more = {"steps": 0} if tool == "slow" else {}
    return client.ask("tools/call", identity, name=tool, arguments={argument: word, **more})


@pytest.mark.parametrize(("server", "kind", "tool", "argument"), ECHOES)
def test_the_same_ids_at_once_of_every_type(
    broker: House, server: str, kind: type[Client], tool: str, argument: str
) -> None:
    identities: list[object] = [100, "100", "é", 2**53 - 1, 101]
    with kind(argv=broker.command(server)) as one, kind(argv=broker.command(server)) as other:
        clients = {"one": greeted(one), "other": greeted(other)}
        for identity in identities:
            for word, client in clients.items():
                echo(client, identity, tool, argument, f"{word} {identity!r}")
        for identity in identities:
            for word, client in clients.items():
                assert f"{word} {identity!r}" in str(client.answer(identity)["result"])
        assert all(len(client.all_answers()) == len(identities) + 1 for client in clients.values())


@pytest.mark.parametrize(("server", "kind", "tool", "argument"), ECHOES)
def test_an_id_that_is_used_again_while_it_is_in_flight(
    broker: House, server: str, kind: type[Client], tool: str, argument: str
) -> None:
    with kind(argv=broker.command(server)) as one, kind(argv=broker.command(server)) as other:
        greeted(one), greeted(other)
        for word in ("first", "second"):
            echo(one, "twice", tool, argument, word)
        echo(other, "twice", tool, argument, "others")
        assert {word for word in ("first", "second") if word in str(one.answers("twice", 2))} == {"first", "second"}
        assert "others" in str(other.answer("twice"))
        assert len(other.all_answers()) == 2


@pytest.mark.parametrize(("server", "kind", "tool", "argument"), [ECHOES[0], ECHOES[2]])
def test_fifty_clients_of_a_hundred_calls(
    broker: House, server: str, kind: type[Client], tool: str, argument: str
) -> None:
    wrong: list[str] = []

    def work(number: int) -> None:
        with kind(path=broker.paths.server(server)) as client:
            greeted(client)
            for batch in (range(50), range(50, 100)):  # the broker lets a client have 64 in flight
                asked = {echo(client, None, tool, argument, f"{number}/{call}"): f"{number}/{call}" for call in batch}
                for identity, word in asked.items():
                    if word not in (said := str(client.answer(identity))):
                        wrong.append(f"{word}: {said}")
            if len(client.all_answers()) != 101:
                wrong.append(f"{number} heard {len(client.all_answers())} answers")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    assert broker.server(server)["requests"] >= 5000


@pytest.mark.parametrize("server", ["everything-shared", "everything"])
def test_progress_goes_to_who_asked_with_its_own_token(broker: House, server: str) -> None:
    with two(broker, server) as clients:
        for client, token in zip(clients, (1, "1"), strict=True):
            arguments = {"duration": 0.2, "steps": 4}
            client.ask("tools/call", "p", name=SLOW, arguments=arguments, _meta={"progressToken": token})
        for client, token in zip(clients, (1, "1"), strict=True):
            assert "completed" in str(client.answer("p")["result"])
            told = client.heard("notifications/progress")
            assert [one["params"]["progressToken"] for one in told] == [token] * 4
            assert [one["params"]["progress"] for one in told] == [1, 2, 3, 4]


def test_modern_progress_goes_to_who_asked_with_its_own_token(broker: House) -> None:
    with two_modern(broker, "sdk") as clients:
        for client, name in zip(clients, ("a", "b"), strict=True):
            arguments = {"name": name, "steps": 4}
            client.ask("tools/call", "p", name="slow", arguments=arguments, _meta={"progressToken": 7})
        for client, name in zip(clients, ("a", "b"), strict=True):
            assert f"{name} is done" in str(client.answer("p")["result"])
            told = [one["params"] for one in client.heard("notifications/progress")]
            assert [(one["progressToken"], one["message"]) for one in told] == [(7, name)] * 4


@pytest.mark.parametrize(
    ("server", "open_two"),
    [("sdk-shared", two), ("sdk-session", two), ("sdk", two_modern)],
    ids=["legacy-shared", "legacy-session", "modern-shared"],
)
@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_cancel_reaches_the_servers_request_of_that_client_only(
    broker: House, server: str, open_two: Callable[..., object], how: str
) -> None:
    with open_two(broker, server) as (one, other):  # type: ignore[attr-defined]
        for client, name, steps in ((one, "mine", 400), (other, "yours", 10)):
            client.ask(
                "tools/call", "s", name="slow", arguments={"name": name, "steps": steps}, _meta={"progressToken": 1}
            )
            client.told("notifications/progress")
        if how == "cancelled":
            one.note("notifications/cancelled", requestId="s")
        else:
            one.kill()
        assert "yours is done" in str(other.answer("s")["result"])
        if server != "sdk-session":  # there each has a process of its own
            poll(lambda: other.call("who_was_cancelled") == "mine")
        elif how == "cancelled":
            poll(lambda: one.call("who_was_cancelled") == "mine")
        assert [one for one in other.all if one.get("error")] == []


def test_sampling_elicitation_and_roots_come_to_the_client_whose_process_it_is(broker: House) -> None:
    capabilities: Message = {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}}
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(argv=broker.command("everything"))) for _ in range(2)]
        for number, client in enumerate(clients):
            client.answers_to |= replies(number)
            client.initialize(capabilities)
        for number, client in enumerate(clients):
            assert f"sampled by {number}" in client.call("trigger-sampling-request", prompt="?", maxTokens=5)
            assert f"name of {number}" in str(client.request("tools/call", name="trigger-elicitation-request"))
            assert f"file:///root/{number}" in client.call("get-roots-list")
        for client in clients:
            assert len(client.heard("sampling/createMessage")) == len(client.heard("elicitation/create")) == 1


def replies(number: int) -> dict[str, Callable[[Message], Message]]:
    """What the user of a client answers."""
    sampled = {"role": "assistant", "model": "m", "content": {"type": "text", "text": f"sampled by {number}"}}
    return {
        "sampling/createMessage": lambda _: sampled,
        "elicitation/create": lambda _: {"action": "accept", "content": {"name": f"name of {number}"}},
        "roots/list": lambda _: {"roots": [{"uri": f"file:///root/{number}", "name": str(number)}]},
    }


def test_the_next_client_of_a_process_is_asked_for_its_own_roots(broker: House) -> None:
    for number in range(2):
        with Client(argv=broker.command("everything")) as client:
            client.answers_to |= replies(number)
            client.initialize({"roots": {"listChanged": True}})
            poll(lambda: client.heard("roots/list"))  # called at once
            poll(lambda: f"file:///root/{number}" in client.call("get-roots-list"))  # noqa: B023


def test_a_shared_server_is_told_that_nobody_can_be_asked(broker: House) -> None:
    with two(broker, "everything-shared", {"sampling": {}, "elicitation": {}, "roots": {}}) as clients:
        for client in clients:
            tools = {one["name"] for one in client.request("tools/list")["tools"]}
            assert "echo" in tools
            assert not tools & {"trigger-sampling-request", "trigger-elicitation-request", "get-roots-list"}


def test_modern_elicitation_is_a_result_of_who_asked(broker: House) -> None:
    with two_modern(broker, "sdk") as clients:
        for client in clients:
            client.capabilities = {"elicitation": {"form": {}}}
        states = []
        for number, client in enumerate(clients):
            result = client.request("tools/call", name="ask", arguments={"question": f"q{number}"})
            assert result["resultType"] == "input_required"
            states.append(result["requestState"])
        for number, client in enumerate(clients):
            answered = {"it": {"action": "accept", "content": {"say": f"a{number}"}}}
            arguments = {"question": f"q{number}"}
            result = client.request(
                "tools/call", name="ask", arguments=arguments, inputResponses=answered, requestState=states[number]
            )
            assert f"q{number}: {{'say': 'a{number}'}}" in str(result)


@pytest.mark.parametrize("server", ["everything-shared", "everything"])
def test_a_level_of_logging_is_its_clients_own(broker: House, server: str) -> None:
    with two(broker, server) as (loud, quiet):
        loud.request("logging/setLevel", level="debug")
        quiet.request("logging/setLevel", level="emergency")
        loud.request("resources/subscribe", uri="demo://resource/static/document/features.md")
        quiet.request("resources/subscribe", uri="demo://resource/static/document/features.md")
        # The server logs each subscription at level info, before it answers.
        assert not any(one["params"]["level"] == "info" for one in quiet.heard("notifications/message"))
        if server == "everything":
            assert any(one["params"]["level"] == "info" for one in loud.heard("notifications/message"))


@pytest.mark.parametrize("server", ["everything-shared", "everything"])
def test_an_update_goes_to_who_subscribed(broker: House, server: str) -> None:
    uri = "demo://resource/dynamic/text/1"
    with two(broker, server) as (subscriber, other):
        subscriber.request("resources/subscribe", uri=uri)
        toggler = other if server == "everything-shared" else subscriber
        toggler.call("toggle-subscriber-updates")
        assert subscriber.told("notifications/resources/updated")[0]["uri"] == uri
        toggler.call("toggle-subscriber-updates")
        assert other.heard("notifications/resources/updated") == []


def test_one_clients_unsubscribing_leaves_the_others_subscription(broker: House) -> None:
    uri = "demo://resource/dynamic/text/1"
    with two(broker, "everything-shared") as (one, other):
        for client in (one, other):
            client.request("resources/subscribe", uri=uri)
        one.request("resources/unsubscribe", uri=uri)
        other.call("toggle-subscriber-updates")
        assert other.told("notifications/resources/updated")[0]["uri"] == uri
        assert one.heard("notifications/resources/updated") == []


def test_a_changed_list_is_told_to_every_client_of_the_process(broker: House) -> None:
    with two(broker, "sdk-shared") as (one, other):
        for client in (one, other):
            client.request("tools/list")
        one.call("change")
        # The SDK announces it to listeners of the version without sessions only, so this is all that can be asked.
        assert other.call("count")


def test_modern_subscriptions_go_to_who_listens(broker: House) -> None:
    with two_modern(broker, "sdk") as (one, other):
        wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://one"]}
        listen = one.ask("subscriptions/listen", "L", notifications=wanted)
        same = other.ask("subscriptions/listen", "L", notifications={"toolsListChanged": True})
        for client in (one, other):
            client.told("notifications/subscriptions/acknowledged")
        other.call("change")
        other.call("touch", uri="test://one")
        for client, identity in ((one, listen), (other, same)):
            (changed,) = client.told("notifications/tools/list_changed")
            assert changed["_meta"][META + "subscriptionId"] == identity
        assert one.told("notifications/resources/updated")[0]["uri"] == "test://one"
        assert other.heard("notifications/resources/updated") == []
        one.note("notifications/cancelled", requestId="L")
        poll(lambda: changed_count(other) > changed_count(one))


def changed_count(client: Client) -> int:
    """How often it has heard of a change, after another one."""
    client.call("change")
    return len(client.heard("notifications/tools/list_changed"))


def poll(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.02)
