"""What several groups have found of one and the same thing, told once: by the check that knows the cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mcpconf.doctor.finding import Finding, Group, Level
from mcpconf.record import dataclass, replace

# Checks of an entry that only warn, since what they see may be meant so. That the server fails proves them right.
OF_ENTRIES = frozenset({"MC306", "MC307", "MC312", "MC313", "MC314", "MC315", "MC317", "MC319"})
# Checks that know why a server, by its name, can't run: its route, its values, its image, what its broker says.
OF_SERVERS = frozenset({"MC403", "MC410", "MC411", "MC606", "MC613", "MC801", "MC803", "MC806"})
# What another check says of the same thing, and can mend or explain better.
SAME = {"MC311": "MC406", "MC613": "MC410", "MC702": "MC411", "MC714": "MC322"}
WRONG = (Level.ERROR, Level.WARNING)


def settled(findings: Iterable[Finding], server: str | None = None) -> tuple[Finding, ...]:
    """The findings without repetitions; where a `server` is named, of that one alone."""
    known = [one for one in findings if server is None or one.level is Level.OK or tells_of(one, server)]
    failures = [one for one in known if one.group is Group.SERVERS and one.level is Level.ERROR]
    causes = [one for one in known if one.id in OF_ENTRIES | OF_SERVERS and one.level in WRONG]
    pairs = tuple(_Pair(failure, cause) for failure in failures for cause in causes if _explains(cause, failure))
    return tuple(_settled(known, pairs))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A failure, and what explains it."""

    failure: Finding
    cause: Finding


def _settled(known: list[Finding], pairs: tuple[_Pair, ...]) -> Iterator[Finding]:
    for one in known:
        said = [pair.failure.text for pair in pairs if pair.cause is one]
        if any(pair.failure is one for pair in pairs) or _is_said(one, known):
            yield replace(one, level=Level.SKIPPED, mend=None)
        elif said and one.id in OF_ENTRIES and one.level is Level.WARNING:
            yield replace(one, level=Level.ERROR, evidence=(*one.evidence, said[0]))
        elif one.level is Level.WARNING and _is_for_an_error(one, known):
            yield replace(one, level=Level.ERROR)
        else:
            yield one


def _explains(cause: Finding, failure: Finding) -> bool:
    if cause.id in OF_ENTRIES:
        return (cause.about, cause.evidence[:1]) == (failure.about, failure.evidence[:1])
    name = failure.about
    return cause.about == name or cause.about.startswith(f"{name} (") or cause.text.startswith(f"{name}: ")


def _is_said(one: Finding, known: list[Finding]) -> bool:
    """Whether a better check says the same."""
    better = SAME.get(one.id)
    if better is None or one.level not in WRONG:
        return False
    return any(other.id == better and other.level in WRONG and tells_of(other, one.about) for other in known)


def _is_for_an_error(one: Finding, known: list[Finding]) -> bool:
    """Whether it stands for one that is worse than it knows."""
    errors = (other for other in known if SAME.get(other.id) == one.id and other.level is Level.ERROR)
    return any(tells_of(one, other.about) for other in errors)


def tells_of(one: Finding, server: str) -> bool:
    """Whether a finding is about a server: it is called so, or it names it."""
    return re.search(rf"(?<![\w.-]){re.escape(server)}(?![\w-])", f"{one.about} {one.text}") is not None
