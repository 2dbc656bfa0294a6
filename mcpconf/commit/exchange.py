"""Swap two names in one step, so that what was replaced can still be looked at.

Between the last comparison and a rename another program may write. A rename would destroy what it wrote; a swap
(`renameat2` with RENAME_EXCHANGE on Linux, `renamex_np` with RENAME_SWAP on macOS) hands it out, and it is given
back. What remains open: a third writer that reads our version in the microseconds until then.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from typing import Any

try:  # here and not where it is used: what can fail to load is loaded before anything is written
    import ctypes
except ImportError:  # some Pythons are built without it
    ctypes = None  # type: ignore[assignment]

from mcpconf.commit.disk import BINARY, NOFOLLOW
from mcpconf.commit.snapshot import Changed, Snapshot
from mcpconf.commit.state import write_private
from mcpconf.record import dataclass

AT_FDCWD = -100
RENAME_EXCHANGE = 2  # linux/fs.h; macOS calls the same value RENAME_SWAP (sys/stdio.h)
UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
TURNS = 16  # of giving back what others wrote meanwhile

Call = Callable[[bytes, bytes], int]


def exchange(first: str, second: str) -> bool:
    """Swap what two names stand for; False where the system or the file system can't.

    Raises `OSError` as the system does.
    """
    call = _call()
    if call is None:
        return False
    if call(os.fsencode(first), os.fsencode(second)) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), first, None, second)


def _call() -> Call | None:
    """The C library's way to swap. Windows has no library of that kind."""
    library: Any = None
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):
        linux = library.renameat2
        return lambda first, second: linux(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)
    with contextlib.suppress(AttributeError):
        macos = library.renamex_np
        return lambda first, second: macos(first, second, RENAME_EXCHANGE)
    return None


def swap_in(temporary: str, seen: Snapshot, after: bytes) -> bool:
    """Give `temporary`, which holds `after`, the name of the file that was seen; False where it can't be swapped.

    Raises `Changed` where what came out is not what was seen: then it is in its place again, or what a later
    writer made of it.
    """
    if not exchange(temporary, seen.real):
        return False
    taken = content(temporary)
    if taken == seen.raw:
        return True
    _give_back(temporary, seen.real, taken, after)
    raise Changed


def _give_back(temporary: str, real: str, taken: bytes | None, put: bytes | None) -> None:
    """Have the newest of what others wrote stand in the file in the end."""
    for _ in range(TURNS):
        with contextlib.suppress(FileNotFoundError):  # removed by another, and that is the newest
            exchange(temporary, real)
        put, taken, before = taken, content(temporary), put
        if taken == before:
            return  # what came out is what had gone in the turn before: nobody wrote in between


def take_away(seen: Snapshot, temporary: str) -> None:
    """Give the file that was seen another name. Raises `Changed`, with the file in its place, if it is a new one."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(seen.real, temporary)
        if content(temporary) != seen.raw:
            raise Changed


@dataclass(frozen=True, slots=True)
class Known:
    """How the bytes of a commit are told from everybody else's: one to be replaced, one to be written."""

    is_before: Callable[[bytes], bool]
    is_after: Callable[[bytes], bool]
    is_partial: Callable[[bytes], bool]

    def covers(self, raw: bytes) -> bool:
        return self.is_before(raw) or self.is_after(raw) or self.is_partial(raw)


def clear(temporary: str, real: str, known: Known, rescued: str) -> None:
    """Remove a temporary file; if it holds what another program wrote, give that its name back.

    Where something newer has the name, the older version is kept in the directory `rescued`: whoever wrote the newer
    one may have read ours and so dropped it.
    """
    raw = content(temporary)
    if raw is not None and not known.covers(raw):
        standing = content(real)
        if standing is None or known.is_after(standing):
            os.replace(temporary, real)
            return
        write_private(os.path.join(rescued, os.path.basename(temporary).lstrip(".")), raw)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)


def content(path: str) -> bytes | None:
    """The bytes of a regular file; None of anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | NOFOLLOW | BINARY)
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read()
    except OSError:
        return None
