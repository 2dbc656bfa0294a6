"""`mcpconf status` as text."""

from __future__ import annotations

from mcpconf.cli import console
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.render.table import SYMBOLS, columns, mark, plain, symbol
from mcpconf.redact import redact
from mcpconf.workflow import status as statuses
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.status import ContextStatus, TargetStatus

MARKS = {
    statuses.IN_STEP: "ok",
    statuses.UNAVAILABLE: "none",
    statuses.EDITED: "warn",
    statuses.FOREIGN: "warn",
}


def status_lines(contexts: tuple[ContextStatus, ...], home: str) -> list[str]:
    """One block for each active profile."""
    lines = []
    for one in contexts:
        place = "" if one.context == "user" else f"  {console.paint(one.context, 'dim')}"
        sign = symbol("ok" if one.in_step else "warn")
        word = "in step" if one.in_step else "drifted" if one.error is None else "unreadable"
        lines.append(f"{sign} {console.paint(one.profile, 'bold')}  {word}{place}")
        if one.error:
            lines += [f"  {symbol('error')} {redact(one.error)}"] + (
                [console.hint(one.hint, "    ")] if one.hint else []
            )
        for target in one.targets:
            lines += _target(target, home)
        lines += [f"  {line}" for line in note_lines(one.notes)]
    return lines


def _target(target: TargetStatus, home: str) -> list[str]:
    path = console.paint(tilde(target.path, home), "dim")
    rows = []
    for entry in target.entries:
        sign = MARKS.get(entry.state, "error")
        state = plain(entry.state, SYMBOLS[sign][1])
        rows.append([mark(sign), plain(entry.name), plain(entry.route or "none", "cyan"), state,
                     plain(redact(entry.because), "dim")])  # fmt: skip
    return [f"  {target.client} ({target.scope})  {path}", *columns(rows, "    ")]
