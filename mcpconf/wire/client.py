"""A client, its requests that have no answer yet, and the arrays in which some of them came."""

from __future__ import annotations

from mcpconf.wire.actions import Action, ToClient
from mcpconf.wire.envelope import Envelope


class Batch:
    """The answers to an array of requests, which go back in one array."""

    __slots__ = ("replies", "waiting")

    def __init__(self) -> None:
        self.waiting = 1  # the one for reading the array itself
        self.replies: list[bytes] = []

    def done(self, client: int, out: list[Action]) -> None:
        """One message less to wait for; the last one sends the array, unless there is nothing in it."""
        self.waiting -= 1
        if not self.waiting and self.replies:
            out.append(ToClient(client, b"[" + b",".join(self.replies) + b"]"))


class Client:
    """What is known of a connected client."""

    __slots__ = ("id", "in_flight", "initialized", "parked", "parked_size", "subscriptions", "tasks", "version")

    def __init__(self, number: int) -> None:
        self.id = number
        self.version: str | None = None  # the one negotiated; None before `initialize` was answered
        self.initialized = False
        self.in_flight: dict[str, Pending] = {}
        self.parked: list[tuple[Envelope, Pending | None]] = []
        self.parked_size = 0
        self.subscriptions: set[str] = set()
        self.tasks: dict[str, None] = {}


class Pending:
    """A request of a client that has no answer yet. `token` is its id as the client wrote it."""

    __slots__ = ("batch", "client", "id", "method", "note", "reads", "sent", "since", "token")

    def __init__(self, number: str, client: Client, token: str, method: str | None, batch: Batch | None) -> None:
        self.id = number
        self.client = client
        self.token = token
        self.method = method
        self.batch = batch
        self.since = 0.0  # when it came
        self.sent = False  # whether the server has it
        self.reads = False  # whether the answer has to be looked into
        self.note: str | None = None  # what a rule wants to remember of it
