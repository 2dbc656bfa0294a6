"""One client's share of a profile: its servers routed, and the entries that come of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mcpconf.broker.place import MOUNTED, Paths
from mcpconf.client.entry import process_entry, remote_entry
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.dirs import PACKAGE
from mcpconf.environment.facts import Facts
from mcpconf.extras import HTTP, has
from mcpconf.model import Entry, Layer, Note, Profile, RouteName, Server
from mcpconf.plan import Want
from mcpconf.record import dataclass, replace
from mcpconf.route.broker import BODY, CONF, SHIM, shim_conf
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch, Routed
from mcpconf.workflow.app import App, launcher, python


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


def probes_for(app: App, profile: Profile) -> Collection[str]:
    """What must be asked of the machine for this profile; nothing costs nothing.

    Of brokers only another place's counts: a route must not change when this user's own is started or stopped.
    """
    wanted = [server for server in profile.servers if not server.disabled]
    found = {"engine", "toolkit", "raw_mcp"} if any(server.toolkit for server in wanted) else set()
    found |= {"toolkit_profiles"} if found and profile.toolkit else set()
    return found | ({"broker"} if _foreign_broker_seen(app) else set())


def _foreign_broker_seen(app: App) -> bool:
    """Its directory is mounted where it can be seen, so that nobody has to knock where there is none."""
    env = app.system.env
    told = any(env.get(name) for name in ("MCPCONF_BROKER", "MCPCONF_BROKER_KEY"))
    return told or app.system.is_dir(MOUNTED)


def lost_broker(app: App, facts: Facts) -> Note | None:
    """Why no broker of another place answers where there is a sign of one; None where one does, or there is none."""
    if facts.broker or not facts.broker_tried:
        return None
    from mcpconf.environment.homeward import lost

    own = f"unix:{Paths(app.runtime).socket}"  # which comes and goes, and says nothing
    return lost(tuple(one for one in facts.broker_tried if one.address != own), facts.gateway)


def _names_broker(profile: Profile, forced: RouteName | None) -> bool:
    """Whether somebody asks for it by its name, or the profile wants it."""
    asked = {forced, *profile.order, *(route for server in profile.servers for route in server.routes)}
    return profile.autostart or RouteName.BROKER in asked


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
    if facts.broker or _names_broker(profile, forced):
        # A project's file may not open a door: who trusts it was shown commands, and no address.
        gateway, listen = ("", "") if profile.layer is Layer.PROJECT else (profile.gateway, profile.listen)
        context = replace(
            context, gateway=gateway, listen=listen, **broker_context(app, facts, autostart=profile.autostart)
        )
    routed = choose(profile, context, forced=forced)
    entries = {one.entry: _entry(spec, one.launch) for one in routed if one.launch is not None}
    return ClientPart(spec, target, routed, entries)


def context_for(
    app: App,
    servers: Sequence[Server],
    facts: Facts,
    spec: ClientSpec,
    target: Target,
    *,
    portable: bool,
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
        noexec=not app.system.may_execute(app.dirs.data),
        which={**found, **facts.which},
        launcher=launcher(app.system),
        engine=facts.engine,
        toolkit=facts.toolkit,
        toolkit_profiles=facts.toolkit_profiles,
        bridge=facts.bridge,
        raw_mcp=facts.raw_mcp,
        http_mcp=facts.http_mcp,
        env=app.system.env,
        portable=portable,
    )


def broker_context(app: App, facts: Facts, *, autostart: bool) -> dict[str, Any]:
    """What only the broker's route has to know, as members of a `Context`."""
    return {
        "broker": facts.broker,
        "broker_servers": facts.broker_servers,
        "broker_lost": lost_broker(app, facts),
        "autostart": autostart,
        "python": python(app.system),
        "shim": shim_files(),
        "runtime": app.runtime,
        "config_dir": app.dirs.config if app.dirs.chosen else None,
        "remote": has(HTTP),
    }


def up_to_date(app: App, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files of ours with those that all entries share as they have to be now, whatever was kept of them."""
    return {path: _shared(app, path, data) for path, data in files.items()}


def _shared(app: App, path: str, data: bytes) -> bytes:
    directory, name = os.path.split(path)
    if directory == app.dirs.broker and name in (SHIM, BODY):
        return shim_files()[name]
    if path == os.path.join(app.dirs.broker, CONF):
        return shim_conf(app.runtime, launcher(app.system), app.dirs.config if app.dirs.chosen else None)
    return data


def shim_files() -> dict[str, bytes]:
    """The shim of this version: what a client starts, and the body, which Python keeps compiled beside it."""
    return {SHIM: _shipped("shim_start.py"), BODY: _shipped("shim.py")}


def _shipped(name: str) -> bytes:
    with open(os.path.join(PACKAGE, name), "rb") as stream:
        return stream.read()


def _entry(spec: ClientSpec, launch: Launch) -> Entry:
    if launch.url is not None:
        return remote_entry(spec, launch.transport, launch.url, launch.headers, launch.timeout)
    return process_entry(spec, launch.command or "", launch.args, launch.env, launch.timeout)
