"""Every way from a client to a server that counts in the current directory, and what there is to try of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from mcpconf.broker.place import Paths, is_reachable
from mcpconf.client import claude_code, claude_desktop
from mcpconf.client.spec import ClientSpec
from mcpconf.client.table import client
from mcpconf.doctor.look import approval
from mcpconf.doctor.look.started import Started, Unfit, desktop_environment, runs, started
from mcpconf.doctor.seen.entries import Entries, Entry, Stand
from mcpconf.doctor.seen.servers import Way
from mcpconf.errors import McpconfError
from mcpconf.ledger import Ledger, Owned, digest
from mcpconf.model import Server
from mcpconf.record import dataclass, replace
from mcpconf.route.broker import SHIM
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.here import contexts_here
from mcpconf.workflow.profiles import load_profile
from mcpconf.workflow.status import away

RESERVED = frozenset(
    {"workspace", "claude-in-chrome", "computer-use", "Claude Preview", "Claude Browser", "constructor", "__proto__"}
)
DEFAULT_LIMIT, LONGEST_LIMIT = 30.0, 60.0  # seconds that Claude Code waits for a server, and at most
DESKTOP_LIMIT = 60.0
OFFLINE = "--no-network: nothing is called, nor started that may have to be fetched"
STANDS = {
    Stand.PENDING: "it waits for your approval: run claude in this project, and approve it",
    Stand.UNTRUSTED: "it waits until you trust this project: run claude in it",
    Stand.REJECTED: "your settings reject it",
    Stand.OFF: "it is switched off in this project",
    Stand.DENIED: "an administrator's settings deny it",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way, and what there is to try: something to start or call, or a profile's server; neither where it is skipped.

    `kept`: it may be the broker that answers.
    """

    way: Way
    started: Started | None = None
    server: Server | None = None
    kept: bool = False


Profiles = Mapping[str, Mapping[str, Server]]  # by the profile's name and the server's


Faults = Mapping[tuple[str, str], str]  # what is wrong with an entry, by its name and where it stands


