"""What the versions with `initialize` (2024-11-05 to 2025-11-25) need, for clients that share a process."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.wire.answers import INVALID, ROOTS_CHANGED, UNKNOWN_METHOD, empty
from mcpconf.wire.asks import Asks
from mcpconf.wire.client import Client, Pending
from mcpconf.wire.envelope import Envelope
from mcpconf.wire.handshake import Handshake
from mcpconf.wire.levels import Levels
from mcpconf.wire.pending import Book
from mcpconf.wire.tasks import Tasks
from mcpconf.wire.topics import Topics

BATCHES = "2025-03-26"  # the one version that has them
LIST_CHANGED = tuple(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))
ROOTS = "notifications/roots/list_changed"


class Legacy:
    """The rules of sharing in the era of sessions."""

    def __init__(self, book: Book, shared_logs: bool) -> None:
        self._book = book
        self._shared_logs = shared_logs
        self._clients = 0  # that have shaken hands so far
        self._barriers = 0  # pings that are not answered yet, behind which the server speaks to the present client
        self._roots_changed = False  # to be said behind them: a server may ask for the roots before it answers
        book.unquiet = self._say_roots_changed
        self._handshake = Handshake(book, self._opened)
        self._levels = Levels(book)
        self._topics = Topics(book)
        self._tasks = Tasks(book)
        self._asks = Asks(book)
        self._methods = {
            "logging/setLevel": self._levels.asked,
            "resources/subscribe": self._topics.subscribe,
            "resources/unsubscribe": self._topics.unsubscribe,
            "tasks/get": self._tasks.asked,
            "tasks/result": self._tasks.asked,
            "tasks/cancel": self._tasks.asked,
            "tasks/list": self._no_list,
        }
        if book.exclusive:  # what is there is this client's
            self._methods = {name: rule for name, rule in self._methods.items() if not name.startswith("tasks/")}
        book.left += [self._handshake.left, self._asks.left, self._topics.left, self._levels.left, self._tasks.left]

    # -- from a client

    def batches(self, client: Client) -> bool:
        """Whether a client may send arrays."""
        return client.version == BATCHES

    def request(self, one: Pending, envelope: Envelope) -> None:
        if envelope.method == "initialize":
            self._handshake.asked(one, envelope)
        elif one.client.version is None and not self._greeting(one.client):
            self._too_early(one)
        elif not self._book.ready:
            self._book.park(one.client, envelope, one)
        else:
            self._pass(one, envelope)

    def takes(self, client: Client, method: str, _: Mapping[str, object]) -> bool:
        """Whether a request of this method goes to the server as it is."""
        return (
            self._book.ready and client.version is not None and method not in self._methods and method != "initialize"
        )

    def notification(self, client: Client, envelope: Envelope) -> None:
        if envelope.method == "notifications/initialized":
            self._entered(client)
        elif envelope.method == ROOTS and not self._book.exclusive:
            return  # the server was promised no roots
        elif envelope.method == "notifications/progress":
            self._asks.progressed(client, envelope)
        elif client.version is None and not self._greeting(client):
            self._book.log(f"client {client.id}: {envelope.method} before initialize was dropped")
        elif not self._book.ready:
            self._book.park(client, envelope, None)
        else:
            self._book.to_server(envelope.text.encode())

    def _entered(self, client: Client) -> None:
        """A client has shaken hands. The server heard that from the first one, whose roots were not this one's."""
        if client.initialized:
            return
        client.initialized = True
        if self._book.exclusive and self._book.ready and self._clients and self._handshake.offered("roots"):
            self._roots_changed = True
            self._say_roots_changed()
        self._clients += 1

    def joined(self) -> None:
        """A client comes to a process that another one had: what the server said before it reads this is not for it."""
        if self._book.exclusive and self._book.ready and self._clients:
            self._book.quiet = True
            self._barriers += 1
            self._roots_changed = False
            self._book.own("ping", "{}", self._heard_all)

    def _heard_all(self, _: Envelope) -> None:
        self._barriers -= 1
        if not self._barriers:
            self._book.end_quiet()

    def _say_roots_changed(self) -> None:
        if self._roots_changed and not self._book.quiet:
            self._roots_changed = False
            self._book.to_server(ROOTS_CHANGED)

    def prepare(self, envelope: Envelope) -> None:
        """Shake hands before a client is there."""
        self._handshake.prepare(envelope)

    def response(self, client: Client, envelope: Envelope) -> None:
        self._asks.answered(client, envelope)

    def unreadable(self, client: Client, number: str, message: str) -> bool:
        """Whether a message of a client that could not be read was an answer; then the server is told."""
        return self._asks.refused(client, number, message)

    def abandoned(self, one: Pending) -> None:
        self._topics.abandoned(one)

    # -- from the server

    def answered(self, one: Pending, envelope: Envelope) -> None:
        goes_on = False
        if one.reads:
            self._levels.answered(one, envelope)
            goes_on = self._tasks.answered(one, envelope)
        self._book.answered(one, envelope, goes_on=goes_on)

    def server_request(self, envelope: Envelope) -> None:
        self._asks.asked(envelope, self._tasks.owner(envelope) or self._book.culprit())

    def server_notification(self, envelope: Envelope) -> None:
        method = envelope.method
        if method == "notifications/message":
            self._logged(envelope)
        elif method == "notifications/resources/updated":
            self._topics.updated(envelope)
        elif method in LIST_CHANGED:
            self._to_all(envelope)
        elif method == "notifications/tasks/status":
            self._tasks.status(envelope)
        elif method == "notifications/cancelled":
            self._asks.withdrawn(envelope)
        else:
            self._to_one(envelope)

    def _to_all(self, envelope: Envelope) -> None:
        """To every client that has shaken hands."""
        for client in self._book.clients.values():
            if client.initialized:
                self._book.to_client(client.id, envelope.text.encode())

    # -- the process

    def up(self) -> None:
        self._handshake.begin()

    def died(self) -> None:
        self._barriers, self._roots_changed = 0, False
        self._handshake.died()
        self._topics.died()
        self._tasks.died()
        self._asks.died()

    def awaits(self, client: int) -> bool:
        """Whether the server has asked a client something."""
        return self._asks.await_answer(client)

    @property
    def greeted(self) -> bool:
        """Whether the server has answered `initialize`."""
        return self._handshake.done

    @property
    def wanted(self) -> bool:
        """Whether an `initialize` waits for a process."""
        return self._handshake.wanted

    def sizes(self) -> dict[str, int]:
        """How much is remembered."""
        return {
            "subscriptions": len(self._topics.by_uri),
            "tasks": len(self._tasks.made),
            "asked": len(self._asks.open),
            "levels": len(self._levels.by_client),
        }

    def _greeting(self, client: Client) -> bool:
        return any(one.method == "initialize" for one in client.in_flight.values())

    def _too_early(self, one: Pending) -> None:
        if one.method == "ping":
            self._book.answer(one, empty(one.token))
        else:
            self._book.fail(one, INVALID, "initialize has to come first")

    def _pass(self, one: Pending, envelope: Envelope) -> None:
        """A request goes to the server, or to the rule that knows its method."""
        rule = self._methods.get(envelope.method or "")
        if rule is not None:
            rule(one, envelope)
            return
        one.reads = envelope.at("params", "task") is not None
        self._book.forward(one, envelope)

    def _no_list(self, one: Pending, _: Envelope) -> None:
        self._book.fail(one, UNKNOWN_METHOD, "tasks/list would show the tasks of other clients of this shared server")

    def _opened(self) -> None:
        """The handshake is done: what was so before the process died is so again, and what waited goes."""
        self._book.ready = True
        self._levels.revived()
        self._topics.revived()
        for client in list(self._book.clients.values()):
            for envelope, one in self._book.unpark(client):
                if one is None:
                    self._book.to_server(envelope.text.encode())
                else:
                    self._book.attempt(self._pass, one, envelope)

    def _logged(self, envelope: Envelope) -> None:
        """A log message goes to the client it can be told to be for; to all of them only where that was asked for."""
        if self._shared_logs:
            clients = [client for client in self._book.clients.values() if client.initialized]
        else:
            one = self._tasks.owner(envelope) or self._book.alone()
            clients = [] if one is None else [one]
            if one is None:
                self._book.log("a log message that may be for one of several clients was dropped")
        for client in clients:
            if self._levels.passes(client, envelope):
                self._book.to_client(client.id, envelope.text.encode())

    def _to_one(self, envelope: Envelope) -> None:
        client = self._tasks.owner(envelope) or self._book.alone()
        if client is None:
            self._book.log(f"{envelope.method} that may be for one of several clients was dropped")
        else:
            self._book.to_client(client.id, envelope.text.encode())
