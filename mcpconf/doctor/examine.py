"""Look at everything at once, and have it judged. Nothing is changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcpconf.client.spec import ClientSpec, Target
from mcpconf.doctor.catalogue import CHECKS
from mcpconf.doctor.check import judged
from mcpconf.doctor.finding import Finding, Group, Level
from mcpconf.doctor.look import containers, entries, files, place, routes, security, services, shell, toolkit
from mcpconf.doctor.look.actives import Once, actives_here
from mcpconf.doctor.seen.whole import Seen
from mcpconf.errors import McpconfError
from mcpconf.gather import PROBES
from mcpconf.model import Kind
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.targets import detected

LONGEST = 20.0  # seconds that one group may take; each probe has less


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. `groups`: these alone, all where empty; `server`: this one alone."""

    groups: tuple[Group, ...] = ()
    server: str | None = None
    deep: bool = False
    network: bool = True


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


Look = Callable[[], Any]
Progress = Callable[[Group], None]


def examine(app: App, order: Order, progress: Progress = lambda _: None) -> Report:
    """Look and judge. `progress` is told of each group that was looked at, from other threads."""
    looks = {group: one for group, one in _looks(app, order).items() if not order.groups or group in order.groups}
    parts, unseen, seconds = _look_at(looks, progress)
    everything = Seen(parts, unseen)
    chosen = [check for check in CHECKS if not order.groups or check.group in order.groups]
    return Report(tuple(judged(chosen, everything)), everything, seconds)


def _looks(app: App, order: Order) -> dict[Group, Look]:
    facts, environment = app.look(PROBES if order.network else ())
    targets = every_target(app, detected(app.place, facts))
    active = Once(lambda: actives_here(app, network=order.network))
    server, network = order.server, order.network
    inside = environment.kind is Kind.CONTAINER
    return {
        Group.PLACE: lambda: place.look(app, environment),
        Group.FILES: lambda: files.look(app, targets),
        Group.ENTRIES: lambda: entries.look(app, targets, environment, server=order.server, network=order.network),
        Group.SECURITY: lambda: security.look(app, targets, environment, server=order.server),
        Group.ROUTES: lambda: routes.look(app, active(), server=server, inside=inside),
        Group.TOOLKIT: lambda: toolkit.look(app, targets, active(), facts, environment, server=server, network=network),
        Group.CONTAINERS: lambda: containers.look(app, targets, active(), environment, server=server, network=network),
        Group.SERVICES: lambda: services.look(app, ask=order.network),
        Group.SHELL: lambda: shell.look(app, ask=order.network),
    }


def every_target(app: App, specs: Sequence[ClientSpec]) -> tuple[tuple[ClientSpec, Target], ...]:
    """Each place where a client of this user's reads entries, seen from the current directory."""
    return tuple((spec, target) for spec in specs for scope in spec.scopes for target in spec.targets(app.place, scope))


def _look_at(
    looks: Mapping[Group, Look], progress: Progress
) -> tuple[dict[Group, Any], dict[Group, str], dict[Group, float]]:
    """All at once. What fails, or takes too long, is said so, and stops nothing else."""
    parts: dict[Group, Any] = {}
    unseen: dict[Group, str] = {}
    seconds: dict[Group, float] = {}

    def run(group: Group, look: Look) -> None:
        begun = time.monotonic()
        try:
            parts[group] = look()
        except McpconfError as error:
            unseen[group] = str(error)
        except Exception as bug:
            unseen[group] = f"looking failed, which is a bug in mcpconf: {type(bug).__name__}: {bug}"
        seconds[group] = time.monotonic() - begun
        progress(group)

    threads = {group: threading.Thread(target=run, args=two, daemon=True) for two in looks.items() for group in two[:1]}
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + LONGEST
    for group, thread in threads.items():
        thread.join(max(deadline - time.monotonic(), 0.0))
        if thread.is_alive():
            unseen[group] = f"it took more than {LONGEST:g} s"
    return {group: part for group, part in parts.items() if group not in unseen}, unseen, seconds
