"""Starting a broker that outlives whoever starts it.

A client's shim waits for this, so it imports nothing that start-up can do without: no subprocess, no json.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mcpconf.broker.place import Paths, is_locked, is_reachable, opened_at_once
from mcpconf.errors import McpconfError

if TYPE_CHECKING:
    from mcpconf.dirs import Dirs

SECONDS = 20.0  # to become ready
TAKEN = "a broker is running already"  # what one says that finds the lock held
LEAVING = 1.0  # that one which could not start may take to be gone
TICK = 0.02
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What the process runs: no site module, which takes as long as all the rest; nothing is found by the current directory.
_BOOT = "import os,sys;os.chdir('/');sys.path+={path!r};from {module} import main;sys.exit(main(sys.argv[1:]))"


class AlreadyRunning(McpconfError):
    """There is a broker."""


def command(words: Sequence[str], module: str = "mcpconf.broker.main") -> list[str]:
    """The command line of the broker's own process."""
    installed = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    path = list(dict.fromkeys([os.path.dirname(_PACKAGE), *installed]))
    return [sys.executable, "-I", "-S", "-c", _BOOT.format(path=path, module=module), *words]


def options_of(dirs: Dirs) -> list[str]:
    """What tells the broker where our files are, if that is not where they are by custom."""
    return ["--config-dir", dirs.config] if dirs.chosen else []


def start(paths: Paths, words: Sequence[str], *, argv: Sequence[str] = ()) -> int:
    """Start a broker in a session of its own, and wait until it can be reached; its process id.

    `argv` is what to run in the place of our own `command(words)`. Raises `AlreadyRunning`, or `McpconfError` with what
    it says.
    """
    if is_locked(paths.lock):
        raise running(paths)
    pid, said = _detached([*argv, *words] if argv else command(words))
    if said == "ready":
        return pid
    problem, _, hint = said.removeprefix("error: ").partition("; mend it with: ")
    if problem == TAKEN:  # another one was quicker; that the lock is held tells nothing, ours may not be gone yet
        raise running(paths)
    deadline = time.monotonic() + LEAVING
    while is_locked(paths.lock) and time.monotonic() < deadline:  # else who asks next finds one that does not answer
        time.sleep(TICK)
    raise McpconfError(f"the broker did not start: {problem}", hint=hint or "mcpconf broker run")


def start_if_needed(paths: Paths, words: Sequence[str], *, argv: Sequence[str] = ()) -> int | None:
    """The same, unless one can be reached already or another one is just starting: then None."""
    deadline = time.monotonic() + SECONDS
    while not is_reachable(paths.socket):
        if time.monotonic() > deadline:
            raise running(paths)
        if is_locked(paths.restart) or is_locked(paths.lock):
            time.sleep(TICK)  # it is starting or ending, or whoever restarts it knows better how
            continue
        with contextlib.suppress(AlreadyRunning):
            return start(paths, words, argv=argv)
    return None


@contextlib.contextmanager
def restarting(paths: Paths) -> Iterator[None]:
    """While one broker follows another, no client's shim is to start one of its own in between."""
    import fcntl

    descriptor = -1
    try:
        with contextlib.suppress(OSError):
            descriptor = os.open(paths.restart, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def running(paths: Paths) -> AlreadyRunning:
    """That there is one, with its process id where that can be told."""
    pid = pid_of(paths)
    said = "" if pid is None else f", pid {pid}"
    return AlreadyRunning(f"a broker is already running{said}", hint="mcpconf broker status")


def pid_of(paths: Paths) -> int | None:
    """The process id that the broker's state file tells. It may be that of an earlier one."""
    import json

    try:
        with open(paths.state, "rb", opener=opened_at_once) as stream:
            pid = json.loads(stream.read(65_536))["pid"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return pid if isinstance(pid, int) else None


def _detached(argv: list[str]) -> tuple[int, str]:
    """Run it with nothing of ours but the environment; its process id, and the line that it says when it is ready."""
    reader, writer = os.pipe()
    try:
        try:
            os.set_inheritable(writer, True)
            pid = _spawned([*argv, "--ready-fd", str(writer)], writer)
        finally:
            os.close(writer)
        return pid, _line(reader, time.monotonic() + SECONDS)
    except OSError as error:
        raise McpconfError(f"the broker could not be started: {error.strerror}", hint=f"ls -l {argv[0]}") from None
    finally:
        os.close(reader)


def _spawned(argv: list[str], keep: int) -> int:
    for descriptor in map(int, os.listdir("/dev/fd")):
        # What others gave us is none of the broker's: it would hold their pipes open for ever.
        if descriptor > 2 and descriptor != keep and _is_inheritable(descriptor):
            os.set_inheritable(descriptor, False)
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    return os.posix_spawn(argv[0], argv, os.environ, file_actions=nothing, setsid=True)


def _is_inheritable(descriptor: int) -> bool:
    try:
        return os.get_inheritable(descriptor)
    except OSError:  # the one by which the directory was read
        return False


def _line(reader: int, deadline: float) -> str:
    """One line from a descriptor, without its end; an error where none comes in time."""
    held = b""
    while b"\n" not in held:
        readable, _, _ = select.select([reader], [], [], max(deadline - time.monotonic(), 0))
        if not readable:
            return f"error: it was not ready within {SECONDS:.0f} s"
        piece = os.read(reader, 4096)
        if not piece:
            return "error: it ended without a word"
        held += piece
    return held.partition(b"\n")[0].decode("utf-8", "replace")
