"""A server's process and the clients that use it: what the multiplexer says is done here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from mcpconf.broker.upstream.process import Process
from mcpconf.wire.actions import Action, Drop, Elsewhere, Era, Log, ToClient, ToServer
from mcpconf.wire.lines import Overlong
from mcpconf.wire.mux import Mux

MERCY = 5.0  # seconds that a request waits for a server which may not be started yet, before it is refused
SHOWN = 250  # characters of a line for the log, once what it may not show is out of it
SAID = 8  # lines for the log that one turn may lead to: a server that prints garbage must not fill it


class Reader(Protocol):
    """A client, as far as a worker needs it."""

    id: int

    def give(self, lines: Sequence[bytes]) -> None:
        """Lines for it."""

    def drop(self, why: str) -> None:
        """Its connection is to be closed."""

    def moved(self, old: Worker, new: Worker, lines: Sequence[bytes]) -> None:
        """It has another worker now, which is to hear these lines first."""

    def hold(self, full: bool) -> None:
        """Read it no further, or again: the server can't keep up."""


class House(Protocol):
    """What a worker belongs to: it starts processes and moves clients."""

    def launch(self, worker: Worker) -> None:
        """Start a process for this worker: it is told by `adopt` or `failed`, perhaps before this returns."""

    def wait(self) -> float | None:
        """Seconds to wait before a process may be started; None where nobody should wait."""

    def why(self) -> str:
        """Why nobody should wait."""

    def crashed(self, worker: Worker, words: str) -> None:
        """The process ended by itself."""

    def elsewhere(self, worker: Worker, client: Reader, version: str, lines: Sequence[bytes]) -> None:
        """A client needs a process that speaks another version; these lines it has sent already."""

    def settled(self, worker: Worker) -> None:
        """Nobody is connected, and the server owes nothing any more."""

    def unsettled(self, worker: Worker) -> None:
        """The last client has gone while the server owes an answer."""

    def log(self, text: str, hidden: tuple[str, ...] = ()) -> None:
        """A line for the server's log, without these values."""


