"""A server as a process of the broker's: lines to it, lines from it, and an end that leaves nothing of it behind.

It leads a session and a group of its own, since `npx`, `uvx` and the like run the server as a grandchild: what ends, is
the group.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from typing import Protocol

from mcpconf.broker.channel import Channel
from mcpconf.broker.upstream.definition import Start
from mcpconf.broker.upstream.image import lacking
from mcpconf.broker.upstream.logfile import without
from mcpconf.broker.upstream.orphans import MARK, end_orphans
from mcpconf.wire.actions import Limits
from mcpconf.wire.lines import Overlong

GRACE = 2.0  # seconds between closing stdin, SIGTERM and SIGKILL: the specification's shutdown
MOMENT = 0.1  # seconds between the end of a server's output and its own, which says more of the reason
AFTER = 0.2  # seconds between a server's own end and SIGTERM to what it left in its group
TAIL = 8192  # bytes of stderr that are kept as last words
PIPE = 1_048_576  # bytes of the pipe that a server answers through: ten megabytes pass in 123 ms in the place of 191
HIGH = 1_048_576  # bytes that may wait for a server before its clients are read no further

STEPS = (signal.SIGTERM, signal.SIGKILL)
KILLS = 10  # times that the last one is repeated


class Owner(Protocol):
    """Who a process belongs to."""

    def server_said(self, lines: list[bytes | Overlong]) -> None:
        """Lines came from the server."""

    def server_ended(self, words: str) -> None:
        """The server is gone, or of no more use; its last words."""

    def server_strained(self, full: bool) -> None:
        """It does not read what it is sent, or does again."""


class Process:
    """A running server. Raises OSError or ValueError where it can't be started."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: Start, log: Callable[[str], None], mark: str) -> None:
        self.owner: Owner | None = None  # whom its lines go to
        self.over = False  # whether it is of no more use
        self.born = loop.time()
        self._loop = loop
        self._log = log
        self._mark = mark
        self._tail = b""
        self._rest = b""  # of stderr: a line that has not ended yet
        self.hidden = start.hidden  # values that no log may show
        self.container = start.container
        self._exiting = False
        self._buried = False
        self._moment: asyncio.TimerHandle | None = None
        self._gone: list[Callable[[Process], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._steps = list(STEPS)
        self._kills = 0
        self._popen, stdin, stdout, self._stderr = _spawn(start, mark)
        self.pid = self._popen.pid
        self._channel = Channel(loop, stdout, stdin, self, Limits().server_line, HIGH)
        os.set_blocking(self._stderr, False)
        loop.add_reader(self._stderr, self._complained)
        self._channel.start()
        if start.first:
            self._channel.write([start.first])

    # -- what goes in and out

    def write(self, lines: Sequence[bytes]) -> None:
        self._channel.write(lines)

    @property
    def strained_now(self) -> bool:
        """Whether it does not read what it is sent."""
        return self._channel.queued > HIGH

    @property
    def unread(self) -> bool:
        """Whether it has not read yet all that it was sent; False where the system can't say."""
        return self._channel.unread

    def heard(self, lines: list[bytes | Overlong]) -> None:
        if not self.over and self.owner is not None:
            self.owner.server_said(lines)

    def strained(self, full: bool) -> None:
        if self.owner is not None:
            self.owner.server_strained(full)

    def pause(self, full: bool) -> None:
        """Read the server no further, or again."""
        if full:
            self._channel.pause()
        elif not self.over:
            self._channel.resume()

    # -- how it ends

    def when_gone(self, then: Callable[[Process], None]) -> None:
        """Have it told when nothing of it is left."""
        self._gone.append(then)

    def ended_by_itself(self) -> None:
        """Look whether the process has ended, which SIGCHLD made us ask."""
        if self._popen.poll() is None:
            return
        if self.over:
            self._end("")
        elif not self._exiting:  # a child of its may go on writing: what it said itself is what is in the pipe now
            self._exiting = True
            self._channel.drain(PIPE, self._exited)

    def _exited(self) -> None:
        self._end(_verdict(self._popen.returncode))

    def lost(self) -> None:
        """It has closed its stdin, so nothing can be asked any more."""
        self._end_soon("it closed its stdin")

    def closed(self) -> None:
        """It has closed its stdout, so nothing can be answered any more."""
        self._end_soon("it closed its stdout")

    def _end_soon(self, why: str) -> None:
        """Mostly it is about to end, and has answers or last words that were not read yet."""
        if self.over:
            self._end(why)
        elif self._moment is None:
            self._moment = self._loop.call_later(MOMENT, self._end, why)
            self.ended_by_itself()

    def stop(self) -> None:
        """End it: by closing its stdin, then by SIGTERM, then by SIGKILL. Its owner hears no more of it."""
        self.over = True
        if not self._buried:
            self._channel.finish()
            self._after(GRACE)

    def kill(self) -> None:
        """End it now."""
        self.over = True
        self._steps = [signal.SIGKILL]
        if not self._buried:
            self._next()

    def _end(self, why: str) -> None:
        if self._buried:
            return
        if not self.over:
            self.over = True
            self._complained()
            if self.owner is not None:
                self._loop.call_soon(self.owner.server_ended, self._words(why))
            self._channel.finish()
        if self._popen.returncode is not None and not self._group_is_there():
            self._bury()
        elif self._timer is None:
            self._after(AFTER if self._popen.returncode is not None else GRACE)

    def _after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._next)

    def _next(self) -> None:
        """One step further towards the end."""
        self._popen.poll()
        if not self._group_is_there():
            self._bury()
            return
        if not self._steps:
            self._kills += 1
        if self._kills > KILLS:  # zombies that nobody buries, or a process that hangs in the kernel
            self._bury()
            return
        step = self._steps.pop(0) if self._steps else signal.SIGKILL
        with contextlib.suppress(OSError):
            os.killpg(self.pid, step)
        self._after(GRACE if self._steps else 0.05)

    def _group_is_there(self) -> bool:
        if self._popen.returncode is None:
            return True
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # on macOS: nothing but zombies
            return os.uname().sysname != "Darwin"
        return True

    def _bury(self) -> None:
        """Nothing of its group is left."""
        self._buried = True
        for timer in (self._timer, self._moment):
            if timer is not None:
                timer.cancel()
        self._timer = self._moment = None
        self._channel.close()
        self._close_stderr()
        end_orphans(self._mark + "\0")
        gone, self._gone = self._gone, []
        for then in gone:
            then(self)

    # -- its last words

    def _words(self, why: str) -> str:
        text = without((self._tail + self._rest).decode("utf-8", "replace").strip(), self.hidden)
        missing = lacking(text, self.container)
        if missing is not None:
            return f"{missing}; mend it with: {missing.hint}"
        last = text.splitlines()[-1].strip() if text else ""
        return f"{why}: {last}" if last else why

    def _complained(self) -> None:
        if self._stderr < 0:
            return
        try:
            data = os.read(self._stderr, 65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._note(data)
        else:
            self._close_stderr()

    def _note(self, data: bytes) -> None:
        """Into the log by whole lines, since a secret may be cut in two by the end of a chunk."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > TAIL:
            piece, self._rest = self._split(self._rest)
            whole.append(piece)
        if whole:
            text = b"\n".join(whole)
            self._tail = (self._tail + text + b"\n")[-TAIL:]
            self._log(text.decode("utf-8", "replace"))

    def _split(self, text: bytes) -> tuple[bytes, bytes]:
        """What can be shown of a line that does not end: no value that is hidden may be cut in two."""
        values = [os.fsencode(value) for value in self.hidden]
        for value in values:
            text = text.replace(value, b"***")
        at = len(text) - max(map(len, values), default=0)
        return text[:at], text[at:]

    def _close_stderr(self) -> None:
        if self._stderr >= 0:
            self._loop.remove_reader(self._stderr)
            os.close(self._stderr)
            self._stderr = -1
            if self._rest:
                self._note(b"\n")


def _spawn(start: Start, mark: str) -> tuple[subprocess.Popen[bytes], int, int, int]:
    """The process, and our ends of its stdin, stdout and stderr."""
    (theirs_in, stdin), (stdout, theirs_out), (stderr, theirs_err) = _pipes(3)
    try:
        popen = subprocess.Popen(
            start.argv,
            stdin=theirs_in,
            stdout=theirs_out,
            stderr=theirs_err,
            env={**start.env, MARK: mark},
            cwd=start.cwd,
            umask=start.umask,
            start_new_session=True,
        )
    except BaseException:
        for descriptor in (stdin, stdout, stderr):
            os.close(descriptor)
        raise
    finally:
        for descriptor in (theirs_in, theirs_out, theirs_err):
            os.close(descriptor)
    _widen(stdout)
    return popen, stdin, stdout, stderr


def _pipes(count: int) -> list[tuple[int, int]]:
    """So many of them, or none where there are no descriptors any more."""
    found: list[tuple[int, int]] = []
    try:
        while len(found) < count:
            found.append(os.pipe())
    except OSError:
        for descriptor in (one for pair in found for one in pair):
            os.close(descriptor)
        raise
    return found


def _widen(pipe: int) -> None:
    """A larger pipe, where there is such a call and the user's share of the memory for pipes allows it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, size, PIPE)


def _verdict(code: int) -> str:
    if code >= 0:
        return f"it exited with {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
