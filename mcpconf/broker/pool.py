"""The processes of one server, and which of them a client gets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from mcpconf.broker.probe import Probe
from mcpconf.broker.upstream.backoff import Backoff
from mcpconf.broker.upstream.definition import Definition, Sharing
from mcpconf.broker.upstream.process import GRACE, Process
from mcpconf.broker.worker import Reader, Worker
from mcpconf.wire.actions import Era
from mcpconf.wire.envelope import Envelope

REST = 2.0  # seconds of calm before a spare process is started: a client that is gone by then leaves its own
KEPT = 4  # processes without a client that are kept beyond the spare
MOST = 64  # processes of one server


class Founder(Protocol):
    """Who waits for a process."""

    def adopt(self, process: Process) -> None:
        """Here it is."""

    def failed(self, words: str) -> None:
        """There will be none."""


class Launcher(Protocol):
    """Who starts processes."""

    def __call__(self, pool: Pool, founder: Founder) -> None:
        """Start one; `founder` hears of it, perhaps at once."""


class Crowded(Exception):
    """The server has as many processes as it may."""


class Pool:
    """One server, in one project where that matters. Of its workers, `free` ones wait for a client."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        definition: Definition,
        project: str | None,
        launcher: Launcher,
        log: Callable[[str, tuple[str, ...]], None],
    ) -> None:
        self.definition = definition
        self.project = project
        self.workers: list[Worker] = []
        self.backoff = Backoff()
        self.doubt = Backoff()  # of asking what the server speaks, which an old one may not survive
        self.error: str | None = None  # the last words of the last process that failed
        self.restarts = 0
        self.asked = 0  # requests of workers that are gone
        self.fingerprint: int | None = None  # of the secrets that its last process was given
        self.speaks: Era | None = None
        self.retired = False
        self._loop = loop
        self._launcher = launcher
        self._log = log
        self._probe: Probe | None = None
        self._hello: tuple[object, bytes] | None = None  # of the last client: the next one will say the same
        self._stocking: asyncio.TimerHandle | None = None

    # -- a worker for a client

    def legacy(self, client: Reader, hello: Envelope) -> Worker:
        """A worker for a client that says `initialize`. Raises `Crowded`."""
        version = hello.word("params", "protocolVersion")
        if self._is_shared(Era.LEGACY):
            return self._join(client, self._shared(Era.LEGACY, version))
        key = (version, hello.token("params", "capabilities"))
        self._hello = key, hello.text.encode()
        return self._join(client, self._own(Era.LEGACY, key))

    def modern(self, client: Reader) -> Worker:
        """A worker for a client that says no `initialize`. Raises `Crowded`."""
        pick = self._shared if self._is_shared(Era.MODERN) else self._own
        return self._join(client, pick(Era.MODERN, None))

    def ask_era(self, request: Envelope, then: Callable[[], None]) -> None:
        """Find out what the server speaks; `speaks` says it when `then` is called, or nothing where it failed."""
        now, wait = self._loop.time(), self.wait()
        if self._probe is not None:
            self._probe.waiting.append(then)
        elif wait is None or self.doubt.broken(now):
            self._loop.call_soon(then)
        else:
            self._probe = probe = Probe(self._loop, request, self._judged)
            probe.waiting.append(then)
            self._loop.call_later(max(wait, self.doubt.delay(now)), self._launcher, self, probe)

    def _judged(self, era: Era | None, process: Process | None, words: str) -> None:
        probe, self._probe = self._probe, None
        if era is None:
            self.error = words
            self._failed(self.doubt)
        self.speaks = era
        if process is not None and era is not None and not self.retired:
            self._employ(era, process)
        elif process is not None:
            process.stop()
        for then in probe.waiting if probe is not None else ():
            then()

    def _employ(self, era: Era, process: Process) -> None:
        """Use the process that was asked: it has had no `initialize`, or knows no sessions."""
        worker = self._new(era, None)
        worker.adopt(process)
        worker.rest()

    def _join(self, client: Reader, worker: Worker) -> Worker:
        if worker.timer is not None:
            worker.timer.cancel()
            worker.timer = None
        worker.attach(client)
        worker.start()
        self._restock()
        return worker

    def _shared(self, era: Era, key: object) -> Worker:
        """The one for this version, or one that speaks no version yet; the multiplexer knows what it can take."""
        known = [one for one in self.workers if one.era is era]
        return next((one for one in known if one.key == key), None) or self._blank(known, era, key)

    def _own(self, era: Era, key: object) -> Worker:
        """One that nobody uses: the one used last, which has its state, else one that nobody has used."""
        free = [one for one in self.workers if one.era is era and self._free(one)]
        is_kept = self.definition.sharing(era) is Sharing.SESSION
        known = [one for one in free if one.key == key and (is_kept or not one.mux.asked)]
        # A spare process may have come to rest later than the one that it was to stand in for.
        last = max(known, key=lambda one: (one.mux.asked > 0, one.idle_since), default=None)
        return last or self._blank(free, era, key)

    def _blank(self, known: Iterable[Worker], era: Era, key: object) -> Worker:
        """One of these that has no key yet, else a new one; this is its key from now on."""
        worker = next((one for one in known if one.key is None), None)
        if worker is None:
            return self._new(era, key)
        worker.key = key
        return worker

    def _is_shared(self, era: Era) -> bool:
        return self.definition.sharing(era) is Sharing.SHARED

    def _new(self, era: Era, key: object) -> Worker:
        if len(self.workers) >= MOST:
            self._make_room()
        worker = Worker(self._loop, self, era, exclusive=not self._is_shared(era))
        worker.key = key
        self.workers.append(worker)
        return worker

    def _make_room(self) -> None:
        free = [one for one in self.workers if not one.clients]
        if not free:
            raise Crowded(f"{self.definition.name} has {MOST} processes already, which is as many as it may")
        self._dismiss(min(free, key=lambda one: one.idle_since))

    @staticmethod
    def _free(worker: Worker) -> bool:
        """A spare one that is still shaking hands is free as well: a new one would take longer."""
        return not worker.clients and (worker.mux.settled or not worker.mux.asked)

    # -- spare processes

    def warm(self) -> None:
        """Have a process ready for the next client."""
        self.backoff.forgive()
        self.doubt.forgive()
        self._stock()

    def _restock(self) -> None:
        if self.definition.spare and self._stocking is None and not self.retired:
            self._stocking = self._loop.call_later(REST, self._stock)

    def _stock(self) -> None:
        """Start a spare process where a client would have to wait for one, greeted as the last client did."""
        if self._stocking is not None:
            self._stocking.cancel()
            self._stocking = None
        free = [one for one in self.workers if one.era is Era.LEGACY and (not one.exclusive or not one.clients)]
        for one in free:
            one.start()  # one that failed to start has no process, and may have one now
        if free or self.speaks is Era.MODERN or self.retired or len(self.workers) >= MOST:
            return
        worker = self._new(Era.LEGACY, None)
        if self._hello is not None and worker.exclusive:
            worker.key = self._hello[0]
            worker.perform(worker.mux.prepare(self._hello[1]))
        worker.start()
        worker.rest()

    # -- what workers ask of their house

    def launch(self, worker: Worker) -> None:
        self._launcher(self, worker)

    def wait(self) -> float | None:
        now = self._loop.time()
        return None if self.backoff.broken(now) else self.backoff.delay(now)

    def why(self) -> str:
        seconds = self.backoff.delay(self._loop.time())
        return f"it keeps failing, and is not started again for {seconds:.0f} s ({self.error})"

    def crashed(self, worker: Worker, words: str) -> None:
        self.failed_to_start(words)
        if worker.clients:
            self.restarts += 1
        else:
            self._forget(worker)

    def failed_to_start(self, words: str) -> None:
        """Note it down: the next start waits."""
        self.error = words
        self._failed(self.backoff)

    def _failed(self, backoff: Backoff) -> None:
        backoff.crashed(self._loop.time(), random.random())  # noqa: S311  it spreads starts, and guards nothing

    def elsewhere(self, worker: Worker, client: Reader, version: str, lines: Sequence[bytes]) -> None:
        other = next((one for one in self.workers if one.era is Era.LEGACY and one.key == version), None)
        if other is None or other is worker:
            try:
                other = self._new(Era.LEGACY, version)
            except Crowded as error:
                client.drop(str(error))
                return
        client.moved(worker, self._join(client, other), lines)

    def settled(self, worker: Worker) -> None:
        """Keep a process that is clean for the next client, for a while."""
        if worker.clients or worker not in self.workers:
            return
        worker.idle_since = self._loop.time()
        if worker.timer is not None:
            worker.timer.cancel()
            worker.timer = None
        is_fresh = self.definition.sharing(worker.era) is Sharing.FRESH
        # One that died has nobody now who would miss it.
        if worker.mux.asked and (is_fresh or not worker.alive):
            self._dismiss(worker)
        else:
            self._keep(worker)

    def unsettled(self, worker: Worker) -> None:
        """A process that does not come to rest within the grace is not given to another client.

        Of one that keeps silent about what was cancelled, as it may, a ping tells that it has read so far.
        """
        if worker.timer is None:
            if worker.era is Era.LEGACY:
                worker.perform(worker.mux.question())
            worker.timer = self._loop.call_later(GRACE, self._grace_is_over, worker)

    def _grace_is_over(self, worker: Worker) -> None:
        if worker.mux.give_up():
            worker.rest()
        else:
            self._dismiss(worker)

    def log(self, text: str, hidden: tuple[str, ...] = ()) -> None:
        """A line for the server's log, without these values."""
        self._log(text, hidden)

    def _keep(self, worker: Worker) -> None:
        if self.definition.idle > 0:
            worker.timer = self._loop.call_later(self.definition.idle, self._dismiss, worker)
        idle = [one for one in self.workers if self._free(one)]
        if len(idle) > KEPT + self.definition.spare:
            self._dismiss(min(idle, key=lambda one: one.idle_since))

    # -- the end

    def _dismiss(self, worker: Worker) -> None:
        if worker.alive:
            self.error = None  # it has been well since
        worker.retire("the server's process is ended")
        self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        if worker in self.workers:
            self.workers.remove(worker)
            self.asked += worker.mux.asked
            worker.retire("the server's process is gone")

    def retire(self, why: str) -> None:
        """End it all."""
        self.retired = True
        if self._stocking is not None:
            self._stocking.cancel()
            self._stocking = None
        if self._probe is not None:
            self._probe.give_up("the broker ends")
        for worker in list(self.workers):
            worker.retire(why)
            self._forget(worker)
