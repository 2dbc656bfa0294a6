"""`mcpconf status` as text."""

from __future__ import annotations

from mcpconf.cli import console
from mcpconf.cli.render.plan import note_lines, once
from mcpconf.cli.render.table import SYMBOLS, Cell, columns, mark, plain, symbol
from mcpconf.redact import redact
from mcpconf.workflow import status as statuses
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.status import ContextStatus, EntryStatus, TargetStatus

MARKS = {
    statuses.IN_STEP: "ok",
    statuses.UNAVAILABLE: "warn",
    statuses.EDITED: "warn",
    statuses.FOREIGN: "warn",
}


def status_lines(contexts: tuple[ContextStatus, ...], home: str) -> list[str]:
    """One block for each active profile."""
    lines = []
    for one in contexts:
        place = "" if one.context == "user" else f"  {console.paint(one.context, 'dim')}"
        lines.append(f"{_sign(one)} {console.paint(one.profile, 'bold')}  {_word(one)}{place}")
        if one.error:
            lines += [f"  {symbol('error')} {redact(one.error)}"] + (
                [console.hint(one.hint, "    ")] if one.hint else []
            )
        for target in one.targets:
            lines += _target(target, home)
        lines += [f"  {line}" for line in note_lines(one.notes)]
        mend = _mend(one)
        lines += [console.hint(mend)] if mend else []
    return lines


def _mend(one: ContextStatus) -> str | None:
    """What to run where files have drifted; what was edited by hand may be as it should."""
    states = {entry.state for target in one.targets for entry in target.entries}
    if states & {statuses.MISSING, statuses.OUTDATED}:
        return f"mcpconf switch {one.profile}"
    if states & {statuses.EDITED, statuses.LEFT_OVER}:
        return f"mcpconf switch {one.profile} --force, where the edit by hand is to go"
    return None


def _sign(one: ContextStatus) -> str:
    return symbol("ok" if one.in_step and not _lost(one) else "warn")


def _word(one: ContextStatus) -> str:
    if one.error is not None:
        return "unreadable"
    lost = len(_lost(one))
    word = "in step" if one.in_step else "drifted"
    return f"{word}, {lost} server{'' if lost == 1 else 's'} unavailable here" if lost else word


def _lost(one: ContextStatus) -> set[str]:
    return {entry.name for target in one.targets for entry in target.entries if entry.state == statuses.UNAVAILABLE}


def _target(target: TargetStatus, home: str) -> list[str]:
    path = console.paint(tilde(target.path, home), "dim")
    lines = [f"  {target.client} ({target.scope})  {path}"]
    hints = once([entry.hint if entry.state == statuses.UNAVAILABLE else None for entry in target.entries])
    for line, hint in zip(columns([_row(entry) for entry in target.entries], "    "), hints, strict=True):
        lines += [line] if hint is None else [line, console.hint(redact(console.visible(hint)), "        ")]
    return lines


def _row(entry: EntryStatus) -> list[Cell]:
    sign = MARKS.get(entry.state, "error")
    route, state = plain(entry.route or "none", "cyan"), plain(entry.state, SYMBOLS[sign][1])
    return [mark(sign), plain(entry.name), route, state, plain(redact(entry.because), "dim")]
