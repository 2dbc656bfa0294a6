"""Put new bytes in a file's place: whole or not at all.

The way of a rename where that is possible; in place behind a journal where it is not (a single-file bind mount
answers EBUSY, a second hard link would be cut off).
"""

from __future__ import annotations

import contextlib
import errno
import os

from mcpconf.commit import journal
from mcpconf.commit.disk import BINARY, NOFOLLOW, refusal, sync_directory, take_after_directory, write_all
from mcpconf.commit.snapshot import Changed, Snapshot, read_snapshot
from mcpconf.errors import Located
from mcpconf.record import dataclass

IN_PLACE = (errno.EBUSY, errno.EXDEV)
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where a commit keeps the old bytes of a file while it overwrites it in place, and its temporary files' mark."""

    journals: str
    mark: str


def temporary_path(real: str, mark: str) -> str:
    """The temporary file beside a file."""
    directory, name = os.path.split(real)
    return os.path.join(directory, f".{name}.mcpconf-{mark}")


def write_file(seen: Snapshot, after: bytes | None, scratch: Scratch) -> None:
    """Replace what `seen` showed by `after`; None removes the file.

    Raises `Changed` where the file is not as it was seen, `McpconfError` where the system refuses. In both cases
    the old bytes are where they were.
    """
    try:
        if after is None:
            _compare(seen)
            _remove(seen)
        elif seen.status is not None and seen.status.st_nlink > 1:
            journal.overwrite(seen, after, scratch.journals)
        else:
            _replace(seen, after, scratch)
    except OSError as error:
        _compare(seen)  # what fails because somebody moved the file is no refusal
        raise refusal(seen.path, error) from None


def _compare(seen: Snapshot) -> None:
    """Raise `Changed` unless the file still is, name and bytes, what was seen."""
    try:
        newest = read_snapshot(seen.path)
    except Located as error:
        raise Changed from error
    if newest.raw != seen.raw or newest.real != seen.real:
        raise Changed


def _remove(seen: Snapshot) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(seen.real)
    sync_directory(os.path.dirname(seen.real))


def _replace(seen: Snapshot, after: bytes, scratch: Scratch) -> None:
    """Temporary file beside the target, then rename."""
    if seen.status is not None:
        # A rename would pass over a file's own write protection; opening it tells, in the system's words.
        os.close(os.open(seen.real, os.O_WRONLY | NOFOLLOW | BINARY))
    temporary = temporary_path(seen.real, scratch.mark)
    _fill(temporary, seen, after)
    try:
        _compare(seen)
        if seen.raw is None:
            _link_new(temporary, seen.real)
        else:
            os.replace(temporary, seen.real)
    except OSError as error:
        if error.errno not in IN_PLACE or seen.raw is None:
            raise
        journal.overwrite(seen, after, scratch.journals)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_directory(os.path.dirname(seen.real))


def _link_new(temporary: str, real: str) -> None:
    """Give a new file its name only if nobody else took it meanwhile."""
    try:
        os.link(temporary, real)
    except FileExistsError:
        raise Changed from None
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if os.path.lexists(real):
            raise Changed from None
        os.rename(temporary, real)  # a file system without hard links


def _fill(path: str, seen: Snapshot, after: bytes) -> None:
    """Make the temporary file, with all that it takes after."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | BINARY, 0o600)
    try:
        write_all(descriptor, after)
        _take_after(descriptor, seen)
        os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _take_after(descriptor: int, seen: Snapshot) -> None:
    """Give the new file its predecessor's owner, mode and extended attributes (ACLs are among these)."""
    if seen.status is None:
        take_after_directory(descriptor, os.path.dirname(seen.real))
        return
    mine = os.fstat(descriptor)
    if hasattr(os, "fchown") and (mine.st_uid, mine.st_gid) != (seen.status.st_uid, seen.status.st_gid):
        os.fchown(descriptor, seen.status.st_uid, seen.status.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, seen.status.st_mode & 0o7777)
    if hasattr(os, "listxattr"):
        _take_attributes(descriptor, seen.real)


def _take_attributes(descriptor: int, real: str) -> None:
    try:
        names = os.listxattr(real)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        return
    for name in names:
        try:
            os.setxattr(descriptor, name, os.getxattr(real, name))
        except OSError as error:
            # Labels that only the system may set are set by the system.
            if not name.startswith(("security.", "trusted.")) and error.errno != errno.ENODATA:
                raise
