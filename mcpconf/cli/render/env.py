"""`mcpconf env` as text."""

from __future__ import annotations

from collections.abc import Sequence

from mcpconf import record
from mcpconf.cli import console
from mcpconf.cli.render.table import columns, mark, plain
from mcpconf.cli.render.tried import tried_lines
from mcpconf.environment.evidence import Evidence
from mcpconf.environment.verdict import CONTAINER_FROM, HOST_UP_TO, Environment

LABELS = {
    "engine": "docker engine",
    "toolkit": "docker mcp",
    "raw_mcp": "MCP over TCP",
    "http_mcp": "MCP over HTTP",
    "broker": "mcpconf broker",
    "gui": "desktop clients",
}


def verdict_line(environment: Environment) -> str:
    """The verdict in one line."""
    runtime = f", {environment.runtime}" if environment.runtime else ""
    sure = "as you said" if environment.overridden is not None else f"{environment.confidence:.0%} sure"
    return f"{console.paint(str(environment.kind), 'bold')}{runtime} ({sure})"


def env_lines(environment: Environment, *, explain: bool) -> list[str]:
    """The verdict, what can be done here, and with `explain` every piece of evidence."""
    lines = [verdict_line(environment)]
    if environment.overridden is not None:
        lines.append(f"the evidence alone says {environment.overridden}")
    lines += ["", "What is here:"]
    rows = []
    for name, value in record.asdict(environment.capabilities).items():
        shown = ", ".join(value) if isinstance(value, tuple) else value
        rows.append([mark("ok" if shown else "none"), plain(LABELS.get(name, name)), plain(shown or "no", "dim")])
    lines += columns(rows)
    looked = tried_lines(environment.tried, environment.missing)
    lines += ["", *looked] if looked else []
    return lines + (_explained(environment) if explain else [])


def _explained(environment: Environment) -> list[str]:
    """Evidence by what it points to, the heaviest first; what says nothing stands apart."""
    evidence = sorted(environment.evidence, key=lambda one: -abs(one.weight))
    telling = [one for one in evidence if one.weight]
    silent = [one for one in evidence if not one.weight]
    scale = f"{CONTAINER_FROM} and up: container; {HOST_UP_TO} and down: host; in between: unknown"
    lines = ["", f"Evidence, sum {environment.score:+g} ({scale}):"]
    lines += _rows(telling) or ["  none"]
    return [*lines, "", "Looked at, and said nothing:", *_rows(silent)]


def _rows(evidence: Sequence[Evidence]) -> list[str]:
    rows = []
    for one in evidence:
        color = "green" if one.weight > 0 else "red" if one.weight < 0 else "dim"
        verb = "for" if one.weight > 0 else "against"
        toward = plain(f"{verb} {one.toward}" if one.weight else "", "cyan")
        weight = plain(f"{one.weight:+d}" if one.weight else " 0", color)
        rows.append([weight, toward, plain(one.name), plain(one.seen, "dim")])
    return columns(rows) if any(one.weight for one in evidence) else columns([row[2:] for row in rows])
