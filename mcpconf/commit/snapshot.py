"""Read a client's file as it really stands, through links, without ever hanging or guessing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from mcpconf.errors import Located

SETTLE = 0.4  # seconds: an empty or unparsable file may be another writer's truncation in flight
STEP = 0.05


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`real` is the path behind all links; `raw` its bytes, None where there is no file; `status` its inode's data."""

    path: str
    real: str
    raw: bytes | None
    status: os.stat_result | None


def read_snapshot(path: str) -> Snapshot:
    """The file behind `path`. Raises `Located` for anything but a regular file that can be read."""
    real = resolve(path)
    try:
        # O_NONBLOCK: a FIFO in the file's place must not hang us.
        descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | _BINARY)
    except FileNotFoundError:
        return Snapshot(path, real, None, None)
    except OSError as error:
        raise _unreadable(path, error) from None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Located(path, f"is {_kind(status.st_mode)}, not a regular file; nothing was changed")
        if status.st_nlink == 0:
            raise Located(
                path,
                "is a stale bind mount: the file was replaced on the host and this one has no name any more;"
                " nothing was changed",
                hint="restart the container, and mount the directory instead of the file",
            )
        try:
            return Snapshot(path, real, stream.read(), status)
        except OSError as error:
            raise _unreadable(path, error) from None


_BINARY = getattr(os, "O_BINARY", 0)


def resolve(path: str) -> str:
    """The path behind every link. Raises `Located` for a link that leads nowhere or in a circle."""
    try:
        real = os.path.realpath(path, strict=True)
    except FileNotFoundError:
        if os.path.islink(path):
            target = os.path.realpath(path)
            raise Located(
                path,
                f"is a link to {target}, which does not exist; nothing was changed",
                hint=f"create that file with {{}} in it, or remove the link (rm {path})",
            ) from None
        return os.path.realpath(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    return real


def settled(read: Callable[[], Snapshot], parses: Callable[[bytes], bool], sleep: Callable[[float], None]) -> Snapshot:
    """Read until the file parses, or has stood unparsable and unchanged for `SETTLE` seconds."""
    snapshot = read()
    waited = 0.0
    while snapshot.raw is not None and not parses(snapshot.raw) and waited < SETTLE:
        sleep(STEP)
        waited += STEP
        newest = read()
        if newest.raw != snapshot.raw:
            snapshot, waited = newest, 0.0
    return snapshot


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    return "a FIFO" if stat.S_ISFIFO(mode) else "a device or socket"


def _unreadable(path: str, error: OSError) -> Located:
    if error.errno == errno.ELOOP:
        return Located(path, "is a link that leads in a circle; nothing was changed", hint=f"rm {path}")
    if error.errno in (errno.ENXIO, errno.ENODEV):
        return Located(path, "is no regular file; nothing was changed")
    if error.errno == errno.ENOTDIR:
        return Located(path, "lies under something that is no directory; nothing was changed")
    hint = f"sudo chown $(id -un) {path}" if error.errno in (errno.EACCES, errno.EPERM) else None
    return Located(path, f"can't be read ({error.strerror}); nothing was changed", hint=hint)
