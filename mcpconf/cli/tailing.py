"""Showing the end of a log."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console
from mcpconf.redact import redact
from mcpconf.workflow.tail import Tail

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")]
Count = Annotated[int, typer.Option("--lines", "-n", metavar="N", min=0, help="How many of the last lines.")]


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
