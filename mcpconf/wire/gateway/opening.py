"""How servers come and go: greeted in parallel once the client has said who it is, and again when they were down."""

from __future__ import annotations

from collections.abc import Callable

from mcpconf.record import replace
from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INITIALIZED, INTERNAL, failure
from mcpconf.wire.envelope import META, Envelope, of_text
from mcpconf.wire.gateway.actions import AskEra, Enter, Leave
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.leg import Leg, State
from mcpconf.wire.gateway.translate import LATEST, modern_meta
from mcpconf.wire.members import members
from mcpconf.wire.pending import PROGRESS
from mcpconf.wire.versions import HANDSHAKE_VERSIONS

LONGEST_DELAY = 30.0  # seconds between two attempts
TEXT = 100_000  # characters of capabilities or instructions that are remembered
DISCOVER = "server/discover"
Told = Callable[[Leg], None]


class Opening:
    """Brings servers up. `came` and `went` hear of those that are."""

    def __init__(self, desk: Desk, came: Told, went: Told) -> None:
        self._desk = desk
        self._came = came
        self._went = went

    def open(self, leg: Leg) -> None:
        """Greet a server that is out or down."""
        if leg.state in (State.OPENING, State.UP) or self._desk.era is None:
            return
        leg.state, leg.retry, leg.slow, leg.tried = State.OPENING, None, False, False
        if self._desk.era is Era.MODERN and leg.known.speaks is Era.LEGACY:
            self._greet(leg)
        elif self._desk.era is Era.MODERN and leg.known.speaks is Era.MODERN:
            self._discover(leg)
        elif self._desk.era is Era.MODERN:
            request = f'{{"jsonrpc":"2.0","id":0,"method":"{DISCOVER}","params":{{"_meta":{{{self._meta()}}}}}}}'
            self._desk.out.append(AskEra(leg.number, request.encode()))
        elif leg.known.modern_only:
            self._discover(leg)
        else:
            self._greet(leg)

    def judged(self, leg: Leg, era: Era | None, why: str) -> None:
        """It is known what a server speaks, or could not be found out."""
        if leg.state is not State.OPENING or leg.own:
            return
        if era is None:
            self.down(leg, why)
        elif era is Era.MODERN:
            self._discover(leg)
        else:
            self._greet(leg)

    def _meta(self) -> str:
        return modern_meta(self._desk.info)

    def _greet(self, leg: Leg) -> None:
        """Say `initialize`: in the client's words, where it has said it."""
        desk = self._desk
        leg.era = Era.LEGACY
        desk.out.append(Enter(leg.number, Era.LEGACY))
        if desk.hello is None:
            params = f'"protocolVersion":"{LATEST}","capabilities":{{}},"clientInfo":{desk.info}'
            desk.ask(leg, "initialize", params, lambda answer: self._greeted(leg, answer))
            return
        token = f'"mcpconf-gateway-{desk.number()}"'
        leg.own[token] = lambda answer: self._greeted(leg, answer)
        hello = desk.hello
        version = hello.at("params", "protocolVersion")
        edits = ((hello.id_span, token), (version, f'"{desk.version}"'), (hello.at(*META, PROGRESS), token))
        desk.to_server(leg, hello.replaced(*edits))

    def _greeted(self, leg: Leg, answer: Envelope) -> None:
        if leg.state is not State.OPENING:
            return
        version = answer.word("result", "protocolVersion")
        if version in HANDSHAKE_VERSIONS and not answer.failed:
            self._desk.to_server(leg, INITIALIZED)
            self._up(leg, answer)
        elif answer.failed and answer.token("error", "code") != str(INTERNAL) and not leg.tried:
            # No error says for sure that it speaks the other era only (specification): it is asked.
            leg.tried, leg.why = True, answer.word("error", "message") or "it refused the handshake"
            self._desk.out.append(Leave(leg.number))
            self._discover(leg)
        else:
            said = answer.word("error", "message") if answer.failed else f"it speaks version {version}"
            self.down(leg, said or "it refused the handshake")

    def _discover(self, leg: Leg) -> None:
        leg.era = Era.MODERN
        self._desk.out.append(Enter(leg.number, Era.MODERN))
        self._desk.ask(leg, DISCOVER, "", lambda answer: self._discovered(leg, answer))

    def _discovered(self, leg: Leg, answer: Envelope) -> None:
        if leg.state is not State.OPENING:
            return
        if answer.failed:
            leg.known = replace(leg.known, speaks=None)  # whatever it was, it is asked the next time
            self.down(leg, leg.why if leg.tried else answer.word("error", "message") or "it refused to be asked")
            return
        if leg.tried:
            self._desk.log(f"{leg.name} speaks no version with initialize: what it asks of its client is refused")
        self._up(leg, answer)

    def _up(self, leg: Leg, answer: Envelope) -> None:
        place = answer.at("result", "capabilities")
        spans = members(answer.text, place.start) if place and answer.text[place.start] == "{" else {}
        leg.state, leg.delay, leg.why, leg.said = State.UP, 1.0, "", ""
        leg.offers = frozenset(spans)
        text = "{}" if place is None else place.of(answer.text)
        told = answer.word("result", "instructions")
        known = replace(
            leg.known,
            capabilities=text if len(text) <= TEXT else "{}",
            instructions=told[:TEXT] if told else None,
            speaks=leg.era if self._desk.era is Era.MODERN else leg.known.speaks,
            modern_only=leg.tried or (leg.known.modern_only and leg.era is Era.MODERN),
        )
        desk = self._desk
        desk.learn(leg, known)
        if desk.level is not None and leg.era is Era.LEGACY and "logging" in leg.offers:
            desk.ask(leg, "logging/setLevel", f'"level":"{desk.level}"', lambda _: None)
        waiting, leg.waiting = leg.waiting, []
        for flight in waiting:
            desk.send(flight, leg)
        self._came(leg)

    def down(self, leg: Leg, why: str) -> None:
        """A server can't be reached: it is left out, and tried again."""
        if leg.state is State.OUT:
            return
        desk = self._desk
        self._forget(leg, State.DOWN)
        leg.why = why
        leg.retry = desk.now() + leg.delay
        leg.delay = min(2 * leg.delay, LONGEST_DELAY)
        if why != leg.said:  # it may be tried for days
            leg.said = why
            desk.log(f"{leg.name} is left out of the gateway: {why}")
        desk.fail_all(leg, f"{leg.name}: {why}")
        self._went(leg)

    def out(self, leg: Leg, why: str) -> None:
        """A server is let go, because the client begins anew or it is not configured any more."""
        self._forget(leg, State.OUT)
        self._desk.fail_all(leg, f"{leg.name}: {why}")

    def _forget(self, leg: Leg, state: State) -> None:
        leg.state, leg.retry, leg.listening = state, None, None
        leg.listens, leg.subscribed = (frozenset(), frozenset()), set()
        self._desk.out.append(Leave(leg.number))
        own, leg.own = leg.own, {}
        for token, then in own.items():
            then(_nothing(token))

    def due(self) -> float | None:
        """When a server is to be tried again."""
        return min((leg.retry for leg in self._desk.legs.values() if leg.retry is not None), default=None)

    def tick(self) -> None:
        now = self._desk.now()
        for leg in list(self._desk.legs.values()):
            if leg.retry is not None and leg.retry <= now:
                self.open(leg)


def _nothing(token: str) -> Envelope:
    return of_text(failure(token, INTERNAL, "the server is gone").decode())
