"""The system calls of a commit, from a real trace, and runs in which one of them fails or is the last."""

from __future__ import annotations

import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.place import Done, Place

# What Linux' manual pages and file systems know; those that say "this system can't" are among them. Not that a file is
# gone (ENOENT) where it is removed: it would be a lie about a file that is there, and stays.
OPENING = ("EACCES", "EMFILE", "ENFILE", "ENOENT", "ENOSPC", "EROFS", "EIO", "ENOMEM", "EINTR", "EDQUOT", "ELOOP")
NAMING = ("EACCES", "EPERM", "EBUSY", "EIO", "ENOSPC", "EROFS", "EXDEV", "ENOENT", "EDQUOT", "ENOMEM")
READING = ("EIO", "EINTR", "ENOMEM")
ERRORS = {
    "openat": OPENING,
    "open": OPENING,
    "read": READING,
    "pread64": READING,
    "getdents64": ("EIO", "ENOENT"),
    "write": ("ENOSPC", "EIO", "EINTR", "EDQUOT", "EFBIG"),
    "pwrite64": ("ENOSPC", "EIO", "EINTR", "EDQUOT", "EFBIG"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EINVAL"),
    "fdatasync": ("EIO", "ENOSPC", "EDQUOT"),
    "close": ("EIO", "EINTR", "ENOSPC"),
    "rename": NAMING,
    "renameat": NAMING,
    "renameat2": (*NAMING, "EINVAL", "ENOSYS"),
    "link": (*NAMING, "EEXIST", "EMLINK"),
    "linkat": (*NAMING, "EEXIST", "EMLINK"),
    "unlink": ("EACCES", "EPERM", "EBUSY", "EIO", "EROFS"),
    "unlinkat": ("EACCES", "EPERM", "EBUSY", "EIO", "EROFS"),
    "mkdir": ("EACCES", "EEXIST", "EIO", "ENOSPC", "EROFS", "EMLINK", "EDQUOT"),
    "rmdir": ("EACCES", "EBUSY", "EIO", "ENOTEMPTY", "EROFS"),
    "symlink": ("EACCES", "EEXIST", "EIO", "ENOSPC", "EROFS"),
    "stat": ("EACCES", "EIO", "ENOENT", "ENOMEM", "ELOOP"),
    "lstat": ("EACCES", "EIO", "ENOENT", "ENOMEM", "ELOOP"),
    "newfstatat": ("EACCES", "EIO", "ENOENT", "ENOMEM", "ELOOP"),
    "fstat": ("EIO", "ENOMEM"),
    "statx": ("EACCES", "EIO", "ENOENT"),
    "readlink": ("EACCES", "EINVAL", "EIO", "ENOENT"),
    "lseek": ("EINVAL", "ESPIPE"),
    "ftruncate": ("EIO", "EINTR", "EPERM"),
    "fallocate": ("ENOSPC", "EIO", "EOPNOTSUPP", "EINTR", "EFBIG"),
    "fchmod": ("EPERM", "EIO", "EROFS"),
    "chmod": ("EPERM", "EIO", "EROFS"),
    "fchown": ("EPERM", "EIO", "EROFS"),
    "chown": ("EPERM", "EIO", "EROFS"),
    "flistxattr": ("EIO", "EOPNOTSUPP"),
    "llistxattr": ("EIO", "EOPNOTSUPP"),
    "listxattr": ("EIO", "EOPNOTSUPP"),
    "getxattr": ("EIO", "ENODATA"),
    "fsetxattr": ("EIO", "ENOSPC", "EPERM"),
    "flock": ("EINTR", "ENOLCK"),
    "dup": ("EMFILE",),
    "fcntl": ("EMFILE",),
    "clock_nanosleep": ("EINTR",),
    "ioctl": ("ENOTTY",),
}
NO_KILL = {"exit_group"}
LINE = re.compile(r"(?:\d+ +)?(\w+)\(")
LOCK = "/mcpconf/lock"


@dataclass(frozen=True)
class Call:
    """The `number`th call of that name since the process began."""

    name: str
    number: int


@dataclass(frozen=True)
class Fault:
    """What happens at a call: an error instead of it, or the end of the process (`KILL`)."""

    call: Call
    what: str

    def __str__(self) -> str:
        return f"{self.what} at {self.call.name} number {self.call.number}"


def strace() -> str:
    found = shutil.which("strace")
    assert found, "strace is needed: shell/test.sh installs it"
    return found


def calls_of(place: Place, *argv: str) -> list[Call]:
    """Every call of a command from the moment when it takes our lock; the command runs to its end."""
    log = place.root / "trace"
    done = place.run(*argv, before=[strace(), "-f", "-o", str(log)])
    assert done.code == 0, done
    return list(_window(log))


def _window(log: Path) -> Iterator[Call]:
    counts: Counter[str] = Counter()
    inside = False
    for line in log.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        counts[match[1]] += 1
        inside = inside or LOCK in line
        if inside:
            yield Call(match[1], counts[match[1]])


def faults(calls: list[Call]) -> list[Fault]:
    """Each error that each call can give, and death at each."""
    found = []
    for call in calls:
        if call.name not in NO_KILL:
            found.append(Fault(call, "KILL"))
        found += [Fault(call, error) for error in ERRORS.get(call.name, ())]
    return found


def run_with(place: Place, fault: Fault, *argv: str) -> tuple[Done, bool]:
    """Run a command in which that happens; how it ended, and whether the fault came."""
    log = place.root / "injected"
    log.unlink(missing_ok=True)
    # The process dies before the call is done; the state after it is met at the next one. With seccomp-bpf strace
    # delivers no signals, without it every call of the process stops twice.
    kill = fault.what == "KILL"
    what, fast = ("signal=KILL", []) if kill else (f"error={fault.what}", ["--seccomp-bpf"])
    inject = f"inject={fault.call.name}:{what}:when={fault.call.number}"
    options = [strace(), "-f", *fast, "-o", str(log), "-e", f"trace={fault.call.name}", "-e", inject]
    done = place.run(*argv, before=options)
    if kill:
        return done, done.code == -signal.SIGKILL  # strace ends as its child did
    return done, "(INJECTED)" in log.read_text(errors="replace")
