"""Generations as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from mcpconf.cli import console
from mcpconf.cli.render.table import Cell, columns, mark, plain
from mcpconf.commit.generation import Generation
from mcpconf.commit.steps import Link, Mode, Step
from mcpconf.redact import redact
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.undo import Undone


def generation_lines(generations: Sequence[Generation]) -> list[str]:
    """A line for each: number, local time, what it changed, and the command."""
    return columns([_row(one) for one in generations], "")


def _row(one: Generation) -> list[Cell]:
    style = ("dim",) if one.undone else ()
    command = redact(one.command) + ("  (undone)" if one.undone else "")
    return [plain(text, *style) for text in (f"{one.id:>4}", _when(one), _what(one), command)]


def _when(one: Generation) -> str:
    return datetime.fromtimestamp(one.time, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _what(one: Generation) -> str:
    if one.files and not one.changes:
        return "a text"
    counts = Counter(change.action for change in one.changes)
    return f"+{counts['add']} ~{counts['update'] + counts['adopt'] + counts['restore']} -{counts['remove']}"


def undone_line(one: Generation, *, done: bool) -> str:
    """Which change was, or would be, taken back."""
    verb = "took back" if done else "would take back"
    return f"{verb} change {one.id}: {redact(one.command)} ({_what(one)}, {_when(one)})"


def step_lines(done: Undone, home: str) -> list[str]:
    """What is no text and went back or would: modes, and directories that had gone."""
    lines = []
    for step in done.steps:
        lines += [
            console.paint(tilde(step.path, home), "bold"),
            *columns([[mark("change"), plain(_back(step), "dim")]]),
        ]
    return lines


def _back(step: Step) -> str:
    """What a step is that was taken back."""
    if isinstance(step, Mode):
        return f"mode {step.before:o} again"
    return "link removed" if isinstance(step, Link) and step.made else "there again"


def profile_lines(done: Undone, home: str) -> list[str]:
    """The user's own profile, where its edit went back or would."""
    if done.profile is None:
        return []
    verb = "removed" if done.profile.before is None else "given back"
    path = console.paint(tilde(done.profile.path, home), "bold")
    return [path, *columns([[mark("remove" if done.profile.before is None else "change"), plain(verb, "dim")]])]
