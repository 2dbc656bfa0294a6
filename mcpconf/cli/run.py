"""Parse, dispatch, and turn exceptions into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import typer

from mcpconf import __version__
from mcpconf.cli import console
from mcpconf.cli.catalogue import root
from mcpconf.errors import McpconfError
from mcpconf.redact import redact

# Typer carries its own copy of click, or imports it: either way these are the classes that it raises.
CLICK_USAGE, CLICK_ERROR = typer.BadParameter.__mro__[1:3]
BUG = 70
INTERRUPTED = 130
STOPPED = "interrupted; nothing more was changed"


def run(argv: Sequence[str]) -> int:
    """Run one command; the exit code."""
    try:
        rest = console.take_globals(list(argv))
        if rest == ["--version"]:
            console.data(f"mcpconf {__version__}")
            return 0
        return _code(lambda: root().main(args=rest, prog_name="mcpconf", standalone_mode=False))
    except McpconfError as error:
        console.fail(error)
        return error.exit_code


def _code(call: Callable[[], object]) -> int:
    try:
        result = call()
    except McpconfError as error:
        console.fail(error)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort, EOFError):
        console.complain(STOPPED)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it closes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:
        if isinstance(error, CLICK_ERROR):
            return console.usage(error)
        return _bug(error)
    if result == INTERRUPTED:  # typer's way to say that it caught a KeyboardInterrupt
        console.complain(STOPPED)
    return result if isinstance(result, int) else 0


def _bug(error: Exception) -> int:
    """Say that it is our fault, with the traceback in a file."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile("w", prefix="mcpconf-bug-", suffix=".log", delete=False) as stream:
        stream.write(" ".join(sys.argv[:2]) + "\n" + text)
    console.complain(redact(console.visible(f"this is a bug in mcpconf: {type(error).__name__}: {error}")))
    console.complain(f"please report it with {stream.name} (look for secrets in it first)")
    if console.settings.verbose:
        console.trace(error)
    return BUG
