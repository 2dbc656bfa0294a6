"""The routes of the active profiles' servers: is there one, is it still the best, and do clients' files have it?"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.routes import Routes, Served, Trouble
from mcpconf.workflow.status import EDITED, FOREIGN, LEFT_OVER, MISSING, OUTDATED, UNAVAILABLE

_G = Group.ROUTES
FINE = Level.OK  # no more than what is told at length
# A profile that is gone or invalid leaves entries that go on as they are, and can't be put in place again.
TROUBLES = {Trouble.GONE: Level.ERROR, Trouble.INVALID: Level.ERROR, Trouble.UNTRUSTED: Level.WARNING}


def is_active(seen: Routes) -> Iterator[Found]:
    if not seen.actives:
        yield Found(Level.INFO, "no profile is active here", "", (), Mend("mcpconf init"))


def can_be_used(seen: Routes) -> Iterator[Found]:
    for one in seen.actives:
        level = TROUBLES.get(one.trouble)
        if level is not None:
            first, *more = one.because.split("\n")
            text = f"the active profile can't be used: {first}"
            yield Found(level, text, one.profile, tuple(more), Mend(one.hint or f"mcpconf profile edit {one.profile}"))


def _of_servers(judge: Callable[[Served], Iterable[Found]]) -> Callable[[Routes], Iterator[Found]]:
    """A check of each server, which is skipped where no profile could be looked at."""

    @functools.wraps(judge)
    def check(seen: Routes) -> Iterator[Found]:
        if seen.unseen is not None:
            yield Found(Level.SKIPPED, seen.unseen.partition("\n")[0])
        for active in seen.actives:
            for one in active.servers:
                yield from judge(one)

    return check


def _has_route(one: Served) -> Iterator[Found]:
    if one.state != UNAVAILABLE:
        return
    mend = Mend(one.hint) if one.hint else Mend(f"mcpconf profile edit {one.profile}")
    if one.elsewhere:
        yield Found(
            Level.INFO, f"it can't be served here, of which {one.elsewhere} below tells", one.entry, (one.where,), mend
        )
        return
    yield Found(
        Level.WARNING, "it can't be served here, and its client has no entry of it", one.entry, _reasons(one), mend
    )


def _reasons(one: Served) -> tuple[str, ...]:
    return (one.where, *one.because.split("; "))


def _why(one: Served) -> Iterator[Found]:
    if one.route is not None:
        yield Found(FINE, f"by the route {one.route}", one.entry, _reasons(one))


def _is_written(one: Served) -> Iterator[Found]:
    if one.state != MISSING or one.because.endswith(" is gone"):
        return
    if one.written is not None:
        text = "somebody has taken its entry out of the file since it was written"
        yield Found(Level.ERROR, text, one.entry, (one.where,), _again(one))
    else:
        text = f"{one.profile} has it, and its client has no entry of it yet"
        yield Found(Level.WARNING, text, one.entry, (one.where,), _again(one))


def _is_current(one: Served) -> Iterator[Found]:
    if one.state == OUTDATED and not one.still and not one.refused:
        text = f"its entry is an older one than {one.profile} and this machine would give now"
        yield Found(Level.WARNING, text, one.entry, (one.where, "mcpconf diff shows what differs"), _again(one))


def _is_best_route(one: Served) -> Iterator[Found]:
    if one.state != OUTDATED:
        return
    asked = _again(one, safe=False)
    if one.refused:
        # What is wrong with the entry is told where entries are looked at; this is what would serve in its place.
        text = f"its entry takes the route {one.written}, which is none any more; {one.route} is one"
        yield Found(Level.INFO, text, one.entry, (*_reasons(one), *one.refused.split("; ")), asked)
    elif one.still and one.written != one.route:
        text = f"its entry takes the route {one.written}, as it was told to; else {one.route} would be taken"
        yield Found(Level.INFO, text, one.entry, _reasons(one), asked)


def _not_edited(one: Served) -> Iterator[Found]:
    if one.state == EDITED:
        text = "its entry was edited by hand since it was written, so a switch leaves it as it is"
        mend = Mend(f"mcpconf diff; to have {one.profile}'s again: mcpconf switch {one.profile} --force")
        yield Found(Level.WARNING, text, one.entry, (one.where,), mend)


def _not_anothers(one: Served) -> Iterator[Found]:
    if one.state == FOREIGN:
        text = f"an entry of that name is somebody else's, and says something else than {one.profile}"
        mend = Mend(f"mcpconf diff; to take it over: mcpconf switch {one.profile} --adopt")
        yield Found(Level.INFO, text, one.entry, (one.where,), mend)


def _not_left_over(one: Served) -> Iterator[Found]:
    if one.state == LEFT_OVER:
        text = "it is left of an earlier profile, since it was edited by hand"
        mend = Mend(f"to remove it: mcpconf switch {one.profile} --force")
        yield Found(Level.WARNING, text, one.entry, (one.where,), mend)


def _again(one: Served, *, safe: bool = True) -> Mend:
    return _switch(one.profile, one.scope, safe=safe)


def _switch(profile: str, scope: str, *, safe: bool) -> Mend:
    where = "" if scope == "user" else f" --scope {scope}"
    return Mend(f"mcpconf switch {profile}{where}", safe=safe, action="switch", arguments=(profile, scope))


def files_are_there(seen: Routes) -> Iterator[Found]:
    for active in seen.actives:
        for one in active.files:
            text = f"what its entry starts needs {one.path}, which is gone"
            # Not by itself, since undo would not lose it again.
            yield Found(Level.ERROR, text, one.server, (), _switch(one.profile, one.scope, safe=False))


def values_are_set(seen: Routes) -> Iterator[Found]:
    for active in seen.actives:
        for one in active.lacks:
            yield Found(Level.WARNING, one.text, one.server, (), Mend(one.hint) if one.hint else None)


CHECKS = (
    Check("MC401", _G, "a profile is active", is_active),
    Check("MC402", _G, "the active profile can be used", can_be_used),
    Check("MC403", _G, "every server of it has a way here", _of_servers(_has_route)),
    Check("MC404", _G, "every server of it is in its clients' files", _of_servers(_is_written)),
    Check("MC405", _G, "entries are what the profile says", _of_servers(_is_current)),
    Check("MC406", _G, "no better route has come up", _of_servers(_is_best_route)),
    Check("MC407", _G, "no entry of ours was edited by hand", _of_servers(_not_edited)),
    Check("MC408", _G, "nobody else's entry has a name of the profile's", _of_servers(_not_anothers)),
    Check("MC409", _G, "nothing is left of an earlier profile", _of_servers(_not_left_over)),
    Check("MC410", _G, "the files behind the entries are there", files_are_there),
    Check("MC411", _G, "every value that a server needs is set", values_are_set),
    Check("MC412", _G, "each route has its reason", _of_servers(_why)),
)
