"""A client of the gateway: what the state machine wants is done here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from mcpconf import __version__
from mcpconf.broker.gateway.visit import Visit
from mcpconf.broker.hangup import Hangups
from mcpconf.broker.passage import Ends
from mcpconf.broker.pool import Crowded, Pool
from mcpconf.broker.session import MOST, Cause, Peer, Session
from mcpconf.broker.upstream.definition import Definition
from mcpconf.broker.worker import Worker
from mcpconf.errors import McpconfError
from mcpconf.wire.actions import Log
from mcpconf.wire.envelope import read
from mcpconf.wire.gateway.actions import Action, AskEra, Enter, Learned, Leave, ToClient, ToServer
from mcpconf.wire.gateway.gateway import Gateway
from mcpconf.wire.gateway.leg import Leg
from mcpconf.wire.gateway.names import Filter
from mcpconf.wire.gateway.offers import Known
from mcpconf.wire.lines import Overlong

INFO = f'{{"name":"mcpconf","title":"mcpconf gateway","version":"{__version__}"}}'
OVER = 4 * MOST  # bytes that may wait for a client, whatever its servers are
LINGER = 5.0  # seconds that who came by the plain door and said its last word is still answered


class House(Protocol):
    """What a session asks of the broker."""

    def members(self, project: str | None) -> Mapping[str, Definition]:
        """The servers of a gateway, by the names that it shows."""

    def pool_of(self, name: str, project: str | None) -> Pool:
        """A server's pool. Raises `McpconfError`."""

    def known(self, definition: Definition) -> Known:
        """What is remembered of a server."""

    def learned(self, definition: Definition, known: Known) -> None:
        """Something to be remembered."""

    def number(self) -> int:
        """A client's number that was never used."""


