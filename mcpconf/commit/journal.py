"""Overwrite a file that can't be renamed over, so that a crash at any moment can be rolled back.

The journal holds the target's path, its old bytes and the new ones, on disk before the first byte of the target
changes. The next run that finds one puts the old bytes back, if what it finds is our own half-done write: whatever
another writer made of the file since then stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator

from mcpconf.commit.snapshot import Snapshot

SUFFIX = ".journal"


def overwrite(seen: Snapshot, after: bytes, directory: str) -> None:
    """Write `after` into the inode itself. The file is never shorter than what is in it: it is cut off last."""
    descriptor = os.open(seen.real, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        path = _keep(seen, after, directory)
        _fill(descriptor, after)
        os.unlink(path)
    finally:
        os.close(descriptor)


def _fill(descriptor: int, data: bytes) -> None:
    length = len(data)
    if length > os.fstat(descriptor).st_size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, length)  # a full disk says so before anything is overwritten
    view, at = memoryview(data), 0
    while at < length:
        at += os.pwrite(descriptor, view[at:], at)
    os.ftruncate(descriptor, length)
    os.fsync(descriptor)


def _keep(seen: Snapshot, after: bytes, directory: str) -> str:
    """Write the journal and make it last."""
    os.makedirs(directory, 0o700, exist_ok=True)
    old = seen.raw or b""
    header = {"path": seen.real, "old": len(old), "after": len(after)}
    name = hashlib.sha256(seen.real.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    path = os.path.join(directory, f"{name}-{secrets.token_hex(4)}{SUFFIX}")
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(json.dumps(header).encode() + b"\n" + old + after)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync(directory)
    return path


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def recover(directory: str) -> tuple[str, ...]:
    """Roll back every unfinished overwrite; the paths that were mended."""
    return tuple(mended for path in _unfinished(directory) if (mended := _roll_back(path)) is not None)


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


def _roll_back(path: str) -> str | None:
    with open(path, "rb") as stream:
        header = json.loads(stream.readline())
        old, after = stream.read(header["old"]), stream.read(header["after"])
    target: str = header["path"]
    try:
        descriptor = os.open(target, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        os.unlink(path)
        return None
    try:
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            current = stream.read()
        torn = is_torn(current, old, after)
        if torn:
            _fill(descriptor, old)
    finally:
        os.close(descriptor)
    os.unlink(path)
    return target if torn else None


def is_torn(current: bytes, old: bytes, after: bytes) -> bool:
    """Whether `current` is our write from `old` to `after`, stopped on its way: new bytes in front, old ones behind."""
    if current in (old, after) or len(current) > max(len(old), len(after)):
        return False
    done = next((i for i, pair in enumerate(zip(current, after, strict=False)) if pair[0] != pair[1]), len(after))
    done = min(done, len(current))
    rest = (old + bytes(max(0, len(after) - len(old))))[done:]
    # Cut to its length last, so a shorter new text may still have the old one's tail.
    return current[done:] == rest or current[done:] == rest[: len(current) - done]
