"""`mcpconf env` as text."""

from __future__ import annotations

import dataclasses

from mcpconf.cli import console
from mcpconf.cli.render.table import columns, mark, plain, symbol
from mcpconf.environment.verdict import Environment


def verdict_line(environment: Environment) -> str:
    """The verdict in one line."""
    runtime = f", {environment.runtime}" if environment.runtime else ""
    sure = "as you said" if environment.overridden is not None else f"{environment.confidence:.0%} sure"
    return f"{console.paint(str(environment.kind), 'bold')}{runtime}  ({sure})"


def env_lines(environment: Environment, *, explain: bool) -> list[str]:
    """The verdict, what can be done here, and with `explain` every piece of evidence."""
    lines = [verdict_line(environment)]
    if environment.overridden is not None:
        lines.append(f"the evidence alone says {environment.overridden}")
    lines.append("")
    rows = []
    for name, value in dataclasses.asdict(environment.capabilities).items():
        shown = ", ".join(value) if isinstance(value, tuple) else value
        rows.append([mark("ok" if shown else "none"), plain(name), plain(shown or "no", "dim")])
    lines += columns(rows)
    return lines + (["", *_evidence(environment)] if explain else [])


def _evidence(environment: Environment) -> list[str]:
    rows = []
    for one in sorted(environment.evidence, key=lambda one: -abs(one.weight)):
        color = "green" if one.weight > 0 else "red" if one.weight < 0 else "dim"
        rows.append([plain(f"{one.weight:+d}" if one.weight else " 0", color), plain(str(one.toward), "cyan"),
                     plain(one.name), plain(one.seen, "dim")])  # fmt: skip
    total = f"sum {environment.score:+g}: container from +5, host up to -2, in between unknown"
    return [*columns(rows), f"  {symbol('none')} {total}"]