class Worker:
    """One process at a time, which is replaced when it dies, and its multiplexer, which remembers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, house: House, era: Era, *, exclusive: bool) -> None:
        self.era = era
        self.exclusive = exclusive
        self.key: object = None  # what the pool wants to know it by
        self.clients: dict[int, Reader] = {}
        self.process: Process | None = None
        self.mux = Mux(era, exclusive=exclusive, clock=loop.time)
        self.idle_since = loop.time()
        self.timer: asyncio.TimerHandle | None = None  # the pool's
        self._loop = loop
        self._house = house
        self._starting = False
        self._later: asyncio.TimerHandle | None = None
        self._retired = False
        self._resting = False

    # -- clients

    def attach(self, client: Reader) -> None:
        """A client comes."""
        self.clients[client.id] = client
        self._resting = False
        self.perform(self.mux.connect(client.id))
        if self.process is not None and self.process.strained_now:
            client.hold(True)

    def detach(self, client: Reader) -> None:
        """A client goes: what it waited for is cancelled. Harmless for one that is not here."""
        if self.clients.pop(client.id, None) is not None:
            self.press(False)  # it may have gone because it could not read any more
            self.perform(self.mux.disconnect(client.id))
            self.rest()
            if not self.clients and not self._resting:
                self._abandoned()

    def said(self, client: Reader, lines: Iterable[bytes | Overlong]) -> None:
        """A client's lines."""
        actions: list[Action] = []
        for line in lines:
            actions += self.mux.from_client(client.id, line)
        self.perform(actions)
        if self.process is None and self.mux.waiting:
            self.start()

    def owes(self, client: Reader) -> int:
        """How many answers a client still waits for."""
        return self.mux.owed(client.id)

    # -- the process

    @property
    def alive(self) -> bool:
        return self.process is not None

    def start(self) -> None:
        """Have a process started, at once or when it may be."""
        if self.process is not None or self._starting or self._later is not None or self._retired:
            return
        wait = self._house.wait()
        if wait is None or wait > MERCY:
            self.perform(self.mux.server_died(self._house.why()))
        elif wait > 0:
            self._later = self._loop.call_later(wait, self._now)
        else:
            self._now()

    def _now(self) -> None:
        self._later = None
        if self._retired:
            return
        self._starting = True
        self._house.launch(self)

    def adopt(self, process: Process) -> None:
        """Use this process, which nobody else does."""
        self._starting = False
        if self._retired:
            process.stop()
            return
        process.owner = self
        self.process = process
        self.perform(self.mux.server_ready())

    def failed(self, words: str) -> None:
        """It could not be started."""
        self._starting = False
        self.perform(self.mux.server_died(words))
        self.rest()

    def server_said(self, lines: list[bytes | Overlong]) -> None:
        actions: list[Action] = []
        for line in lines:
            actions += self.mux.from_server(line)
        self.perform(actions)
        self.rest()

    def server_ended(self, words: str) -> None:
        self.process = None
        self.server_strained(False)
        self._house.log(words)
        self.perform(self.mux.server_died(words))
        self._house.crashed(self, words)

    def server_strained(self, full: bool) -> None:
        for client in list(self.clients.values()):
            client.hold(full)

    def press(self, full: bool) -> None:
        """The one client does not read: neither do we read the server. With many clients, it is dropped instead."""
        if self.exclusive and self.process is not None:
            self.process.pause(full)

    def retire(self, why: str) -> None:
        """Nothing is to be started any more; the process and its clients go."""
        self._retired = True
        for timer in (self._later, self.timer):
            if timer is not None:
                timer.cancel()
        self._later = self.timer = None
        for client in list(self.clients.values()):
            self.detach(client)
            client.drop(why)
        if self.process is not None:
            self.process.stop()
            self.process = None

    def _abandoned(self) -> None:
        """Nobody is left, but cancelled requests, which a server need not answer (`cancelled` in the specification)."""
        if self.exclusive:
            self._house.unsettled(self)
        else:
            # Whatever comes of them is known to be nobody's: those who share don't need a process at rest.
            self._resting = True
            self._house.settled(self)

    def rest(self) -> None:
        """Tell the house once when there is nothing to do any more."""
        if not self.clients and not self._resting and self.mux.settled:
            self._resting = True
            self._house.settled(self)

    # -- what the multiplexer wants

    def perform(self, actions: Sequence[Action]) -> None:
        """Do it. What goes to one place goes there at once."""
        if len(actions) == 1 and self._performed(actions[0]):
            return
        to_server: list[bytes] = []
        to_clients: dict[int, list[bytes]] = {}
        rest: list[Action] = []
        texts: list[str] = []
        for one in actions:
            if type(one) is ToClient:
                to_clients.setdefault(one.client, []).append(one.line)
            elif type(one) is ToServer:
                to_server.append(one.line)
            elif type(one) is Log:
                texts.append(one.text)
            else:
                rest.append(one)
        if to_server and self.process is not None:
            self.process.write(to_server)
        for number, lines in to_clients.items():
            client = self.clients.get(number)
            if client is not None:
                client.give(lines)
        for one in rest:
            self._do(one)
        if texts:
            more = [f"and {len(texts) - SAID} more of that"] if len(texts) > SAID else []
            hidden = self.process.hidden if self.process is not None else ()
            self._house.log("\n".join([*(_shown(text, hidden) for text in texts[:SAID]), *more]), hidden)

    def _performed(self, one: Action) -> bool:
        """Do what most events lead to, one line for one place."""
        if type(one) is ToServer:
            if self.process is not None:
                self.process.write((one.line,))
        elif type(one) is ToClient:
            client = self.clients.get(one.client)
            if client is not None:
                client.give((one.line,))
        else:
            return False
        return True

    def _do(self, one: Action) -> None:
        if isinstance(one, Drop):
            client = self.clients.pop(one.client, None)
            if client is not None:
                client.drop(one.why)
        elif isinstance(one, Elsewhere):
            client = self.clients.pop(one.client, None)
            if client is not None:
                self._house.elsewhere(self, client, one.version, one.lines)


def _shown(text: str, hidden: Iterable[str]) -> str:
    """The beginning of a text. Cut before, it could end in half of a value that nobody would find then."""
    for value in hidden:
        text = text.replace(value, "***")
    return text[:SHOWN]
