"""Where the broker keeps a server of the active profile, if it does."""

from __future__ import annotations

import os

from mcpconf.broker import start as starting
from mcpconf.broker.place import Paths
from mcpconf.dirs import Dirs
from mcpconf.errors import McpconfError
from mcpconf.model import PROJECT_DIRECTORY, Profile, RouteName, Server
from mcpconf.record import dataclass
from mcpconf.route.broker import SERVERS
from mcpconf.workflow import active
from mcpconf.workflow.app import App


@dataclass(frozen=True, slots=True)
class Kept:
    """A server of a broker: `address` is `unix:PATH` or `tcp:HOST:PORT`, `key` a key file for the latter.

    `project` is the directory in which it is to run, where that is its client's.
    """

    address: str
    name: str
    project: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Keeper:
    """The broker that answers here, asked once for all servers. `own`: this user's. Without `address` there is none."""

    address: str | None
    names: frozenset[str]
    own: bool
    context: str
    key: str | None = None

    def kept(self, app: App, profile: Profile, server: Server) -> Kept | None:
        """Where it keeps a server of the profile that is active in its context; None where it doesn't."""
        name = _name(server, self.context) if self.own else server.name
        if self.address is None or name not in self.names or not _wanted(profile, server):
            return None
        project = _project(app) if server.cwd == PROJECT_DIRECTORY and self.address.startswith("unix:") else None
        return Kept(self.address, name, project, self.key)


def find_keeper(app: App, profile: Profile, context: str) -> Keeper:
    """The broker to ask for a profile's servers: one that answers; else this user's own is started, if it is wanted.

    `context` is the one in which the profile is active.
    """
    own = f"unix:{Paths(app.runtime).socket}"
    key = app.system.env.get("MCPCONF_BROKER_KEY")
    if app.system.platform == "windows":
        return Keeper(None, frozenset(), False, context)
    facts, _ = app.look(("broker",))
    if facts.broker is None and _is_to_start(app, profile, context):
        _start(app)
        facts, _ = app.look(("broker",))
    return Keeper(facts.broker, frozenset(facts.broker_servers), facts.broker == own, context, key)


def _is_to_start(app: App, profile: Profile, context: str) -> bool:
    """Whether the profile wants it, nobody forbids it, and there is something that it could serve."""
    env = app.system.env
    if not profile.autostart or env.get("MCPCONF_BROKER") or env.get("MCPCONF_BROKER_START") == "0":
        return False
    wanted = (one for one in profile.servers if not one.disabled and _wanted(profile, one))
    return any(app.system.exists(_definition(app.dirs, _name(one, context))) for one in wanted)


def _start(app: App) -> None:
    """Start it, as a client's shim does. Without it a server is started for this once."""
    try:
        starting.start_if_needed(Paths(app.runtime), starting.options_of(app.dirs))
    except McpconfError:
        return


def _definition(dirs: Dirs, name: str) -> str:
    return os.path.join(dirs.broker, SERVERS, f"{name}.json")


def _wanted(profile: Profile, server: Server) -> bool:
    order = server.routes or profile.order
    return not order or RouteName.BROKER in order


def _name(server: Server, context: str) -> str:
    """What the broker calls it: those of a single project have its mark behind their names."""
    if context == active.USER:
        return server.name
    import hashlib

    project = context.partition(":")[2]
    return f"{server.name}.{hashlib.sha256(project.encode()).hexdigest()[:8]}"


def _project(app: App) -> str:
    """The directory of the project in which we are called: the shim finds it in the same way."""
    named = app.system.env.get("CLAUDE_PROJECT_DIR", "")
    return named if os.path.isabs(named) else app.system.cwd
