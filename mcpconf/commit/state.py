"""Our own files: the lock, the ledger, the generations and the backups, all 0600 in a 0700 directory."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mcpconf import ledger as ledgers
from mcpconf.commit.disk import BINARY, refusal, sync_directory, write_all
from mcpconf.errors import LockTimeout
from mcpconf.model import Json
from mcpconf.record import dataclass

if TYPE_CHECKING:
    from mcpconf.ledger import Ledger

LOCK_TIMEOUT = 20.0
_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{12}\.tmp")


@dataclass(frozen=True, slots=True)
class State:
    """The state directory. Nothing is made before the first write."""

    directory: str

    def at(self, *names: str) -> str:
        return os.path.join(self.directory, *names)

    @property
    def journals(self) -> str:
        return self.at("journals")

    def read(self, *names: str) -> bytes | None:
        """A file of ours; None where there is none."""
        try:
            with open(self.at(*names), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise refusal(self.at(*names), error) from None

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
        name = hashlib.sha256(data).hexdigest()
        if not os.path.exists(self.at("blobs", name)):
            self.write(data, "blobs", name)
        return name

    def sweep(self) -> None:
        """Remove the temporary files of writes that a crash ended; the caller holds the lock."""
        for directory in ((), ("generations",), ("blobs",)):
            for name in self.list(*directory):
                if _TEMPORARY.fullmatch(name):
                    self.remove(*directory, name)

    def list(self, *names: str) -> tuple[str, ...]:
        """The names in a directory of ours, sorted; none where it is not there."""
        try:
            return tuple(sorted(os.listdir(self.at(*names))))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def blob(self, name: str) -> bytes | None:
        return self.read("blobs", name)

    def read_json(self, *names: str) -> Json:
        """A JSON file of ours; None where there is none or it is damaged (it is never the only record)."""
        raw = self.read(*names)
        try:
            return None if raw is None else json.loads(raw)
        except ValueError:
            return None

    def write_json(self, value: Json, *names: str) -> None:
        self.write((json.dumps(value, indent=1) + "\n").encode(), *names)

    @contextlib.contextmanager
    def locked(self, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """One mcpconf at a time. Raises `LockTimeout` where another holds it for longer than `timeout` seconds."""
        private_directory(self.directory)
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
            return lambda: os.close(descriptor)
    except OSError:
        pass
    os.close(descriptor)
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


def private_directory(path: str) -> None:
    """Make a directory and its parents, the last one for its owner alone."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
    except OSError as error:
        raise refusal(path, error) from None


def remove_private(path: str) -> None:
    """Remove a file of ours, if it is there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal(path, error) from None


def write_private(path: str, data: bytes, mode: int = 0o600) -> None:
    """Write a file of ours through a temporary one; it is never readable by others, not for a moment."""
    directory, name = os.path.split(path)
    private_directory(directory)
    temporary = os.path.join(directory, f".{name}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        raise refusal(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    sync_directory(directory)
