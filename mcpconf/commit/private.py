"""Files of our own: 0600 in a 0700 directory, written whole, and read without hanging on what took their place."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from mcpconf.commit.disk import BINARY, close, refusal, sync_directory, write_all
from mcpconf.errors import McpconfError, Refused

LIMIT = 64 * 1024 * 1024  # bytes: far more than any record of ours, far less than what would eat the memory
_KINDS = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}


def read_private(path: str, limit: int = LIMIT) -> bytes | None:
    """A file of ours; None where there is none.

    Raises `Refused` for what is no regular file or beyond all reason, `McpconfError` where it can't be read: to go
    on as if it were not there would overwrite it, or forget what it says.
    """
    if not is_regular(path):  # before it is opened: to open a device can set something off
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            _check_kind(path, status)
            if status.st_size > limit:
                raise unusable(path, f"is larger than {limit >> 20} MB, as no file of mcpconf's is")
            return stream.read()
    except OSError as error:
        raise unreadable(path, error) from None


def is_regular(path: str) -> bool:
    """Whether a file is there. Raises `Refused` where something stands in its place that is none."""
    for _ in range(2):  # to believe one wrong "no such file" would be to forget what is ours
        try:
            _check_kind(path, os.stat(path))
        except FileNotFoundError:
            if not _refuse_dangling(path):
                return False
        except OSError as error:
            raise unreadable(path, error) from None
        else:
            return True
    return False


def _check_kind(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "a device")
        raise unusable(path, f"is {kind}, not a regular file")


def unusable(path: str, what: str) -> Refused:
    """Something of our own that can't be what it should be, and the way out."""
    return Refused(f"{path} {what}; nothing was changed", hint=f"move it away: mv {path} {path}.old")


def unreadable(path: str, error: OSError) -> McpconfError:
    """What the system said to a reader."""
    if error.errno == errno.ELOOP:
        return unusable(path, "is a link that leads in a circle")
    if error.errno == errno.ENOTDIR:
        return unusable(_in_the_way(path), "is not a directory")
    hint = f"ls -ld {os.path.dirname(path)} {path}"
    return McpconfError(f"{path} can't be read ({error.strerror}); nothing was changed", hint=hint)


def _refuse_dangling(path: str) -> bool:
    """Raise `Refused` where the path, or a directory on its way, is a link to nothing: there no file can be made.

    Gives whether there is something at the path after all.
    """
    place = path
    while place and not os.path.lexists(place):
        place = os.path.dirname(place)
    if place and not os.path.exists(place):
        raise unusable(place, "is a link to what does not exist")
    return place == path


def _in_the_way(path: str) -> str:
    """What stands where a directory on the way to a path should be."""
    while not os.path.isdir(os.path.dirname(path)):
        path = os.path.dirname(path)
    return path


def check_directory(path: str) -> None:
    """Raise `Refused` where something else than a directory of ours stands there, or stands in it."""
    try:
        with os.scandir(path) as entries:
            odd = next((entry.name for entry in entries if not entry.is_file()), None)
    except FileNotFoundError:
        _refuse_dangling(path)
        return
    except NotADirectoryError:
        raise unusable(path, "is not a directory") from None
    except OSError as error:
        raise unreadable(path, error) from None
    if odd is not None:
        is_regular(os.path.join(path, odd))
    if not os.access(path, os.W_OK | os.X_OK):
        raise refusal(path, OSError(errno.EROFS if _is_read_only(path) else errno.EACCES, "can't be written"))


def _is_read_only(path: str) -> bool:
    """Whether the file system, and not the mode, forbids it."""
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def private_directory(path: str) -> None:
    """Make a directory and its parents, the last one for its owner alone."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            if not os.path.isdir(path):
                raise unusable(path, "is not a directory") from None
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
    temporary = os.path.join(directory, f".{name}.{os.urandom(6).hex()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        raise refusal(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    sync_directory(directory)