def candidates(
    app: App, seen: Entries, faults: Faults, *, network: bool, only: str | None
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """Every way, and the profiles that can't be told about, with why."""
    profiles, untold = _profiles(app)
    broker = is_reachable(Paths(app.runtime).socket)
    world = _World(app, seen, faults, approval.look(app), _ledger(app), broker, profiles)
    found = [_of_entry(world, entry) for entry in seen.entries]
    found += _of_profiles(profiles, {one.way.name for one in found})
    found = [one for one in found if only in (None, one.way.name)]
    return [one if network else _offline(one) for one in found], untold


@dataclass(frozen=True, slots=True)
class _World:
    app: App
    seen: Entries
    faults: Faults
    settings: approval.Settings
    ledger: Ledger
    broker: bool  # whether this user's own answers
    profiles: Profiles

    @property
    def env(self) -> dict[str, str]:
        """What Claude Code hands to its servers. Nothing may start a broker: looking changes nothing."""
        env = {**self.settings.variables, **self.app.system.env}
        return {**env, "CLAUDE_PROJECT_DIR": self.app.system.cwd, "CLAUDECODE": "1", "MCPCONF_BROKER_START": "0"}

    def limit(self, spec: ClientSpec) -> float:
        """How many seconds a client waits for a server."""
        if spec.id == claude_desktop.ID:
            return DESKTOP_LIMIT
        try:
            asked = float(self.env.get("MCP_TIMEOUT", "")) / 1000
        except ValueError:
            return DEFAULT_LIMIT
        return min(asked, LONGEST_LIMIT) if asked > 0 else DEFAULT_LIMIT


def _ledger(app: App) -> Ledger:
    try:
        return app.state.ledger()
    except McpconfError:
        return Ledger()  # a damaged one is MC107's


def _of_entry(world: _World, entry: Entry) -> Candidate:
    spec = client(entry.client)
    value = entry.value if isinstance(entry.value, dict) else {}
    owned = _owned(world.ledger, entry)
    remote = "url" in value
    headers = value.get("headers")
    way = Way(
        client=entry.client,
        title=entry.title,
        scope=entry.scope,
        path=entry.path,
        name=entry.name,
        line=entry.line,
        route=owned.route if owned else "url" if remote else "own",
        runs=runs(value),
        limit=world.limit(spec),
        remote=remote,
        has_login=isinstance(headers, dict) and any(one.lower() == "authorization" for one in headers),
    )
    why, fault = _why_not(world, entry), world.faults.get((way.name, way.where), "")
    if why or fault:
        return Candidate(replace(way, skipped=why or "its entry has to be mended first", fault="" if why else fault))
    desktop = spec.bare_path
    env = desktop_environment(world.env, world.app.system.platform) if desktop else world.env
    try:
        start = started(value, spec, env, world.app.system.home if desktop else world.app.system.cwd)
    except Unfit as unfit:
        return Candidate(replace(way, skipped=str(unfit)))
    return _ready(world, replace(way, fetches=start.fetches), start, owned)


def _owned(ledger: Ledger, entry: Entry) -> Owned | None:
    """What we know of an entry that stands there as we wrote it."""
    record = ledger.files.get(entry.path)
    for members in record.members.values() if record else ():
        owned = members.get(entry.name)
        if owned is not None and owned.scope == entry.scope and owned.digest == digest(entry.value):
            return owned
    return None


def _ready(world: _World, way: Way, start: Started, owned: Owned | None) -> Candidate:
    shim = os.path.join(world.app.dirs.broker, SHIM) in start.argv
    elsewhere = "MCPCONF_BROKER" in start.env
    if shim:  # which need not leave anything compiled behind
        start = replace(start, argv=(start.argv[0], "-B", *start.argv[1:]))
    if not shim or world.broker or elsewhere:
        return Candidate(way, start, kept=(shim or owned is not None) and (world.broker or elsewhere))
    server = world.profiles.get(owned.profile, {}).get(way.name) if owned is not None else None
    if server is None:
        return Candidate(replace(way, skipped="the broker does not run, and looking starts none"))
    return Candidate(way, server=server)  # what the broker would start


def _why_not(world: _World, entry: Entry) -> str:
    """Why an entry is not to be started here; empty where it is."""
    if not entry.here:
        return "its client starts it on Windows"
    if entry.client != claude_code.ID:
        return ""
    managed = world.seen.managed
    if managed is not None and managed.problem is None:
        return f"Claude Code is managed here: {managed.path} takes the place of every other server"
    if entry.name in RESERVED:
        return "Claude Code keeps that name for itself"
    if entry.stand is not Stand.USED:
        return STANDS[entry.stand]
    return f"{entry.shadow} counts in its place" if entry.shadow else ""


def _profiles(app: App) -> tuple[dict[str, dict[str, Server]], list[tuple[str, str]]]:
    """The servers of the profiles that are active here; the profiles that can't be had, with why."""
    known = active.load(app.state.read(active.FILE))
    profiles: dict[str, dict[str, Server]] = {}
    untold = []
    for context in contexts_here(app):
        now = known.get(context)
        if now is None or now.current is None:
            continue
        try:
            gone = away(app, now)
            servers = () if gone else load_profile(app, now.current).servers
        except McpconfError as error:
            gone, servers = str(error), ()
        if gone:
            untold.append((now.current, gone))
        else:
            profiles[now.current] = {server.name: server for server in servers if not server.disabled}
    return profiles, untold


def _of_profiles(profiles: Profiles, named: Iterable[str]) -> Iterator[Candidate]:
    """Servers of a profile that no client has an entry of."""
    known = set(named)
    for profile, servers in profiles.items():
        for server in servers.values():
            if server.name not in known and not server.toolkit:
                yield Candidate(_profile_way(profile, server), server=server)


def _profile_way(profile: str, server: Server) -> Way:
    starts = server.package or server.image or server.endpoint or os.path.basename(server.command or "")
    return Way(
        client=f"profile {profile}",
        title=f"profile {profile}",
        scope="",
        path="",
        name=server.name,
        route="profile",
        runs=runs({"url": server.url}) if server.url else starts,
        fetches=bool(server.package or server.image),
        remote=server.url is not None,
    )


def _offline(one: Candidate) -> Candidate:
    if one.way.skipped or not (one.way.remote or one.way.fetches):
        return one
    return Candidate(replace(one.way, skipped=OFFLINE))
