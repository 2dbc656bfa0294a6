"""The parent of the broker: waits, and leaves nothing behind when the broker is gone, however it went.

A guard, which ignores signals and reads a pipe that both of them hold open, does the same where both were killed. It
finds what bears the broker's mark alone.

The parent does not share the broker's fate: it holds no sockets and runs no code but this, so what kills the one (a
bug, the kernel's choice when memory is short, `kill -9`) leaves the other to end the servers. What a server started and
then disowned becomes this process's child (PR_SET_CHILD_SUBREAPER, Linux), so that it can be found, and no zombie stays
in a container without an init.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

GRACE = 2.0  # seconds that servers have to end themselves, since their stdin has closed; and again after SIGTERM
TICK = 0.02
_SUBREAPER = 36  # prctl(2)


def supervise(run: Callable[[int], int], identity: str, clean: Callable[[bool], None]) -> int:
    """Run the broker as a child, and gives its exit code; `run` gets a descriptor that closes when this process ends.

    `clean` is called when the broker has gone and all its processes with it, and told whether it was killed.
    """
    guard, held = _post_guard(identity, clean)  # `held` is for both to keep open
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        _in_child(lambda: run(reader))
    os.close(reader)
    try:
        return _watch(child, identity, clean, guard)
    finally:
        os.close(writer)
        os.close(held)


def _post_guard(identity: str, clean: Callable[[bool], None]) -> tuple[int, int]:
    """The guard's process, and the descriptor whose last copy it waits for."""
    reader, writer = os.pipe()
    guard = os.fork()
    if guard == 0:
        _in_child(lambda: _guard(reader, identity, clean))
    os.close(reader)
    return guard, writer


def _guard(reader: int, identity: str, clean: Callable[[bool], None]) -> int:
    """Wait until broker and supervisor are gone. Mostly nothing is left then."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(3, reader)  # sockets that systemd gave, and whoever waits for the broker to be ready
    os.closerange(reader + 1, 1024)
    os.read(reader, 1)
    if descendants(identity):
        _end_all(identity)
    clean(True)  # also where no process is left: a container outlives the one that started it
    return 0


def _in_child(run: Callable[[], int]) -> None:
    """Never returns: what the parent would do next is not the child's."""
    code = 70
    try:
        code = run()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _watch(child: int, identity: str, clean: Callable[[bool], None], guard: int) -> int:
    _pass_on_signals(child)
    become_subreaper()
    code = _wait_for(child)
    _end_all(identity, guard)
    clean(code != 0)
    return code


def _pass_on_signals(child: int) -> None:
    def pass_on(number: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)


def _wait_for(child: int) -> int:
    """Its exit code. Whatever else ends meanwhile is buried, too."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_all(identity: str, guard: int | None = None) -> None:
    """End every process that is left of the broker, but the guard: gently, then not."""
    for step in (None, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
        left = descendants(identity, guard)
        if not left:
            return
        for pid in left if step is not None else ():
            with contextlib.suppress(OSError):
                os.kill(pid, step or 0)
        _wait_until_gone(identity, guard, time.monotonic() + GRACE)


def _wait_until_gone(identity: str, guard: int | None, deadline: float) -> None:
    while time.monotonic() < deadline:
        _bury()
        if not descendants(identity, guard):
            return
        time.sleep(TICK)


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def descendants(identity: str, guard: int | None = None) -> list[int]:
    """What lives below this process, and what bears the mark of that broker wherever it is; not the guard."""
    from mcpconf.broker.upstream.orphans import MARK, below, marked

    return sorted({*below(os.getpid()), *marked(MARK, f"{identity}.")} - {guard})


def become_subreaper() -> None:
    """Have the orphans of what we start; where the system can't, only the broker's own groups are ended."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError, ImportError, TypeError):
        return
