"""Showing the end of a log."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console
from mcpconf.errors import UsageError
from mcpconf.redact import redact
from mcpconf.workflow.tail import Tail

DIGITS = 10
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")]


def _count(text: str | int) -> int:
    if isinstance(text, int):  # the default
        return text
    if not (text.isascii() and text.isdigit() and len(text) < DIGITS):
        raise UsageError(f"--lines {text!r} is no number of lines", hint="--lines 50")
    return int(text)


Count = Annotated[int, typer.Option("--lines", "-n", metavar="N", parser=_count, help="How many of the last lines.")]


def show(path: str, *, follow: bool, lines: int) -> int:
    """Print the last lines, and with `follow` those that come; the exit code."""
    tail = Tail(path)
    try:
        for line in tail.last(lines):
            _print(line)
        for line in tail.follow() if follow else ():
            _print(line)
    except KeyboardInterrupt:
        pass
    finally:
        tail.close()
    return 0


def _print(line: str) -> None:
    console.data(console.visible(redact(line)))
