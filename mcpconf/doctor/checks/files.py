"""Clients' files: can they be read, by us and by the client, and will a write of either last?"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.files import ClientFile, Files, Spot

OTHERS = 0o077
STALE_LOCK = 10.0  # seconds after which Claude Code takes a lock for left behind
LARGE = 8 << 20  # bytes, from which on each start of Claude Code takes noticeably longer


def _there(files: Files) -> Iterator[ClientFile]:
    return (one for one in files.known if one.exists and one.problem is None)


def _at(one: ClientFile, spot: Spot) -> str:
    return f"{one.path}:{spot.line}:{spot.column}" if spot.line else one.path


def can_be_read(files: Files) -> Iterator[Found]:
    for one in files.known:
        if one.problem is not None and not one.stale:
            mend = Mend(one.mend or f"ls -ld {quote(one.path)}")
            yield Found(Level.ERROR, one.problem, one.path, (f"read by {_readers(one)}",), mend)


def parses(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.fault is not None:
            reset = "Claude Code resets such a file at its next write" if one.resets else "its client can't read it"
            mend = Mend(one.fault.hint or f"${{EDITOR:-vi}} +{one.fault.line} {quote(one.path)}")
            yield Found(Level.ERROR, f"{_at(one, one.fault)}: {one.fault.text}", one.path, (reset,), mend)


def no_name_twice(files: Files) -> Iterator[Found]:
    for one in _there(files):
        for spot in one.repeated:
            why = "clients read the last one, and drop the others when they write"
            yield Found(
                Level.WARNING, f"{_at(one, spot)}: {spot.text}", one.path, (why,), Mend(spot.hint or "merge them")
            )


def nothing_invisible(files: Files) -> Iterator[Found]:
    for one in _there(files):
        for spot in one.invisible:
            mend = Mend(f"type that line anew: {one.path}:{spot.line}")
            yield Found(Level.WARNING, f"{_at(one, spot)}: {spot.text}", one.path, (), mend)


def no_byte_order_mark(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.bom and "claude-desktop" in one.clients:
            text = "it begins with a byte order mark, over which Claude Desktop resets it"
            safe = Mend(
                f"sed -i '1s/^\\xef\\xbb\\xbf//' {quote(one.path)}", safe=True, action="bom", arguments=(one.path,)
            )
            yield Found(Level.WARNING, text, one.path, (), safe)


def is_private(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.mode & OTHERS and one.ours and _is_personal(one):
            text = f"others on this machine can read it (mode {one.mode & 0o7777:o}); it may hold tokens and history"
            safe = Mend(f"chmod 600 {quote(one.path)}", safe=True, action="chmod", arguments=(one.path, "600"))
            yield Found(Level.WARNING, text, one.path, (), safe)


def is_the_users(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if not one.ours:
            text = f"it belongs to another user (number {one.owner})"
            yield Found(Level.WARNING, text, one.path, (), Mend(f"sudo chown $(id -un) {quote(one.path)}"))


def can_be_written(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.read_only:
            text = "it is mounted read-only: its client says that it saved a server, and has not"
            yield Found(Level.WARNING, text, one.path, (), Mend("mount it without :ro, or switch on the host"))
        elif not one.writable and one.ours:
            yield Found(Level.WARNING, "it can't be written", one.path, (), Mend(f"chmod u+w {quote(one.path)}"))


def link_leads_straight(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if len(one.hops) > 1:
            text = "it is a link to a link: Claude Code puts a file in the place of the second one"
            way = " -> ".join((one.path, *one.hops))
            yield Found(Level.WARNING, text, one.path, (way,), Mend(f"ln -sfn {quote(one.real)} {quote(one.path)}"))


def mount_is_fresh(files: Files) -> Iterator[Found]:
    for one in files.known:
        if one.stale:
            text = "it is a stale bind mount: the file was replaced on the host, and what is here is the old one"
            mend = Mend("restart the container, and mount the directory in the place of the file")
            yield Found(Level.ERROR, text, one.path, ("a rename on the host leaves a mounted file behind",), mend)


def mount_will_last(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.mounted and not one.read_only:
            text = "it is mounted as a single file: the next write on the host detaches this container from it"
            yield Found(
                Level.INFO, text, one.path, (), Mend("mount its directory, with CLAUDE_CONFIG_DIR where needed")
            )


def lock_is_free(files: Files) -> Iterator[Found]:
    for one in files.known:
        if one.lock is None:
            continue
        if not one.lock.directory:
            text = f"{one.lock.path} is a file: while it is there, Claude Code writes without a lock"
            yield Found(Level.WARNING, text, one.path, (), Mend(f"rm {quote(one.lock.path)}"))
        elif one.lock.age > STALE_LOCK:
            text = f"a lock that nobody holds any more ({one.lock.age:.0f} s old) stands beside it"
            remove = Mend(f"rmdir {quote(one.lock.path)}", safe=True, action="rmdir", arguments=(one.lock.path,))
            yield Found(Level.INFO, text, one.path, (one.lock.path,), remove)


def was_not_reset(files: Files) -> Iterator[Found]:
    for one in files.known:
        if one.corrupted:
            text = "Claude Code could not read it once, and began anew: what stood there is in a copy"
            mend = Mend(f"diff {quote(one.corrupted[0])} {quote(one.path)}")
            yield Found(Level.INFO, text, one.path, one.corrupted[:3], mend)


def has_one_name(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.names > 1:
            text = f"it has {one.names} names (hard links): Claude Code's next write parts them"
            yield Found(Level.INFO, text, one.path, (), Mend(f"ls -li {quote(one.path)}"))


def write_was_finished(files: Files) -> Iterator[Found]:
    for one in files.known:
        if one.torn:
            text = "a write of mcpconf was cut off; its old bytes are kept, and put back by the next change"
            yield Found(Level.ERROR, text, one.path, (), Mend("mcpconf switch NAME"))


def is_small(files: Files) -> Iterator[Found]:
    for one in _there(files):
        if one.size > LARGE:
            text = f"it has {one.size >> 20} MB, all of which Claude Code reads and writes again at each change"
            yield Found(Level.INFO, text, one.path, (), Mend("remove old projects from it, with Claude Code closed"))


def is_where_clients_look(files: Files) -> Iterator[Found]:
    for one in files.ignored:
        names = ", ".join(one.names)
        text = f"it has servers ({names}) that no client reads there"
        yield Found(Level.WARNING, text, one.path, (), Mend(f"move them to {one.instead}, or: mcpconf import"))


def _readers(one: ClientFile) -> str:
    return " and ".join(one.clients)


def _is_personal(one: ClientFile) -> bool:
    """A project's `.mcp.json` is for everybody."""
    return not one.path.endswith(".mcp.json")


