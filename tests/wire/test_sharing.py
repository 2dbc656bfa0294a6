"""Any number of clients and one server that answers in any order, late, twice or never, and dies: nothing goes astray.

The model knows for every request who made it and under which id. What the server sends names the request it belongs
to (its mark), so that a line at the wrong client shows at once.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mcpconf.wire.actions import Action, Drop, Elsewhere, Era, Limits, ToClient, ToServer
from mcpconf.wire.mux import Mux
from mcpconf.wire.versions import SUBSCRIPTION_KEY, VERSION_KEY

BATCHES = "2025-03-26"
TOKENS = st.sampled_from(["1", "1.0", '"1"', "1e0", "2", '"\\u0031"', "9007199254740993"])
URIS = st.sampled_from(["r:/a", "r:/b"])
PICK = st.integers(0, 10_000)
ID = re.compile(r'"id":(-?[0-9.e]+|"[^"]*")')


def token_of(line: str) -> str:
    """An id as it stands in one of this test's own lines, where it comes first."""
    found = ID.search(line)
    assert found, line
    return found[1]


class Asked:
    """A request that a client made. `state`: open, answered, cancelled (nobody may get an answer any more)."""

    def __init__(self, client: int, token: str, method: str, mark: int) -> None:
        self.client = client
        self.token = token
        self.method = method
        self.mark = mark
        self.state = "open"
        self.uri = ""
        self.batched = False
        self.held = False  # answered by the server, while others of its batch are not


