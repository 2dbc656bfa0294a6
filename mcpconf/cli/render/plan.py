"""A plan, before or after it was carried out. All but the diff goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import Cell, columns, mark, plain, symbol
from mcpconf.model import Note
from mcpconf.plan import Action, FileEdit, Plan, Reason
from mcpconf.redact import redact
from mcpconf.route.launch import Routed
from mcpconf.workflow.diff import summary, tilde, unified
from mcpconf.workflow.switch import ClientPart, Prepared, is_kept

ACTIONS = {
    Action.ADD: ("add", "added"),
    Action.UPDATE: ("change", "updated"),
    Action.ADOPT: ("change", "adopted"),
    Action.RESTORE: ("change", "given back"),
    Action.REMOVE: ("remove", "removed"),
}


Row = list[Cell]


def plan_lines(prepared: Prepared, home: str) -> list[str]:
    """What each client gets, by which route and why, and what goes; under what it can't get, what mends that."""
    lines = []
    for part in prepared.parts:
        path = console.paint(tilde(part.target.path, home), "dim")
        lines.append(f"{console.paint(part.spec.title, 'bold')} ({part.target.scope})  {path}")
        rows, hints = _rows(part, prepared.plan)
        for line, hint in zip_longest(columns(rows, "  ", sys.stderr), hints):
            lines += [line] if hint is None else [line, console.hint(redact(console.visible(hint)), "      ")]
    return lines


def _rows(part: ClientPart, plan: Plan) -> tuple[list[Row], list[str | None]]:
    """A row for each server, with its hint where it can't be served; then one for each other entry."""
    changes = {change.name: change.action for change in plan.changes if change.target == part.target}
    conflicts = {conflict.name: conflict.reason for conflict in plan.conflicts if conflict.target == part.target}
    conflicts |= {name: Reason.FOREIGN for name in part.entries if is_kept(plan, part.target, name)}
    rows = [_server_row(one, changes.get(one.entry), conflicts.get(one.entry)) for one in part.routed]
    named = {one.entry for one in part.routed}
    for name, action in changes.items():
        if name not in named:
            rows.append([mark(ACTIONS[action][0]), plain(name), plain(""), plain(ACTIONS[action][1], "dim")])
    for name, reason in conflicts.items():
        if name not in named:
            rows.append([mark("warn"), plain(name), plain(""), plain(_because("", reason), "yellow")])
    return rows, once([one.hint if one.route is None else None for one in part.routed])


def once(hints: Sequence[str | None]) -> list[str | None]:
    """Each hint where it is said last: several servers may lack the same thing."""
    return [None if hint in hints[at + 1 :] else hint for at, hint in enumerate(hints)]


def _server_row(one: Routed, action: Action | None, reason: Reason | None) -> Row:
    warn = one.route is None or reason is not None
    sign = "warn" if warn else ACTIONS[action][0] if action else "ok"
    route = plain(str(one.route or "none"), "cyan" if one.route else "red")
    because = _because(one.because, reason) + ("; removed" if action is Action.REMOVE else "")
    return [mark(sign), plain(one.server.name), route, plain(because, "yellow" if warn else "dim")]


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
    for edit in plan.files:
        if not edit.targets:  # no entry's change, but a block of ours in a text, or what `doctor --fix` mended
            lines.append(console.paint(tilde(edit.path, home), "bold"))
            lines += columns([_text_row(edit)], "  ", sys.stderr)
    return lines or ["nothing to change"]


def _text_row(edit: FileEdit) -> Row:
    """What becomes of a file that has no entries: one with a block of ours, or one that is all ours."""
    if edit.after is None:
        return [mark("remove"), plain("the file", "dim")]
    if b"mcpconf: begin" in edit.after + (edit.before or b""):
        return [mark("change"), plain("mcpconf's block", "dim")]
    if edit.path.endswith(".json"):
        return [mark("change"), plain("the text itself", "dim")]
    if edit.before is None:
        return [mark("add"), plain("written", "dim")]
    return [mark("change"), plain("written anew", "dim")]


def diff_lines(plan: Plan, home: str, of: str = "servers") -> list[str]:
    """The unified diff in colours, and the line that sums it up."""
    lines = painted(unified(plan, home))
    return [*lines, f"{of}: {summary(plan)}"] if lines and plan.changes else lines


def painted(diff: str) -> list[str]:
    """A unified diff in colours, line by line."""
    return [_paint_diff(_short(line)) for line in console.visible(diff).split("\n")[:-1]]


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


def headline(prepared: Prepared, done: bool) -> str:
    """One line for the whole: how many of the profile's servers the clients have, and what stays as it is."""
    name = console.paint(prepared.profile.name, "bold")
    kept = f"; kept as {'it is' if len(prepared.kept) == 1 else 'they are'}: {', '.join(prepared.kept)}"
    tail = console.visible(kept) if prepared.kept else ""
    if prepared.plan.blocked:
        return f"{symbol('warn')} profile {name} can't become active before you say --adopt or --keep"
    if not prepared.plan.files and not (prepared.unserved or tail):
        return f"{symbol('ok')} profile {name}: every file is in step, nothing to write"
    if not prepared.plan.files:
        begin = " is active," if done else ":"
        return f"{symbol(_sign(prepared, 'ok'))} profile {name}{begin} nothing to write: {_count(prepared)}{tail}"
    verb = "is active" if done else "would become active"
    sign = symbol(_sign(prepared, "ok" if done else "none"))
    return f"{sign} profile {name} {verb}: {_count(prepared)}, {summary(prepared.plan)}{tail}"


def _sign(prepared: Prepared, fine: str) -> str:
    return "error" if prepared.unreachable else "warn" if prepared.unserved or prepared.kept else fine


def _count(prepared: Prepared) -> str:
    total = len(prepared.servers)
    served = f"{total - len(prepared.unserved)} of {total}" if prepared.unserved else str(total)
    return f"{served} server{'' if total == 1 else 's'}"
