"""Output and the options that every command has. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO

from mcpconf.errors import McpconfError, UsageError
from mcpconf.redact import redact
from mcpconf.workflow.app import App

COLORS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}


@dataclass(slots=True)
class Settings:
    """What the options that stand anywhere on the command line said."""

    color: str = "auto"
    config_dir: str | None = None
    env: str | None = None
    no_input: bool = False
    quiet: bool = False
    verbose: bool = False


settings = Settings()
_FLAGS = {
    "--no-input": "no_input",
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
}
_VALUES = {"--color": "color", "--config-dir": "config_dir", "--env": "env"}
_CHOICES = {"color": ("auto", "always", "never")}


def take_globals(argv: list[str]) -> list[str]:
    """Note the options that every command has, wherever they stand before `--`; the rest of the line."""
    global settings  # noqa: PLW0603  one command line, one process
    settings = Settings()
    rest: list[str] = []
    while argv:
        word = argv.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            return [*rest, word, *argv]
        if word in _FLAGS:
            setattr(settings, _FLAGS[word], True)
        elif name in _VALUES:
            _set(name, value if equals else _next(name, argv))
        else:
            rest.append(word)
    return rest


def _next(name: str, argv: list[str]) -> str:
    if not argv:
        raise UsageError(f"{name} needs a value", hint="mcpconf --help")
    return argv.pop(0)


def _set(name: str, value: str) -> None:
    field = _VALUES[name]
    known = _CHOICES.get(field)
    if known and value not in known:
        raise UsageError(f"{name} {value!r} is not one of {', '.join(known)}")
    setattr(settings, field, value)


def app() -> App:
    """The real outside world for a command."""
    from mcpconf.dirs import find_dirs
    from mcpconf.environment.verdict import parse_override
    from mcpconf.system import RealSystem

    system = RealSystem()
    override = parse_override(settings.env or system.env.get("MCPCONF_ENV"))
    return App(system, find_dirs(system, settings.config_dir), override)


def interactive() -> bool:
    """Whether a person can be asked."""
    return not settings.no_input and sys.stdin.isatty() and sys.stderr.isatty()


def colored(stream: TextIO) -> bool:
    """Whether a stream gets colours: by option, then NO_COLOR and FORCE_COLOR, then by what it is."""
    if settings.color != "auto":
        return settings.color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """Text in colour, where its stream has colours."""
    if not styles or not colored(stream or sys.stdout):
        return text
    return f"\033[{';'.join(COLORS[style] for style in styles)}m{text}\033[0m"


def visible(text: str) -> str:
    """Text without what a terminal would obey: control characters are spelled out."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def data(text: str) -> None:
    """A line of what was asked for."""
    _write(sys.stdout, text)


def tell(text: str) -> None:
    """A line about what is going on; not with --quiet."""
    if not settings.quiet:
        _write(sys.stderr, text)


def complain(text: str) -> None:
    """A line that --quiet does not silence."""
    _write(sys.stderr, f"{paint('mcpconf:', 'bold', 'red', stream=sys.stderr)} {text}")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    # A lone surrogate, or a character that the terminal's encoding lacks, must not end the command.
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def as_json(kind: str, value: dict[str, Any]) -> None:
    """A result as versioned JSON: `schema` names what it is."""
    data(json.dumps({"schema": f"mcpconf.{kind}/1", **value}, indent=2, ensure_ascii=True))


def fail(error: McpconfError) -> None:
    """An error that the user can act on, with what mends it."""
    complain(redact(visible(str(error))))
    if error.hint:
        _write(sys.stderr, f"  {paint('try:', 'bold', stream=sys.stderr)} {redact(visible(error.hint))}")


def usage(error: Exception) -> int:
    """A mistake on the command line, as typer tells it."""
    context = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        _write(sys.stderr, context.get_help())
        return 2
    complain(visible(message))
    path = context.command_path if context is not None else "mcpconf"
    _write(sys.stderr, f"  {paint('try:', 'bold', stream=sys.stderr)} {path} --help")
    return int(getattr(error, "exit_code", 2))