class Sharing(RuleBasedStateMachine):
    """What both eras have."""

    era = Era.LEGACY

    def __init__(self) -> None:
        super().__init__()
        self.mux = Mux(self.era, Limits(in_flight=1000, queued=1000, asked=1000))  # bounds have tests of their own
        self.up = False
        self.last = 0  # of clients, marks and the server's own ids
        self.clients: dict[int, str] = {}  # and what they are: new, greeting, greeted
        self.asked: dict[int, Asked] = {}  # by mark
        self.open: dict[str, dict[str, Any]] = {}  # what the server has not answered
        self.seen: set[int] = set()  # ids that the server was given
        self.honoured = 0  # cancellations after which the server gives no answer
        self.wanted: dict[str, set[int]] = {"r:/a": set(), "r:/b": set()}
        self.upstream: set[str] = set()  # what the server is subscribed to
        self.at_clients: list[tuple[int, str, str]] = []  # client, id, the server's own id of a question
        self.questions: dict[str, int] = {}  # the server's own, by id: the mark they belong to

    def number(self) -> int:
        self.last += 1
        return self.last

    # -- what the machine does with actions

    def do(self, actions: list[Action]) -> None:
        for one in actions:
            match one:
                case ToServer(line):
                    assert self.up
                    self.serve(line.decode())
                case ToClient(client, line):
                    assert client in self.clients, line
                    self.deliver(client, line.decode())
                case Drop() | Elsewhere():
                    raise AssertionError(one)

    def serve(self, line: str) -> None:
        message = json.loads(line)
        if "method" not in message:
            question = self.questions.pop(json.loads(token_of(line)))
            if "result" in message:
                assert self.asked[question].client == message["result"]["from"]
        elif "id" in message:
            assert type(message["id"]) is int
            assert message["id"] not in self.seen
            self.seen.add(message["id"])
            self.open[str(message["id"])] = message
            self.noted(message)
        elif message["method"] == "notifications/cancelled":
            assert message["params"]["requestId"] in self.seen

    def noted(self, message: dict[str, Any]) -> None:
        uri = message.get("params", {}).get("uri")
        if message["method"] == "resources/subscribe":
            assert uri not in self.upstream
            self.upstream.add(uri)
        elif message["method"] == "resources/unsubscribe":
            self.upstream.discard(uri)

    def deliver(self, client: int, line: str) -> None:
        message = json.loads(line)
        if isinstance(message, list):
            assert len(message) > 0
            for piece, one in zip(split(line), message, strict=True):
                self.deliver_one(client, piece, one)
        else:
            self.deliver_one(client, line, message)

    def deliver_one(self, client: int, line: str, message: dict[str, Any]) -> None:
        if "method" not in message:
            self.answered(client, token_of(line), message)
        elif "id" in message:
            assert self.asked[message["params"]["for"]].client == client
            self.at_clients.append((client, token_of(line), message["params"]["question"]))
        else:
            self.noticed(client, line, message["method"], message.get("params", {}))

    def answered(self, client: int, token: str, message: dict[str, Any]) -> None:
        mark = message["result"].get("mark") if "result" in message else None
        if mark is None:
            same = [a for a in self.asked.values() if (a.client, a.token, a.state) == (client, token, "open")]
            same = [a for a in same if "error" in message or a.method != "tools/call"]
            assert same, message
            one = same[0]
        else:
            one = self.asked[mark]
        assert (one.client, one.token, one.state) == (client, token, "open")
        one.state = "answered"
        if "result" in message and one.method == "initialize":
            self.clients[client] = "greeted"
        if one.method == "resources/unsubscribe" and "error" not in message:
            later = [a for a in self.asked.values() if (a.client, a.uri) == (client, one.uri) and a.mark > one.mark]
            if not any(a.method == "resources/subscribe" for a in later):
                self.wanted[one.uri].discard(client)

    def noticed(self, client: int, line: str, method: str, params: dict[str, Any]) -> None:
        if method == "notifications/progress":
            mark = int(params["progressToken"].removeprefix("p"))
            assert (self.asked[mark].client, self.asked[mark].state) == (client, "open")
        elif method == "notifications/message":
            assert self.asked[params["data"]].client == client
        elif method == "notifications/resources/updated":
            assert client in self.wanted[params["uri"]]
            self.reached.add(client)
        elif method == "notifications/cancelled":
            self.at_clients = [one for one in self.at_clients if one[:2] != (client, str(params["requestId"]))]
        elif method == "notifications/tools/list_changed":
            self.reached.add(client)
            if self.era is Era.MODERN:
                one = self.asked[params["mark"]]
                assert (one.client, one.state) == (client, "open")
                assert f'"{SUBSCRIPTION_KEY}":{one.token}}}' in line

    reached: set[int] = set()  # noqa: RUF012  replaced, never changed

    # -- clients

    @initialize(clients=st.integers(1, 4), up=st.booleans())
    def begin(self, clients: int, up: bool) -> None:
        """Each run has some clients, whichever rules hypothesis leaves out of it."""
        for _ in range(clients):
            self.connect()
        if up:
            self.start()

    @rule()
    @precondition(lambda self: len(self.clients) < 5)
    def connect(self) -> None:
        client = self.number()
        self.clients[client] = "new" if self.era is Era.LEGACY else "greeted"
        self.do(self.mux.connect(client))

    @rule(pick=PICK)
    @precondition(lambda self: self.clients)
    def leave(self, pick: int) -> None:
        client = sorted(self.clients)[pick % len(self.clients)]
        del self.clients[client]
        for one in self.asked.values():
            if one.client == client and one.state == "open":
                one.state = "cancelled"
                one.held = False
        for subscribers in self.wanted.values():
            subscribers.discard(client)
        self.at_clients = [one for one in self.at_clients if one[0] != client]
        self.do(self.mux.disconnect(client))

    def ask(self, pick: int, token: str, method: str, params: str) -> tuple[int, str]:
        """A request of one of the clients: its number, and the line. The caller sends it."""
        able = [number for number, state in sorted(self.clients.items()) if state != "new"]
        client, mark = able[pick % len(able)], self.number()
        self.asked[mark] = Asked(client, token, method, mark)
        meta = f'"_meta":{{"{VERSION_KEY}":"2026-07-28","progressToken":"p{mark}"}}'
        return client, f'{{"id":{token},"method":"{method}","params":{{"mark":{mark},{params}{meta}}}}}'

    @rule(pick=PICK, token=TOKENS)
    @precondition(lambda self: "greeted" in self.clients.values() or "greeting" in self.clients.values())
    def call(self, pick: int, token: str) -> None:
        client, line = self.ask(pick, token, "tools/call", "")
        self.do(self.mux.from_client(client, line.encode()))

    @rule(pick=PICK, token=TOKENS)
    @precondition(lambda self: self.clients)
    def cancel(self, pick: int, token: str) -> None:
        client = sorted(self.clients)[pick % len(self.clients)]
        for one in self.asked.values():
            if one.held or one.method == "initialize":
                continue
            if (one.client, one.token, one.state) == (client, token, "open"):
                one.state = "cancelled"
        line = f'{{"method":"notifications/cancelled","params":{{"requestId":{token}}}}}'
        self.do(self.mux.from_client(client, line.encode()))

    @rule(pick=PICK, line=st.sampled_from([b"{", b"\xff", b'{"id":1,"id":2,"method":"x"}', b"{}"]))
    @precondition(lambda self: self.clients)
    def nonsense(self, pick: int, line: bytes) -> None:
        client = sorted(self.clients)[pick % len(self.clients)]
        (answer,) = self.mux.from_client(client, line)
        assert isinstance(answer, ToClient)
        assert b'"id"' not in answer.line

    # -- the server

    @rule()
    @precondition(lambda self: not self.up)
    def start(self) -> None:
        self.up = True
        self.do(self.mux.server_ready())
        assert not self.mux.waiting

    @rule()
    @precondition(lambda self: self.up)
    def die(self) -> None:
        self.up = False
        self.open.clear()
        self.questions.clear()
        self.upstream.clear()
        self.honoured = 0
        self.do(self.mux.server_died("oops"))
        assert not [one for one in self.asked.values() if one.state == "open"]
        assert not self.mux.waiting
        for client, state in self.clients.items():
            self.clients[client] = "new" if state == "greeting" else state

    @rule(pick=PICK)
    @precondition(lambda self: self.open)
    def answer(self, pick: int) -> None:
        number = sorted(self.open)[pick % len(self.open)]
        message = self.open.pop(number)
        params = message.get("params", {})
        body = "{}"
        if message["method"] == "initialize":
            body = f'{{"protocolVersion":"{BATCHES}","capabilities":{{}}}}'
        elif message["method"] in ("tools/call", "subscriptions/listen"):
            body = f'{{"mark":{params["mark"]}}}'
            self.asked[params["mark"]].held = self.asked[params["mark"]].batched
        line = f'{{"jsonrpc":"2.0","id":{number},"result":{body}}}'.encode()
        self.do(self.mux.from_server(line))
        before = self.mux.sizes()
        assert not [one for one in self.mux.from_server(line) if isinstance(one, (ToClient, ToServer))]  # twice
        assert self.mux.sizes() == before

    def calls(self) -> list[tuple[str, int]]:
        """Calls that the server is at work on: their ids and marks."""
        return sorted((n, m["params"]["mark"]) for n, m in self.open.items() if m["method"] == "tools/call")

    @rule(pick=PICK)
    @precondition(lambda self: self.calls())
    def honour(self, pick: int) -> None:
        gone = [number for number, mark in self.calls() if self.asked[mark].state == "cancelled"]
        if gone:
            del self.open[gone[pick % len(gone)]]
            self.honoured += 1

    @rule(pick=PICK)
    @precondition(lambda self: self.calls())
    def progress(self, pick: int) -> None:
        calls = self.calls()
        number, _ = calls[pick % len(calls)]
        token = json.dumps(self.open[number]["params"]["_meta"]["progressToken"])
        line = f'{{"method":"notifications/progress","params":{{"progressToken":{token},"progress":1}}}}'
        self.do(self.mux.from_server(line.encode()))

    @rule(pick=PICK)
    @precondition(lambda self: self.calls())
    def log(self, pick: int) -> None:
        calls = self.calls()
        line = f'{{"method":"notifications/message","params":{{"data":{calls[pick % len(calls)][1]}}}}}'
        self.do(self.mux.from_server(line.encode()))

    @rule(line=st.sampled_from([b"hello", b"\xff", b'{"id":1}', b'{"id":100000,"result":{}}', b"[", b"[7]"]))
    @precondition(lambda self: self.up)
    def babble(self, line: bytes) -> None:
        assert not [one for one in self.mux.from_server(line) if isinstance(one, (ToClient, ToServer))]

    @invariant()
    def what_is_remembered_is_what_is_open(self) -> None:
        sizes = self.mux.sizes()
        waiting = [one for one in self.asked.values() if one.state == "open"]
        assert sizes["in_flight"] == sum(not one.held for one in waiting)
        assert sizes["clients"] == len(self.clients)
        assert sizes["progress"] <= len(waiting)

    def teardown(self) -> None:
        """The server answers all that it has, again and again, until nothing is left."""
        if not self.up:
            self.start()
        while self.open:
            self.answer(0)
        left = [one for one in self.asked.values() if one.state == "open"]
        assert not left, "these were never answered"
        self.settled()
        for _ in list(self.clients):
            self.leave(0)
        while self.open:
            self.answer(0)
        sizes = self.mux.sizes()
        assert sizes.pop("tombstones") == sizes.pop("load") == self.honoured
        assert not any(sizes.values()), sizes

    def settled(self) -> None:
        """What is so when nothing is open."""


