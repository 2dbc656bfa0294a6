"""`mcpconf doctor` as text: a group that is fine is one line, what is not has its reason and its mend."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import columns, plain, symbol
from mcpconf.doctor.catalogue import CHECKS
from mcpconf.doctor.finding import WORST, Finding, Group, Level, worst
from mcpconf.redact import redact
from mcpconf.workflow.diff import tilde_all, tilde_command

SIGNS = {Level.OK: "ok", Level.INFO: "ok", Level.WARNING: "warn", Level.ERROR: "error", Level.SKIPPED: "none"}
COLORS = {Level.OK: "green", Level.INFO: "cyan", Level.WARNING: "yellow", Level.ERROR: "red", Level.SKIPPED: "dim"}
WIDTH = max(len(group) for group in Group)
BELOW = " " * 11  # what belongs to a finding stands below its text


def doctor_lines(findings: Sequence[Finding], home: str) -> list[str]:
    """One block for each group, in their order, and a last line that sums up."""
    lines: list[str] = []
    for group in Group:
        mine = [one for one in findings if one.group is group]
        if mine:
            lines += _group(group, mine, home)
    return [*lines, "", *_sum(findings)]


def _group(group: Group, findings: Sequence[Finding], home: str) -> Iterator[str]:
    level = worst(one.level for one in findings)
    told = [one for one in findings if one.level not in (Level.OK, Level.SKIPPED) or _is_told_at_length(one)]
    yield f"{symbol(SIGNS[level])} {console.paint(f'{group!s:<{WIDTH}}', 'bold')}  {_word(findings, level)}"
    for one in sorted(told, key=lambda one: WORST.index(one.level)):
        yield from _finding(one, home)


def _is_told_at_length(one: Finding) -> bool:
    """What is fine and has its reasons, such as a route: for --verbose."""
    return console.settings.verbose and one.level is Level.OK and bool(one.evidence)


def _word(findings: Sequence[Finding], level: Level) -> str:
    """What a group amounts to."""
    if all(one.level is Level.SKIPPED for one in findings):
        return console.paint(f"skipped: {findings[0].text}", "dim")
    good = len({one.id for one in findings if one.level is Level.OK})
    parts = [_count(findings, one) for one in (Level.ERROR, Level.WARNING) if any(f.level is one for f in findings)]
    skipped = sum(one.level is Level.SKIPPED for one in findings)
    parts += [f"{good} fine"] if good else []
    parts += [f"{skipped} skipped"] if skipped else []
    return console.paint(", ".join(parts), COLORS[level] if level in (Level.ERROR, Level.WARNING) else "dim")


def _count(findings: Sequence[Finding], level: Level) -> str:
    number = sum(one.level is level for one in findings)
    return f"{number} {level}{'' if number == 1 else 's'}"


def _finding(one: Finding, home: str) -> Iterator[str]:
    show = partial(shown, home=home)
    color = COLORS[one.level]
    about = show(one.about)
    text = show(one.text)
    said = text if not about or text.startswith(f"{about}:") else f"{about}: {text}"
    first, *more = terminal.wrapped(said, sys.stdout, f"    {one.id}  ", BELOW)
    yield first.replace(one.id, console.paint(one.id, color), 1)
    yield from more
    for line in one.evidence:
        for part in terminal.wrapped(show(line), sys.stdout, BELOW, BELOW):
            yield console.paint(part, "dim")
    if one.mend is not None:
        safe = console.paint("  (--fix does it)", "dim") if one.mend.safe else ""
        command = show(tilde_command(one.mend.command, home))
        yield console.hint(command, BELOW) + safe


def shown(text: str, home: str) -> str:
    """What was seen, fit to be shown: one line, without secrets, `~` for the home."""
    return redact(tilde_all(console.visible(text).replace("\n", " "), home))


def _sum(findings: Sequence[Finding]) -> Iterator[str]:
    errors, warnings = (sum(one.level is level for one in findings) for level in (Level.ERROR, Level.WARNING))
    if not errors and not warnings:
        yield f"{symbol('ok')} all is well"
        return
    parts = [_count(findings, level) for level, number in ((Level.ERROR, errors), (Level.WARNING, warnings)) if number]
    yield f"{symbol('error' if errors else 'warn')} {' and '.join(parts)}"
    safe = sum(one.mend is not None and one.mend.safe for one in findings)
    if safe:
        yield console.hint(f"mcpconf doctor --fix    # mends {safe}")
    first = next(one for level in WORST for one in findings if one.level is level)
    yield console.hint(f"mcpconf doctor --explain {first.id}")


def check_lines() -> list[str]:
    """Every check there is, with what is true where it finds nothing."""
    return columns([[plain(one.id, "bold"), plain(str(one.group), "cyan"), plain(one.title)] for one in CHECKS], "")
