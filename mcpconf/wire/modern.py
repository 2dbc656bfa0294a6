"""What the version without sessions (2026-07-28) needs: each request says all there is to know, and stands alone."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.wire.answers import PARAMS, UNKNOWN_METHOD
from mcpconf.wire.client import Client, Pending
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.express import has
from mcpconf.wire.members import Span
from mcpconf.wire.pending import Book
from mcpconf.wire.versions import SUBSCRIPTION_KEY, VERSION_KEY

LISTEN = "subscriptions/listen"
PLACE = (*META, SUBSCRIPTION_KEY)
Edits = tuple[tuple[Span | None, str], ...]


class Modern:
    """The rules of sharing in the era without sessions."""

    wanted = False  # nobody waits for a handshake
    greeted = True

    def __init__(self, book: Book) -> None:
        self._book = book

    def awaits(self, _: int) -> bool:
        """Whether the server has asked a client something: in this era it asks nobody."""
        return False

    # -- from a client

    def batches(self, _: Client) -> bool:
        return False

    def request(self, one: Pending, envelope: Envelope) -> None:
        if envelope.method == "initialize":  # it would lock the process to the other era
            self._book.fail(one, UNKNOWN_METHOD, "this process speaks a version without initialize")
        elif not envelope.modern:
            self._book.fail(one, PARAMS, "the request doesn't name its protocol version in _meta")
        elif not self._book.ready:
            self._book.park(one.client, envelope, one)
        else:
            self._pass(one, envelope)

    def takes(self, _: Client, method: str, top: Mapping[str, object]) -> bool:
        """Whether a request of this method goes to the server as it is."""
        return self._book.ready and method not in ("initialize", LISTEN) and has(top, *META, VERSION_KEY)

    def notification(self, client: Client, envelope: Envelope) -> None:
        if envelope.method == "notifications/initialized":
            return
        if not self._book.ready:
            self._book.park(client, envelope, None)
            return
        edits = self._named(client, envelope)
        if edits is None:
            self._book.log(f"client {client.id}: {envelope.method} for a subscription that it hasn't was dropped")
        else:
            self._book.to_server(envelope.replaced(*edits).encode())

    def response(self, client: Client, _: Envelope) -> None:
        self._book.log(f"client {client.id}: an answer to what it was not asked was dropped")

    def unreadable(self, _client: Client, _number: str, _message: str) -> bool:
        return False

    def abandoned(self, one: Pending) -> None:
        """Nothing more is known of a request here."""

    # -- from the server

    def answered(self, one: Pending, envelope: Envelope) -> None:
        if one.method == LISTEN:
            place = envelope.at("result", "_meta", SUBSCRIPTION_KEY)
            self._book.answered(one, envelope, (place, one.token))
        else:
            self._book.answered(one, envelope)

    def server_request(self, envelope: Envelope) -> None:
        self._book.log(f"a request of the server, which this version forbids, was dropped: {envelope.method}")

    def server_notification(self, envelope: Envelope) -> None:
        place = envelope.at(*PLACE)
        if place is not None:
            self._heard(envelope, place)
        elif envelope.method == "notifications/cancelled":
            self._ended(envelope)
        else:
            self._to_one(envelope)

    # -- the process

    def up(self) -> None:
        self._book.ready = True
        for client in list(self._book.clients.values()):
            for envelope, one in self._book.unpark(client):
                if one is None:
                    self.notification(client, envelope)
                else:
                    self._book.attempt(self._pass, one, envelope)

    def died(self) -> None:
        """There is no session to be lost."""

    def sizes(self) -> dict[str, int]:
        return {}

    def joined(self) -> None:
        """Each message says what it belongs to."""

    def prepare(self, _: Envelope) -> None:
        """There is nothing to shake."""

    def _pass(self, one: Pending, envelope: Envelope) -> None:
        edits = self._named(one.client, envelope)
        if edits is None:
            self._book.fail(one, PARAMS, "this client has no such subscription")
            return
        one.reads = one.method == LISTEN
        self._book.forward(one, envelope, *edits)

    def _named(self, client: Client, envelope: Envelope) -> Edits | None:
        """The subscription that a message names, under the id that the server knows; None where it isn't its own."""
        place = envelope.at(*PLACE)
        if place is None:
            return ()
        token = place.of(envelope.text)
        own = [one for one in client.in_flight.values() if one.token == token and one.method == LISTEN and one.sent]
        return ((place, own[-1].id),) if own else None

    def _heard(self, envelope: Envelope, place: Span) -> None:
        """A message on a subscription. Its id is that of the listening request; some servers write it as a string."""
        one = self._book.pending.get(place.of(envelope.text).strip('"'))
        if one is not None and one.method == LISTEN and one.sent:
            self._book.to_client(one.client.id, envelope.replaced((place, one.token)).encode())

    def _ended(self, envelope: Envelope) -> None:
        """The server ends a request by itself, as it may do with one that listens."""
        place = envelope.at("params", "requestId")
        one = self._book.pending.get("" if place is None else place.of(envelope.text))
        if one is not None and one.sent and one.batch is None:
            self._book.answer(one, envelope.replaced((place, one.token)).encode())

    def _to_one(self, envelope: Envelope) -> None:
        client = self._book.alone()
        if client is None:
            self._book.log(f"{envelope.method} that may be for one of several clients was dropped")
        else:
            self._book.to_client(client.id, envelope.text.encode())