class SharingLegacy(Sharing):
    """With handshakes, subscriptions, questions of the server and batches."""

    @initialize(clients=st.integers(1, 4), up=st.booleans(), greeted=st.booleans())
    def begin(self, clients: int, up: bool, greeted: bool = True) -> None:
        super().begin(clients, up)
        if greeted:
            self.greet(0, "1")
        if greeted and up:
            self.answer(0)
            for _ in range(1, clients):
                self.greet(0, '"1"')

    @rule(pick=PICK, token=TOKENS)
    @precondition(lambda self: "new" in self.clients.values())
    def greet(self, pick: int, token: str) -> None:
        new = [number for number, state in sorted(self.clients.items()) if state == "new"]
        client, mark = new[pick % len(new)], self.number()
        self.asked[mark] = Asked(client, token, "initialize", mark)
        self.clients[client] = "greeting"
        params = f'{{"protocolVersion":"{BATCHES}","capabilities":{{"roots":{{}}}},"mark":{mark}}}'
        self.do(self.mux.from_client(client, f'{{"id":{token},"method":"initialize","params":{params}}}'.encode()))
        self.do(self.mux.from_client(client, b'{"method":"notifications/initialized"}'))

    def noted(self, message: dict[str, Any]) -> None:
        super().noted(message)
        if message["method"] == "initialize":
            assert len(self.open) == 1, "a handshake with a process that is in use"
            assert message["params"]["capabilities"] == {}

    @rule(pick=PICK, tokens=st.lists(TOKENS, min_size=1, max_size=3))
    @precondition(lambda self: "greeted" in self.clients.values() and "greeting" not in self.clients.values())
    def batch(self, pick: int, tokens: list[str]) -> None:
        lines = [self.ask(pick, token, "tools/call", "") for token in tokens]
        for one in list(self.asked.values())[-len(tokens) :]:
            one.batched = True
        line = "[" + ",".join(one for _, one in lines) + "]"
        self.do(self.mux.from_client(lines[0][0], line.encode()))

    @rule(pick=PICK, token=TOKENS, uri=URIS, on=st.booleans())
    @precondition(lambda self: "greeted" in self.clients.values() and "greeting" not in self.clients.values())
    def subscribe(self, pick: int, token: str, uri: str, on: bool) -> None:
        verb = "subscribe" if on else "unsubscribe"
        client, line = self.ask(pick, token, f"resources/{verb}", f'"uri":"{uri}",')
        self.asked[self.last].uri = uri
        if on:
            self.wanted[uri].add(client)
        self.do(self.mux.from_client(client, line.encode()))

    @rule(uri=URIS)
    @precondition(lambda self: self.up)
    def update(self, uri: str) -> None:
        self.reached = set()
        line = f'{{"method":"notifications/resources/updated","params":{{"uri":"{uri}"}}}}'
        self.do(self.mux.from_server(line.encode()))

    @rule()
    @precondition(lambda self: self.up)
    def change(self) -> None:
        self.reached = set()
        self.do(self.mux.from_server(b'{"method":"notifications/tools/list_changed"}'))
        assert {client for client, state in self.clients.items() if state == "greeted"} <= self.reached

    @rule(pick=PICK, level=st.sampled_from(["debug", "error"]), token=TOKENS)
    @precondition(lambda self: "greeted" in self.clients.values() or "greeting" in self.clients.values())
    def level(self, pick: int, level: str, token: str) -> None:
        client, line = self.ask(pick, token, "logging/setLevel", f'"level":"{level}",')
        self.do(self.mux.from_client(client, line.encode()))

    @rule(pick=PICK)
    @precondition(lambda self: self.calls())
    def question(self, pick: int) -> None:
        calls = self.calls()
        mark, own = calls[pick % len(calls)][1], f"s{self.number()}"
        self.questions[own] = mark
        params = f'{{"for":{mark},"question":"{own}"}}'
        line = f'{{"id":"{own}","method":"sampling/createMessage","params":{params}}}'
        self.do(self.mux.from_server(line.encode()))

    @rule(pick=PICK, thief=PICK)
    @precondition(lambda self: self.at_clients)
    def reply(self, pick: int, thief: int) -> None:
        client, token, own = self.at_clients.pop(pick % len(self.at_clients))
        other = sorted(self.clients)[thief % len(self.clients)]
        if other != client:
            before = len(self.questions)
            self.do(self.mux.from_client(other, f'{{"id":{token},"result":{{"from":{other}}}}}'.encode()))
            assert len(self.questions) == before
        self.do(self.mux.from_client(client, f'{{"id":{token},"result":{{"from":{client}}}}}'.encode()))
        assert own not in self.questions

    def settled(self) -> None:
        for client, token, _ in self.at_clients:
            self.do(self.mux.from_client(client, f'{{"id":{token},"result":{{"from":{client}}}}}'.encode()))
        self.at_clients = []
        assert not self.questions
        for uri in ("r:/a", "r:/b"):
            self.update(uri)
            assert bool(self.reached) == (uri in self.upstream)


