"""Have typer parse a command line and run its command."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from mcpconf.cli import console
from mcpconf.cli.catalogue import root

# Typer carries its own copy of click, or imports it: either way this is the class that its errors have in common.
CLICK_ERROR: type[Exception] = typer.BadParameter.__mro__[2]


def parse(words: Sequence[str]) -> object:
    """What the command returned. A mistake on the line is told, and gives its exit code."""
    try:
        return root().main(args=list(words), prog_name="mcpconf", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except CLICK_ERROR as error:
        return console.usage(error)
