"""What `/proc/self/mountinfo` says about where `/`, `/dev` and `/etc/hosts` come from."""

from __future__ import annotations

from mcpconf.record import dataclass

_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system: which directory of it (`root`) stands at `point`, its type and its source."""

    root: str
    point: str
    fstype: str
    source: str


@dataclass(frozen=True, slots=True)
class Mounts:
    """The mounts that tell places apart; None where nothing is mounted there."""

    root: Mount | None = None
    dev: Mount | None = None
    hosts: Mount | None = None
    lxcfs: bool = False


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """All mounts of a mountinfo text (proc(5)), in its order; lines that do not parse are left out."""
    found = (_parse_line(line) for line in text.split("\n"))
    return tuple(mount for mount in found if mount is not None)


def telling(mounts: tuple[Mount, ...]) -> Mounts:
    """The telling ones. Where mounts are stacked on one point, the last one is what a process sees.

    Fields are compared whole: a host that runs containers has their paths all over its own mountinfo, as mount points.
    """
    at = {mount.point: mount for mount in mounts}
    # A host that runs lxcfs mounts it under /var/lib; only inside of an LXC container does it cover parts of /proc.
    lxcfs = any(mount.fstype == "fuse.lxcfs" and mount.point.startswith("/proc/") for mount in at.values())
    return Mounts(root=at.get("/"), dev=at.get("/dev"), hosts=at.get("/etc/hosts"), lxcfs=lxcfs)


def _parse_line(line: str) -> Mount | None:
    # 36 35 98:0 /root-within-fs /mount/point options [optional fields...] - fstype source super-options
    before, dash, after = line.partition(" - ")
    fields, tail = before.split(" "), after.split(" ")
    if not dash or len(fields) < 6 or len(tail) < 2:
        return None
    return Mount(root=_plain(fields[3]), point=_plain(fields[4]), fstype=tail[0], source=_plain(tail[1]))


def _plain(field: str) -> str:
    for escaped, character in _ESCAPES:
        field = field.replace(escaped, character)
    return field