class SharingModern(Sharing):
    """With listeners."""

    era = Era.MODERN

    @rule(pick=PICK, token=TOKENS)
    @precondition(lambda self: self.clients)
    def listen(self, pick: int, token: str) -> None:
        client, line = self.ask(pick, token, "subscriptions/listen", "")
        self.do(self.mux.from_client(client, line.encode()))

    @rule(pick=PICK)
    @precondition(lambda self: any(m["method"] == "subscriptions/listen" for m in self.open.values()))
    def tell(self, pick: int) -> None:
        listens = sorted(n for n, m in self.open.items() if m["method"] == "subscriptions/listen")
        number = listens[pick % len(listens)]
        mark = self.open[number]["params"]["mark"]
        params = f'{{"mark":{mark},"_meta":{{"{SUBSCRIPTION_KEY}":{number}}}}}'
        self.reached = set()
        line = f'{{"method":"notifications/tools/list_changed","params":{params}}}'
        self.do(self.mux.from_server(line.encode()))
        assert bool(self.reached) == (self.asked[mark].state == "open")

    @rule()
    @precondition(lambda self: self.calls())
    def question(self) -> None:
        line = b'{"id":"s","method":"sampling/createMessage","params":{}}'
        assert not [one for one in self.mux.from_server(line) if isinstance(one, (ToClient, ToServer))]


def split(line: str) -> list[str]:
    """The messages of an array; in this test none holds what looks like a boundary."""
    return re.split(r'(?<=\}),(?=\{"(?:jsonrpc|id)")', line[1:-1])


@pytest.mark.timeout(600)  # to find a small example takes its time
@pytest.mark.parametrize("machine", [SharingLegacy, SharingModern])
def test_nothing_goes_astray(machine: type[Sharing]) -> None:
    case = machine.TestCase
    case.settings = settings(
        max_examples=80, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case().runTest()
