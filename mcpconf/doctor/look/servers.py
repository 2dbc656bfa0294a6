"""Try servers: each that a client of this user's would start, several at once, each with its own time-out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from mcpconf import record
from mcpconf.doctor.look.client_log import words_of
from mcpconf.doctor.look.started import Started
from mcpconf.doctor.look.ways import Candidate, Faults, candidates
from mcpconf.doctor.seen.entries import Entries
from mcpconf.doctor.seen.servers import Cause, Servers, Way, Words
from mcpconf.errors import McpconfError, UsageError
from mcpconf.record import dataclass, replace
from mcpconf.redact import redact
from mcpconf.use.call import Manner, probe
from mcpconf.use.introduction import ProbeResult
from mcpconf.use.remote import probe_http
from mcpconf.use.toolbox import Talks
from mcpconf.use.trial import try_server
from mcpconf.workflow.app import App

AT_ONCE = 6
PATIENCE = 10.0  # seconds for one; with --deep as long as its client waits
IN_ALL = 17.0  # seconds after which no further one is begun
IN_ALL_DEEP = 150.0
LATE = "too many others took too long"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is to be tried: `server` alone, twice and patiently (`deep`), nothing that calls or fetches (`network`)."""

    server: str | None = None
    deep: bool = False
    network: bool = True


class NoSuchServer(UsageError):
    """A server was named that nobody has."""


def look(app: App, seen: Entries, faults: Faults, aim: Aim, talks: Talks, tell: Tell) -> Servers:
    """What MC7xx judge. `talks` ends what is going on, from another thread; `tell` hears how far this is."""
    found, untold = candidates(app, seen, faults, network=aim.network, only=aim.server)
    if aim.server is not None and not found:
        raise NoSuchServer(f"no client and no active profile names a server {aim.server!r}", hint="mcpconf doctor")
    return Servers(tuple(_Trying(app, aim, talks, tell).all(found)), tuple(untold), aim.deep)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of starting something once, or twice."""

    found: ProbeResult
    warm: ProbeResult | None
    waited: float


class _Trying:
    """Goes through what there is to try, each thing once, however many clients name it."""

    def __init__(self, app: App, aim: Aim, talks: Talks, tell: Tell) -> None:
        self._app = app
        self._aim = aim
        self._talks = talks
        self._tell = tell
        self._lock = threading.Lock()
        self._under_way: list[str] = []
        self._done: dict[object, _Tried] = {}

    def all(self, found: Sequence[Candidate]) -> list[Way]:
        waiting = {_key(one): one for one in reversed(found) if one.started is not None or one.server is not None}
        queue = list(waiting.items())
        deadline = time.monotonic() + (IN_ALL_DEEP if self._aim.deep else IN_ALL)

        def work() -> None:
            while time.monotonic() < deadline:
                with self._lock:
                    if not queue:
                        return
                    key, one = queue.pop()
                self._done[key] = self._try(one, len(waiting))

        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(AT_ONCE, len(queue)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [self._way(one) for one in found]

    def _try(self, one: Candidate, count: int) -> _Tried:
        self._told(one.way.name, count, begins=True)
        patience = one.way.limit if self._aim.deep else min(PATIENCE, one.way.limit)
        try:
            first = self._once(one, patience)
            again = self._aim.deep and first.error is None
            return _Tried(first, self._once(one, patience) if again else None, patience)
        finally:
            self._told(one.way.name, count, begins=False)

    def _told(self, name: str, count: int, *, begins: bool) -> None:
        with self._lock:
            if begins:
                self._under_way.append(name)
            else:
                self._under_way.remove(name)
            self._tell(f"servers: {len(self._done)} of {count} answered, waiting for {', '.join(self._under_way)}")

    def _once(self, one: Candidate, patience: float) -> ProbeResult:
        manner = Manner(one_by_one=one.kept, brief=True, opened=self._talks.begun)
        if one.server is not None:
            try:
                return try_server(self._app, one.server, timeout=patience, manner=manner)
            except McpconfError as error:
                return ProbeResult(error=str(error))
        start = one.started or Started()
        if start.url is not None:
            return _without(probe_http(start.url, start.headers, patience), start)
        return _without(probe(start.argv, start.env, start.cwd, timeout=patience, manner=manner), start)

    def _way(self, one: Candidate) -> Way:
        tried = self._done.get(_key(one))
        if one.started is None and one.server is None:
            return one.way
        if tried is None:
            return replace(one.way, skipped=LATE)
        cause = None if tried.found.error is None else cause_of(tried.found, one)
        log = _log(self._app, one)
        return replace(one.way, found=tried.found, warm=tried.warm, waited=tried.waited, cause=cause, log=log)


def _key(one: Candidate) -> object:
    return one.started.key if one.started is not None else (one.way.client, one.way.name)


def _without(found: ProbeResult, start: Started) -> ProbeResult:
    """The result without values that the entry gave it."""

    def hide(said: object) -> object:
        said = start.hide(said) if isinstance(said, str) else said
        return tuple(map(hide, said)) if isinstance(said, tuple) else said

    return record.replace(found, **{name: hide(said) for name, said in record.asdict(found).items()})


# How the words of `use` begin, by what they mean.
SIGNS = (
    (Cause.SPAWN, ("there is no command", "its directory ")),
    (Cause.ENDED, ("it ended with", "it was killed", "it closed its output")),
    (Cause.TOOLS, ("it refused tools/list", "it did not answer tools/list", "its answer to tools/list", "its list of")),
    (Cause.SILENT, ("it did not answer",)),
    (Cause.WANTS_LOGIN, ("it wants authorization",)),
    (Cause.AWAY, ("nothing listens", "it cannot be reached", "its URL", "it redirects", "it answered HTTP")),
)


def cause_of(found: ProbeResult, one: Candidate) -> Cause:
    """Why it failed, by its error's words, which are ours."""
    error = found.error or ""
    for cause, beginnings in SIGNS:
        if error.startswith(beginnings):
            return cause
    if error.endswith(("may not be executed", "its first line names is not")) or " cannot be started: " in error:
        return Cause.SPAWN
    if "is no http or https URL" in error:
        return Cause.AWAY
    if one.server is not None and "; try: " in error:
        return Cause.VALUES
    return Cause.NO_MCP if found.millis else Cause.SPAWN


def _log(app: App, one: Candidate) -> Words | None:
    """What its client wrote down of it, without secrets."""
    words = words_of(app, one.way.client, one.way.name)
    hide = one.started.hide if one.started is not None else str
    return words and replace(words, lines=tuple(redact(hide(line)) for line in words.lines))
