"""Our own files: the lock, the ledger, the generations and the backups, all 0600 in a 0700 directory."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mcpconf import ledger as ledgers
from mcpconf.commit.disk import close, refusal
from mcpconf.commit.private import (
    check_directory,
    is_regular,
    private_directory,
    read_private,
    remove_private,
    unreadable,
    write_private,
)
from mcpconf.errors import LockTimeout, McpconfError
from mcpconf.model import Json
from mcpconf.record import dataclass

if TYPE_CHECKING:
    from mcpconf.ledger import Ledger

__all__ = ["State", "private_directory", "remove_private", "write_private"]

LOCK_TIMEOUT = 20.0
BLOB_LIMIT = 1 << 30  # a client's file may be of any size; one beyond this goes back entry by entry
FILES = ("active", "ledger.json", "made.json", "pending.json", "trust.json", "wrapper.json")
DIRECTORIES = ("besides", "blobs", "generations", "journals", "rescued")
_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{12}\.tmp")


def blob_name(data: bytes) -> str:
    """What a file's content is known by: its SHA-256."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class State:
    """The state directory. Nothing is made before the first write."""

    directory: str

    def at(self, *names: str) -> str:
        return os.path.join(self.directory, *names)

    @property
    def journals(self) -> str:
        return self.at("journals")

    @property
    def rescued(self) -> str:
        """Versions of a client's file that lost because two other programs wrote it in the same moment as we."""
        return self.at("rescued")

    def read(self, *names: str) -> bytes | None:
        """A file of ours; None where there is none."""
        return read_private(self.at(*names))

    def write(self, data: bytes, *names: str) -> None:
        """Replace a file of ours, whole or not at all."""
        write_private(self.at(*names), data)

    def remove(self, *names: str) -> None:
        remove_private(self.at(*names))

    def ledger(self) -> Ledger:
        """What is ours. Raises `McpconfError` where the file is damaged."""
        return ledgers.load(self.read("ledger.json"), self.at("ledger.json"))

    def keep(self, data: bytes) -> str:
        """Keep a backup by its content; its name is the SHA-256."""
        name = blob_name(data)
        if not self._kept(name, len(data)):
            self.write(data, "blobs", name)
        return name

    def _kept(self, name: str, size: int) -> bool:
        try:
            return os.stat(self.at("blobs", name)).st_size == size
        except OSError:
            return False

    def sweep(self) -> None:
        """Remove the temporary files of writes that a crash ended; the caller holds the lock."""
        for directory in ((), ("generations",), ("blobs",), ("besides",)):
            for name in self.list(*directory):
                if _TEMPORARY.fullmatch(name):
                    with contextlib.suppress(McpconfError):  # it does no harm
                        self.remove(*directory, name)

    def list(self, *names: str) -> tuple[str, ...]:
        """The names in a directory of ours, sorted; none where it is not there."""
        try:
            return tuple(sorted(os.listdir(self.at(*names))))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise unreadable(self.at(*names), error) from None

    def blob(self, name: str) -> bytes | None:
        """A backup by its name; None where it is not there, or is not any more what was kept."""
        data = read_private(self.at("blobs", name), BLOB_LIMIT)
        return None if data is None or blob_name(data) != name else data

    def read_json(self, *names: str) -> Json:
        """A JSON file of ours; None where there is none or it is damaged (it is never the only record)."""
        raw = self.read(*names)
        try:
            return None if raw is None else json.loads(raw)
        except (ValueError, RecursionError):
            return None

    def write_json(self, value: Json, *names: str) -> None:
        self.write((json.dumps(value, indent=1) + "\n").encode(), *names)

    @contextlib.contextmanager
    def locked(self, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """One mcpconf at a time. Raises `LockTimeout` where another holds it for longer than `timeout` seconds.

        Raises `Refused` where something stands in the way of our own files: that must not come out only when the
        clients' are written.
        """
        private_directory(self.directory)
        for name in FILES:
            is_regular(self.at(name))
        for name in DIRECTORIES:
            check_directory(self.at(name))
        release = _lock_at_once(self.at("lock")) or _lock_patiently(self.at("lock"), timeout)
        try:
            yield
        finally:
            release()


def _lock_at_once(path: str) -> Callable[[], None] | None:
    """The lock where nobody holds it: the same flock on the same file that filelock takes, without its import (43 ms).

    None where it is held or anything is odd: then filelock waits, or says what is wrong.
    """
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return lambda: close(descriptor)
    except OSError:
        pass
    close(descriptor)
    return None


def _lock_patiently(path: str, timeout: float) -> Callable[[], None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=timeout, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise LockTimeout(
            f"another mcpconf has held {path} for {timeout:.0f} s; nothing was changed",
            hint=f"wait for it to end, or see which one it is: fuser {path}",
        ) from None
    except OSError as error:
        raise refusal(path, error) from None
    return lock.release
