"""What servers say to the gateway's client: answers, questions, notifications."""

from __future__ import annotations

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INTERNAL, failure
from mcpconf.wire.envelope import Envelope, Kind, of_text, read
from mcpconf.wire.express import response
from mcpconf.wire.gateway.asks import Asks
from mcpconf.wire.gateway.desk import OWN, Desk, Heard
from mcpconf.wire.gateway.leg import Flight, Leg
from mcpconf.wire.gateway.listens import Listens
from mcpconf.wire.gateway.routes import Routes
from mcpconf.wire.gateway.translate import answer_to_modern, asks_for_input
from mcpconf.wire.members import Malformed, Span, members
from mcpconf.wire.quick import answer as quick

MARK = OWN.encode()


class Hearing:
    """Hears all servers. Each one's multiplexer has seen to it that what comes is for this client."""

    def __init__(self, desk: Desk, asks: Asks, listens: Listens, routes: Routes) -> None:
        self._desk = desk
        self._asks = asks
        self._listens = listens
        self._routes = routes

    def line(self, leg: Leg, line: bytes) -> None:
        """A line of a server's."""
        if not self._returned(leg, line):
            self._heard(leg, line)

    def _flight(self, leg: Leg, token: str) -> Flight | None:
        return next((one for one in self._desk.flights.get(token, ()) if one.leg is leg and one.sent), None)

    def _returned(self, leg: Leg, line: bytes) -> bool:
        """Pass on an answer that need not be read, as it came."""
        if leg.own and MARK in line:
            return False
        if len(line) > self._desk.limits.quick:
            found = quick(line)
            token = None if found is None else found.id
        else:
            short = response(line)
            token = None if short is None else short.token
        flight = None if token is None else self._flight(leg, token)
        if flight is None or flight.task or leg.era is not self._desk.era:
            return False
        self._desk.answer(flight, line)
        return True

    def _heard(self, leg: Leg, line: bytes) -> None:
        try:
            envelope = read(line)
            if envelope.kind is Kind.RESPONSE:
                self._answered(leg, envelope)
            elif envelope.kind is Kind.REQUEST:
                self._asks.asked(leg, envelope)
            else:
                self._told(leg, envelope)
        except Malformed as error:
            self._desk.log(f"a message of {leg.name} was dropped: {error}")

    def _answered(self, leg: Leg, envelope: Envelope) -> None:
        token = envelope.id or ""
        then = leg.own.pop(token, None)
        if then is not None:
            self._own(leg, token, then, envelope)
            return
        flight = self._flight(leg, token)
        if flight is None:
            self._desk.log(f"an answer of {leg.name} to nothing that was asked was dropped")
            return
        task = envelope.word("result", "task", "taskId") if flight.task else None
        if task is not None and len(task) <= self._desk.limits.token:
            self._routes.made(task, leg)
        if leg.era is self._desk.era:
            self._desk.answer(flight, envelope.text)
        elif leg.era is Era.LEGACY:
            edits = answer_to_modern(envelope, flight.method)
            self._desk.answer(flight, envelope.replaced(*edits))
        elif asks_for_input(envelope):
            text = f"{leg.name} asks for input, which a client of {self._desk.version} can't give it"
            self._desk.fail(flight, INTERNAL, text)
        else:
            self._desk.answer(flight, envelope.text)

    def _own(self, leg: Leg, token: str, then: Heard, envelope: Envelope) -> None:
        """An answer to the gateway itself; an error in the place of one that can't be read."""
        try:
            then(envelope)
        except Malformed as error:
            text = f"its answer can't be read: {error}"
            self._desk.log(f"{leg.name}: {text}")
            then(of_text(failure(token, INTERNAL, text).decode()))

    def _told(self, leg: Leg, envelope: Envelope) -> None:
        """A notification."""
        desk, method = self._desk, envelope.method
        if self._listens.heard(envelope):
            return
        if method == "notifications/cancelled":
            self._withdrawn(leg, envelope)
        elif method == "notifications/message":
            if leg.era is desk.era or leg.era is Era.MODERN:
                desk.to_client(_logged(leg, envelope) if len(desk.legs) > 1 else envelope.text)
        else:
            desk.to_client(envelope.text)

    def _withdrawn(self, leg: Leg, envelope: Envelope) -> None:
        """A server takes back a question, or ends by itself what listens."""
        if leg.listening is not None and envelope.token("params", "requestId") == leg.listening:
            leg.own.pop(leg.listening, None)
            leg.listening = None
        else:
            self._asks.withdrawn(leg, envelope)


def _logged(leg: Leg, envelope: Envelope) -> str:
    """A log message with the name of who says it, where it has none: `logger` is for that (specification, logging)."""
    params = envelope.spans.get("params")
    if params is None or envelope.text[params.start] != "{" or "logger" in members(envelope.text, params.start):
        return envelope.text
    start = params.start + 1
    comma = "," if members(envelope.text, params.start) else ""
    return envelope.replaced((Span(start, start), f'"logger":"{leg.name}"{comma}'))
