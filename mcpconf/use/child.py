"""A stdio MCP server as a child process: lines to it, lines from it, and an end that leaves nothing behind.

The child leads its own session, so that whatever it starts can be ended with it: `npx` and `uvx` run the server as a
grandchild, and a signal to the child alone would orphan that.

It may write without end, and never read: so each of its pipes has a thread, with a bounded lane to the one that asks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import IO, Any

from mcpconf.use.interrupts import Held
from mcpconf.use.introduction import Refusal
from mcpconf.use.lane import Lane
from mcpconf.use.reading import message as read
from mcpconf.use.stdio import CHUNK, TOO_LONG, encode, read_lines, write_all

MEGABYTE = 1024 * 1024
ANSWER_LIMIT = 64 * MEGABYTE  # bytes a server may put in one line, and in all of its messages
ROOM = MEGABYTE  # bytes that wait to be looked at, or to be read by the server
TAIL = 8192  # bytes of stderr worth keeping
STRAY = 200  # characters worth keeping of what was no message
GRACE = 2.0  # seconds between closing stdin, SIGTERM and SIGKILL, as the specification's shutdown suggests
BRIEF = 0.1  # the first of them, for one that had its time and did not answer
POLL = 0.005


class Ended(Exception):
    """The server closed its output: nothing more can come."""


class Child:
    """A running server. `stop` must be called, however the conversation went.

    Raises OSError or ValueError where the process cannot be started.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str | None) -> None:
        with Held() as interrupts:
            self._start(argv, env, cwd)
        if interrupts.came:  # nobody has it yet who could end it
            self.stop(brief=True)
            interrupts.deliver()

    def _start(self, argv: Sequence[str], env: Mapping[str, str], cwd: str | None) -> None:
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
        self._inbox = Lane(ROOM)
        self._outbox = Lane(ROOM)
        self._tail = b""
        self._taken = 0
        self.stray = ""
        # Threads and not a selector: Windows cannot select on pipes. Each closes the pipe it has when that ends.
        pumps = (self._pump_input, self._pump_lines, self._pump_errors)
        self._threads = [Thread(target=pump, daemon=True) for pump in pumps]
        for thread in self._threads:
            thread.start()

    def _pump_input(self) -> None:
        with self._stdin, suppress(OSError):  # a server that is gone is noticed by `receive`
            while (data := self._outbox.take()) is not None:
                write_all(self._stdin.fileno(), data)

    def _pump_lines(self) -> None:
        with self._stdout:
            for line in read_lines(self._stdout.fileno(), ANSWER_LIMIT):
                if line is TOO_LONG:
                    self.stray = self.stray or f"a line of more than {ANSWER_LIMIT // MEGABYTE} MB"
                elif not self._inbox.put(line):
                    break
            self._inbox.finish()
            while os.read(self._stdout.fileno(), CHUNK):
                pass  # nobody listens any more, but who writes shall not be stuck over it when its stdin is closed

    def _pump_errors(self) -> None:
        with self._stderr:
            while chunk := os.read(self._stderr.fileno(), CHUNK):
                self._tail = (self._tail + chunk)[-TAIL:]

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over one message. It is dropped where the server leaves a megabyte of them unread."""
        self._outbox.put(encode(message), wait=False)

    def receive(self, deadline: float) -> dict[str, Any] | None:
        """The next message, or None at the `time.monotonic()` of `deadline`; raises Ended when no more can come.

        What is no message is dropped, as Claude Code does; the first such line is kept in `stray`. Raises Refusal
        where there are more messages than anybody can want to read.
        """
        while time.monotonic() < deadline:
            line = self._inbox.take(deadline)
            if line is None:
                if self._inbox.over:
                    raise Ended
                return None
            message = read(line)
            if message is not None:
                self._taken += len(line)
                if self._taken > ANSWER_LIMIT:
                    raise Refusal(f"it sent more than {ANSWER_LIMIT // MEGABYTE} MB of messages")
                return message
            self.stray = self.stray or line[: 4 * STRAY].decode("utf-8", "replace").strip()[:STRAY]
        return None

    def flush(self) -> None:
        """Have it given what was sent, and then the end of its input; briefly waited for."""
        self._outbox.finish()
        self._threads[0].join(BRIEF)

    def errors(self) -> str:
        """The end of what it wrote to stderr so far."""
        return self._tail.decode("utf-8", "replace").strip()

    def exit_code(self, patience: float) -> int | None:
        """Its exit code (negative: the signal that killed it), or None if it still runs after `patience` seconds."""
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, *, brief: bool = False) -> None:
        """Close its stdin, and end it and all it started: SIGTERM after GRACE seconds, SIGKILL after as many more.

        `brief` leaves no time between the first two: for a server that has not answered at all.
        """
        self._inbox.close()
        self._outbox.close()
        if self.exit_code(BRIEF if brief else GRACE) is None or self._alive():
            self._signal_and_wait("SIGTERM")
        if self._alive():
            self._signal_and_wait("SIGKILL")
        # Only a process that left the group can still hold a pipe open, and then its thread waits for it.
        for thread in self._threads:
            thread.join(1.0)

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


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("asked for a pipe and got none")
    return stream
