"""A person at a terminal: a real pseudo-terminal, read until a question stands there, then answered."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 30.0


def at_a_terminal(argv: Sequence[str], answers: Sequence[tuple[str, str]], cwd: Path) -> tuple[int, str]:
    """Run a command on a terminal, typing each answer once its question is on the screen: exit code and screen."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "mcpconf", *argv],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        screen = ""
        for question, answer in answers:
            screen += _read(ours, until=question)
            os.write(ours, answer.encode())
        screen += _read(ours, until=None)
        return child.wait(PATIENCE), screen
    finally:
        os.close(ours)
        child.kill()
        child.wait()


def _read(terminal: int, until: str | None) -> str:
    """What appears until a text is there, or until the program ends."""
    screen = b""
    deadline = time.monotonic() + PATIENCE
    while until is None or until.encode() not in screen:
        ready, _, _ = select.select([terminal], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"waited for {until!r}: {screen!r}"
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO where the other side is closed
            piece = b""
        if not piece:
            assert until is None, f"ended before {until!r}: {screen!r}"
            break
        screen += piece
    return screen.decode("utf-8", "replace")
