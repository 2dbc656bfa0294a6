"""The one log of `mcpconf dotfiles`: what was done and what was refused, where nobody sees a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from mcpconf.commit.private import read_private
from mcpconf.commit.state import write_private
from mcpconf.errors import McpconfError
from mcpconf.redact import redact
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde_all

FILE = "dotfiles.log"
LIMIT = 64 * 1024  # bytes that are kept, of whole lines
_STAMP = len("2026-01-01T00:00:00Z ")


def path(app: App) -> str:
    return app.state.at(FILE)


def read(app: App) -> tuple[str, ...]:
    """Its lines, oldest first."""
    raw = read_private(path(app)) or b""
    return tuple(raw.decode("utf-8", "replace").splitlines())


def write(app: App, lines: Sequence[str], *, changed: bool = False) -> None:
    """Add lines. Where nothing was `changed`, only if one of them is new: a second run changes no byte. Never fails."""
    said = [redact(tilde_all(_one_line(line), app.system.home)) for line in lines]
    with contextlib.suppress(McpconfError):
        before = read(app)
        if not said or not (changed or set(said) - {line[_STAMP:] for line in before}):
            return
        now = datetime.fromtimestamp(app.system.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = "".join(f"{line}\n" for line in (*before, *(f"{now} {line}" for line in said))).encode()
        if len(text) > LIMIT:
            text = text[-LIMIT:].partition(b"\n")[2]
        write_private(path(app), text)


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text.replace("\n", "; "))
