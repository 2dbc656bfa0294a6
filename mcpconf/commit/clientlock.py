"""Claude Code's own lock: a directory beside the file's name, made and removed around each write.

Measured: it tries once, does not wait, calls a lock stale after 10 s, and a *file* of that name makes all its later
writes go unlocked. So we only ever make a directory, hold it for milliseconds, and never rely on it alone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

STALE = 10.0
STEP = 0.01
PATIENCE = 0.25
# The sticky bit tells ours from the client's, which is made with 0777 less the umask. Linux' mkdir sets it at once.
MODE = 0o1700
TRIES = 3


@contextlib.contextmanager
def client_lock(path: str | None, *, now: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[bool]:
    """Hold the lock directory at `path`, True where it was got; after `PATIENCE` seconds go on without it.

    Going on is what the client does as well; the compare before the rename and the verification after it are what
    keep the file whole.
    """
    held = path is not None and _take(path, now, sleep)
    try:
        yield held
    finally:
        if held and path is not None:
            _release(path)


def _take(path: str, now: Callable[[], float], sleep: Callable[[float], None]) -> bool:
    waited = 0.0
    while True:
        try:
            os.mkdir(path, MODE)
            return True
        except FileExistsError:
            if _is_stale(path, now()):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
                    continue
        except OSError:
            return False  # a read-only directory, which the write itself will tell about
        if waited >= PATIENCE:
            return False
        sleep(STEP)
        waited += STEP


def _release(path: str) -> None:
    for _ in range(TRIES):
        try:
            os.rmdir(path)
        except FileNotFoundError:
            return
        except OSError:
            continue  # left behind it would make the client write without a lock for `STALE` seconds
        return


def release_dead(path: str) -> None:
    """Remove a lock directory that a killed run of ours left: the caller knows that there was one."""
    with contextlib.suppress(OSError):
        if os.lstat(path).st_mode & 0o7777 == MODE:
            os.rmdir(path)


def _is_stale(path: str, now: float) -> bool:
    """Old by its own time stamp; one from the future is a clock's mistake and as stale."""
    try:
        age = now - os.lstat(path).st_mtime
    except OSError:
        return False
    return age > STALE or age < -STALE
