"""`mcpconf broker status` as text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import Cell, columns, mark, one_line, plain, symbol
from mcpconf.cli.render.tried import tried_lines
from mcpconf.model import Json
from mcpconf.redact import redact
from mcpconf.workflow.brokers import WELL, Stopped, Warmed
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.elsewhere import Elsewhere
from mcpconf.workflow.report import tilde_in

INDENT = "     "
HEAD = ("", "server", "pool", "state", "clients", "calls", "restarts", "p50", "memory")
MARKS = {"open circuit": "error", "failed": "error", "backing off": "error", "starting": "warn", "unused": "none"}


def status_lines(report: Mapping[str, Json], home: str) -> list[str]:
    """The broker, and a line for each server, with its processes and what went wrong below it."""
    if not report["running"]:
        return [f"{symbol('none')} no broker is running", console.hint("mcpconf broker start")]
    servers = report["servers"]
    table = columns([[plain(text, "dim") for text in HEAD], *map(_row, servers)], "") if servers else []
    lines = [_head(report), *(_dim(tilde_in(str(address), home)) for address in report["listeners"])]
    lines += [*map(_plain_door, report["plain"]), *table[:1]]
    for server, line in zip(servers, table[1:], strict=True):
        lines += [line, *_below(server, home)]
    return lines


def elsewhere_lines(found: Elsewhere | None) -> list[str]:
    """The host's broker, for who is in a container and has none: its servers, or why it is not met."""
    if found is None or found.broker is None:
        return [] if found is None else tried_lines(found.tried, found.missing)
    names = ", ".join(one_line(name) for name in found.broker.servers) or "none"
    return [f"{symbol('ok')} a broker elsewhere answers at {one_line(found.broker.address)}", _dim(f"servers: {names}")]


def _plain_door(address: str) -> str:
    """Loud, since it is an exception that somebody has to know of."""
    return f"{symbol('warn')} {one_line(address)}  every server, for whoever reaches it: no key"


def running_line(said: Mapping[str, Json], home: str) -> str:
    """Which broker runs, and where it is met."""
    addresses = ", ".join(tilde_in(str(address), home) for address in said.get("listeners", ()))
    return one_line(f"the broker is running, pid {said.get('pid')}, at {addresses}")


def warmed_lines(warmed: Warmed) -> Iterator[str]:
    """What has come of servers that were to be started, but for those that did not."""
    for name in warmed.ready:
        yield f"{symbol('ok')} {one_line(name)} is ready"
    for name in warmed.slow:
        yield f"{symbol('warn')} {one_line(name)} is still starting"
    for name in warmed.bound:
        yield f"{symbol('none')} {one_line(name)} runs in a client's project, and starts when one comes from there"


def failed_lines(warmed: Warmed) -> Iterator[str]:
    """Which servers did not start, and their last words."""
    for name, error in warmed.failed:
        yield f"{one_line(name)}: {one_line(redact(error))}"


def stopped_line(stopped: Stopped | None) -> str:
    """What was stopped."""
    if stopped is None:
        return "no broker was running"
    return f"stopped the broker, pid {stopped.pid}, with {_count(stopped.processes, 'server process', 'es')}"


def _count(number: int | None, noun: str, plural: str = "s") -> str:
    return f"{number or 0} {noun}{'' if number == 1 else plural}"


def _head(report: Mapping[str, Json]) -> str:
    words = [
        f"pid {report['pid']}",
        f"up {duration(report['uptime'])}",
        size(report["memory"]),
        _count(len(report["clients"]), "client"),
    ]
    name = console.paint(f"broker {one_line(str(report['version']))}", "bold")
    return f"{symbol('ok')} {name}  {console.paint(one_line('  '.join(filter(None, words))), 'dim')}"


def _row(server: Mapping[str, Json]) -> Sequence[Cell]:
    processes = server["processes"]
    memory = sum(one["memory"] or 0 for one in processes)
    clients = sum(len(one["clients"]) for one in processes)
    return [
        mark(MARKS.get(server["state"], "ok")),
        plain(server["name"], "bold"),
        plain(server["pool"] or "", "cyan"),
        plain(server["state"]),
        *(plain(str(number)) for number in (clients, server["requests"], server["restarts"])),
        plain(milliseconds(server["p50"])),
        plain(size(memory) if memory else "0"),
    ]


def _below(server: Mapping[str, Json], home: str) -> Iterator[str]:
    """What a server's row has no room for: where it runs, its processes, and why it does not run."""
    if server["project"]:
        yield _dim(f"in {tilde(server['project'], home)}")
    eras = {one["era"] for one in server["processes"]}
    for one in server["processes"]:
        clients = _count(len(one["clients"]), "client") if one["clients"] else ""
        era = one["era"] if len(eras) > 1 else ""
        words = (f"pid {one['pid']}", era, one["state"], clients, size(one["memory"]), f"up {duration(one['age'])}")
        yield _dim("  ".join(filter(None, words)))
        if one["container"]:
            yield _dim(f"in the container {one['container']['name']}, of {one['container']['image']}")
    if server["error"] and server["state"] not in WELL:
        for line in terminal.wrapped(one_line(redact(server["error"])), sys.stdout, INDENT, INDENT):
            yield INDENT + console.paint(line.removeprefix(INDENT), "red")


def _dim(text: str) -> str:
    return INDENT + console.paint(one_line(text), "dim")


def milliseconds(value: float | None) -> str:
    """A time with as many digits as it deserves."""
    if value is None:
        return ""
    if value >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def size(value: int | None) -> str:
    """Bytes, in a unit for people."""
    if value is None:
        return ""
    unit, number = ("GB", value / 1e9) if value >= 999.5e6 else ("MB", value / 1e6)
    return f"{number:.1f} {unit}" if number < 9.95 else f"{number:.0f} {unit}"


def duration(seconds: float | None) -> str:
    """Seconds, in the largest unit that fits."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if (seconds or 0) >= length:
            return f"{(seconds or 0) / length:.1f} {unit}"
    return f"{seconds or 0:.0f} s"
