"""The keys of clients that come by TCP: one file each, 0600 in a 0700 directory, `<key id> <64 hex digits>` in it.

A copy of such a file is all that a client needs. To revoke a key is to remove its file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mcpconf.errors import McpconfError, Refused
from mcpconf.record import dataclass, field

KEY_SIZE = 32  # bytes
_ID = re.compile(r"[a-z0-9-]{1,32}")
_CONTENT = re.compile(rb"([a-z0-9-]{1,32}) ([0-9a-f]{64})\r?\n?")
_READ_LIMIT = 256
_OPENED = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO in the place of a file must not hang us


class KeyProblem(McpconfError):
    """A key, or the file that should hold it, that can't be used."""


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key. Its `repr` does not show it."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as it is shown: when it was made (seconds since the epoch), and why the broker does not take it, if so."""

    id: str
    created: float
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the broker took: keys by id, and what it says of the files that it did not."""

    keys: Mapping[str, bytes] = field(repr=False)
    problems: tuple[str, ...] = ()


def keys_directory(data: str) -> str:
    """Where the broker's side of the keys lies, in our data directory."""
    return os.path.join(data, "broker", "keys")


def parse_key(content: bytes) -> Key | None:
    """A key file's content; None where it is not one line of that form."""
    match = _CONTENT.fullmatch(content)
    return Key(match[1].decode(), bytes.fromhex(match[2].decode())) if match else None


def format_key(key: Key) -> bytes:
    """The one line of a key file."""
    return f"{key.id} {key.secret.hex()}\n".encode()


def new_key(directory: str, key_id: str) -> Key:
    """Make a key and its file. Raises `Refused` where there is one of that id, whatever it is."""
    check_id(key_id)
    key = Key(key_id, os.urandom(KEY_SIZE))
    with _failing(directory):
        os.makedirs(directory, 0o700, exist_ok=True)
    with _opened(directory) as place, _failing(directory):
        try:
            file = os.open(key_id, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPENED, 0o600, dir_fd=place.fd)
        except FileExistsError:
            hint = f"choose another id, or mcpconf broker key revoke {key_id}"
            raise Refused(f"there is a key {key_id} already; nothing was changed", hint=hint) from None
        _fill(file, format_key(key), place, key_id)
    return key


def revoke_key(directory: str, key_id: str) -> None:
    """Remove a key, whatever its file has become. Raises `KeyProblem` where there is none of that id."""
    check_id(key_id)
    try:
        with _opened(directory) as place, _failing(directory):
            os.unlink(key_id, dir_fd=place.fd)
            os.fsync(place.fd)
    except FileNotFoundError:
        raise KeyProblem(f"there is no key {key_id}", hint="mcpconf broker key ls") from None


def list_keys(directory: str) -> tuple[Listed, ...]:
    """Every key in the directory by its id; empty where there is no directory."""
    found = []
    with contextlib.suppress(FileNotFoundError), _opened(directory) as place:
        for name in _names(place):
            with contextlib.suppress(FileNotFoundError):  # it was revoked meanwhile
                found.append(_listed(place, name))
    return tuple(found)


def load_keys(directory: str) -> Loaded:
    """The keys that the broker takes. What others could have read or written is not among them."""
    keys: dict[str, bytes] = {}
    problems: list[str] = []
    try:
        with contextlib.suppress(FileNotFoundError), _opened(directory) as place:
            for name in _names(place):
                try:
                    with contextlib.suppress(FileNotFoundError):  # it was revoked meanwhile
                        keys[name] = _read(place, name).secret
                except KeyProblem as problem:
                    problems.append(str(problem))
    except KeyProblem as problem:
        problems.append(str(problem))
    return Loaded(keys, tuple(problems))


def read_key_file(path: str) -> Key:
    """A client's copy. Its owner and mode are the client's own affair: in a container it is often a mount of another's.

    Raises `KeyProblem` where it can't be read or holds no key; the message quotes nothing of it.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            key = parse_key(os.read(file, _READ_LIMIT)) if stat.S_ISREG(os.fstat(file).st_mode) else None
        finally:
            os.close(file)
    except OSError as error:
        raise KeyProblem(f"the key file {path} can't be read ({error.strerror})", hint=f"ls -l {path}") from None
    if key is None:
        raise KeyProblem(f"{path} is no key file", hint="mcpconf broker key new ID")
    return key


def check_id(key_id: str) -> None:
    """Raise `KeyProblem` for what can't be the id of a key."""
    if not _ID.fullmatch(key_id):
        raise KeyProblem(f"{key_id!r} can't be the id of a key", hint="use up to 32 of a-z, 0-9 and -")


class _Place(NamedTuple):
    """The directory, opened: what was checked is what is used."""

    fd: int
    path: str


@contextlib.contextmanager
def _opened(directory: str) -> Iterator[_Place]:
    """Raises `KeyProblem` where others can write there or it can't be read, FileNotFoundError where it is not there."""
    with _failing(directory):
        place = _Place(os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), directory)
    try:
        _check_private(os.fstat(place.fd), directory)
        yield place
    finally:
        os.close(place.fd)


@contextlib.contextmanager
def _failing(path: str) -> Iterator[None]:
    """What the system refuses, as something that a user can act on; that nothing is there is its caller's to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        message = f"the keys in {path} can't be used ({error.strerror})"
        raise KeyProblem(message, hint=f"ls -ld {path}") from None


def _names(place: _Place) -> list[str]:
    """What stands there under a name that a key can have; editors' leftovers have others."""
    return sorted(name for name in os.listdir(place.fd) if _ID.fullmatch(name))


def _listed(place: _Place, name: str) -> Listed:
    created = os.stat(name, dir_fd=place.fd, follow_symlinks=False).st_mtime
    try:
        _read(place, name)
    except KeyProblem as problem:
        return Listed(name, created, str(problem))
    return Listed(name, created)


def _read(place: _Place, name: str) -> Key:
    """A key of the broker's side. Raises `KeyProblem`; FileNotFoundError where it went meanwhile."""
    path = os.path.join(place.path, name)
    try:
        file = os.open(name, os.O_RDONLY | _OPENED, dir_fd=place.fd)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "is a symbolic link" if error.errno == errno.ELOOP else f"can't be read ({error.strerror})"
        raise KeyProblem(f"{path} {reason}") from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise KeyProblem(f"{path} is no regular file")
        _check_private(status, path)
        key = parse_key(os.read(file, _READ_LIMIT))
    finally:
        os.close(file)
    if key is None or key.id != name:
        raise KeyProblem(f"{path} does not hold a key of that id", hint=f"mcpconf broker key revoke {name}")
    return key


def _check_private(status: os.stat_result, path: str) -> None:
    if status.st_uid != os.geteuid():
        raise KeyProblem(f"{path} belongs to another user", hint=f"ls -ld {path}")
    if status.st_mode & 0o077:
        shown = f"{stat.S_IMODE(status.st_mode):04o}"
        raise KeyProblem(f"{path} is open to others (mode {shown})", hint=f"chmod go= {path}")


def _fill(file: int, content: bytes, place: _Place, name: str) -> None:
    """Write the new file whole, or leave none."""
    try:
        os.write(file, content)  # a line: far less than what would be taken in pieces
        os.fsync(file)
        os.fsync(place.fd)
    except OSError:
        os.unlink(name, dir_fd=place.fd)
        raise
    finally:
        os.close(file)
