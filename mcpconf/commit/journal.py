"""Overwrite a file that can't be renamed over, so that a crash at any moment can be rolled back.

The journal holds the target's path, its old bytes and the new ones, on disk before the first byte of the target
changes. The next run that finds one puts the old bytes back, if what it finds is our own half-done write: whatever
another writer made of the file since then stays.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping

from mcpconf.commit.disk import BINARY, NOFOLLOW, close, refusal, sync_directory, write_all
from mcpconf.commit.private import read_private
from mcpconf.commit.snapshot import Changed, Snapshot
from mcpconf.errors import McpconfError
from mcpconf.ledger import DAMAGED, absolute
from mcpconf.record import dataclass

SUFFIX = ".journal"
LIMIT = 1 << 30  # bytes: a journal is as large as the file it is for, before and after
BLOCK = 512  # bytes that a disk writes together; after a power cut later blocks may be there and earlier ones not


@dataclass(frozen=True, slots=True)
class _Entry:
    """One overwrite: the target's path behind all links, its bytes before and after."""

    path: str
    old: bytes
    after: bytes

    def mended(self, raw: bytes) -> bytes:
        """The old bytes for what is half written, and everything else as it is."""
        return self.old if is_torn(raw, self.old, self.after) else raw


def overwrite(seen: Snapshot, after: bytes, directory: str) -> None:
    """Write `after` into the inode itself. The file is never shorter than what is in it: it is cut off last.

    Raises `Changed` where the file does not hold what was seen, and `OSError` as the system does; in both cases the
    old bytes are where they were. Only where not even they can be written again it raises `McpconfError`, and
    leaves the journal for the next run.
    """
    entry = _Entry(seen.real, seen.raw or b"", after)
    with _opened(seen.real) as descriptor:
        journal = _keep(entry, directory)
        try:
            if _content(descriptor) != entry.old:
                raise Changed
            _fill_or_restore(descriptor, entry)
        except McpconfError:
            raise
        except BaseException:
            os.unlink(journal)
            raise
    os.unlink(journal)


def _fill_or_restore(descriptor: int, entry: _Entry) -> None:
    try:
        _fill(descriptor, entry.after)
    except BaseException as error:
        try:
            _fill(descriptor, entry.old)
        except OSError:
            raise McpconfError(
                f"{entry.path} is half written ({error}), and its old content can't be put back now",
                hint="run the command again once the disk can be written: it puts the old content back first",
            ) from None
        raise


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | BINARY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        yield descriptor
    finally:
        close(descriptor)


def _content(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        stream.seek(0)
        return stream.read()


def _fill(descriptor: int, data: bytes) -> None:
    _reserve(descriptor, len(data))
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, data)
    os.fsync(descriptor)  # before it is cut: what is cut off can't be told from what was never written
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


def _reserve(descriptor: int, length: int) -> None:
    """Have a full disk say so before anything is overwritten."""
    if length <= os.fstat(descriptor).st_size or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, length)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise


def _keep(entry: _Entry, directory: str) -> str:
    """Write the journal and make it last."""
    os.makedirs(directory, 0o700, exist_ok=True)
    header = {"path": entry.path, "old": len(entry.old), "after": len(entry.after)}
    name = hashlib.sha256(os.fsencode(entry.path)).hexdigest()[:16]
    path = os.path.join(directory, f"{name}-{os.urandom(4).hex()}{SUFFIX}")
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(json.dumps(header).encode() + b"\n" + entry.old + entry.after)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    sync_directory(directory)
    return path


def unfinished(directory: str) -> Mapping[str, Callable[[bytes], bytes]]:
    """How to read each file whose overwrite was cut off, by its path behind all links. Changes nothing."""
    try:
        names = [name for name in os.listdir(directory) if name.endswith(SUFFIX)]
    except OSError:
        return {}
    entries = [_load(os.path.join(directory, name)) for name in names]
    return {entry.path: entry.mended for entry in entries if entry is not None}


def recover(directory: str) -> tuple[str, ...]:
    """Roll back every unfinished overwrite; the paths that were mended.

    One whose file can't be written now (its mount is not here, say) is kept for a later run.
    """
    try:
        return tuple(mended for path in _unfinished(directory) if (mended := _roll_back(path)) is not None)
    except OSError as error:
        raise refusal(error.filename or directory, error) from None


def _unfinished(directory: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return
    for name in names:
        if name.endswith(SUFFIX):
            yield os.path.join(directory, name)
        elif name.endswith(SUFFIX + ".new"):
            os.unlink(os.path.join(directory, name))  # never became a journal, so nothing was overwritten


def _roll_back(journal: str) -> str | None:
    entry = _load(journal)
    torn = False
    if entry is not None:
        try:
            with _opened(entry.path) as descriptor:
                torn = is_torn(_content(descriptor), entry.old, entry.after)
                if torn:
                    _fill(descriptor, entry.old)
        except OSError:
            return None
    os.unlink(journal)
    return entry.path if entry is not None and torn else None


def _load(journal: str) -> _Entry | None:
    """A journal's content; None for a damaged one: nothing is overwritten before the whole of it is on disk."""
    first, _, rest = (read_private(journal, LIMIT) or b"").partition(b"\n")
    try:
        header = json.loads(first)
        path, old, after = absolute(header["path"]), header["old"], header["after"]
        whole = type(old) is type(after) is int and min(old, after) >= 0 and old + after <= len(rest)
    except DAMAGED:
        return None
    return _Entry(path, rest[:old], rest[old : old + after]) if whole else None


def is_torn(current: bytes, old: bytes, after: bytes) -> bool:
    """Whether `current` is our write from `old` to `after`, stopped on its way.

    Then every block of it is an old or a new one, or has new bytes in front and old ones behind. It is as long as
    the old text or on its way to a longer new one, since a shorter one is cut off when all of it is on disk.
    """
    longest = max(len(old), len(after))
    if current in (old, after) or not len(old) <= len(current) <= longest:
        return False
    before = old.ljust(longest, b"\0")
    filled = after + before[len(after) :]
    return all(
        _is_mixed(current[at : at + BLOCK], before[at : at + BLOCK], filled[at : at + BLOCK])
        for at in range(0, len(current), BLOCK)
    )


def _is_mixed(current: bytes, old: bytes, new: bytes) -> bool:
    size = len(current)
    done = next((i for i in range(size) if current[i] != new[i]), size)
    return current[done:] == old[done:size]
