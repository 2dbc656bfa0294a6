"""`mcpconf broker status` as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcpconf.cli import console
from mcpconf.cli.render.table import Cell, columns, mark, one_line, plain, symbol
from mcpconf.model import Json
from mcpconf.redact import redact
from mcpconf.workflow.brokers import Stopped
from mcpconf.workflow.report import tilde_in

HEAD = ("", "server", "pool", "state", "processes", "clients", "requests", "restarts", "p50", "p99", "memory")
MARKS = {"open circuit": "error", "backing off": "warn", "unused": "none"}


def status_lines(report: Mapping[str, Json]) -> list[str]:
    """The broker, and a line for each server, with what went wrong below it."""
    if not report["running"]:
        return [f"{symbol('none')} no broker is running", console.hint("mcpconf broker start")]
    servers = report["servers"]
    table = columns([[plain(text, "dim") for text in HEAD], *map(_row, servers)]) if servers else []
    lines = [_head(report), *table[:1]]
    for server, line in zip(servers, table[1:], strict=True):
        lines += [line, *(_error(server["error"]) if server["error"] else ())]
    return lines


def running_line(said: Mapping[str, Json], home: str) -> str:
    """Which broker runs, and where it is met."""
    addresses = ", ".join(tilde_in(str(address), home) for address in said.get("listeners", ()))
    return one_line(f"the broker is running, pid {said.get('pid')}, at {addresses}")


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
        ", ".join(map(str, report["listeners"])),
    ]
    name = console.paint(f"broker {one_line(str(report['version']))}", "bold")
    return f"{symbol('ok')} {name}  {console.paint(one_line('  '.join(filter(None, words))), 'dim')}"


def _row(server: Mapping[str, Json]) -> Sequence[Cell]:
    sign = mark(MARKS.get(server["state"], "ok"))
    processes = server["processes"]
    memory = sum(one["memory"] or 0 for one in processes)
    clients = sum(len(one["clients"]) for one in processes)
    project = f" ({server['project']})" if server["project"] else ""
    return [
        sign,
        plain(server["name"] + project, "bold"),
        plain(server["pool"] or "", "cyan"),
        plain(server["state"]),
        *(plain(str(number or "")) for number in (len(processes), clients, server["requests"], server["restarts"])),
        *(plain(milliseconds(server[key])) for key in ("p50", "p99")),
        plain(size(memory) if memory else ""),
    ]


def _error(text: str) -> list[str]:
    return [f"      {console.paint(one_line(redact(text)), 'red')}"]


def milliseconds(value: float | None) -> str:
    """A time with as many digits as it deserves."""
    if value is None:
        return ""
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def size(value: int | None) -> str:
    """Bytes, in a unit for people."""
    if value is None:
        return ""
    return f"{value / 1_000_000:.1f} MB" if value < 1_000_000_000 else f"{value / 1_000_000_000:.1f} GB"


def duration(seconds: float | None) -> str:
    """Seconds, in the largest unit that fits."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if (seconds or 0) >= length:
            return f"{(seconds or 0) / length:.1f} {unit}"
    return f"{seconds or 0:.0f} s"
