"""A plan, before or after it was carried out. All but the diff goes to stderr."""

from __future__ import annotations

import sys

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import columns, mark, plain, symbol
from mcpconf.model import Note
from mcpconf.plan import Action, Plan, Reason
from mcpconf.redact import redact
from mcpconf.workflow.diff import summary, tilde, unified
from mcpconf.workflow.switch import ClientPart, Prepared

ACTIONS = {
    Action.ADD: ("add", "added"),
    Action.UPDATE: ("change", "updated"),
    Action.ADOPT: ("change", "adopted"),
    Action.RESTORE: ("change", "given back"),
    Action.REMOVE: ("remove", "removed"),
}


def plan_lines(prepared: Prepared, home: str) -> list[str]:
    """What each client gets, by which route and why, and what goes."""
    lines = []
    for part in prepared.parts:
        path = console.paint(tilde(part.target.path, home), "dim")
        lines.append(f"{console.paint(part.spec.title, 'bold')} ({part.target.scope})  {path}")
        lines += columns(_rows(part, prepared.plan), "  ", sys.stderr)
    return lines


def _rows(part: ClientPart, plan: Plan) -> list[list[tuple[str, tuple[str, ...]]]]:
    changes = {change.name: change.action for change in plan.changes if change.target == part.target}
    conflicts = {conflict.name: conflict.reason for conflict in plan.conflicts if conflict.target == part.target}
    rows = []
    for one in part.routed:
        sign = "error" if one.route is None else ACTIONS[changes[one.entry]][0] if one.entry in changes else "ok"
        if one.entry in conflicts:
            sign = "warn"
        route = plain(str(one.route or "none"), "cyan" if one.route else "red")
        because = _because(one.because, conflicts.get(one.entry))
        rows.append([mark(sign), plain(one.server.name), route, plain(because, "yellow" if sign == "warn" else "dim")])
    named = {one.entry for one in part.routed}
    for name, action in changes.items():
        if name not in named:
            rows.append([mark(ACTIONS[action][0]), plain(name), plain(""), plain(ACTIONS[action][1], "dim")])
    for name, reason in conflicts.items():
        if name not in named:
            rows.append([mark("warn"), plain(name), plain(""), plain(_because("", reason), "yellow")])
    return rows


def _because(text: str, reason: Reason | None) -> str:
    if reason is Reason.EDITED:
        return "edited by hand, and kept as it is (--force overwrites it)"
    if reason is Reason.FOREIGN:
        return "there is one that mcpconf did not write (--adopt, --keep)"
    return redact(text)


def change_lines(plan: Plan, home: str) -> list[str]:
    """Every change, file by file: for commands that have no routes to show."""
    lines = []
    for path in dict.fromkeys([c.target.path for c in plan.changes] + [c.target.path for c in plan.conflicts]):
        lines.append(console.paint(tilde(path, home), "bold"))
        rows = [
            [mark(ACTIONS[change.action][0]), plain(change.name), plain(ACTIONS[change.action][1], "dim")]
            for change in plan.changes
            if change.target.path == path
        ]
        rows += [
            [mark("warn"), plain(conflict.name), plain("edited by hand, and kept (--force takes it)", "yellow")]
            for conflict in plan.conflicts
            if conflict.target.path == path
        ]
        lines += columns(rows, "  ", sys.stderr)
    return lines or ["nothing to change"]


def diff_lines(plan: Plan, home: str) -> list[str]:
    """The unified diff in colours, and the line that sums it up."""
    lines = [_paint_diff(_short(line)) for line in console.visible(unified(plan, home)).split("\n")[:-1]]
    return [*lines, summary(plan)] if lines else []


def _short(line: str) -> str:
    """A client's whole file can be one line: on a terminal a few screen lines of it are enough."""
    columns = terminal.width(sys.stdout)
    return line if columns is None else terminal.cut(line, 4 * columns)


def _paint_diff(line: str) -> str:
    if line.startswith(("---", "+++")):
        return console.paint(line, "bold")
    styles = {"+": ("green",), "-": ("red",), "@": ("cyan",)}
    return console.paint(line, *styles.get(line[:1], ()))


def note_lines(notes: tuple[Note, ...]) -> list[str]:
    """Notes, each with what to do about it."""
    lines = []
    for note in notes:
        text = redact(console.visible(note.text))
        first, *more = terminal.wrapped(text, sys.stderr, "  ", "  ")
        lines += [f"{symbol('warn')} {first[2:]}", *more]
        if note.hint:
            lines.append(console.hint(redact(console.visible(note.hint)), "    "))
    return lines


def unavailable_lines(prepared: Prepared) -> list[str]:
    """What to do about servers that nothing can serve here."""
    hints = dict.fromkeys(one.hint for part in prepared.parts for one in part.routed if one.route is None and one.hint)
    return [console.hint(hint, "    ") for hint in hints]


def headline(prepared: Prepared, done: bool) -> str:
    """One line for the whole."""
    name = console.paint(prepared.profile.name, "bold")
    entries = sum(len(part.entries) for part in prepared.parts)
    if not prepared.plan.files:
        return f"{symbol('ok')} profile {name}: every file is in step, nothing to write"
    verb = "is active" if done else "would become active"
    count = f"{entries} {'entry' if entries == 1 else 'entries'}"
    return f"{symbol('ok' if done else 'none')} profile {name} {verb}: {count}, {summary(prepared.plan)}"
