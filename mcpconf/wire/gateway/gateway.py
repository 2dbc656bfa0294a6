"""Many servers as one MCP server, for one client: a state machine of events and actions.

For each server the gateway is one client of that server's own pool, so that what keeps two clients of a server apart
keeps two clients of the gateway apart: they share nothing here. Bytes of a payload stay as they came. The client's ids
go to the servers as they are, since each server has its answers told apart already; what servers ask gets ids of the
gateway's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mcpconf.wire.actions import Era, Limits
from mcpconf.wire.gateway.actions import Action
from mcpconf.wire.gateway.asks import Asks
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.greeting import Greeting
from mcpconf.wire.gateway.hearing import Hearing
from mcpconf.wire.gateway.leg import Leg, State
from mcpconf.wire.gateway.listens import LISTEN, Listens
from mcpconf.wire.gateway.lists import Lists
from mcpconf.wire.gateway.opening import Opening
from mcpconf.wire.gateway.reception import Reception
from mcpconf.wire.gateway.routes import Routes
from mcpconf.wire.lines import Overlong


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
        routes = Routes(desk, self._lists, self._listens, self._opening)
        greeting = Greeting(desk, self._opening, self._lists, self._listens)
        self._reception = Reception(desk, greeting, self._lists, routes, self._asks, self._listens)
        self._hearing = Hearing(desk, self._asks, self._listens, routes)

    # -- events

    def from_client(self, line: bytes | Overlong) -> list[Action]:
        """A line came from the client."""
        self._reception.line(line)
        return self._desk.take()

    def from_server(self, number: int, line: bytes) -> list[Action]:
        """A line came from a server, as it says it to its client."""
        leg = self._desk.legs.get(number)
        if leg is not None and leg.state is not State.OUT:
            self._hearing.line(leg, line)
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
        return sum(one.method != LISTEN for same in flights for one in same)

    @property
    def rests(self) -> bool:
        """Whether nothing is in flight between the client and its servers."""
        return not self._desk.in_flight and not self._asks.open

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

    # -- servers that come and go

    def _came(self, leg: Leg) -> None:
        self._lists.came(leg)
        self._listens.refresh()

    def _went(self, leg: Leg) -> None:
        self._asks.went(leg)
        self._lists.went(leg)
