"""Look at everything at once, and have it judged. Nothing is changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from mcpconf.doctor.catalogue import CHECKS
from mcpconf.doctor.check import judged
from mcpconf.doctor.finding import Finding, Group, Level
from mcpconf.doctor.look import (
    broker,
    containers,
    entries,
    files,
    place,
    routes,
    security,
    servers,
    services,
    shell,
    toolkit,
)
from mcpconf.doctor.look.actives import Once, actives_here
from mcpconf.doctor.picture import Leaf, picture
from mcpconf.doctor.seen.entries import Entries
from mcpconf.doctor.seen.servers import Servers
from mcpconf.doctor.seen.whole import Seen
from mcpconf.doctor.settle import settled
from mcpconf.errors import McpconfError
from mcpconf.gather import PROBES
from mcpconf.model import Kind
from mcpconf.record import dataclass
from mcpconf.use.toolbox import ENDING, Talks, join_all
from mcpconf.workflow.app import App
from mcpconf.workflow.targets import detected, every_target

LONGEST = 25.0  # seconds that one group may take; each probe has less
LONGEST_DEEP = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. `groups`: these alone, all where empty; `server`: this one alone.

    `deep`: servers are started twice, and waited for; not `network`: nothing is called or fetched; not `starts`: no
    server is tried at all.
    """

    groups: tuple[Group, ...] = ()
    server: str | None = None
    deep: bool = False
    network: bool = True
    starts: bool = True

    def wants(self, group: Group) -> bool:
        """Whether a group is to be looked at. One server is no matter of those that look at the place or at files."""
        if group is Group.SERVERS and not self.starts:
            return False
        return group in self.groups if self.groups else self.server is None or group in OF_SERVERS


# What has something to say of a single server.
OF_SERVERS = (
    Group.ENTRIES,
    Group.ROUTES,
    Group.TOOLKIT,
    Group.BROKER,
    Group.SERVERS,
    Group.CONTAINERS,
    Group.SECURITY,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `seconds` by group say how long the looking took."""

    findings: tuple[Finding, ...]
    seen: Seen
    seconds: Mapping[Group, float]

    @property
    def healthy(self) -> bool:
        """Whether nothing is broken; warnings are no reason to fail."""
        return all(one.level is not Level.ERROR for one in self.findings)

    def picture(self, *, slowest: bool = False) -> tuple[Leaf, ...]:
        """The way from each client to each server; nothing where servers were not looked at."""
        seen = self.seen.parts.get(Group.SERVERS)
        return () if seen is None else picture(seen, self.findings, slowest=slowest)


Look = Callable[[], Any]
Progress = Callable[[str], None]


def examine(app: App, order: Order, progress: Progress = lambda _: None) -> Report:
    """Look and judge. `progress` is told what is being done, from other threads.

    Raises `NoSuchServer` where `order` names a server that nobody has.
    """
    talks = Talks()
    looks = {group: one for group, one in _looks(app, order, talks, progress).items() if order.wants(group)}
    try:
        parts, unseen, seconds = _look_at(looks, order, talks)
    finally:
        talks.end()  # else what was started, and took too long or was interrupted, outlives us
    everything = Seen(parts, unseen)
    findings = judged([check for check in CHECKS if order.wants(check.group)], everything)
    return Report(settled(findings, order.server), everything, seconds)


def _looks(app: App, order: Order, talks: Talks, progress: Progress) -> dict[Group, Look]:
    facts, environment = app.look(PROBES if order.network else ())
    targets = every_target(app.place, detected(app.place, facts))
    active = Once(lambda: actives_here(app, network=order.network))
    server, network = order.server, order.network
    named = Once(lambda: entries.look(app, targets, environment, server=server, network=network))
    inside = environment.kind is Kind.CONTAINER

    def try_servers() -> Servers:
        aim = servers.Aim(server=server, deep=order.deep, network=network)
        return servers.look(app, named(), _faults(named()), aim, talks, progress)

    return {
        Group.PLACE: lambda: place.look(app, environment),
        Group.FILES: lambda: files.look(app, targets),
        Group.SERVICES: lambda: services.look(app, ask=network),
        Group.SHELL: lambda: shell.look(app, ask=network),
        Group.ENTRIES: named,
        Group.SECURITY: lambda: security.look(app, targets, environment, server=server),
        Group.BROKER: lambda: broker.look(app, server=server),
        Group.SERVERS: try_servers,
        Group.ROUTES: lambda: routes.look(app, active(), server=server, inside=inside),
        Group.TOOLKIT: lambda: toolkit.look(app, targets, active(), facts, environment, server=server, network=network),
        Group.CONTAINERS: lambda: containers.look(app, targets, active(), environment, server=server, network=network),
    }


def _faults(seen: Entries) -> dict[tuple[str, str], str]:
    """Entries that can't work, and why: what they name is not tried."""
    checks = [check for check in CHECKS if check.group is Group.ENTRIES]
    found = judged(checks, Seen({Group.ENTRIES: seen}, {}))
    return {
        (one.about, one.evidence[0]): f"{one.text} ({one.id})"
        for one in found
        if one.level is Level.ERROR and one.evidence
    }


def _look_at(
    looks: Mapping[Group, Look], order: Order, talks: Talks
) -> tuple[dict[Group, Any], dict[Group, str], dict[Group, float]]:
    """All at once. What fails, or takes too long, is said so, and stops nothing else."""
    parts: dict[Group, Any] = {}
    unseen: dict[Group, str] = {}
    seconds: dict[Group, float] = {}
    wrong: list[servers.NoSuchServer] = []

    def run(group: Group, look: Look) -> None:
        begun = time.monotonic()
        try:
            parts[group] = look()
        except servers.NoSuchServer as error:
            wrong.append(error)
        except McpconfError as error:
            unseen[group] = str(error)
        except Exception as bug:
            unseen[group] = f"looking failed, which is a bug in mcpconf: {type(bug).__name__}: {bug}"
        seconds[group] = time.monotonic() - begun

    threads = {group: threading.Thread(target=run, args=two, daemon=True) for two in looks.items() for group in two[:1]}
    for thread in threads.values():
        thread.start()
    longest = LONGEST_DEEP if order.deep else LONGEST
    try:
        join_all(threads.values(), longest)
    except BaseException:
        talks.end()
        join_all(threads.values(), ENDING)  # one may have been about to start a server, and ends it now
        raise
    unseen |= {group: f"it took more than {longest:g} s" for group, one in threads.items() if one.is_alive()}
    if wrong:
        raise wrong[0]
    return {group: part for group, part in parts.items() if group not in unseen}, unseen, seconds
