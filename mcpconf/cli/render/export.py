"""`mcpconf export devcontainer` as text: what was put where, and what is left to say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from mcpconf.cli import console
from mcpconf.cli.render.plan import ACTIONS, note_lines
from mcpconf.cli.render.table import Cell, columns, mark, one_line, plain, symbol
from mcpconf.environment.grants import compose_lines
from mcpconf.model import Note
from mcpconf.plan import Change
from mcpconf.workflow.devcontainer import Export
from mcpconf.workflow.devcontainer_report import place_of
from mcpconf.workflow.diff import tilde


def export_lines(done: Export, notes: Sequence[Note], home: str, *, planned: bool) -> Iterator[str]:
    """Each member that changes, then one line that sums it up, then the notes."""
    shown = console.visible(tilde(done.path, home))
    yield console.paint(shown, "bold")
    yield from columns([_row(change) for change in done.plan.changes], "  ", sys.stderr)
    for conflict in done.plan.conflicts:
        name = f"{shown}:{conflict.line}: {one_line(conflict.name)}"
        yield f"  {symbol('warn')} {name} was edited by hand, and stays (--force overwrites it)"
    yield f"{symbol('ok')} {_headline(done, planned)}"
    if done.compose is not None:
        yield "  the compose file of the service has to have, besides:"
        yield from (f"    {console.visible(line)}" for line in compose_lines(done.compose, {}))
    yield from note_lines((*notes, *done.notes))


def _row(change: Change) -> list[Cell]:
    sign, word = ACTIONS[change.action]
    return [mark(sign), plain(place_of(change.target.pointer)), plain(one_line(change.name)), plain(word, "dim")]


def _headline(done: Export, planned: bool) -> str:
    if not done.plan.files:
        return "nothing to change"
    if planned:
        return "nothing was written"
    return "the file is gone: mcpconf had made it" if done.raw is None else "written; the container has to be rebuilt"
