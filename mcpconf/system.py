"""The door to the operating system: what the rest of the house may ask of it, and the real answer.

Decisions take values; whoever needs a fact from outside takes a `System`. Tests give one with its own root,
environment and clock, so that a directory can stand for a machine.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from mcpconf.errors import McpconfError
from mcpconf.record import dataclass, field

READ_LIMIT = 64 * 1024 * 1024
READ_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """What a finished child process left: exit code and decoded output."""

    code: int
    out: str
    err: str


class System(Protocol):
    """Everything read-only that we ask of the machine. Paths are absolute, as the process sees them."""

    @property
    def env(self) -> Mapping[str, str]: ...

    @property
    def platform(self) -> str:
        """`linux`, `darwin` or `windows`."""
        ...

    @property
    def home(self) -> str: ...

    @property
    def cwd(self) -> str: ...

    @property
    def hostname(self) -> str:
        """This machine's name; empty where it has none."""
        ...

    @property
    def uid(self) -> int:
        """The effective user id; -1 where there is none."""
        ...

    def read(self, path: str) -> bytes | None:
        """The file's bytes, or None where there is no readable regular file."""
        ...

    def exists(self, path: str) -> bool: ...

    def is_dir(self, path: str) -> bool: ...

    def may_execute(self, path: str) -> bool:
        """Whether the file system of a path lets programs be started from there. The path need not be there yet."""
        ...

    def readlink(self, path: str) -> str | None: ...

    def realpath(self, path: str) -> str: ...

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a directory, sorted; empty where there is none."""
        ...

    def glob(self, pattern: str) -> tuple[str, ...]: ...

    def which(self, name: str, path: str | None = None) -> str | None: ...

    def run(self, argv: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None) -> Ran | None:
        """Run a program with empty stdin; None where it cannot start or does not end within `timeout` seconds."""
        ...

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


def platform_name(value: str = sys.platform) -> str:
    """The system's name in our words."""
    if value.startswith("win") or value == "cygwin":
        return "windows"
    return "darwin" if value == "darwin" else "linux"


@dataclass(frozen=True)
class RealSystem:
    """The machine itself, or one that lies under `root`."""

    root: str = "/"
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    platform: str = field(default_factory=platform_name)
    uid: int = field(default_factory=lambda: os.geteuid() if hasattr(os, "geteuid") else -1)

    @property
    def home(self) -> str:
        # However it is spelled: paths below it are kept in the ledger, and compared with those above the current one.
        return os.path.normpath(self.env.get("HOME") or os.path.expanduser("~"))

    @property
    def cwd(self) -> str:
        try:
            return os.getcwd()
        except FileNotFoundError:
            raise McpconfError("the current directory does not exist any more", hint="cd ~") from None

    @property
    def hostname(self) -> str:
        return os.uname().nodename if hasattr(os, "uname") else self.env.get("COMPUTERNAME", "")

    def _at(self, path: str) -> str:
        if self.root == "/":
            return path
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, path: str) -> bytes | None:
        # O_NONBLOCK: a FIFO in the file's place must not hang us.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        flags |= getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._at(path), flags)
        except (OSError, ValueError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return _read_up_to(descriptor, READ_LIMIT)
        except OSError:
            return None
        finally:
            with contextlib.suppress(OSError):  # what was read is read
                os.close(descriptor)

    def exists(self, path: str) -> bool:
        return os.path.lexists(self._at(path))

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(self._at(path))

    def may_execute(self, path: str) -> bool:
        refused = getattr(os, "ST_NOEXEC", 0)  # Linux only
        at = self._at(path)
        while refused and not os.path.exists(at) and at != os.path.dirname(at):
            at = os.path.dirname(at)
        try:
            return not (refused and os.statvfs(at).f_flag & refused)
        except (OSError, ValueError):
            return True

    def readlink(self, path: str) -> str | None:
        try:
            return os.readlink(self._at(path))
        except (OSError, ValueError):
            return None

    def realpath(self, path: str) -> str:
        found = os.path.realpath(self._at(path))
        if self.root == "/":
            return found
        return "/" + os.path.relpath(found, os.path.realpath(self.root))

    def listdir(self, path: str) -> tuple[str, ...]:
        try:
            return tuple(sorted(os.listdir(self._at(path))))
        except OSError:
            return ()

    def glob(self, pattern: str) -> tuple[str, ...]:
        import glob as _glob

        found = sorted(_glob.glob(self._at(pattern)))
        if self.root == "/":
            return tuple(found)
        return tuple("/" + os.path.relpath(name, self.root) for name in found)

    def which(self, name: str, path: str | None = None) -> str | None:
        search = path if path is not None else self.env.get("PATH", os.defpath)
        if self.root == "/" and self.platform == "windows":
            import shutil  # knows PATHEXT; elsewhere its import takes longer than a search

            return shutil.which(name, path=search)
        directories = [""] if os.path.dirname(name) else search.split(os.pathsep)
        places = (os.path.join(directory, name) for directory in directories)
        return next((place for place in places if _is_program(self._at(place))), None)

    def run(self, argv: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None) -> Ran | None:
        import subprocess

        try:
            done = subprocess.run(
                list(argv),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                env=dict(self.env if env is None else env),
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _read_up_to(descriptor: int, limit: int) -> bytes:
    # In pieces: the files of /proc/sys fail with ENOMEM when asked for more than the kernel would allocate at once.
    pieces = []
    while limit > 0 and (piece := os.read(descriptor, min(limit, READ_PIECE))):
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


@contextmanager
def umask(value: int) -> Iterator[None]:
    """Run a block under a file mode mask; the process's own comes back afterwards."""
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)
