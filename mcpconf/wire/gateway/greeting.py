"""How a client begins, in either era: it is answered at once, and the servers are greeted behind that."""

from __future__ import annotations

import json
from collections.abc import Callable

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INVALID, PARAMS, UNKNOWN_METHOD
from mcpconf.wire.envelope import META
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.leg import Flight, State
from mcpconf.wire.gateway.listens import Listens
from mcpconf.wire.gateway.lists import Lists
from mcpconf.wire.gateway.offers import Known, capabilities, instructions
from mcpconf.wire.gateway.opening import DISCOVER, Opening
from mcpconf.wire.gateway.translate import FRESH, LATEST, MODERN
from mcpconf.wire.versions import CAPABILITIES_KEY, HANDSHAKE_VERSIONS, SERVER_KEY, VERSION_KEY

GONE = frozenset({"logging/setLevel", "ping", "resources/subscribe", "resources/unsubscribe"})  # since 2026-07-28
UNSUPPORTED = -32022


class Greeting:
    """What a gateway says of itself, from what is remembered of its servers."""

    def __init__(self, desk: Desk, opening: Opening, lists: Lists, listens: Listens) -> None:
        self._desk = desk
        self._opening = opening
        self._lists = lists
        self._listens = listens

    def modern(self, flight: Flight, then: Callable[[Flight], None]) -> None:
        """A request that stands alone. The first one is a reason to greet the servers."""
        desk, envelope = self._desk, flight.envelope
        version = envelope.word(*META, VERSION_KEY)
        if version != MODERN:
            data = f'{{"supported":["{MODERN}"],"requested":{envelope.token(*META, VERSION_KEY)}}}'
            text = f'{{"code":{UNSUPPORTED},"message":"this version is not supported","data":{data}}}'
            desk.answer(flight, f'{{"jsonrpc":"2.0","id":{flight.token},"error":{text}}}')
        elif envelope.at(*META, CAPABILITIES_KEY) is None:
            desk.fail(flight, PARAMS, f"params._meta needs {CAPABILITIES_KEY}")
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
                then(flight)

    def initialize(self, flight: Flight) -> None:
        """Answer at once, from what is remembered; the servers are greeted behind it."""
        desk, envelope = self._desk, flight.envelope
        version = envelope.word("params", "protocolVersion")
        if version is None or flight.batch is not None:
            desk.fail(flight, PARAMS, "initialize needs a protocolVersion, and stands alone")
            return
        chosen = version if version in HANDSHAKE_VERSIONS else LATEST
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
        self._desk.result(flight, f'{told},"_meta":{{"{SERVER_KEY}":{self._desk.info}}}')

    def _known(self) -> dict[str, Known]:
        return {leg.name: leg.known for leg in self._desk.legs.values()}

    def _offers(self) -> str:
        return capabilities(self._known().values())

    def _advice(self) -> str:
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
