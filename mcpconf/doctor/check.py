"""A check, and having all of them judge what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mcpconf.doctor.finding import Finding, Found, Group, Level
from mcpconf.doctor.seen.whole import Seen
from mcpconf.record import dataclass

Judge = Callable[[Any], Iterable[Found]]  # what was seen of the check's group in


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `judge` gives what is to be said; nothing means that all is well.

    `title` says what is true then, in the present tense: it is what `doctor` shows of a check that found nothing.
    """

    id: str
    group: Group
    title: str
    judge: Judge


def judged(checks: Iterable[Check], seen: Seen) -> Iterator[Finding]:
    """Every check's findings, or its one `OK`. One that fails is said so: a bug must not hide the rest."""
    for check in checks:
        missing = seen.missing(check.group)
        if missing is not None:
            yield _of(check, Found(Level.SKIPPED, missing))
            continue
        try:
            found = tuple(check.judge(seen.parts[check.group]))
        except Exception as bug:
            found = (
                Found(Level.SKIPPED, f"this check failed, which is a bug in mcpconf: {type(bug).__name__}: {bug}"),
            )
        yield from [_of(check, one) for one in found] or [_of(check, Found(Level.OK, check.title))]


def _of(check: Check, found: Found) -> Finding:
    return Finding(
        id=check.id,
        group=check.group,
        title=check.title,
        level=found.level,
        text=found.text,
        about=found.about,
        evidence=found.evidence,
        mend=found.mend,
    )