CHECKS = (
    Check("MC201", Group.FILES, "every client's file can be read", can_be_read),
    Check("MC202", Group.FILES, "every client's file is whole and valid JSON", parses),
    Check("MC203", Group.FILES, "no name stands twice", no_name_twice),
    Check("MC204", Group.FILES, "no entry has characters that can't be seen", nothing_invisible),
    Check("MC205", Group.FILES, "no byte order mark where a client can't stand one", no_byte_order_mark),
    Check("MC206", Group.FILES, "nobody else can read your clients' files", is_private),
    Check("MC207", Group.FILES, "your clients' files are yours", is_the_users),
    Check("MC208", Group.FILES, "your clients can write their files", can_be_written),
    Check("MC209", Group.FILES, "links lead straight to the file", link_leads_straight),
    Check("MC210", Group.FILES, "what is mounted here is what the host has", mount_is_fresh),
    Check("MC211", Group.FILES, "mounts will outlast the next write", mount_will_last),
    Check("MC212", Group.FILES, "no lock was left behind", lock_is_free),
    Check("MC213", Group.FILES, "Claude Code has not reset a file", was_not_reset),
    Check("MC214", Group.FILES, "each file has one name", has_one_name),
    Check("MC215", Group.FILES, "no write of ours was cut off", write_was_finished),
    Check("MC216", Group.FILES, "files are small enough to be read quickly", is_small),
    Check("MC217", Group.FILES, "servers stand where clients look for them", is_where_clients_look),
)
