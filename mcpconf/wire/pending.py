"""The book of who waits for what: clients, their requests in flight, tombstones of those that were cancelled.

Every request gets a broker's integer, which is never used again: an answer that comes too late, or twice, finds nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mcpconf.wire.actions import Action, Limits, Log, ToClient, ToServer
from mcpconf.wire.answers import INTERNAL, INVALID, cancelled, failure, request
from mcpconf.wire.client import Batch, Client, Pending
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.express import Express
from mcpconf.wire.members import Malformed, Span

PROGRESS = "progressToken"
TIMES = 512  # how many of the last durations are kept
Heard = Callable[[Envelope], None]


class Book:
    """All of it, and the actions that the event at hand has led to so far."""

    def __init__(self, limits: Limits, clock: Callable[[], float] | None = None, exclusive: bool = False) -> None:
        self.limits = limits
        self.quiet = False  # whether what the server says may still be for a client that left
        self.unquiet: Callable[[], None] = lambda: None  # told when that is over
        self.exclusive = exclusive  # whether there is never more than one client at a time
        self.took: deque[float] = deque(maxlen=TIMES)  # how long the last requests took, in the clock's unit
        self.asked = 0  # requests that clients made
        self._clock = clock
        self.up = False  # whether there is a server process
        self.ready = False  # whether it takes messages: it is up, and its handshake is done
        self.out: list[Action] = []
        self.clients: dict[int, Client] = {}
        self.pending: dict[str, Pending] = {}
        self.tombstones: dict[str, int] = {}  # the client that once asked
        self.given_up: set[str] = set()  # those of them whose answers may never come
        self.owned: dict[str, Heard] = {}  # requests of the broker's own: one for a handshake, one for a URI
        self.unheard: dict[str, None] = {}  # and those whose answers make no difference
        self.progress: dict[str, tuple[int, str]] = {}  # by broker's token: a client and its own token
        self.load: dict[int, int] = {}  # by client: how many of its requests the server may be working on
        self.left: list[Callable[[Client], None]] = []  # who else has to know that a client is gone
        self._last = 0

    # -- what goes out

    def take(self) -> list[Action]:
        """The actions since the last time."""
        out, self.out = self.out, []
        return out

    def log(self, text: str) -> None:
        self.out.append(Log(text))

    def to_server(self, line: bytes) -> None:
        self.out.append(ToServer(line))

    def to_client(self, client: int, line: bytes) -> None:
        self.out.append(ToClient(client, line))

    def number(self) -> str:
        """An id that was never used."""
        self._last += 1
        return str(self._last)

    def own(self, method: str, params: str, then: Heard | None = None) -> None:
        """Send a request of the broker's own; `then` hears the answer, or nobody does."""
        number = self.number()
        if then is not None:
            self.expect(number, then)
        else:
            self.unheard[number] = None
            if len(self.unheard) > self.limits.tombstones:
                del self.unheard[next(iter(self.unheard))]
        self.to_server(request(number, method, params))

    def expect(self, number: str, then: Heard) -> None:
        """Note who hears the answer to a request of the broker's own."""
        self.owned[number] = then

    # -- requests

    def open(self, client: Client, envelope: Envelope, batch: Batch | None) -> Pending:
        """Note a request that came."""
        return self._note(Pending(self.number(), client, envelope.id or "null", envelope.method, batch))

    def express(self, client: Client, line: bytes, found: Express, method: str) -> None:
        """Note a request of which nothing but the id has to change, and pass it on."""
        self._last += 1
        one = self._note(Pending(str(self._last), client, found.token, method, None))
        one.sent = True
        self._loaded(client.id, 1)
        self.out.append(ToServer(b"%b%d%b" % (line[: found.start], self._last, line[found.end :])))

    def _note(self, one: Pending) -> Pending:
        client, batch = one.client, one.batch
        self.asked += 1
        if self._clock is not None:
            one.since = self._clock()
        self.pending[one.id] = client.in_flight[one.id] = one
        if batch is not None:
            batch.waiting += 1
        return one

    def forward(self, one: Pending, envelope: Envelope, *edits: tuple[Span | None, str]) -> None:
        """Give a request to the server, under the broker's id and progress token."""
        place = envelope.at(*META, PROGRESS)
        if place is not None and envelope.text[place.start] in '"-0123456789':
            self.progress[one.id] = one.client.id, place.of(envelope.text)
            edits = (*edits, (place, one.id))
        one.sent = True
        self._loaded(one.client.id, 1)
        self.to_server(envelope.replaced((envelope.id_span, one.id), *edits).encode())

    def answer(self, one: Pending, line: bytes, *, progress_goes_on: bool = False) -> None:
        """Give a client its answer and forget the request."""
        self._forget(one, progress_goes_on)
        if one.sent:
            self.end_quiet()  # what comes now was said after the client came
            self._loaded(one.client.id, -1)
            if self._clock is not None:
                self.took.append(self._clock() - one.since)
        if one.batch is None:
            self.to_client(one.client.id, line)
        else:
            one.batch.replies.append(line)
            one.batch.done(one.client.id, self.out)

    def fail(self, one: Pending, code: int, message: str) -> None:
        """Answer with an error of the broker's own."""
        self.answer(one, failure(one.token, code, message))

    def answered(
        self, one: Pending, envelope: Envelope, *edits: tuple[Span | None, str], goes_on: bool = False
    ) -> None:
        """Give a client the server's answer, or a copy of one, under the id that it knows."""
        line = envelope.replaced((envelope.id_span, one.token), *edits).encode()
        self.answer(one, line, progress_goes_on=goes_on)

    def abandon(self, one: Pending, notice: bytes | None = None) -> None:
        """Nobody waits for this any more. The server is told, by the client's own notice where there is one."""
        self._forget(one, False)
        if one.sent:
            self.tombstones[one.id] = one.client.id
            self._bound_tombstones()
            self.to_server(notice or cancelled(one.id, "the client disconnected"))
        else:
            self._unpark_one(one)
        if one.batch is not None:
            one.batch.done(one.client.id, self.out)

    def attempt(self, rule: Callable[[Pending, Envelope], None], one: Pending, envelope: Envelope) -> None:
        """Have a rule deal with a request; one that could be read in two ways is refused."""
        try:
            rule(one, envelope)
        except Malformed as error:
            if self.alive(one):
                self.fail(one, INVALID, str(error))

    def alive(self, one: Pending) -> bool:
        return one.id in self.pending

    def bury(self, number: str) -> bool:
        """Whether an answer is one that nobody waits for; a tombstone ends with it."""
        client = self.tombstones.pop(number, None)
        if client is None:
            return number in self.unheard and self.unheard.pop(number) is None
        if number not in self.given_up:
            self._loaded(client, -1)
        self.given_up.discard(number)
        return True

    def give_up(self) -> None:
        """Wait for no answer to what was cancelled: a server may keep silent (specification, utilities/cancellation).

        Late answers still find nobody. But what the server asks may yet be for one of those.
        """
        for number, client in self.tombstones.items():
            if number not in self.given_up:
                self.given_up.add(number)
                self._loaded(client, -1)

    def _forget(self, one: Pending, progress_goes_on: bool) -> None:
        del self.pending[one.id], one.client.in_flight[one.id]
        if not progress_goes_on:
            self.progress.pop(one.id, None)

    def _bound_tombstones(self) -> None:
        if len(self.tombstones) > self.limits.tombstones:
            self.bury(next(iter(self.tombstones)))

    def _loaded(self, client: int, change: int) -> None:
        count = self.load.get(client, 0) + change
        if count:
            self.load[client] = count
        else:
            self.load.pop(client, None)

    # -- messages that wait for the server

    def park(self, client: Client, envelope: Envelope, one: Pending | None) -> None:
        """Keep a message until the server can have it; beyond the bounds a request is refused, a notification lost."""
        size = client.parked_size + len(envelope.text)
        if len(client.parked) < self.limits.queued and size <= self.limits.queued_size:
            client.parked.append((envelope, one))
            client.parked_size = size
        elif one is not None:
            self.fail(one, INTERNAL, f"the server is not ready, and {len(client.parked)} messages wait for it")
        else:
            self.log(f"client {client.id}: {envelope.method} dropped, too much waits for the server")

    def unpark(self, client: Client) -> list[tuple[Envelope, Pending | None]]:
        """The messages that waited."""
        parked, client.parked, client.parked_size = client.parked, [], 0
        return parked

    def _unpark_one(self, one: Pending) -> None:
        for place, (envelope, waiting) in enumerate(one.client.parked):
            if waiting is one:
                del one.client.parked[place]
                one.client.parked_size -= len(envelope.text)
                return

    # -- whose a message of the server may be

    def culprit(self) -> Client | None:
        """The one client for which the server can be at work; None where it could be two, or one that left."""
        if self.exclusive:
            client = next(iter(self.clients.values()), None)
            # While it asks for nothing, what a server says may be about a request that an earlier client gave up.
            return None if self.quiet or (self.given_up and not self.load) else client
        return self.clients.get(next(iter(self.load))) if len(self.load) == 1 else None

    def end_quiet(self) -> None:
        """What the server says from now on, it says to the client that is there."""
        if self.quiet:
            self.quiet = False
            self.unquiet()

    def alone(self) -> Client | None:
        """The same, or the only client there is while the server works for nobody."""
        if self.exclusive:
            return self.culprit()
        if not self.load and len(self.clients) == 1:
            return next(iter(self.clients.values()))
        return self.culprit()

    # -- ends

    def leave(self, client: Client) -> None:
        """Forget a client and all that it waits for."""
        self.clients.pop(client.id, None)
        for one in list(client.in_flight.values()):
            one.batch = None
            self.abandon(one)
        self.progress = {key: entry for key, entry in self.progress.items() if entry[0] != client.id}
        self.unpark(client)
        for told in self.left:
            told(client)

    def end(self, message: str) -> None:
        """The server is gone: answer everyone, and forget what it knew."""
        for one in list(self.pending.values()):
            self.fail(one, INTERNAL, message)
        for client in self.clients.values():
            self.unpark(client)
        self.tombstones.clear()
        self.given_up.clear()
        self.quiet = False
        self.owned.clear()
        self.unheard.clear()
        self.progress.clear()
        self.load.clear()
