"""The file that is filled beside its target before it takes its name."""

from __future__ import annotations

import errno
import os

from mcpconf.commit.disk import BINARY, NOFOLLOW, close, take_after_directory, write_all
from mcpconf.commit.snapshot import Snapshot


def temporary_path(real: str, mark: str) -> str:
    """The temporary file beside a file."""
    directory, name = os.path.split(real)
    return os.path.join(directory, f".{name}.mcpconf-{mark}")


def fill(path: str, seen: Snapshot, after: bytes) -> None:
    """Make the temporary file, with all that it takes after the file that was seen."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | BINARY, 0o600)
    try:
        write_all(descriptor, after)
        _take_after(descriptor, seen)
        os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        close(descriptor)


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
