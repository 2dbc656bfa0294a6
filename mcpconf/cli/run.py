"""Dispatch, and turn exceptions into messages and exit codes.

The commonest lines are answered here: the argument parser is half of what a switch takes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from mcpconf import __version__
from mcpconf.cli import console
from mcpconf.cli.index import fits, root_help
from mcpconf.errors import McpconfError, UsageError
from mcpconf.redact import redact

BUG = 70
INTERRUPTED = 130
STOPPED = "interrupted; nothing more was changed"


def run(argv: Sequence[str]) -> int:
    """Run one command; the exit code."""
    code = _code(lambda: _answer(list(argv)))
    try:
        console.finish()
    except console.OutputLost as error:
        console.fail(error)
        return code or error.exit_code
    return code


def _answer(argv: list[str]) -> object:
    rest = console.take_globals(argv)
    _check_words(rest)
    if rest == ["--version"]:
        console.data(f"mcpconf {__version__}")
        return 0
    if rest in (["--help"], ["-h"]) and fits():
        console.data(root_help())
        return 0
    if len(rest) == 2 and rest[0] == "switch" and (rest[1] == "-" or not rest[1].startswith("-")):
        from mcpconf.cli.switching import switch_to

        return switch_to(rest[1])
    if rest[:1] == ["__complete"]:
        from mcpconf.cli.completing import complete

        return complete(rest[1:])
    from mcpconf.cli.parse import parse

    return parse(rest)


def _check_words(words: Sequence[str]) -> None:
    """Raise `UsageError` for a word that is no text: profiles and clients' files can't hold it."""
    for word in words:
        if any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError(
                f"{os.fsencode(word)!r} on the command line is not text here; nothing was changed",
                hint="write it in UTF-8, and use a locale that has it: LC_ALL=C.UTF-8 mcpconf ...",
            )


def _code(call: Callable[[], object]) -> int:
    try:
        result = call()
    except McpconfError as error:
        console.fail(error)
        return error.exit_code
    except (KeyboardInterrupt, EOFError):
        console.complain(STOPPED)
        return INTERRUPTED
    except BrokenPipeError:
        _quiet()
        return 0
    except Exception as error:
        return _lost(error) or _bug(error)
    if result == INTERRUPTED:  # typer's way to say that it caught a KeyboardInterrupt
        console.complain(STOPPED)
    return result if isinstance(result, int) else 0


def _quiet() -> None:
    """The reader of our output has gone."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            console.silence(stream)


def _lost(error: Exception) -> int | None:
    """The exit code where it was typer that could not write its help; None for anything else."""
    if not isinstance(error, OSError):
        return None
    try:
        console.finish()
    except console.OutputLost as lost:
        console.fail(lost)
        return lost.exit_code
    return None


def _bug(error: Exception) -> int:
    """Say that it is our fault, with the traceback in a file."""
    console.complain(redact(console.visible(f"this is a bug in mcpconf: {type(error).__name__}: {error}")))
    try:
        console.complain(f"please report it with {_log(error)} (look for secrets in it first)")
    except OSError as problem:
        console.complain(f"please report it with what --verbose says (no log could be written: {problem.strerror})")
    if console.settings.verbose:
        console.trace(error)
    return BUG


def _log(error: Exception) -> str:
    """Write the traceback down; the file's name."""
    import tempfile
    import traceback

    text = " ".join(sys.argv[:2]) + "\n" + "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile("wb", prefix="mcpconf-bug-", suffix=".log", delete=False) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
        return stream.name
