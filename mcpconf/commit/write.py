"""Put new bytes in a file's place: whole or not at all.

The way of a rename where that is possible; in place behind a journal where it is not (a single-file bind mount
answers EBUSY, a second hard link would be cut off).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from dataclasses import dataclass

from mcpconf.commit import journal
from mcpconf.commit.snapshot import Snapshot, read_snapshot
from mcpconf.errors import Located, McpconfError

IN_PLACE = (errno.EBUSY, errno.EXDEV)


class Changed(Exception):
    """Somebody wrote the file between our reading and our writing: plan again."""


@dataclass(frozen=True, slots=True)
class Journals:
    """Where the old bytes of a file are kept while it is overwritten in place."""

    directory: str


def write_file(seen: Snapshot, after: bytes | None, journals: Journals) -> None:
    """Replace what `seen` showed by `after`; None removes the file.

    Raises `Changed` where the file is not as it was seen, `McpconfError` where the system refuses. In both cases
    the old bytes are where they were.
    """
    try:
        if after is None:
            _compare(seen)
            _remove(seen)
        elif seen.status is not None and seen.status.st_nlink > 1:
            _compare(seen)
            journal.overwrite(seen, after, journals.directory)
        else:
            _replace(seen, after, journals)
    except OSError as error:
        raise refusal(seen.path, error) from None


def refusal(path: str, error: OSError) -> McpconfError:
    """What the system said, in words, with what mends it."""
    words = {
        errno.ENOSPC: ("the disk is full", "free some space and run the command again"),
        errno.EDQUOT: ("the disk quota is used up", "free some space and run the command again"),
        errno.EROFS: ("it lies on a read-only file system", "mount it writable, or choose another --client or --scope"),
        errno.EACCES: ("permission denied", f"ls -ld {os.path.dirname(path)} {path}"),
        errno.EPERM: ("the system does not permit it", f"lsattr {path}"),
    }
    said, hint = words.get(error.errno or 0, (error.strerror or str(error), None))
    return McpconfError(f"{path} can't be written: {said}; nothing was changed", hint=hint)


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


def _replace(seen: Snapshot, after: bytes, journals: Journals) -> None:
    """Temporary file beside the target, then rename."""
    if seen.status is not None and not os.access(seen.real, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only")
    temporary = _temporary(seen, after)
    try:
        _compare(seen)
        if seen.raw is None:
            _link_new(temporary, seen.real)
        else:
            os.replace(temporary, seen.real)
    except OSError as error:
        if error.errno not in IN_PLACE or seen.raw is None:
            raise
        journal.overwrite(seen, after, journals.directory)
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
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if os.path.lexists(real):
            raise Changed from None
        os.rename(temporary, real)  # a file system without hard links


def _temporary(seen: Snapshot, after: bytes) -> str:
    directory, name = os.path.split(seen.real)
    path = os.path.join(directory, f".{name}.mcpconf-{secrets.token_hex(6)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
    try:
        write_all(descriptor, after)
        _take_after(descriptor, seen)
        os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
    return path


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, also where the system takes it in pieces."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _take_after(descriptor: int, seen: Snapshot) -> None:
    """Give the new file its predecessor's owner, mode and extended attributes (ACLs are among these)."""
    if seen.status is None:
        _take_after_directory(descriptor, os.path.dirname(seen.real))
        return
    mine = os.fstat(descriptor)
    if hasattr(os, "fchown") and (mine.st_uid, mine.st_gid) != (seen.status.st_uid, seen.status.st_gid):
        os.fchown(descriptor, seen.status.st_uid, seen.status.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, seen.status.st_mode & 0o7777)
    if not hasattr(os, "listxattr"):
        return
    for name in os.listxattr(seen.real):
        try:
            os.setxattr(descriptor, name, os.getxattr(seen.real, name))
        except OSError as error:
            # Labels that only the system may set are set by the system.
            if not name.startswith(("security.", "trusted.")) and error.errno != errno.ENODATA:
                raise


def _take_after_directory(descriptor: int, directory: str) -> None:
    """Under sudo a new file in somebody's directory is theirs, not root's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = os.stat(directory)
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_directory(path: str) -> None:
    """Make a rename last. Not every file system can, and none loses the file over it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
