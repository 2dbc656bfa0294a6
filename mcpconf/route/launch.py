"""What a client starts or calls for one server, before it is put into a client's words."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.model import NOTHING, Note, RouteName, Server
from mcpconf.record import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Launch:
    """A command to start or a URL to call. Values may hold `${VAR}` references, never secrets.

    `files` are those that must be there for it (the wrapper's data), by path. `image` is what `command`, a container
    engine's client, runs.
    """

    command: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    url: str | None = None
    transport: str = "http"
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    timeout: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    image: str | None = None

    def through(self, enter: tuple[str, ...]) -> Launch:
        """The same process, started from another system: only its command line gets there, so `env` sets variables."""
        if not enter or self.command is None:
            return self
        variables = [f"{name}={value}" for name, value in self.env.items()]
        inside = (*(("/usr/bin/env", *variables) if variables else ()), self.command, *self.args)
        return replace(self, command=enter[0], args=(*enter[1:], *inside), env=NOTHING)


@dataclass(frozen=True, slots=True)
class Routed:
    """A server's route and the reason for it. `launch` is None where no route can serve it here.

    `entry` is the name of the client's entry, which several servers may share (the Toolkit's gateway).
    """

    server: Server
    route: RouteName | None
    because: str
    entry: str
    launch: Launch | None = None
    notes: tuple[Note, ...] = ()
    hint: str | None = None
