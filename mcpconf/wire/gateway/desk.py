"""What all parts of a gateway share: its client, its servers, who waits for what, and the actions so far."""

from __future__ import annotations

from collections.abc import Callable

from mcpconf.wire.actions import Era, Limits, Log
from mcpconf.wire.answers import INTERNAL, cancelled, failure
from mcpconf.wire.envelope import Envelope, Kind
from mcpconf.wire.gateway.actions import Action, Learned, ToClient, ToServer
from mcpconf.wire.gateway.leg import Batch, Flight, Leg, State
from mcpconf.wire.gateway.offers import Known
from mcpconf.wire.gateway.translate import LATEST
from mcpconf.wire.members import Malformed, spliced

Heard = Callable[[Envelope], None]
OWN = '"mcpconf-gateway-'  # how the ids of the gateway's own requests begin


SENT = Envelope("{}", Kind.REQUEST, None, None, None, {})


class Desk:
    """All of it. What a part of the gateway does, it does here."""

    def __init__(self, limits: Limits, clock: Callable[[], float], info: str) -> None:
        """`info` is what the gateway calls itself towards servers and clients: JSON."""
        self.limits = limits
        self.now = clock
        self.info = info
        self.legs: dict[int, Leg] = {}
        self.era: Era | None = None  # the client's; None before it said anything that tells
        self.version = LATEST
        self.hello: Envelope | None = None  # the client's `initialize`
        self.initialized = False
        self.level: str | None = None
        self.flights: dict[str, list[Flight]] = {}
        self.out: list[Action] = []
        self.held = 0  # characters of requests that no server has yet
        self._count = 0
        self._last = 0

    # -- what goes out

    def take(self) -> list[Action]:
        """The actions since the last time."""
        out, self.out = self.out, []
        return out

    def log(self, text: str) -> None:
        self.out.append(Log(text))

    def to_client(self, line: str | bytes) -> None:
        self.out.append(ToClient(line.encode() if isinstance(line, str) else line))

    def to_server(self, leg: Leg, line: str | bytes) -> None:
        self.out.append(ToServer(leg.number, line.encode() if isinstance(line, str) else line))

    def number(self) -> str:
        """A number that was never used."""
        self._last += 1
        return str(self._last)

    def ask(self, leg: Leg, method: str, params: str, then: Heard) -> str:
        """Ask a server something of the gateway's own; `params` are members. Gives the request's id."""
        token = f'{OWN}{self.number()}"'
        leg.own[token] = then
        meta = leg.meta(self.info)
        members = ",".join(part for part in (meta, params) if part)
        self.to_server(leg, f'{{"jsonrpc":"2.0","id":{token},"method":"{method}","params":{{{members}}}}}')
        return token

    def learn(self, leg: Leg, known: Known) -> None:
        """Remember what a server said, if it is news."""
        if known != leg.known:
            leg.known = known
            self.out.append(Learned(leg.number, known))

    # -- requests of the client

    @property
    def in_flight(self) -> int:
        """How many answers the client waits for."""
        return self._count

    def open(self, flight: Flight) -> None:
        """Note a request that came."""
        self.flights.setdefault(flight.token, []).append(flight)
        self._count += 1
        self.held += flight.size
        if flight.batch is not None:
            flight.batch.waiting += 1

    def close(self, flight: Flight) -> bool:
        """Forget a request; whether there was one."""
        if not flight.open:
            return False
        flight.open = False
        same = self.flights[flight.token]
        same.remove(flight)
        self._count -= 1
        if not flight.sent:
            self.held -= flight.size
        if not same:
            del self.flights[flight.token]
        if flight.leg is not None and not flight.sent and flight in flight.leg.waiting:
            flight.leg.waiting.remove(flight)
        return True

    def answer(self, flight: Flight, line: str | bytes) -> None:
        """Give the client its answer."""
        if self.close(flight):
            self.reply(line, flight.batch)
            self.settle(flight.batch)

    def fail(self, flight: Flight, code: int, message: str) -> None:
        self.answer(flight, failure(flight.token, code, message))

    def result(self, flight: Flight, members: str) -> None:
        """Answer with a result of the gateway's own: the members of an object."""
        head = '"resultType":"complete"' if self.era is Era.MODERN else ""
        joined = ",".join(part for part in (head, members) if part)
        self.answer(flight, f'{{"jsonrpc":"2.0","id":{flight.token},"result":{{{joined}}}}}')

    def reply(self, line: str | bytes, batch: Batch | None) -> None:
        if batch is None:
            self.to_client(line)
        else:
            batch.replies.append(line.encode() if isinstance(line, str) else line)

    def settle(self, batch: Batch | None) -> None:
        """One message of an array less to wait for."""
        if batch is not None:
            batch.waiting -= 1
            if not batch.waiting and batch.replies:
                self.to_client(b"[" + b",".join(batch.replies) + b"]")

    def send(self, flight: Flight, leg: Leg) -> None:
        """Give a request to a server, now or when it is up."""
        flight.leg = leg
        if leg.state is not State.UP:
            leg.waiting.append(flight)
            return
        try:
            edits = [*flight.edits, *leg.edits(flight.envelope, self.era, self.info)]
            line = spliced(flight.envelope.text, edits) if edits else flight.envelope.text
        except Malformed as error:
            self.fail(flight, -32600, str(error))
            return
        flight.sent = True
        flight.envelope = SENT  # what was passed on is not kept
        self.held -= flight.size
        self.to_server(leg, line)

    def cancel(self, flight: Flight, why: str) -> None:
        """Nobody waits for this any more."""
        if self.close(flight):
            if flight.sent and flight.leg is not None:
                self.to_server(flight.leg, cancelled(flight.token, why))
            self.settle(flight.batch)

    def fail_all(self, leg: Leg, message: str) -> None:
        """A server will not answer what it was given."""
        for flight in [one for same in self.flights.values() for one in same if one.leg is leg]:
            self.fail(flight, INTERNAL, message)
