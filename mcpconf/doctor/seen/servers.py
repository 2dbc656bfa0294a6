"""The ways from clients to servers, and what came of trying them."""

from __future__ import annotations

from enum import StrEnum

from mcpconf.record import dataclass
from mcpconf.use.introduction import ProbeResult


class Cause(StrEnum):
    """Why a try failed."""

    SPAWN = "spawn"  # its process could not be started
    VALUES = "values"  # a secret or variable that it needs is not there
    ENDED = "ended"  # it ended, or closed its output, before it answered
    SILENT = "silent"  # it did not answer in time
    NO_MCP = "no mcp"  # what it says is not MCP, or it refused
    TOOLS = "tools"  # it introduced itself, and does not list its tools
    AWAY = "away"  # nothing can be reached at its URL, or something else is there
    WANTS_LOGIN = "login"  # it wants authorization


@dataclass(frozen=True, slots=True)
class Words:
    """The last lines of a log about a server: its path, when it was written (seconds since the epoch)."""

    path: str
    lines: tuple[str, ...]
    written: float
    failed: bool = False  # whether the last thing that it tells of is a failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A client's way to one server.

    `route` is that of mcpconf's own entries; `own` (an entry by hand), `url` or `profile` for the others. `runs` is
    what is started or called, fit to be shown. `skipped` says why it was not tried; `fault` is what is wrong with its
    entry then. `limit` is how many seconds its client waits, `waited` how many we did. `warm` is a second try,
    right after the first.
    """

    client: str
    title: str
    scope: str
    path: str
    name: str
    route: str
    runs: str = ""
    line: int = 0
    skipped: str = ""
    fault: str = ""
    found: ProbeResult | None = None
    warm: ProbeResult | None = None
    cause: Cause | None = None
    log: Words | None = None
    limit: float = 30.0
    waited: float = 10.0
    fetches: bool = False  # it is started by what may have to fetch it first (npx, uvx, docker)
    remote: bool = False
    has_login: bool = False  # the entry brings an Authorization header of its own

    @property
    def where(self) -> str:
        """Where its entry stands, as evidence."""
        return f"{self.path}:{self.line}, {self.title} ({self.scope})" if self.path else self.title

    @property
    def seconds(self) -> float | None:
        """From its start to its list of tools; None where it was not tried."""
        return None if self.found is None else self.found.millis / 1000

    @property
    def works(self) -> bool:
        return self.found is not None and self.found.error is None


@dataclass(frozen=True, slots=True)
class Servers:
    """All of them. `untold` are profiles whose servers were not looked at, with the reason."""

    ways: tuple[Way, ...]
    untold: tuple[tuple[str, str], ...] = ()
    deep: bool = False
