"""A profile's server made ready to be started or called here: one of its ways, with its values filled in."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping

from mcpconf.broker.upstream import image
from mcpconf.broker.upstream.definition import Container, Start
from mcpconf.client import claude_code
from mcpconf.errors import McpconfError
from mcpconf.model import NOTHING, Scope, Server
from mcpconf.profile.variables import expand, parse, references
from mcpconf.record import dataclass, replace
from mcpconf.redact import HIDDEN
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Refusal
from mcpconf.route.ways import ways
from mcpconf.workflow import secrets
from mcpconf.workflow.app import App
from mcpconf.workflow.parts import context_for

SHORTEST = 4  # characters: a shorter secret would be found in every other word


class NoWay(McpconfError):
    """Nothing of what the profile says of a server can be started or called here."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What to start, or the URL to call, and the values of secrets in it (`given`), longest first."""

    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = NOTHING
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = NOTHING
    given: tuple[str, ...] = ()
    container: Container | None = None

    def hide(self, said: str) -> str:
        """What a server says, without the secrets that it was given: many that refuse one say it back."""
        for value in self.given:
            said = said.replace(value, HIDDEN)
        return said

    @contextlib.contextmanager
    def cleaning(self) -> Iterator[None]:
        """After this, nothing is left of its container: the engine's client may have been ended before it."""
        failed = True
        try:
            yield
            failed = False
        finally:
            if self.container is not None:
                image.remove(self.container, self.env, image.TWICE if failed else image.ONCE)


def make_ready(app: App, server: Server) -> Ready:
    """The first of the server's ways that can be taken here.

    Raises `NoWay`, and `Unset` or `NoKeyring` for a value that can't be filled in.
    """
    return _filled(app, server, _way(app, server))


def _way(app: App, server: Server) -> Launch:
    target = claude_code.targets(app.place, Scope.USER)[0]
    facts, _ = app.look()
    found = ways(server, context_for(app, (server,), facts, claude_code.SPEC, target, portable=False))
    launch = next((way for way in found if isinstance(way, Launch)), None)
    if launch is None:
        refused = [way for way in found if isinstance(way, Refusal)]
        reasons = "; ".join(way.reason for way in refused) or "only the Docker Toolkit can serve it"
        raise NoWay(reasons, hint=refused[0].hint if refused else None)
    return launch


def _filled(app: App, server: Server, launch: Launch) -> Ready:
    env = app.system.env
    names = references(server).secrets
    known = secrets.values(app, [name for name in names if not env.get(name)])

    def fill(text: str) -> str:
        return expand(parse(text), env, known)

    given = _long([env.get(name) or known.get(name, "") for name in names])
    if launch.url is not None:
        headers = {name: fill(value) for name, value in launch.headers.items()}
        return Ready(url=fill(launch.url), headers=headers, given=given)
    argv = tuple(fill(word) for word in (launch.command or "", *launch.args))
    own = {name: fill(value) for name, value in launch.env.items()}
    cwd = None if server.directory is None else fill(server.directory)
    ready = Ready(argv=argv, env={**env, **own}, cwd=cwd, given=given)
    return ready if launch.image is None else _contained(ready, launch.image, server.name)


def _contained(ready: Ready, name: str, server: str) -> Ready:
    session = f"mcpconf-{server}-{os.getpid()}-{time.time_ns() // 1_000_000}"
    start = image.contained(Start(ready.argv, ready.env, ready.cwd or ""), name, server, session)
    return replace(ready, argv=start.argv, container=start.container)


def _long(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True))
