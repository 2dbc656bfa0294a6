"""Many clients on one server process: a state machine of events and actions, without input, output or clock.

What sharing has to keep apart, and how, stands with each rule: `pending` (ids, progress, cancelling), `handshake`,
`levels`, `topics`, `tasks`, `asks`, and `modern`. Bytes outside of the ids and tokens that are replaced stay as they
came. Nothing is kept of a message that was passed on but who asked, and all that is kept is bounded by `Limits`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcpconf.wire.actions import Action, Era, Limits
from mcpconf.wire.answers import INTERNAL, INVALID, PARSE, failure
from mcpconf.wire.client import Batch, Client
from mcpconf.wire.envelope import Envelope, Kind, NotRpc, batch, decoded, is_batch, of_text, read
from mcpconf.wire.express import request, response
from mcpconf.wire.legacy import Legacy
from mcpconf.wire.lines import KEPT, Overlong, unbroken
from mcpconf.wire.members import Malformed
from mcpconf.wire.modern import LISTEN, Modern
from mcpconf.wire.pending import PROGRESS, Book
from mcpconf.wire.quick import answer, remains

LAST_WORDS = 1000  # characters of them that clients are told
SHOWN = 4096  # bytes of a stray line that are handed on, to be cut where nothing hidden is cut in two


class Mux:
    """One server process and its clients. Each event gives the actions it leads to, to be done in their order."""

    def __init__(
        self,
        era: Era,
        limits: Limits | None = None,
        *,
        shared_logs: bool = False,
        exclusive: bool = False,
        clock: Callable[[], float] | None = None,
        express: bool = True,
    ) -> None:
        """`exclusive`: never more than one client at a time, whose capabilities the server is told. The next client
        has to have the same ones: the server is not told again. `clock` is for `took` alone; without `express` every
        message is read in full, to the same effect."""
        self._express = express
        self._calm = False  # whether the server has answered the last question
        self._limits = limits or Limits()
        self._book = Book(self._limits, clock, exclusive)
        self._rules: Legacy | Modern = Modern(self._book) if era is Era.MODERN else Legacy(self._book, shared_logs)

    # -- events

    def connect(self, client: int) -> list[Action]:
        """A client is there. Its number must not be one that is connected."""
        if client in self._book.clients:
            raise ValueError(f"client {client} is connected already")
        if self._book.exclusive and self._book.clients:
            raise ValueError("there is a client already")
        self._book.clients[client] = Client(client)
        self._rules.joined()
        return self._book.take()

    def disconnect(self, client: int) -> list[Action]:
        """A client is gone: what it waited for is cancelled at the server. Harmless for one that is unknown."""
        known = self._book.clients.get(client)
        if known is not None:
            self._book.leave(known)
        return self._book.take()

    def from_client(self, client: int, line: bytes | Overlong) -> list[Action]:
        """A line came from a client. Nothing comes of one that is unknown."""
        known = self._book.clients.get(client)
        if known is None:
            return []
        line = _bounded(unbroken(line), self._limits.client_line)
        if isinstance(line, Overlong):
            self._too_long(known, line)
        elif self._express and self._passed(known, line):
            pass
        elif is_batch(line):
            self._array(known, line)
        else:
            self._single(known, line, None)
        return self._book.take()

    def from_server(self, line: bytes | Overlong) -> list[Action]:
        """A line came from the server."""
        if not self._book.up:
            return []
        line = _bounded(line, self._limits.server_line)
        if isinstance(line, Overlong):
            limit = self._limits.server_line
            self._lost(line.head, line.tail, f"the server's answer has {line.size} bytes, more than {limit}")
        elif not (self._express and self._returned(line)) and not self._quick(line):
            self._heard(line)
        return self._book.take()

    def server_ready(self) -> list[Action]:
        """A server process is there, for the first time or anew."""
        self._book.up = True
        self._rules.up()
        return self._book.take()

    def server_died(self, last_words: str) -> list[Action]:
        """The server process is gone, or could not be started: all that is open is answered with its last words."""
        self._book.up = self._book.ready = False
        words = last_words.strip()[-LAST_WORDS:]
        self._book.end(f"the server ended: {words}" if words else "the server ended without a word")
        self._rules.died()
        return self._book.take()

    def prepare(self, hello: bytes) -> list[Action]:
        """Shake hands with the server in the words of this `initialize`, so that the first client need not wait."""
        self._rules.prepare(read(hello))
        return self._book.take()

    def question(self) -> list[Action]:
        """Ask a server whether it is there. What it was told before, it has read when it answers."""
        self._calm = False
        if self._book.ready and self._rules.greeted:
            self._book.own("ping", "{}", self._answered)
        return self._book.take()

    def _answered(self, _: Envelope) -> None:
        self._calm = True

    def give_up(self) -> bool:
        """Whether the server has answered the question and owes nothing but answers to what was cancelled; then these
        are waited for no longer."""
        book = self._book
        if not self._calm or book.pending or book.owned or book.unheard:
            return False
        book.give_up()
        return self.settled

    # -- what the pool may ask

    @property
    def greeted(self) -> bool:
        """Whether an `initialize` can be answered without the server."""
        return self._rules.greeted

    @property
    def settled(self) -> bool:
        """Whether the server owes no answer: nothing of one client can come to the next."""
        book = self._book
        return not (book.pending or book.load or book.owned or book.unheard)

    def owed(self, client: int) -> int:
        """How many answers a client waits for; what listens has none to come."""
        known = self._book.clients.get(client)
        return 0 if known is None else sum(one.method != LISTEN for one in known.in_flight.values())

    def rests(self, client: int) -> bool:
        """Whether nothing is open between a client and its server: no request of either, nor one that listens."""
        known = self._book.clients.get(client)
        return known is None or not (known.in_flight or self._rules.awaits(client))

    @property
    def asked(self) -> int:
        """How many requests clients have made."""
        return self._book.asked

    @property
    def took(self) -> Sequence[float]:
        """How long the last requests took that the server answered."""
        return self._book.took

    @property
    def waiting(self) -> bool:
        """Whether a message waits for a process to be started."""
        return not self._book.up and (self._rules.wanted or any(one.parked for one in self._book.clients.values()))

    def sizes(self) -> dict[str, int]:
        """How much is remembered, by kind."""
        book = self._book
        return {
            "clients": len(book.clients),
            "in_flight": len(book.pending),
            "parked": sum(len(client.parked) for client in book.clients.values()),
            "tombstones": len(book.tombstones),
            "own": len(book.owned) + len(book.unheard),
            "progress": len(book.progress),
            "load": sum(book.load.values()),
            **self._rules.sizes(),
        }

    # -- from a client

    def _passed(self, client: Client, line: bytes) -> bool:
        """Pass on a request of which only the id has to change, if it is a common one."""
        if len(client.in_flight) >= self._limits.in_flight or len(line) > self._limits.quick:
            return False
        found = request(line)
        if found is None or len(found[0].token) > self._limits.token:
            return False
        if not self._rules.takes(client, found[1], found[0].top):
            return False
        self._book.express(client, line, *found)
        return True

    def _single(self, client: Client, text: bytes | str, together: Batch | None) -> None:
        try:
            envelope = read(text) if isinstance(text, bytes) else of_text(text)
        except Malformed as error:
            code = INVALID if isinstance(error, NotRpc) else PARSE
            self._complain(client, failure(None, code, str(error)), together)
            return
        odd = envelope.odd
        if odd is not None:
            if envelope.kind is Kind.REQUEST:
                self._complain(client, failure(envelope.id, INVALID, odd), together)
            self._book.log(f"client {client.id}: {envelope.method or 'an answer'} dropped: {odd}")
            return
        try:
            self._message(client, envelope, together)
        except Malformed as error:  # two members of one name, where it matters which one is meant
            self._book.log(f"client {client.id}: {envelope.method} dropped: {error}")

    def _message(self, client: Client, envelope: Envelope, together: Batch | None) -> None:
        if envelope.kind is Kind.REQUEST:
            self._request(client, envelope, together)
        elif envelope.kind is Kind.RESPONSE:
            self._rules.response(client, envelope)
        elif envelope.method == "notifications/cancelled":
            self._cancel(client, envelope)
        else:
            self._rules.notification(client, envelope)

    def _request(self, client: Client, envelope: Envelope, together: Batch | None) -> None:
        limits = self._limits
        if len(envelope.id or "") > limits.token:
            message = f"an id of more than {limits.token} characters"
        elif len(client.in_flight) >= limits.in_flight:
            message = f"{limits.in_flight} requests in flight are as many as a client may have"
        else:
            one = self._book.open(client, envelope, together)
            self._book.attempt(self._rules.request, one, envelope)
            return
        self._complain(client, failure(envelope.id, INTERNAL, message), together)

    def _array(self, client: Client, line: bytes) -> None:
        if not self._rules.batches(client):
            self._complain(client, failure(None, INVALID, "the version spoken here has no batches"), None)
            return
        try:
            texts = batch(line)
        except Malformed as error:
            code = INVALID if isinstance(error, NotRpc) else PARSE
            self._complain(client, failure(None, code, str(error)), None)
            return
        if len(texts) > self._limits.batch:
            message = f"a batch of more than {self._limits.batch} messages"
            self._complain(client, failure(None, INVALID, message), None)
            return
        together = Batch()
        for text in texts:
            self._single(client, text, together)
        together.done(client.id, self._book.out)

    def _cancel(self, client: Client, envelope: Envelope) -> None:
        """A client may have used an id twice; then it means both."""
        place = envelope.at("params", "requestId")
        token = None if place is None else place.of(envelope.text)
        for one in list(client.in_flight.values()):
            if one.token == token and one.method != "initialize":
                self._book.abandon(one, envelope.replaced((place, one.id)).encode())
                self._rules.abandoned(one)

    def _too_long(self, client: Client, line: Overlong) -> None:
        message = f"a message of {line.size} bytes; no more than {self._limits.client_line} are taken"
        found = remains(line.head, line.tail)
        if found.id is None or found.asks:
            self._complain(client, failure(found.id, INVALID, message), None)
        elif not self._rules.unreadable(client, found.id, message):
            self._book.log(f"client {client.id}: {message}")

    def _complain(self, client: Client, line: bytes, together: Batch | None) -> None:
        if together is None:
            self._book.to_client(client.id, line)
        else:
            together.replies.append(line)

    # -- from the server

    def _returned(self, line: bytes) -> bool:
        """Pass on an answer that nobody has to look into, if it is a common one."""
        found = response(line) if len(line) <= self._limits.quick else None
        one = None if found is None else self._book.pending.get(found.token)
        if found is None or one is None or one.reads or not one.sent:
            return False
        self._book.answer(one, b"".join((line[: found.start], one.token.encode(), line[found.end :])))
        return True

    def _quick(self, line: bytes) -> bool:
        """Pass on a long answer unread, if it can be told whose it is and nobody has to look into it."""
        found = answer(line) if len(line) > self._limits.quick else None
        one = None if found is None else self._book.pending.get(found.id)
        if found is None or one is None or one.reads or not one.sent:
            return False
        self._book.answer(one, b"".join((line[: found.start], one.token.encode(), memoryview(line)[found.end :])))
        return True

    def _heard(self, line: bytes) -> None:
        if _is_print(line):
            self._book.log("the server printed what is no message: " + line[:SHOWN].decode("utf-8", "replace"))
            return
        try:
            texts = batch(line) if is_batch(line) else (decoded(line),)
        except Malformed as error:
            self._lost(line[:KEPT], line[-KEPT:], f"the server's message can't be read: {error}")
            return
        for text in texts:
            try:
                self._from_server(of_text(text))
            except Malformed as error:
                head, tail = text[:KEPT].encode(), text[-KEPT:].encode()
                self._lost(head, tail, f"the server's message can't be read: {error}")

    def _from_server(self, envelope: Envelope) -> None:
        if envelope.kind is Kind.RESPONSE:
            self._response(envelope)
        elif envelope.kind is Kind.REQUEST:
            self._rules.server_request(envelope)
        elif envelope.method == "notifications/progress":
            self._progress(envelope)
        else:
            self._rules.server_notification(envelope)

    def _response(self, envelope: Envelope) -> None:
        number = envelope.id or ""
        one = self._book.pending.get(number)
        if one is not None and one.sent:
            self._rules.answered(one, envelope)
            return
        heard = self._book.owned.get(number)
        if heard is not None:
            heard(envelope)  # which may raise, so that it hears an error in the place of what can't be read
            self._book.owned.pop(number, None)
        elif not self._book.bury(number):
            self._book.log(f"an answer to nothing that was asked was dropped: {number[:80]}")

    def _progress(self, envelope: Envelope) -> None:
        """To whom asked, under its own token; some servers write ours as a string. A late one is dropped."""
        place = envelope.at("params", PROGRESS)
        entry = None if place is None else self._book.progress.get(place.of(envelope.text).strip('"'))
        if entry is not None:
            self._book.to_client(entry[0], envelope.replaced((place, entry[1])).encode())

    def _lost(self, head: bytes, tail: bytes, message: str) -> None:
        """What the server said could not be passed on. Whoever waited for it is told, if that can be known."""
        self._book.log(message)
        found = remains(head, tail)
        if found.id is not None and not found.asks:
            self._response(of_text(failure(found.id, INTERNAL, message).decode()))


def _is_print(line: bytes) -> bool:
    """Whether a line is something for people, told in a fiftieth of the time that reading it takes."""
    return line[0] not in b"{[ \t\r" and b'"id"' not in line[-KEPT:]


def _bounded(line: bytes | Overlong, limit: int) -> bytes | Overlong:
    if isinstance(line, Overlong) or len(line) <= limit:
        return line
    return Overlong(len(line), line[:KEPT], line[-KEPT:])
