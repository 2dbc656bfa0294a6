"""What every write here asks of the disk: all bytes taken, renames made to last, refusals told in words."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Sequence

from mcpconf.errors import McpconfError

BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Unwritable(McpconfError):
    """A file can't be written. `standing` names those of the user's that were changed before that, and still are."""

    def __init__(self, path: str, said: str, *, hint: str | None = None, standing: Sequence[str] = ()) -> None:
        after = f"what stands in {' and '.join(standing)} is new already, and the next command goes on from there"
        super().__init__(f"{path} can't be written: {said}; {after if standing else 'nothing was changed'}", hint=hint)
        self.path = path
        self.said = said
        self.standing = tuple(standing)


def refusal(path: str, error: OSError) -> Unwritable:
    """What the system said, in words, with what mends it."""
    words = {
        errno.ENOSPC: ("the disk is full", "free some space and run the command again"),
        errno.EDQUOT: ("the disk quota is used up", "free some space and run the command again"),
        errno.EROFS: ("it lies on a read-only file system", "mount it writable, or choose another --client or --scope"),
        errno.EACCES: ("permission denied", f"ls -ld {_to_look_at(path)}"),
        errno.EPERM: ("the system does not permit it", f"lsattr {path}"),
    }
    said, hint = words.get(error.errno or 0, (error.strerror or str(error), None))
    return Unwritable(path, said, hint=hint)


def _to_look_at(path: str) -> str:
    """What is there of a path that can't be written: it and its directory, else the directory that lacks the rest."""
    missing = missing_directories(path)
    return os.path.dirname(missing[-1]) if missing else f"{os.path.dirname(path)} {path}"


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, also where the system takes it in pieces."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def close(descriptor: int) -> None:
    """Close what was only read or is on disk already (`fsync`): an error that comes now has nothing to tell."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def sync_directory(path: str) -> None:
    """Make a rename last. Not every file system can, and none loses the file over it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            close(descriptor)


def take_after_directory(path: str | int, directory: str) -> None:
    """Under sudo what is new in somebody's directory is theirs, not root's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = os.stat(directory)
        os.chown(path, owner.st_uid, owner.st_gid)


def missing_directories(path: str) -> tuple[str, ...]:
    """Those of a directory and its parents that are not there, innermost first."""
    missing = []
    while path and not os.path.lexists(path):
        missing.append(path)
        path = os.path.dirname(path)
    return tuple(missing)


def make_directories(path: str) -> tuple[str, ...]:
    """Make what is missing of a directory and its parents, for their owner alone; what was made, innermost first.

    Raises `McpconfError` where the system refuses; then none is left behind.
    """
    missing = missing_directories(path)
    made: list[str] = []
    try:
        for directory in reversed(missing):
            os.mkdir(directory, 0o700)
            made.insert(0, directory)
            take_after_directory(directory, os.path.dirname(directory))
    except OSError as error:
        remove_directories(made)
        raise refusal(path, error) from None
    return missing


def remove_directories(made: tuple[str, ...] | list[str]) -> None:
    """Remove directories that are empty, innermost first, up to the first one that is in use."""
    for directory in made:
        try:
            os.rmdir(directory)
        except OSError:
            return
