"""Read a client's file as it really stands, through links, without ever hanging or guessing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from mcpconf.commit.disk import BINARY, close
from mcpconf.errors import Located
from mcpconf.record import dataclass

SETTLE = 0.4  # seconds: an empty or unparsable file may be another writer's truncation in flight
STEP = 0.05
PATIENCE = 5.0  # seconds for a file that keeps changing and is never whole
LOOKS = 5
LIMIT = 256 * 1024 * 1024  # bytes: forty times the largest that was seen, and what the memory can hold


class Changed(Exception):
    """Somebody wrote the file between our reading and our writing: plan again."""


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
    for _ in range(LOOKS):
        seen = _read(path, real)
        # An inode without a name was renamed over while we held it, so there is a newer one to look at.
        if seen.status is None or seen.status.st_nlink > 0:
            return seen
    raise Located(
        path,
        "is a stale bind mount: the file was replaced on the host and this one has no name any more;"
        " nothing was changed",
        hint="restart the container, and mount the directory instead of the file",
    )


def _read(path: str, real: str) -> Snapshot:
    try:
        # Looked at before it is opened: opening a FIFO can hang, and opening a device can set something off.
        _regular(path, os.stat(real))
        descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
    except FileNotFoundError:
        return Snapshot(path, real, None, None)
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        status = _regular(path, os.fstat(descriptor))
        if status.st_size > LIMIT:
            raise Located(path, f"is larger than {LIMIT >> 20} MB, as no client's file is; nothing was changed")
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            return Snapshot(path, real, stream.read(), status)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        close(descriptor)


def resolve(path: str) -> str:
    """The path behind every link. Raises `Located` for a link that leads nowhere or in a circle."""
    try:
        return os.path.realpath(path, strict=True)
    except FileNotFoundError:
        _refuse_dangling(path)
        return os.path.realpath(path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _refuse_dangling(path: str) -> None:
    """Raise `Located` where the path, or a directory on its way, is a link to what does not exist."""
    place = path
    while place and not os.path.lexists(place):
        place = os.path.dirname(place)
    if not os.path.islink(place) or os.path.exists(place):
        return
    target = os.path.realpath(place)
    if place == path:
        said, mend = f"is a link to {target}", "create that file with {} in it"
    else:
        said, mend = f"lies behind {place}, a link to {target}", f"mkdir -p {target}"
    raise Located(
        path,
        f"{said}, which does not exist; nothing was changed",
        hint=f"{mend}, or remove the link (rm {place})",
    )


def settled(
    read: Callable[[], Snapshot],
    parses: Callable[[bytes], bool],
    sleep: Callable[[float], None],
    *,
    expected: bool = False,
) -> Snapshot:
    """Read until the file parses, or has stood unparsable and unchanged for `SETTLE` seconds.

    One that is not there is waited for as well where it is `expected`: a writer that removes a file before it writes
    the new one must not make us forget what is ours in it.
    """
    snapshot = read()
    waited = patience = 0.0
    while not _whole(snapshot, parses, expected) and waited < SETTLE and patience < PATIENCE:
        sleep(STEP)
        waited += STEP
        patience += STEP
        newest = read()
        if newest.raw != snapshot.raw:
            snapshot, waited = newest, 0.0
    return snapshot


def _whole(snapshot: Snapshot, parses: Callable[[bytes], bool], expected: bool) -> bool:
    return not expected if snapshot.raw is None else parses(snapshot.raw)


def _regular(path: str, status: os.stat_result) -> os.stat_result:
    if stat.S_ISREG(status.st_mode):
        return status
    kind = "a device or socket"
    if stat.S_ISDIR(status.st_mode):
        kind = "a directory"
    elif stat.S_ISFIFO(status.st_mode):
        kind = "a FIFO"
    raise Located(path, f"is {kind}, not a regular file; nothing was changed")


def _unreadable(path: str, error: OSError) -> Located:
    if error.errno == errno.ELOOP:
        return Located(path, "is a link that leads in a circle; nothing was changed", hint=f"rm {path}")
    if error.errno == errno.ENOTDIR:
        return Located(path, "lies under something that is no directory; nothing was changed")
    hint = f"sudo chown $(id -un) {path}" if error.errno in (errno.EACCES, errno.EPERM) else None
    return Located(path, f"can't be read ({error.strerror}); nothing was changed", hint=hint)
