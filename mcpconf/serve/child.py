"""A stdio MCP server as a child process: lines to it, lines from it, and an end that leaves nothing behind.

The child leads its own session, so that whatever it starts can be ended with it: `npx` and `uvx` run the server as a
grandchild, and a signal to the child alone would orphan that.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any

from mcpconf.serve.server import CHUNK, encode, read_lines, write_all

ANSWER_LIMIT = 64 * 1024 * 1024  # bytes a server may put in one line
TAIL = 8192  # bytes of stderr worth keeping
GRACE = 2.0  # seconds between closing stdin, SIGTERM and SIGKILL, as the specification's shutdown suggests
POLL = 0.005


class Ended(Exception):
    """The server closed its output: nothing more can come."""


class Child:
    """A running server. `stop` must be called, however the conversation went.

    Raises OSError or ValueError where the process cannot be started.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str | None) -> None:
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd=cwd,
            bufsize=0,
            start_new_session=True,
        )
        self._stdin = _pipe(self._process.stdin)
        self._stdout = _pipe(self._process.stdout)
        self._stderr = _pipe(self._process.stderr)
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._errors: deque[bytes] = deque(maxlen=64)
        self.stray = ""
        # Threads and not a selector: Windows cannot select on pipes.
        self._threads = [Thread(target=work, daemon=True) for work in (self._pump_lines, self._pump_errors)]
        for thread in self._threads:
            thread.start()

    def _pump_lines(self) -> None:
        for line in read_lines(self._stdout.fileno(), ANSWER_LIMIT):
            if line is not None:
                self._lines.put(line)
        self._lines.put(None)

    def _pump_errors(self) -> None:
        while chunk := os.read(self._stderr.fileno(), CHUNK):
            self._errors.append(chunk[-TAIL:])

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message. A server that is gone is noticed by `receive`, which knows more about it."""
        try:
            write_all(self._stdin.fileno(), encode(message))
        except OSError:
            return

    def receive(self, deadline: float) -> dict[str, Any] | None:
        """The next message, or None at the `time.monotonic()` of `deadline`; raises Ended when no more can come.

        What is no message is dropped, as Claude Code does; the first such line is kept in `stray`.
        """
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                return None
            if line is None:
                self._lines.put(None)
                raise Ended
            message = _decode(line)
            if message is not None:
                return message
            self.stray = self.stray or line.decode("utf-8", "replace").strip()[:200]

    def errors(self) -> str:
        """The end of what it wrote to stderr so far."""
        return b"".join(list(self._errors))[-TAIL:].decode("utf-8", "replace").strip()

    def exit_code(self, patience: float) -> int | None:
        """Its exit code (negative: the signal that killed it), or None if it still runs after `patience` seconds."""
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Close its stdin, and end it and all it started: SIGTERM after GRACE seconds, SIGKILL after as many more."""
        self._stdin.close()
        if self.exit_code(GRACE) is None or self._alive():
            self._signal_and_wait("SIGTERM")
        if self._alive():
            self._signal_and_wait("SIGKILL")
        self._release()

    def _alive(self) -> bool:
        """Is the child or anything of its group still there?"""
        if self._process.poll() is None or not hasattr(os, "killpg"):
            return self._process.poll() is None
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def _signal_and_wait(self, name: str) -> None:
        try:
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, getattr(signal, name))
            else:
                self._process.kill()
        except OSError:
            return
        deadline = time.monotonic() + GRACE
        while self._alive() and time.monotonic() < deadline:
            time.sleep(POLL)

    def _release(self) -> None:
        """Close the pipes; only a process that left the group can still hold one open, and then it stays open here."""
        for thread in self._threads:
            thread.join(1.0)
        for thread, stream in zip(self._threads, (self._stdout, self._stderr), strict=True):
            if not thread.is_alive():
                stream.close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("asked for a pipe and got none")
    return stream


def _decode(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
