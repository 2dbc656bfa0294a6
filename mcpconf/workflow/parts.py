"""One client's share of a profile: its servers routed, and the entries that come of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from mcpconf.client.entry import process_entry, remote_entry
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.environment.facts import Facts
from mcpconf.model import Entry, Profile, RouteName, Server
from mcpconf.plan import Want
from mcpconf.record import dataclass
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch, Routed
from mcpconf.workflow.app import App, launcher


@dataclass(frozen=True, slots=True)
class ClientPart:
    """One target's share: its routed servers and the entries that came of them."""

    spec: ClientSpec
    target: Target
    routed: tuple[Routed, ...]
    entries: Mapping[str, Entry]

    def want(self, profile: Profile) -> Want:
        """What the target is to hold of ours."""
        routes = {one.entry: str(one.route) for one in self.routed if one.route is not None}
        return Want(self.target, self.entries, profile.name, routes)

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files of ours that its entries start, by path."""
        return {path: data for one in self.routed if one.launch for path, data in one.launch.files.items()}


def probes_for(profile: Profile) -> Collection[str]:
    """What must be asked of the machine for this profile; nothing costs nothing."""
    wanted = [server for server in profile.servers if not server.disabled]
    return {"engine", "toolkit", "raw_mcp"} if any(server.toolkit for server in wanted) else set()


def make_part(
    app: App,
    profile: Profile,
    facts: Facts,
    spec: ClientSpec,
    target: Target,
    *,
    forced: RouteName | None,
    portable: bool,
) -> ClientPart:
    """Route a profile's servers for one target, and render the entries."""
    context = context_for(app, profile.servers, facts, spec, target, portable=portable)
    routed = choose(profile, context, forced=forced)
    entries = {one.entry: _entry(spec, one.launch) for one in routed if one.launch is not None}
    return ClientPart(spec, target, routed, entries)


def context_for(
    app: App, servers: Sequence[Server], facts: Facts, spec: ClientSpec, target: Target, *, portable: bool
) -> Context:
    """What the routes may know of this place, for one client."""
    own = {server.command for server in servers if server.command}
    found = {name: path for name in own if (path := app.system.which(name)) is not None and os.path.isabs(path)}
    return Context(
        spec=spec,
        target=target,
        platform=app.system.platform,
        home=app.system.home,
        data=app.dirs.data,
        which={**found, **facts.which},
        launcher=launcher(app.system),
        engine=facts.engine,
        toolkit=facts.toolkit,
        raw_mcp=facts.raw_mcp,
        env=app.system.env,
        portable=portable,
    )


def _entry(spec: ClientSpec, launch: Launch) -> Entry:
    if launch.url is not None:
        return remote_entry(spec, launch.transport, launch.url, launch.headers, launch.timeout)
    return process_entry(spec, launch.command or "", launch.args, launch.env, launch.timeout)
