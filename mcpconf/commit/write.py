"""Put new bytes in a file's place: whole or not at all.

By swapping names where the system can, by a rename where it can't; in place behind a journal where neither is possible
(a single-file bind mount answers EBUSY, a second hard link would be cut off).
"""

from __future__ import annotations

import errno
import os

from mcpconf.commit import journal
from mcpconf.commit.disk import BINARY, NOFOLLOW, close, refusal, sync_directory
from mcpconf.commit.exchange import Known, clear, swap_in, take_away
from mcpconf.commit.snapshot import Changed, Snapshot, read_snapshot
from mcpconf.commit.temporary import fill, temporary_path
from mcpconf.errors import Located
from mcpconf.record import dataclass

IN_PLACE = (errno.EBUSY, errno.EXDEV)
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where a commit keeps the old bytes of a file while it overwrites it in place, and what lost a race of three.

    `mark` tells its temporary files from others.
    """

    journals: str
    rescued: str
    mark: str


def write_file(seen: Snapshot, after: bytes | None, scratch: Scratch) -> None:
    """Replace what `seen` showed by `after`; None removes the file.

    Raises `Changed` where the file is not as it was seen, `McpconfError` where the system refuses. In both cases
    what stands in the file is what stood there, or what another program wrote meanwhile.
    """
    try:
        if seen.status is not None and after is not None:
            _writable(seen)
        if after is None:
            _remove(seen, scratch)
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


def _writable(seen: Snapshot) -> None:
    """Raise `OSError` where the file itself is protected: a rename would pass over that, and root passes over modes."""
    if seen.status is not None and not seen.status.st_mode & 0o222:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), seen.real)
    close(os.open(seen.real, os.O_WRONLY | NOFOLLOW | BINARY))


def _remove(seen: Snapshot, scratch: Scratch) -> None:
    _compare(seen)
    temporary = temporary_path(seen.real, scratch.mark)
    try:
        take_away(seen, temporary)
    finally:
        _clear(temporary, seen, b"", scratch)
    sync_directory(os.path.dirname(seen.real))


def _replace(seen: Snapshot, after: bytes, scratch: Scratch) -> None:
    """Temporary file beside the target, then its name."""
    temporary = temporary_path(seen.real, scratch.mark)
    fill(temporary, seen, after)
    try:
        _compare(seen)
        _name(temporary, seen, after)
    except OSError as error:
        if error.errno not in IN_PLACE or seen.raw is None:
            raise
        journal.overwrite(seen, after, scratch.journals)
    finally:
        _clear(temporary, seen, after, scratch)
    sync_directory(os.path.dirname(seen.real))


def _name(temporary: str, seen: Snapshot, after: bytes) -> None:
    """Give the temporary file the target's name."""
    if seen.raw is None:
        _link_new(temporary, seen.real)
    elif not swap_in(temporary, seen, after):
        os.replace(temporary, seen.real)


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


def _clear(temporary: str, seen: Snapshot, after: bytes, scratch: Scratch) -> None:
    """Leave no temporary file, and nothing of another program's in it: an interruption may come at any moment."""
    known = Known(lambda raw: raw == seen.raw, lambda raw: raw == after, after.startswith)
    clear(temporary, seen.real, known, scratch.rescued)
