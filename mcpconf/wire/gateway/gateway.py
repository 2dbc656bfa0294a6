"""Many servers as one MCP server, for one client: a state machine of events and actions.

For each server the gateway is one client of that server's own pool, so that what keeps two clients of a server apart
keeps two clients of the gateway apart: they share nothing here. Bytes of a payload stay as they came. The client's ids
go to the servers as they are, since each server has its answers told apart already; what servers ask gets ids of the
gateway's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mcpconf.wire.actions import Era, Limits
from mcpconf.wire.answers import INTERNAL, INVALID, PARAMS, PARSE, UNKNOWN_METHOD, empty, failure
from mcpconf.wire.envelope import META, VERSION, Envelope, Kind, NotRpc, batch, is_batch, read
from mcpconf.wire.express import response
from mcpconf.wire.gateway.actions import Action
from mcpconf.wire.gateway.asks import Asks
from mcpconf.wire.gateway.catalogue import BY_METHOD
from mcpconf.wire.gateway.desk import OWN, Batch, Desk, Flight
from mcpconf.wire.gateway.leg import Leg, State
from mcpconf.wire.gateway.listens import Listens
from mcpconf.wire.gateway.lists import Lists
from mcpconf.wire.gateway.offers import Known, capabilities, instructions
from mcpconf.wire.gateway.opening import DISCOVER, Opening
from mcpconf.wire.gateway.routes import Routes
from mcpconf.wire.gateway.translate import (
    CAPABILITIES,
    FRESH,
    HANDSHAKES,
    LATEST,
    MODERN,
    SERVER,
    answer_to_modern,
    asks_for_input,
)
from mcpconf.wire.levels import LEVELS
from mcpconf.wire.lines import Overlong, unbroken
from mcpconf.wire.members import Malformed, Span, members
from mcpconf.wire.quick import answer as quick

BATCHES = "2025-03-26"
GONE = frozenset({"logging/setLevel", "ping", "resources/subscribe", "resources/unsubscribe"})  # since 2026-07-28
UNSUPPORTED = -32022


class Gateway:
    """One client and its servers. Each event gives the actions it leads to, to be done in their order."""

    def __init__(
        self, legs: Iterable[Leg], clock: Callable[[], float], info: str, limits: Limits | None = None
    ) -> None:
        """`clock` is in seconds; `info` is JSON, a name and a version that the gateway goes by."""
        self._desk = desk = Desk(limits or Limits(), clock, info)
        desk.legs = {leg.number: leg for leg in legs}
        self._listens = Listens(desk)
        self._lists = Lists(desk, self._listens.changed)
        self._asks = Asks(desk)
        self._opening = Opening(desk, self._came, self._went)
        self._routes = Routes(desk, self._lists, self._listens, self._opening)

    # -- events

    def from_client(self, line: bytes | Overlong) -> list[Action]:
        """A line came from the client."""
        line = unbroken(line)
        desk = self._desk
        if isinstance(line, Overlong) or len(line) > desk.limits.client_line:
            desk.to_client(failure(None, INVALID, f"a message has at most {desk.limits.client_line} bytes"))
        elif is_batch(line):
            self._array(line)
        else:
            self._single(line, None)
        return desk.take()

    def from_server(self, number: int, line: bytes) -> list[Action]:
        """A line came from a server, as it says it to its client."""
        leg = self._desk.legs.get(number)
        if leg is None or leg.state is State.OUT or not self._returned(leg, line):
            self._heard(leg, line) if leg is not None and leg.state is not State.OUT else None
        return self._desk.take()

    def judged(self, number: int, era: Era | None, why: str = "") -> list[Action]:
        """What a server speaks is known, or why it could not be found out."""
        leg = self._desk.legs.get(number)
        if leg is not None:
            self._opening.judged(leg, era, why)
        return self._desk.take()

    def lost(self, number: int, why: str) -> list[Action]:
        """The gateway is a server's client no longer."""
        leg = self._desk.legs.get(number)
        if leg is not None:
            self._opening.down(leg, why)
        return self._desk.take()

    def join(self, leg: Leg) -> list[Action]:
        """A server was added to the configuration, or its definition is another now."""
        self._desk.legs[leg.number] = leg
        self._opening.open(leg)
        return self._desk.take()

    def part(self, number: int, why: str) -> list[Action]:
        """A server is not configured any more."""
        leg = self._desk.legs.get(number)
        if leg is not None:
            self._opening.out(leg, why)
            self._went(leg)
            del self._desk.legs[number]
        return self._desk.take()

    def tick(self) -> list[Action]:
        """Time has passed; `due` says when this is wanted."""
        self._lists.tick()
        self._opening.tick()
        return self._desk.take()

    # -- what may be asked

    @property
    def due(self) -> float | None:
        """When to call `tick`, on the clock."""
        return min((one for one in (self._lists.due(), self._opening.due()) if one is not None), default=None)

    @property
    def owed(self) -> int:
        """How many answers the client waits for; what listens has none to come."""
        flights = self._desk.flights.values()
        return sum(one.method != "subscriptions/listen" for same in flights for one in same)

    @property
    def down(self) -> dict[str, str]:
        """The servers that are left out, and why."""
        return {leg.name: leg.why for leg in self._desk.legs.values() if leg.state is State.DOWN}

    def sizes(self) -> dict[str, int]:
        """How much is remembered of what is under way, by kind."""
        legs = self._desk.legs.values()
        return {
            "flights": self._desk.in_flight,
            "asked": len(self._asks.open),
            "own": sum(len(leg.own) for leg in legs),
            "waiting": sum(len(leg.waiting) for leg in legs),
        }

    # -- from the client

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
            self._initialize(flight)
        elif envelope.modern:
            self._modern(flight)
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

    def _modern(self, flight: Flight) -> None:
        """A request that stands alone. The first one is a reason to greet the servers."""
        desk, envelope = self._desk, flight.envelope
        version = envelope.word(*META, VERSION)
        if version != MODERN:
            data = f'{{"supported":["{MODERN}"],"requested":{envelope.token(*META, VERSION)}}}'
            text = f'{{"code":{UNSUPPORTED},"message":"this version is not supported","data":{data}}}'
            desk.answer(flight, f'{{"jsonrpc":"2.0","id":{flight.token},"error":{text}}}')
        elif envelope.at(*META, CAPABILITIES) is None:
            desk.fail(flight, PARAMS, f"params._meta needs {CAPABILITIES}")
        elif flight.method in GONE:
            desk.fail(flight, UNKNOWN_METHOD, f"this version has no {flight.method}")
        elif desk.era is Era.LEGACY:
            if flight.method == DISCOVER:
                desk.fail(flight, UNKNOWN_METHOD, "this connection speaks a version with initialize")
            else:
                desk.fail(flight, INVALID, "this connection speaks a version with initialize")
        else:
            desk.era = Era.MODERN
            self._open_all()
            if flight.method == DISCOVER:
                self._discover(flight)
            else:
                self._dispatch(flight)

    def _initialize(self, flight: Flight) -> None:
        """Answer at once, from what is remembered; the servers are greeted behind it."""
        desk, envelope = self._desk, flight.envelope
        version = envelope.word("params", "protocolVersion")
        if version is None or flight.batch is not None:
            desk.fail(flight, PARAMS, "initialize needs a protocolVersion, and stands alone")
            return
        chosen = version if version in HANDSHAKES else LATEST
        if desk.hello is not None and chosen != desk.version:
            desk.fail(flight, INVALID, f"this session speaks {desk.version} already")
            return
        if desk.era is Era.MODERN:  # it has asked what we speak, and goes on in another era
            self._begin_anew()
        if desk.hello is None:
            desk.era, desk.version, desk.hello = Era.LEGACY, chosen, envelope
        told = f'"protocolVersion":"{chosen}","capabilities":{self._offers()},"serverInfo":{desk.info}{self._advice()}'
        desk.result(flight, told)
        self._open_all()

    def _discover(self, flight: Flight) -> None:
        told = f'"supportedVersions":["{MODERN}"],"capabilities":{self._offers()}{self._advice()},{FRESH}'
        self._desk.result(flight, f'{told},"_meta":{{"{SERVER}":{self._desk.info}}}')

    def _known(self) -> dict[str, Known]:
        return {leg.name: leg.known for leg in self._desk.legs.values()}

    def _offers(self) -> str:
        return capabilities(self._known().values())

    def _advice(self) -> str:
        import json

        text = instructions(self._known())
        return "" if text is None else f',"instructions":{json.dumps(text)}'

    def _open_all(self) -> None:
        for leg in self._desk.legs.values():
            if leg.state is State.OUT:
                self._opening.open(leg)

    def _begin_anew(self) -> None:
        for leg in self._desk.legs.values():
            self._opening.out(leg, "the client begins anew")
            leg.shown.clear()
        for flight in [one for same in self._desk.flights.values() for one in same if one.method != "initialize"]:
            self._desk.fail(flight, INVALID, "the client began anew")
        self._lists.reset()
        self._listens.reset()

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

    # -- from a server

    def _came(self, leg: Leg) -> None:
        self._lists.came(leg)
        self._listens.refresh()

    def _went(self, leg: Leg) -> None:
        self._asks.went(leg)
        self._lists.went(leg)

    def _flight(self, leg: Leg, token: str) -> Flight | None:
        return next((one for one in self._desk.flights.get(token, ()) if one.leg is leg and one.sent), None)

    def _returned(self, leg: Leg, line: bytes) -> bool:
        """Pass on an answer that need not be read, as it came."""
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
            then(envelope)
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

    def _told(self, leg: Leg, envelope: Envelope) -> None:
        """A notification. Each server's multiplexer has seen to it that it is for this client."""
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