class GatewaySession(Session):
    """One of them. Its own pool has no processes: those of the servers' pools are visited."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        descriptor: int,
        pool: Pool,
        peer: Peer,
        hangups: Hangups,
        closed: Callable[[Session], None],
        ends: Ends | None = None,
        *,
        house: House,
        plain: bool = False,
    ) -> None:
        self._house = house
        self._definitions: dict[int, Definition] = {}
        self._numbers: dict[str, int] = {}
        self._visits: dict[int, Visit] = {}
        self._queue: deque[Action] = deque()
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._full: set[int] = set()
        legs = [self._leg(name, one) for name, one in sorted(house.members(pool.project).items())]
        self._gateway = Gateway(legs, loop.time, INFO)
        super().__init__(loop, house.number(), descriptor, pool, peer, hangups, closed, ends)
        self.plain = plain

    def _leg(self, name: str, definition: Definition) -> Leg:
        """A number is for one definition: what still comes of an earlier one finds nobody."""
        number = self._numbers[name] = len(self._definitions)
        self._definitions[number] = definition
        tools = Filter(definition.allow, definition.deny)
        return Leg(number, name, self._house.known(definition), tools)

    @property
    def workers(self) -> list[Worker]:
        return [one.worker for one in self._visits.values() if one.worker is not None]

    @property
    def owed(self) -> int:
        return self._gateway.owed

    def rests(self) -> bool:
        return self._gateway.rests

    def reload(self) -> None:
        """The configuration was read again."""
        now = self._house.members(self.pool.project)
        for name in sorted(self._numbers.keys() | now.keys()):
            number = self._numbers.get(name)
            before = None if number is None else self._definitions[number]
            if before == now.get(name):
                continue
            if number is not None:
                del self._numbers[name]
                self._do(self._gateway.part(number, "its configuration has changed"))
            if name in now:
                self._do(self._gateway.join(self._leg(name, now[name])))

    # -- the client

    def _hear(self, lines: list[bytes | Overlong]) -> None:
        for line in lines:
            self._do(self._gateway.from_client(line))

    def give(self, lines: Sequence[bytes]) -> None:
        """Who does not read has its servers read no further; one of them may have come since, and goes on."""
        if self._channel.queued > OVER:
            self.drop("it does not read what it is sent")
            self.close()
        else:
            super().give(lines)

    def closed(self, said: bool = False) -> None:
        """Who came by the plain door has no other last word than to close its side, as socat does."""
        if self.plain and not said and not self._over:
            self._input_ended = True
            self._channel.pause()
            self._loop.call_later(LINGER, self.close)
            self._finish_if_done()
        else:
            super().closed(said)

    def close(self) -> None:
        if self._over:
            return
        super().close()
        if self._timer is not None:
            self._timer.cancel()
        visits, self._visits = self._visits, {}
        for visit in visits.values():
            visit.leave()

    # -- servers

    def server_said(self, visit: Visit, lines: Sequence[bytes]) -> None:
        if self._visits.get(visit.server) is visit:
            for line in lines:
                self._do(self._gateway.from_server(visit.server, line))

    def sent_away(self, visit: Visit, why: str) -> None:
        if self._visits.get(visit.server) is visit:
            del self._visits[visit.server]
            self._do(self._gateway.lost(visit.server, why))

    def crowded(self, visit: Visit, full: bool) -> None:
        (self._full.add if full else self._full.discard)(visit.id)
        if self._full:
            self._wait_for(Cause.SERVER)
        else:
            self._go_on_after(Cause.SERVER)

    # -- what the state machine wants

    def _do(self, actions: Sequence[Action]) -> None:
        """Do it. What it leads to comes behind what is to be done already."""
        self._queue += actions
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue and not self._over:
                self._perform(self._queue.popleft())
        finally:
            self._busy = False
        self._watch()
        if self._input_ended and not self._over:
            self._finish_if_done()

    def _perform(self, one: Action) -> None:
        match one:
            case ToClient(line):
                self.give([line, *self._more_lines()])
            case ToServer(server, line):
                self._say(server, line)
            case Enter(server, _):
                self._visit(one)
            case Leave(server):
                visit = self._visits.pop(server, None)
                if visit is not None:
                    visit.leave()
            case AskEra(server, request):
                self._ask_era(server, request)
            case Learned(server, known):
                self._house.learned(self._definitions[server], known)
            case Log(text):
                self.pool.log(f"client {self.id}: {text}")

    def _more_lines(self) -> Iterator[bytes]:
        """What goes to the client right behind a line goes with it."""
        while self._queue and isinstance(first := self._queue[0], ToClient):
            self._queue.popleft()
            yield first.line

    def _say(self, server: int, line: bytes) -> None:
        visit = self._visits.get(server)
        if visit is None:
            return
        try:
            visit.say(line)
        except Crowded as error:
            del self._visits[server]
            self._do(self._gateway.lost(server, str(error)))

    def _pool(self, server: int) -> Pool | None:
        """A server's pool; where there is none, the state machine is told why."""
        try:
            return self._house.pool_of(self._definitions[server].name, self.pool.project)
        except McpconfError as error:
            self._do(self._gateway.lost(server, str(error)))
            return None

    def _visit(self, one: Enter) -> None:
        before = self._visits.pop(one.server, None)
        if before is not None:
            before.leave()
        pool = self._pool(one.server)
        if pool is not None:
            self._visits[one.server] = Visit(self, self._house.number(), one.server, pool, one.era)

    def _ask_era(self, server: int, request: bytes) -> None:
        pool = self._pool(server)
        if pool is None:
            return

        def judged() -> None:
            if not self._over:
                why = "" if pool.speaks else pool.error or pool.why()
                self._do(self._gateway.judged(server, pool.speaks, why))

        if pool.speaks is not None:
            judged()
        else:
            pool.ask_era(read(request), judged)

    # -- time

    def _watch(self) -> None:
        due = self._gateway.due
        if self._timer is not None and (due is None or self._timer.when() != due):
            self._timer.cancel()
            self._timer = None
        if self._timer is None and due is not None and not self._over:
            self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._do(self._gateway.tick())
