"""Where a broker and its clients meet: the socket directory, and what lies in it.

Read by the shim's starter, whose time counts: nothing is imported here that start-up can do without.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mcpconf.record import dataclass

if TYPE_CHECKING:
    import socket

    from mcpconf.dirs import Dirs

LONGEST = 107  # bytes of a socket's path (unix(7): 108 with the NUL)
MOUNTED = "/run/mcpconf"  # where a container is given the socket directory of its host
NAME = "mcpconf"
MACHINE = "uts:[4026531838]"  # the first namespace of names (Linux's PROC_UTS_INIT_INO), which containers have not


def socket_directory(dirs: Dirs, env: Mapping[str, str], uid: int) -> str:
    """The directory of this user's broker. It need not be there.

    Beside the other files where --config-dir names a place for all of them; else where entries look for it already,
    however this process was started; else in the runtime directory (XDG Base Directory Specification: it is its user's
    own, or does not count), which is empty again after a boot.
    """
    if dirs.chosen:
        return _at_home(dirs)
    directory, is_shared = _standing(dirs)
    # A cron job has other variables than a session.
    if directory is not None and (_is_own(directory, uid) or _is_own(os.path.dirname(directory), uid)):
        return _own_part(directory) if is_shared else directory
    for base in (env.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}" if sys.platform == "linux" else ""):
        if os.path.isabs(base) and _is_own(base, uid):
            return os.path.join(base, name_for(dirs, uid))
    return _own_part(_at_home(dirs))


def in_session(dirs: Dirs, env: Mapping[str, str], uid: int) -> str | None:
    """What the directory is called below the runtime directory of this user's sessions; None where it is elsewhere.

    Where there is no session now (an install script's), and no entry looks elsewhere, the next one will have it there.
    """
    found = socket_directory(dirs, env, uid)
    name = name_for(dirs, uid)
    if not dirs.chosen and found == _own_part(_at_home(dirs)) and _standing(dirs)[0] is None and not guest():
        return name
    bases = (env.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}")
    return name if found in [os.path.join(base, name) for base in bases if base] else None


def lines_for_shim(dirs: Dirs, env: Mapping[str, str], uid: int) -> tuple[str, ...]:
    """What `shim.conf` says of that directory: the same in each place that has this home, if there are several.

    `shared=1`: all of them have it, and each guest a directory of its own therein. What the machine's own entries name
    is left as it stands by a guest, who has no such directory: its shim is told where to look.
    """
    found = socket_directory(dirs, env, uid)
    if dirs.chosen:
        return (f"directory={found}",)
    standing, is_shared = _standing(dirs)
    if guest() and standing is not None and not is_shared:
        return (f"directory={standing}",)
    if found == _own_part(_at_home(dirs)):
        return (f"directory={_at_home(dirs)}", "shared=1")
    return (f"directory={found}",)


def guest() -> str:
    """The name of a container, which may share its home with the machine and with others; empty on a machine."""
    try:
        if os.readlink("/proc/self/ns/uts") == MACHINE:
            return ""
    except OSError:
        return ""
    name = os.uname().nodename
    return name if name[:1].isalnum() and all(letter.isalnum() or letter in "-._" for letter in name) else "guest"


def _at_home(dirs: Dirs) -> str:
    return os.path.join(dirs.state, "run")


def _own_part(directory: str) -> str:
    name = guest()
    return os.path.join(directory, name) if name else directory


def _standing(dirs: Dirs) -> tuple[str | None, bool]:
    """The directory that the shim is told of, and whether guests have one of their own in it."""
    try:
        with open(os.path.join(dirs.broker, "shim.conf"), "rb", opener=opened_at_once) as stream:
            lines = stream.read(65_536).replace(b"\r", b"").split(b"\n")
    except OSError:
        return None, False
    named = next((line for line in lines if line.startswith(b"directory=/")), None)
    return None if named is None else os.fsdecode(named.partition(b"=")[2]), b"shared=1" in lines


def name_for(dirs: Dirs, uid: int) -> str:
    """What the directory is called there. A user has one runtime directory but may be given another HOME, whose
    servers are others: that one's broker must not be met."""
    import pwd

    try:
        usual = os.path.join(pwd.getpwuid(uid).pw_dir, ".local", "share", NAME)
    except KeyError:
        return NAME
    if os.path.normpath(dirs.data) == usual:
        return NAME
    import zlib

    return f"{NAME}-{zlib.crc32(os.fsencode(dirs.data)):08x}"


def _is_own(directory: str, uid: int) -> bool:
    try:
        return os.stat(directory).st_uid == uid and os.path.isdir(directory)
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Paths:
    """What lies in a socket directory."""

    directory: str

    @property
    def socket(self) -> str:
        """Where clients name the server that they want."""
        return os.path.join(self.directory, "broker.sock")

    @property
    def state(self) -> str:
        """Who the broker is, for people and for scripts."""
        return os.path.join(self.directory, "broker.json")

    @property
    def lock(self) -> str:
        """Held for as long as a broker lives, and never removed: that would split those who wait for it."""
        return os.path.join(self.directory, "broker.lock")

    @property
    def restart(self) -> str:
        """Held while one broker follows another."""
        return os.path.join(self.directory, "restart.lock")

    def server(self, name: str) -> str:
        """Where a server is met without naming it."""
        return os.path.join(self.directory, f"{name}.sock")


def is_locked(path: str) -> bool:
    """Whether a broker lives whose lock file this is. For that moment nobody else can take the lock."""
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)  # which lets it go
    return False


@contextlib.contextmanager
def short(path: str) -> Iterator[str]:
    """A name for a socket that `bind` and `connect` take, however long its path is (Linux only)."""
    if len(os.fsencode(path)) <= LONGEST or sys.platform != "linux":
        yield path
        return
    directory, name = os.path.split(path)
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


def opened_at_once(path: str, flags: int) -> int:
    """For `open`: a FIFO in the place of a file must not hang us."""
    return os.open(path, flags | os.O_NONBLOCK)


def connect(path: str, timeout: float | None = None) -> socket.socket:
    """A connection to a unix socket. Raises `OSError` where nobody listens, or not within `timeout` seconds."""
    import socket

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with short(path) as name:
            connection.connect(name)
    except BaseException:
        connection.close()
        raise
    return connection


def is_reachable(path: str) -> bool:
    """Whether somebody listens there."""
    try:
        connect(path, 1.0).close()
    except OSError:
        return False
    return True
