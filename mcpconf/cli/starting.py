"""Another program takes our place: its exit code, its signals and its terminal are then its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from mcpconf.cli import console
from mcpconf.errors import McpconfError
from mcpconf.workflow.app import App

IS_CLAUDE = ("claude", "claude.exe", "claude.cmd")


class NotStarted(McpconfError):
    """There is no such program; what a shell says then."""

    exit_code = 127


def program(app: App, name: str) -> str:
    """The path of a program. Raises `NotStarted`."""
    found = app.system.which(name)
    if found is None:
        raise NotStarted(f"there is no program {name!r} here; nothing was started", hint=f"command -v {name}")
    return found


def become(path: str, argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Never returns but on Windows, where there is no such thing: there, the exit code."""
    console.finish()
    if os.name == "nt":
        import subprocess

        return subprocess.run([path, *argv[1:]], env=dict(env), check=False).returncode
    for name in ("SIGPIPE", "SIGXFSZ"):  # which Python ignores, and a child would inherit that
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    sys.stderr.flush()
    try:
        os.execve(path, list(argv), dict(env))  # noqa: S606  the user's own command, from an array
    except OSError as error:
        raise NotStarted(f"{path} can't be started ({error.strerror})", hint=f"ls -l {path}") from None
