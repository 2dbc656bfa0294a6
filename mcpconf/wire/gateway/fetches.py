"""What servers list, page by page; a list that failed is asked for again by itself."""

from __future__ import annotations

from collections.abc import Callable

from mcpconf.record import replace
from mcpconf.wire.answers import INTERNAL
from mcpconf.wire.envelope import Envelope
from mcpconf.wire.gateway.catalogue import MOST, PAGES, PROMPTS, TOOLS, Entry, Kind, Page, page
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.leg import Leg, State
from mcpconf.wire.members import Malformed

REMEMBERED = 20_000  # names of one server that are kept for the next client
SOON, LONGEST_DELAY = 1.0, 30.0  # seconds until a list that failed is asked for again, and at last


class Fetch:
    """A list that a server is giving, page by page."""

    __slots__ = ("entries", "pages", "slow")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.pages = 0
        self.slow = False  # whether somebody has waited for it in vain


class Fetches:
    """The lists that servers are giving. `done` hears of each, whether it came or not."""

    def __init__(self, desk: Desk, done: Callable[[Leg, Kind], None]) -> None:
        self._desk = desk
        self._done = done
        self._open: dict[tuple[int, Kind], Fetch] = {}
        self._again: dict[tuple[int, Kind], tuple[float, float]] = {}  # when a list that failed is tried again, and how

    def of(self, leg: Leg, kind: Kind) -> Fetch | None:
        """The one that is under way."""
        return self._open.get((leg.number, kind))

    def begin(self, leg: Leg, kind: Kind) -> None:
        """Ask for a list, unless that was done and is not answered yet."""
        if (leg.number, kind) not in self._open:
            fetch = self._open[leg.number, kind] = Fetch()
            self._next(leg, kind, fetch, "")

    def _next(self, leg: Leg, kind: Kind, fetch: Fetch, params: str) -> None:
        fetch.pages += 1
        self._desk.ask(leg, kind.method, params, lambda answer: self._heard(leg, kind, fetch, answer))

    def _heard(self, leg: Leg, kind: Kind, fetch: Fetch, answer: Envelope) -> None:
        if self._open.get((leg.number, kind)) is not fetch:
            return
        found = self._read(leg, kind, answer)
        if found is None:
            self._failed(leg, kind)
            return
        fetch.entries += found.entries
        if found.cursor is not None and fetch.pages < PAGES and len(fetch.entries) < MOST:
            self._next(leg, kind, fetch, f'"cursor":{found.cursor}')
            return
        del self._open[leg.number, kind]
        before = leg.lists.get(kind)
        leg.lists[kind] = found.entries if fetch.pages == 1 else tuple(fetch.entries)
        leg.absent.discard(kind)
        self._again.pop((leg.number, kind), None)
        if leg.lists[kind] is not before:
            self._remember(leg, kind)
        self._done(leg, kind)

    def _read(self, leg: Leg, kind: Kind, answer: Envelope) -> Page | None:
        """What an answer lists; None where it may list more another time. Most are what the last one was."""
        if answer.failed:
            # What a server does not know it will not learn; the multiplexer says INTERNAL where it is gone.
            return None if answer.token("error", "code") == str(INTERNAL) else Page((), None)
        text = answer.token("result") or ""
        before = leg.answered.get(kind)
        if before is not None and before[0] == text:
            return before[1]
        try:
            found = page(kind, answer)
        except Malformed as error:
            self._desk.log(f"{leg.name}: its answer to {kind.method} can't be read: {error}")
            return None
        leg.answered[kind] = text, found
        return found

    def _failed(self, leg: Leg, kind: Kind) -> None:
        """A server does not list such things now. It may have crashed, and is asked again by itself."""
        key = leg.number, kind
        del self._open[key]
        leg.absent.add(kind)
        if leg.state is State.UP:
            delay = min(2 * self._again[key][1], LONGEST_DELAY) if key in self._again else SOON
            self._again[key] = self._desk.now() + delay, delay
        self._done(leg, kind)

    def _remember(self, leg: Leg, kind: Kind) -> None:
        names = tuple(dict.fromkeys(leg.keys(kind)))[:REMEMBERED]
        if kind is TOOLS:
            self._desk.learn(leg, replace(leg.known, tools=names))
        elif kind is PROMPTS:
            self._desk.learn(leg, replace(leg.known, prompts=names))

    def went(self, leg: Leg) -> None:
        """A server is down, and is asked when it is back."""
        self._open = {key: one for key, one in self._open.items() if key[0] != leg.number}
        self._again = {key: one for key, one in self._again.items() if key[0] != leg.number}

    def due(self) -> float | None:
        """When to try again."""
        return min((due for key, (due, _) in self._again.items() if key not in self._open), default=None)

    def tick(self) -> None:
        now = self._desk.now()
        for (number, kind), (due, _) in list(self._again.items()):
            if due <= now:
                self.begin(self._desk.legs[number], kind)

    def reset(self) -> None:
        """The client begins anew."""
        self._open.clear()
        self._again.clear()
