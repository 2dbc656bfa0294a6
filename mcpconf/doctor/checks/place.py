"""The place: do we know where we are, and is there what every command needs?"""

from __future__ import annotations

from collections.abc import Iterator

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.place import PlaceSeen
from mcpconf.model import Kind

LITTLE = 50 << 20  # bytes: less, and the next write may fail
AHEAD = 300.0  # seconds by which a file may come from the future


def is_known(place: PlaceSeen) -> Iterator[Found]:
    environment = place.environment
    if environment.kind is Kind.UNKNOWN:
        why = tuple(f"{one.name}: {one.seen}" for one in environment.evidence if one.weight)
        mend = Mend("export MCPCONF_ENV=host, or container; see mcpconf env --explain")
        yield Found(Level.WARNING, "it can't be told whether this is a host or a container", "", why, mend)


def is_what_was_said(place: PlaceSeen) -> Iterator[Found]:
    environment = place.environment
    said = environment.overridden
    if said is not None and said != str(environment.kind) and said != str(Kind.UNKNOWN):
        text = f"you say that this is a {environment.kind}, all evidence says {said}"
        yield Found(Level.WARNING, text, "", (), Mend("mcpconf env --explain; unset MCPCONF_ENV"))


def has_room(place: PlaceSeen) -> Iterator[Found]:
    for one in place.directories:
        if one.free is not None and one.free < LITTLE:
            text = f"there are {one.free >> 20} MB left where mcpconf keeps its {one.name}"
            yield Found(Level.WARNING, text, one.path, (), Mend(f"df -h {one.path}"))


def directories_work(place: PlaceSeen) -> Iterator[Found]:
    for one in place.directories:
        if one.problem is not None:
            text = f"mcpconf's {one.name} can't be used: {one.problem}"
            yield Found(Level.ERROR, text, one.path, (), Mend(f"ls -ld {one.path}"))


def clock_is_right(place: PlaceSeen) -> Iterator[Found]:
    if place.newest > place.clock + AHEAD:
        text = "files of mcpconf's come from the future: the clock was set back, and locks and ages can't be told"
        yield Found(Level.WARNING, text, "", (), Mend("date; timedatectl set-ntp true"))


def home_is_ours(place: PlaceSeen) -> Iterator[Found]:
    owner = place.owner
    if owner is not None:
        text = f"HOME belongs to {owner}, and you are somebody else: what is written here is not theirs"
        yield Found(Level.WARNING, text, "", (), Mend("run mcpconf as that user, without sudo"))


def own_files_are_whole(place: PlaceSeen) -> Iterator[Found]:
    lost = tuple(one.path + "/" for one in place.directories if one.problem is not None)
    for path, problem, mend in place.damaged:
        if path.startswith(lost):
            continue  # MC104 says why
        yield Found(Level.ERROR, f"mcpconf's own file can't be read: {problem}", path, (), Mend(mend))


CHECKS = (
    Check("MC101", Group.PLACE, "host or container is known", is_known),
    Check("MC102", Group.PLACE, "the evidence agrees with what you said", is_what_was_said),
    Check("MC103", Group.PLACE, "there is room on the disk", has_room),
    Check("MC104", Group.PLACE, "mcpconf's directories can be used", directories_work),
    Check("MC105", Group.PLACE, "the clock runs forward", clock_is_right),
    Check("MC106", Group.PLACE, "HOME is yours", home_is_ours),
    Check("MC107", Group.PLACE, "mcpconf's own files are whole", own_files_are_whole),
)
