"""One server of a gateway, as far as its client is concerned, and what that client asks of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from mcpconf.wire.actions import Era
from mcpconf.wire.envelope import Envelope
from mcpconf.wire.gateway.catalogue import Entry, Kind, Page
from mcpconf.wire.gateway.names import ALL, Filter
from mcpconf.wire.gateway.offers import UNKNOWN, Known
from mcpconf.wire.gateway.translate import modern_meta, to_legacy, to_modern
from mcpconf.wire.members import Span


class State(Enum):
    """How far it is."""

    OUT = "out"  # the client has said nothing yet
    OPENING = "opening"
    UP = "up"
    DOWN = "down"  # it is tried again later


class Leg:
    """A server, what it has said to this client, and what it was asked."""

    def __init__(self, number: int, name: str, known: Known = UNKNOWN, tools: Filter = ALL) -> None:
        self.number = number
        self.name = name
        self.known = known
        self.tools = tools
        self.state = State.OUT
        self.era = Era.LEGACY
        self.slow = False  # whether a list was once answered without it while it was opening
        self.tried = False  # whether it was asked in the other era as well
        self.why = ""  # it is down
        self.said = ""  # what the log says of that
        self.retry: float | None = None  # when it is to be tried again
        self.delay = 1.0  # seconds until then, and twice as many the next time
        self.offers: frozenset[str] = frozenset()  # what it can do
        self.own: dict[str, Callable[[Envelope], None]] = {}
        self.waiting: list[Flight] = []
        self.lists: dict[Kind, tuple[Entry, ...]] = {}  # what it listed last
        self.answered: dict[Kind, tuple[str, Page]] = {}  # its last answer, which is mostly the next one as well
        self.absent: set[Kind] = set()  # lists that it did not give when it was last asked
        self.shown: dict[Kind, tuple[Entry, ...]] = {}  # and what the client saw of that
        self.listening: str | None = None  # the id of the request by which a modern one tells of changes
        self.listens: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self.subscribed: set[str] = set()  # URIs, with one that has sessions

    def has(self, kind: Kind) -> bool:
        """Whether it lists such things, as far as is known."""
        return kind.capability in self.offers if self.state is State.UP else self.state is State.OPENING

    def keys(self, kind: Kind) -> tuple[str, ...]:
        """The names of what it has, or had when it was last heard of."""
        if kind in self.lists:
            return tuple(one.key for one in self.lists[kind])
        return {"tools": self.known.tools, "prompts": self.known.prompts}.get(kind.member, ())

    def meta(self, info: str) -> str:
        """The member of a request of our own that says which era it is of."""
        return f'"_meta":{{{modern_meta(info)}}}' if self.era is Era.MODERN else ""

    def edits(self, envelope: Envelope, client: Era | None, info: str) -> list[tuple[Span, str]]:
        """What has to change in a client's request before this server can have it."""
        if client is self.era:
            return []
        return to_modern(envelope, info) if self.era is Era.MODERN else to_legacy(envelope)


class Batch:
    """The answers to an array of requests, which go back in one array (2025-03-26)."""

    __slots__ = ("replies", "waiting")

    def __init__(self) -> None:
        self.waiting = 1  # the one for reading the array itself
        self.replies: list[bytes] = []


class Flight:
    """A request of the client that has no answer yet. `leg` is the server that has it or will have it."""

    __slots__ = ("batch", "edits", "envelope", "leg", "method", "open", "sent", "size", "task", "token")

    def __init__(self, envelope: Envelope, batch: Batch | None) -> None:
        self.envelope = envelope
        self.token = envelope.id or "null"
        self.size = len(envelope.text)
        self.method = envelope.method or ""
        self.batch = batch
        self.leg: Leg | None = None
        self.edits: tuple[tuple[Span, str], ...] = ()  # that make it one for the server
        self.sent = False
        self.open = True
        self.task = False  # whether its answer may be a task
