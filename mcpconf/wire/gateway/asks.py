"""What servers ask the client: sampling, elicitation, roots. Each question gets an id of the gateway's own, since two
servers count alike, and its answer goes to the one server that asked, under the id that this one used."""

from __future__ import annotations

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INTERNAL, UNKNOWN_METHOD, cancelled, failure
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.leg import Leg
from mcpconf.wire.pending import PROGRESS


class Ask:
    """A question that the client has not answered yet, with the server's id and its token for progress."""

    __slots__ = ("leg", "progress", "token")

    def __init__(self, leg: Leg, token: str, progress: str | None) -> None:
        self.leg = leg
        self.token = token
        self.progress = progress


class Asks:
    """Who asked what."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.open: dict[str, Ask] = {}  # by the gateway's id

    def asked(self, leg: Leg, envelope: Envelope) -> None:
        """A server asks something."""
        desk, token = self._desk, envelope.id or "null"
        if desk.era is not Era.LEGACY or leg.era is not Era.LEGACY:
            desk.to_server(leg, failure(token, UNKNOWN_METHOD, "this gateway's client can't be asked that way"))
        elif sum(one.leg is leg for one in self.open.values()) >= desk.limits.asked:
            desk.to_server(leg, failure(token, INTERNAL, "this client has too much to answer"))
        else:
            number = desk.number()
            place = envelope.at(*META, PROGRESS)
            self.open[number] = Ask(leg, token, None if place is None else place.of(envelope.text))
            desk.to_client(envelope.replaced((envelope.id_span, number), (place, number)))

    def answered(self, envelope: Envelope) -> None:
        """The client's answer."""
        ask = self.open.pop(envelope.id or "", None)
        if ask is None:
            self._desk.log("an answer of the client to what it was not asked was dropped")
        else:
            self._desk.to_server(ask.leg, envelope.replaced((envelope.id_span, ask.token)))

    def progressed(self, envelope: Envelope) -> None:
        """The client tells how far it is."""
        place = envelope.at("params", PROGRESS)
        ask = None if place is None else self.open.get(place.of(envelope.text).strip('"'))
        if ask is None or ask.progress is None:
            self._desk.log("progress of what the client was not asked was dropped")
        else:
            self._desk.to_server(ask.leg, envelope.replaced((place, ask.progress)))

    def withdrawn(self, leg: Leg, envelope: Envelope) -> None:
        """A server does not want an answer any more."""
        token = envelope.token("params", "requestId")
        for number, ask in list(self.open.items()):
            if ask.leg is leg and ask.token == token:
                del self.open[number]
                self._desk.to_client(envelope.replaced((envelope.at("params", "requestId"), number)))

    def went(self, leg: Leg) -> None:
        """Nobody waits for what this server asked."""
        for number, ask in list(self.open.items()):
            if ask.leg is leg:
                del self.open[number]
                self._desk.to_client(cancelled(number, f"{leg.name} is gone"))
