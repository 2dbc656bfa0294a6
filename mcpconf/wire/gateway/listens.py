"""Who wants to hear of what: `subscriptions/listen`, from the client and to servers, and subscriptions of sessions.

A server of the era without sessions is listened to by one request, which is replaced when something else is wanted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import PARAMS, cancelled
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.gateway.catalogue import BY_CHANGE, KINDS, Kind
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.leg import Flight, Leg, State
from mcpconf.wire.members import Malformed, Span, elements, members, string
from mcpconf.wire.versions import SUBSCRIPTION_KEY

LISTEN = "subscriptions/listen"
UPDATED = "notifications/resources/updated"
WISHES = tuple(dict.fromkeys(kind.wish for kind in KINDS))
BOUNDS = ("/", "?", "#")


class Listen:
    """What the client listens to by one request, and which server has which of the URIs."""

    __slots__ = ("flight", "uris", "wishes")

    def __init__(self, flight: Flight, wishes: frozenset[str], uris: dict[str, Leg | None]) -> None:
        self.flight = flight
        self.wishes = wishes
        self.uris = uris


class Listens:
    """All of it, for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: list[Listen] = []
        self._subscribed: dict[str, Leg] = {}  # by a client with a session, at servers without

    # -- the client

    def read(self, flight: Flight) -> Listen | None:
        """What the client wants to hear of; None where it was refused."""
        envelope = flight.envelope
        place = envelope.at("params", "notifications")
        spans = members(envelope.text, place.start) if place and envelope.text[place.start] == "{" else {}
        wishes = frozenset(name for name in WISHES if name in spans and spans[name].of(envelope.text) == "true")
        uris = _strings(envelope.text, spans.get("resourceSubscriptions"))
        limits = self._desk.limits
        if len(uris) > limits.subscriptions or any(len(uri) > limits.token for uri in uris):
            self._desk.fail(flight, PARAMS, f"more than {limits.subscriptions} subscriptions, or too long ones")
            return None
        return Listen(flight, wishes, dict.fromkeys(uris))

    def begin(self, listen: Listen) -> None:
        """The URIs' servers are known: tell the client what it will hear of."""
        if not listen.flight.open:
            return
        self._open.append(listen)
        uris = [uri for uri, leg in listen.uris.items() if leg is not None]
        agreed = _notifications([name for name in WISHES if name in listen.wishes], uris)
        meta = f'"_meta":{{"{SUBSCRIPTION_KEY}":{listen.flight.token}}}'
        head = '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{'
        self._desk.to_client(f'{head}{meta},"notifications":{agreed}}}}}')
        self.refresh()

    def subscribed(self, uri: str, leg: Leg, *, on: bool) -> bool:
        """A client with a session wants to hear of a URI of a server without; False where these are too many."""
        limits = self._desk.limits
        if on and (len(self._subscribed) >= limits.subscriptions or len(uri) > limits.token):
            return False
        if on:
            self._subscribed[uri] = leg
        else:
            self._subscribed.pop(uri, None)
        self.refresh()
        return True

    def refresh(self) -> None:
        """Have the servers told what is wanted of them now."""
        self._open = [one for one in self._open if one.flight.open]
        for leg in self._desk.legs.values():
            if leg.state is State.UP:
                self._settle(leg)

    def reset(self) -> None:
        self._open.clear()
        self._subscribed.clear()

    # -- servers

    def _settle(self, leg: Leg) -> None:
        uris = frozenset(uri for one in self._open for uri, its in one.uris.items() if its is leg)
        if leg.era is Era.MODERN:
            uris |= {uri for uri, its in self._subscribed.items() if its is leg}
            wishes = frozenset(WISHES if self._desk.era is Era.LEGACY else ()).union(*(o.wishes for o in self._open))
            self._listen(leg, wishes, uris)
            return
        if self._desk.era is Era.LEGACY:
            return  # it was subscribed by the client's own request
        for verb, changed in (("subscribe", uris - leg.subscribed), ("unsubscribe", leg.subscribed - uris)):
            for uri in sorted(changed):
                self._desk.ask(leg, f"resources/{verb}", f'"uri":{json.dumps(uri)}', lambda _: None)
        leg.subscribed = set(uris)

    def _listen(self, leg: Leg, wishes: frozenset[str], uris: frozenset[str]) -> None:
        if leg.listens == (wishes, uris):
            return
        before, leg.listening, leg.listens = leg.listening, None, (wishes, uris)
        if wishes or uris:
            params = f'"notifications":{_notifications(sorted(wishes), sorted(uris))}'
            leg.listening = self._desk.ask(leg, LISTEN, params, lambda answer: self._ended(leg, answer))
        if before is not None and leg.own.pop(before, None) is not None:
            self._desk.to_server(leg, cancelled(before, "something else is wanted"))

    def _ended(self, leg: Leg, answer: Envelope) -> None:
        if leg.listening is not None and answer.id == leg.listening:
            leg.listening = None  # it will not tell; what it lists is asked for anew each time all the same
            self._desk.log(f"{leg.name} tells of no changes")

    # -- to the client

    def changed(self, kind: Kind) -> None:
        """A list is another one now."""
        desk = self._desk
        if desk.era is Era.LEGACY:
            if desk.initialized:
                desk.to_client(f'{{"jsonrpc":"2.0","method":"{kind.changed}"}}')
            return
        for one in self._hearing():
            if kind.wish in one.wishes:
                meta = f'{{"_meta":{{"{SUBSCRIPTION_KEY}":{one.flight.token}}}}}'
                desk.to_client(f'{{"jsonrpc":"2.0","method":"{kind.changed}","params":{meta}}}')

    def heard(self, envelope: Envelope) -> bool:
        """A server tells of a change; whether it was one."""
        if envelope.method == UPDATED:
            self._updated(envelope)
        elif envelope.method in BY_CHANGE:
            self.changed(BY_CHANGE[envelope.method][0])
        else:
            return envelope.method == "notifications/subscriptions/acknowledged"
        return True

    def _updated(self, envelope: Envelope) -> None:
        uri, place = envelope.word("params", "uri") or "", envelope.at(*META, SUBSCRIPTION_KEY)
        desk, params = self._desk, envelope.spans.get("params")
        if params is None or envelope.text[params.start] != "{":
            return
        if desk.era is Era.LEGACY:
            meta = None if place is None else envelope.at(*META)
            desk.to_client(envelope.replaced((meta, "{}")))
            return
        for one in self._hearing():
            if any(uri == its or _is_below(uri, its) for its in one.uris):
                edit = (place or _meta_place(envelope, params), _subscription(envelope, place, one.flight.token))
                desk.to_client(envelope.replaced(edit))

    def _hearing(self) -> list[Listen]:
        return [one for one in self._open if one.flight.open]


def _notifications(wishes: Iterable[str], uris: list[str]) -> str:
    return json.dumps({**dict.fromkeys(wishes, True), **({"resourceSubscriptions": uris} if uris else {})})


def _meta_place(envelope: Envelope, params: Span) -> Span:
    """Where a subscription's id goes into a notification that has none."""
    meta = envelope.at(*META)
    return meta if meta is not None else Span(params.start + 1, params.start + 1)


def _subscription(envelope: Envelope, place: Span | None, token: str) -> str:
    if place is not None:
        return token
    inside = f'{{"{SUBSCRIPTION_KEY}":{token}}}'
    return inside if envelope.at(*META) is not None else f'"_meta":{inside},'


def _strings(text: str, span: Span | None) -> tuple[str, ...]:
    if span is None or text[span.start] != "[":
        return ()
    try:
        return tuple(word for one in elements(text, span.start) if (word := string(text, one)) is not None)
    except Malformed:
        return ()


def _is_below(uri: str, above: str) -> bool:
    return uri.startswith(above) and (above.endswith(BOUNDS) or uri[len(above) : len(above) + 1] in BOUNDS)
