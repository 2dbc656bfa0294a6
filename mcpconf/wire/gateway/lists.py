"""`tools/list` and its kin: all servers are asked at once, and what they say is joined.

A server that is just starting is waited for once, and not for long; what it lists later is announced. What a server
said before counts where it is slow, never where it is down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import PARAMS
from mcpconf.wire.gateway.catalogue import TOOLS, Entry, Kind
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.fetches import Fetches
from mcpconf.wire.gateway.leg import Flight, Leg, State
from mcpconf.wire.gateway.names import Names, Owner
from mcpconf.wire.gateway.translate import FRESH

PATIENCE = 1.5  # seconds that a list waits for servers which are starting, or slow
REMEMBERED = 20_000  # names that the client was told
COUNT, SIZE = 1000, 4_000_000  # entries and characters of one page
CURSOR = "mcpconf-"


class Wait:
    """Something to do when lists are there (with `one`: when one of them is), or when it has waited long enough."""

    __slots__ = ("deadline", "needs", "one", "then")

    def __init__(
        self, needs: set[tuple[int, Kind]], deadline: float, then: Callable[[], None], *, one: bool = False
    ) -> None:
        self.needs = needs
        self.deadline = deadline
        self.then = then
        self.one = one


class Lists:
    """What servers list, and what the client was told of it."""

    def __init__(self, desk: Desk, changed: Callable[[Kind], None]) -> None:
        """`changed` tells the client that a list is another now."""
        self._desk = desk
        self._changed = changed
        self._fetches = Fetches(desk, self._done)
        self._waits: list[Wait] = []
        self._pages: dict[Kind, list[str]] = {}
        self._joins: dict[Kind, tuple[object, dict[str, Owner], list[str]]] = {}  # of what; whose, and the texts
        self._told: dict[Kind, dict[str, Owner]] = {}
        self._announced: set[str] = set()  # the changes that it heard of since it listed them last

    # -- the client

    def asked(self, flight: Flight, kind: Kind) -> None:
        """The client wants a list."""
        cursor = flight.envelope.token("params", "cursor")
        if cursor is None or cursor == "null":
            self.collect((kind,), lambda: self._joined(flight, kind))
            return
        word = flight.envelope.word("params", "cursor") or ""
        place = word.removeprefix(CURSOR)
        if not (word.startswith(CURSOR) and place.isascii() and place.isdigit() and len(place) < 9):
            self._desk.fail(flight, PARAMS, "this cursor is not one of this gateway's")
        elif kind in self._pages:
            self._page(flight, kind, int(place))
        else:  # of an earlier connection: what is there now
            self.collect((kind,), lambda: self._joined(flight, kind, int(place)))

    def collect(self, kinds: Iterable[Kind], then: Callable[[], None], *, fresh: bool = True) -> None:
        """Have the lists of these kinds fetched, and go on; without `fresh` those that are not known yet alone."""
        needs: set[tuple[int, Kind]] = set()
        for leg in self._desk.legs.values():
            for kind in kinds:
                if leg.has(kind) and (fresh or kind not in leg.lists) and self._begun(leg, kind):
                    needs.add((leg.number, kind))
        if needs:
            self._waits.append(Wait(needs, self._desk.now() + PATIENCE, then))
        else:
            then()

    def search(self, kinds: Iterable[Kind], until: float, then: Callable[[], None]) -> bool:
        """Go on when the next list of these kinds has come, or the time is `until`; False where none is to come."""
        needs = {(leg.number, kind) for leg in self._desk.legs.values() for kind in kinds if self._is_coming(leg, kind)}
        if not needs or self._desk.now() >= until:
            return False
        self._waits.append(Wait(needs, until, then, one=True))
        return True

    def _is_coming(self, leg: Leg, kind: Kind) -> bool:
        if kind in leg.lists:
            return False
        return leg.state is State.OPENING or self._fetches.of(leg, kind) is not None

    def _begun(self, leg: Leg, kind: Kind) -> bool:
        """Ask a server, if it is there; whether to wait for it."""
        if leg.state is not State.UP:
            return not leg.slow
        fetch = self._fetches.of(leg, kind)
        if fetch is None:
            self._fetches.begin(leg, kind)
            return self._fetches.of(leg, kind) is not None
        return not fetch.slow

    def missing(self, kinds: Iterable[Kind]) -> bool:
        """Whether a server that is there or coming has not said what it has."""
        return any(leg.has(kind) and kind not in leg.lists for leg in self._desk.legs.values() for kind in kinds)

    # -- servers

    def came(self, leg: Leg) -> None:
        """A server is up: it is asked for what somebody waits for, or has been shown already without it."""
        for kind in {kind for wait in self._waits for number, kind in wait.needs if number == leg.number}:
            if leg.has(kind):
                self._fetches.begin(leg, kind)
            else:
                self._done(leg, kind)
        for kind in self._told:
            if leg.has(kind):
                self._fetches.begin(leg, kind)

    def went(self, leg: Leg) -> None:
        """A server is down: what it had is there no more."""
        self._fetches.went(leg)
        for kind in {kind for wait in self._waits for number, kind in wait.needs if number == leg.number}:
            self._done(leg, kind)
        for kind in [kind for kind, entries in leg.shown.items() if entries]:
            self._announce(kind)

    def _done(self, leg: Leg, kind: Kind) -> None:
        """A server has said what it has, or never will: go on with what waited for it, or announce it."""
        waited = [wait for wait in self._waits if (leg.number, kind) in wait.needs]
        for wait in waited:
            wait.needs.discard((leg.number, kind))
        for wait in [wait for wait in waited if wait.one or not wait.needs]:
            self._waits.remove(wait)
            wait.then()
        if kind in self._told and not waited and self._visible(leg, kind) != leg.shown.get(kind, ()):
            self._announce(kind)

    def _announce(self, kind: Kind) -> None:
        """Tell the client once that it should ask again."""
        if kind.changed not in self._announced:
            self._announced.add(kind.changed)
            self._changed(kind)

    # -- time

    def due(self) -> float | None:
        deadlines = [wait.deadline for wait in self._waits]
        again = self._fetches.due()
        return min([*deadlines, *([] if again is None else [again])], default=None)

    def tick(self) -> None:
        now = self._desk.now()
        late = [wait for wait in self._waits if wait.deadline <= now]
        self._waits = [wait for wait in self._waits if wait.deadline > now]
        for wait in late:
            for number, kind in wait.needs:
                leg = self._desk.legs[number]
                fetch = self._fetches.of(leg, kind)
                leg.slow = leg.slow or leg.state is not State.UP
                if fetch is not None:
                    fetch.slow = True
            wait.then()
        self._fetches.tick()

    def reset(self) -> None:
        """The client begins anew."""
        self._fetches.reset()
        self._waits.clear()
        self._pages.clear()
        self._told.clear()
        self._announced.clear()

    # -- names

    def names(self, kind: Kind) -> Names:
        """What everything is called, by what servers have and by what they were remembered to have."""
        had = {leg.number: [key for key in leg.keys(kind) if self.passes(leg, kind, key)] for leg in self._sorted()}
        return Names({leg.number: leg.name for leg in self._desk.legs.values()}, had)

    @staticmethod
    def passes(leg: Leg, kind: Kind, key: str) -> bool:
        """Whether the profile lets the client see it."""
        return kind is not TOOLS or leg.tools.passes(key)

    def owner(self, kind: Kind, name: str) -> tuple[Leg, str] | None:
        """Whose a name is: what the client was told counts, until it is told something else."""
        found = self._told.get(kind, {}).get(name)
        if found is None or found[0] not in self._desk.legs:
            found = self.names(kind).owner(name) or self._whole(kind, name)
        return None if found is None else (self._desk.legs[found[0]], found[1])

    def _whole(self, kind: Kind, name: str) -> Owner | None:
        """A name with its server's before it, also where that would not be needed."""
        for leg in self._sorted():
            own = name.removeprefix(f"{leg.name}__")
            if own != name and own in leg.keys(kind):
                return leg.number, own
        return None

    def _sorted(self) -> list[Leg]:
        return sorted(self._desk.legs.values(), key=lambda leg: leg.name)

    # -- what the client reads

    def _visible(self, leg: Leg, kind: Kind) -> tuple[Entry, ...]:
        there = leg.state is State.UP and kind not in leg.absent
        return leg.lists.get(kind, ()) if there else ()

    def _joined(self, flight: Flight, kind: Kind, start: int = 0) -> None:
        """Answer with what all servers list, in the order of their names."""
        if not flight.open:
            return  # it was cancelled, and nobody was told
        for leg in self._desk.legs.values():
            leg.shown[kind] = self._visible(leg, kind)
        told, texts = self._made(kind)
        before = self._told.get(kind, {})
        self._told[kind] = {**before, **told} if len(before) < REMEMBERED else told
        self._announced.discard(kind.changed)
        self._pages[kind] = texts
        self._page(flight, kind, start)

    def _made(self, kind: Kind) -> tuple[dict[str, Owner], list[str]]:
        """The list as it is now, and whose what is. It is joined anew only where a server has something else."""
        legs = self._sorted()
        of = tuple((leg.number, leg.shown[kind], leg.lists.get(kind), leg.known, leg.tools) for leg in legs)
        before = self._joins.get(kind)
        if before is not None and before[0] == of:
            return before[1], before[2]
        names = self.names(kind) if kind.named else None
        told: dict[str, Owner] = {}
        texts = []
        for leg in legs:
            for entry in leg.shown[kind]:
                shown = entry.key if names is None else names.shown((leg.number, entry.key))
                if shown is not None and shown not in told and self.passes(leg, kind, entry.key):
                    told[shown] = leg.number, entry.key
                    texts.append(entry.named(shown))
        self._joins[kind] = of, told, texts
        return told, texts

    def _page(self, flight: Flight, kind: Kind, start: int) -> None:
        texts = self._pages[kind]
        if start > len(texts):
            self._desk.fail(flight, PARAMS, "this cursor is behind the end of the list")
            return
        end, size = start, 0
        while end < len(texts) and end - start < COUNT and (size := size + len(texts[end])) <= SIZE:
            end += 1
        end = max(end, min(start + 1, len(texts)))
        more = f'"nextCursor":"{CURSOR}{end}"' if end < len(texts) else ""
        fresh = FRESH if self._desk.era is Era.MODERN else ""
        parts = (f'"{kind.member}":[{",".join(texts[start:end])}]', more, fresh)
        self._desk.result(flight, ",".join(part for part in parts if part))
        if not more:
            del self._pages[kind]
