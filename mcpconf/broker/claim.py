"""Being the only broker of a socket directory: the directory itself, the lock, and the file that tells who has it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import stat
import time
from collections.abc import Iterable, Mapping

from mcpconf.broker.place import Paths, opened_at_once
from mcpconf.broker.start import TAKEN, AlreadyRunning
from mcpconf.broker.upstream.orphans import end_orphans
from mcpconf.errors import McpconfError

VERSION = 1
PATIENCE = 0.2  # seconds: who looks whether a broker lives has the lock for a moment


class Claim:
    """This process's claim to a socket directory, which it has until it ends."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._lock = -1

    @property
    def held(self) -> bool:
        return self._lock >= 0

    def take(self) -> None:
        """Raises `AlreadyRunning` where another broker has it, `McpconfError` where the directory can't be trusted."""
        _own_directory(self._paths.directory)
        self._lock = _lock(self._paths.lock)
        _sweep(self._paths.state)

    def announce(self, about: Mapping[str, object]) -> None:
        """Write the file by which others find this broker, and tell it from what a killed one left."""
        content = {
            "version": VERSION,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "start_token": start_token(os.getpid()),
            "started": round(time.time(), 3),
            **about,
        }
        beside = f"{self._paths.state}.{os.getpid()}"
        with open(beside, "w", encoding="utf-8", opener=_private) as stream:
            json.dump(content, stream)
        os.replace(beside, self._paths.state)

    def give_up(self, sockets: Iterable[str]) -> None:
        """Remove what tells of this broker, these sockets too. The lock goes with the process."""
        for path in (self._paths.state, *sockets):
            remove(path)


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def start_token(pid: int) -> str | None:
    """What tells a process from another one that has its number later; None where the system doesn't say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return None


def _own_directory(path: str) -> None:
    """Make the socket directory, or make sure that it is ours alone: whoever can write there could be us."""
    os.makedirs(path, 0o700, exist_ok=True)
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise McpconfError(f"{path} is a link, and whoever made it could lead us astray", hint=f"remove it: rm {path}")
    if status.st_uid != os.geteuid():
        raise McpconfError(f"{path} belongs to another user", hint=f"remove it: rm -r {path}")
    if status.st_mode & 0o077:
        os.chmod(path, 0o700)


def _lock(path: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() < deadline:
                time.sleep(0.01)
                continue
            os.close(descriptor)
            raise AlreadyRunning(TAKEN, hint="mcpconf broker status") from None
        return descriptor


def _sweep(state: str) -> None:
    """Where a state file is left, a broker was killed, perhaps with those who end its servers: then we do."""
    try:
        with open(state, "rb", opener=opened_at_once) as stream:
            identity = json.loads(stream.read(65_536))["identity"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    if isinstance(identity, str) and identity:
        end_orphans(f"{identity}.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
