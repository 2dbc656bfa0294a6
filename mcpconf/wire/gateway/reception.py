"""What the client says to the gateway: requests on their way to a server, answers to one, notifications."""

from __future__ import annotations

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INTERNAL, INVALID, PARAMS, PARSE, empty, failure
from mcpconf.wire.envelope import Envelope, Kind, NotRpc, batch, is_batch, read
from mcpconf.wire.gateway.asks import Asks
from mcpconf.wire.gateway.catalogue import BY_METHOD
from mcpconf.wire.gateway.desk import OWN, Desk
from mcpconf.wire.gateway.greeting import Greeting
from mcpconf.wire.gateway.leg import Batch, Flight, State
from mcpconf.wire.gateway.listens import Listens
from mcpconf.wire.gateway.lists import Lists
from mcpconf.wire.gateway.routes import Routes
from mcpconf.wire.levels import LEVELS
from mcpconf.wire.lines import Overlong, unbroken
from mcpconf.wire.members import Malformed

BATCHES = "2025-03-26"


class Reception:
    """Takes the client's lines."""

    def __init__(
        self, desk: Desk, greeting: Greeting, lists: Lists, routes: Routes, asks: Asks, listens: Listens
    ) -> None:
        self._desk = desk
        self._greeting = greeting
        self._lists = lists
        self._routes = routes
        self._asks = asks
        self._listens = listens

    def line(self, line: bytes | Overlong) -> None:
        """A line of the client's."""
        line = unbroken(line)
        desk = self._desk
        if isinstance(line, Overlong) or len(line) > desk.limits.client_line:
            desk.to_client(failure(None, INVALID, f"a message has at most {desk.limits.client_line} bytes"))
        elif is_batch(line):
            self._array(line)
        else:
            self._single(line, None)

    def _array(self, line: bytes) -> None:
        desk = self._desk
        if desk.version != BATCHES or desk.era is not Era.LEGACY:
            desk.to_client(failure(None, INVALID, "the version spoken here has no batches"))
            return
        try:
            texts = batch(line)
        except Malformed as error:
            desk.to_client(failure(None, INVALID if isinstance(error, NotRpc) else PARSE, str(error)))
            return
        if len(texts) > desk.limits.batch:
            desk.to_client(failure(None, INVALID, f"a batch has at most {desk.limits.batch} messages"))
            return
        together = Batch()
        for text in texts:
            self._single(text.encode(), together)
        desk.settle(together)

    def _single(self, line: bytes, together: Batch | None) -> None:
        desk = self._desk
        try:
            envelope = read(line)
        except Malformed as error:
            desk.reply(failure(None, INVALID if isinstance(error, NotRpc) else PARSE, str(error)), together)
            return
        odd = envelope.odd
        if odd is not None and envelope.kind is Kind.REQUEST:
            desk.reply(failure(envelope.id, INVALID, odd), together)
        elif odd is not None:
            desk.log(f"{envelope.method or 'an answer'} of the client was dropped: {odd}")
        elif envelope.kind is Kind.REQUEST:
            self._request(envelope, together)
        else:
            self._other(envelope)

    def _other(self, envelope: Envelope) -> None:
        try:
            if envelope.kind is Kind.RESPONSE:
                self._asks.answered(envelope)
            else:
                self._notified(envelope)
        except Malformed as error:
            self._desk.log(f"{envelope.method or 'an answer'} of the client was dropped: {error}")

    def _request(self, envelope: Envelope, together: Batch | None) -> None:
        desk, token = self._desk, envelope.id or "null"
        if len(token) > desk.limits.token or token.startswith(OWN):
            desk.reply(failure(None, INVALID, "an id that can't be used here"), together)
        elif desk.in_flight >= desk.limits.in_flight:
            text = f"{desk.limits.in_flight} requests in flight are as many as a client may have"
            desk.reply(failure(envelope.id, INTERNAL, text), together)
        elif desk.held and desk.held + len(envelope.text) > desk.limits.queued_size:
            text = "the servers are not ready, and too much waits for them"
            desk.reply(failure(envelope.id, INTERNAL, text), together)
        else:
            flight = Flight(envelope, together)
            desk.open(flight)
            try:
                self._begin(flight)
            except Malformed as error:
                desk.fail(flight, INVALID, str(error))

    def _begin(self, flight: Flight) -> None:
        desk, envelope = self._desk, flight.envelope
        if envelope.method == "initialize":
            self._greeting.initialize(flight)
        elif envelope.modern:
            self._greeting.modern(flight, self._dispatch)
        elif envelope.method == "ping":
            desk.answer(flight, empty(flight.token))
        elif desk.era is Era.MODERN:
            desk.fail(flight, PARAMS, "the request doesn't name its protocol version in _meta")
        elif desk.era is None:
            desk.fail(flight, INVALID, "initialize has to come first")
        elif envelope.method == "logging/setLevel":
            self._set_level(flight)
        else:
            self._dispatch(flight)

    def _dispatch(self, flight: Flight) -> None:
        kind = BY_METHOD.get(flight.method)
        if kind is not None:
            self._lists.asked(flight, kind)
        else:
            self._routes.by_method.get(flight.method, self._routes.other)(flight)

    def _set_level(self, flight: Flight) -> None:
        desk, level = self._desk, flight.envelope.word("params", "level")
        if level not in LEVELS:
            desk.fail(flight, PARAMS, "this is no level")
            return
        desk.level = level
        for leg in desk.legs.values():
            if leg.state is State.UP and leg.era is Era.LEGACY and "logging" in leg.offers:
                desk.ask(leg, "logging/setLevel", f'"level":"{level}"', lambda _: None)
        desk.answer(flight, empty(flight.token))

    def _notified(self, envelope: Envelope) -> None:
        desk, method = self._desk, envelope.method
        if method == "notifications/initialized":
            desk.initialized = desk.era is Era.LEGACY
        elif method == "notifications/cancelled":
            self._cancelled(envelope)
        elif method == "notifications/progress":
            self._asks.progressed(envelope)
        elif method == "notifications/roots/list_changed" or len(desk.legs) == 1:
            for leg in desk.legs.values():
                if leg.state is State.UP and leg.era is desk.era:
                    desk.to_server(leg, envelope.text)
        else:
            desk.log(f"{method} of the client was dropped: it can't be told for which server it is")

    def _cancelled(self, envelope: Envelope) -> None:
        """To the server that has the request. Who reused an id cancels all of that id."""
        token = envelope.token("params", "requestId")
        told: set[int] = set()
        for flight in list(self._desk.flights.get(token or "", ())):
            if not self._desk.close(flight):
                continue
            if flight.sent and flight.leg is not None and flight.leg.number not in told:
                told.add(flight.leg.number)
                self._desk.to_server(flight.leg, envelope.text)
            self._desk.settle(flight.batch)
        self._listens.refresh()
