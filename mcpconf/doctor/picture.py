"""The way from each client over its route to each server, as data for a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mcpconf.doctor.finding import Finding, Group, Level, worst
from mcpconf.doctor.seen.servers import Cause, Servers, Way
from mcpconf.record import dataclass

INVISIBLE = (Level.INFO, Level.SKIPPED)  # levels at which a server that works is fine


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One server at one client. `seconds` until it had told its tools, `warm` the same right after; None: not known.

    `reason` says why it does not work, or was not tried.
    """

    client: str
    title: str
    scope: str
    path: str
    route: str
    server: str
    level: Level
    reason: str = ""
    era: str | None = None
    version: str | None = None
    tools: int | None = None
    seconds: float | None = None
    warm: float | None = None


def picture(servers: Servers, findings: Iterable[Finding], *, slowest: bool = False) -> tuple[Leaf, ...]:
    """Every way, by client and route; with `slowest` those that take longest come first."""
    told: dict[str, list[Level]] = {}
    for one in findings:
        if one.group is Group.SERVERS and one.level not in INVISIBLE:
            told.setdefault(one.about, []).append(one.level)
    leaves = tuple(_leaf(way, worst(told.get(way.name, ()))) for way in servers.ways)
    return _slowest_first(leaves) if slowest else _by_branch(leaves)


def _leaf(way: Way, told: Level) -> Leaf:
    found = way.found
    known = found is not None and found.era is not None
    return Leaf(
        client=way.client,
        title=way.title,
        scope=way.scope,
        path=way.path,
        route=way.route,
        server=way.name,
        level=_level(way, told),
        reason=_reason(way),
        era=found.era if found is not None else None,
        version=found.version if found is not None else None,
        tools=len(found.tools) if found is not None and known and way.works else None,
        seconds=way.seconds,
        warm=None if way.warm is None else way.warm.millis / 1000,
    )


def _level(way: Way, told: Level) -> Level:
    if way.fault:
        return Level.ERROR
    if way.skipped or way.found is None:
        return Level.SKIPPED
    if way.works:
        return told
    if way.cause is Cause.WANTS_LOGIN and not way.has_login:
        return Level.INFO
    return Level.WARNING if told is Level.WARNING else Level.ERROR


def _reason(way: Way) -> str:
    if way.found is not None and way.found.error is not None:
        return way.found.error.partition("\n")[0]
    return way.fault or way.skipped


def _branch(one: Leaf) -> tuple[str, str, str]:
    return (one.title, one.scope, one.path)


def _by_branch(leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """Those of one client, scope and route together, in the order in which they came first."""
    branches = list(dict.fromkeys(map(_branch, leaves)))
    routes = list(dict.fromkeys(one.route for one in leaves))
    return tuple(sorted(leaves, key=lambda one: (branches.index(_branch(one)), routes.index(one.route))))


def _slowest_first(leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """The same, the slowest client, route and server first."""

    def slowness(alike: Callable[[Leaf], bool]) -> float:
        return -max((one.seconds or 0.0 for one in leaves if alike(one)), default=0.0)

    def key(one: Leaf) -> Any:
        here = _branch(one)
        of_client = slowness(lambda other: _branch(other) == here)
        of_route = slowness(lambda other: _branch(other) == here and other.route == one.route)
        return (of_client, here, of_route, one.route, -(one.seconds or 0.0))

    return tuple(sorted(leaves, key=key))
