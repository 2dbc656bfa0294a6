"""Output and the options that every command has. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from mcpconf.cli import terminal
from mcpconf.errors import McpconfError, UsageError
from mcpconf.record import dataclass
from mcpconf.redact import redact

if TYPE_CHECKING:
    from mcpconf.workflow.app import App


@dataclass(slots=True)
class Settings:
    """What the options that stand anywhere on the command line said."""

    color: str = "auto"
    config_dir: str | None = None
    env: str | None = None
    no_input: bool = False
    quiet: bool = False
    verbose: bool = False
    separated: bool = False  # whether there was a `--`


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
            settings.separated = True
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
        raise UsageError(f"{name} {value!r} is not one of {', '.join(known)}", hint=f"{name} {known[0]}")
    setattr(settings, field, value)


def app() -> App:
    """The real outside world for a command."""
    from mcpconf.dirs import find_dirs
    from mcpconf.environment.verdict import parse_override
    from mcpconf.system import RealSystem
    from mcpconf.workflow.app import App
    from mcpconf.workflow.outer import outer

    system = RealSystem(env=outer(os.environ.copy()))
    override = parse_override(settings.env or system.env.get("MCPCONF_ENV"))
    return App(system, find_dirs(system, settings.config_dir), override)


def interactive() -> bool:
    """Whether a person can be asked. A dumb terminal can't move a cursor, so there the flags must answer."""
    if settings.no_input or os.environ.get("TERM") == "dumb":
        return False
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def colored(stream: TextIO) -> bool:
    """Whether a stream gets colours here."""
    return terminal.colored(stream, settings.color)


def paint(text: str, *styles: str) -> str:
    """Text in colour; it loses it again where its stream has none."""
    return terminal.styled(text, *styles)


def visible(text: str) -> str:
    """Text without what a terminal would obey: control characters are spelled out."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def data(text: str) -> None:
    """A line of what was asked for."""
    _write(sys.stdout, text)


def document(text: str) -> None:
    """What a tool has said: a terminal gets nothing to obey, everything else each byte as it is."""
    if sys.stdout is None:
        return
    if sys.stdout.isatty():
        _write(sys.stdout, text.replace("\r\n", "\n").replace("\033", "\\x1b").removesuffix("\n"))
        return
    raw = text.encode("utf-8", "replace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(raw if raw.endswith(b"\n") else raw + b"\n")
        sys.stdout.buffer.flush()
    except OSError as error:
        silence(sys.stdout)
        _lost(sys.stdout, error)


def tell(text: str) -> None:
    """A line about what is going on; not with --quiet."""
    if not settings.quiet:
        _write(sys.stderr, text)


def complain(text: str) -> None:
    """A line that --quiet does not silence."""
    for i, line in enumerate(text.split("\n")):
        first = "mcpconf: " if i == 0 else "  "
        for part in terminal.wrapped(line, sys.stderr, first, "  "):
            _write(sys.stderr, part.replace("mcpconf:", paint("mcpconf:", "bold", "red"), 1) if i == 0 else part)


def hint(text: str, indent: str = "  ") -> str:
    """What mends something, as a line. It is never wrapped: it is there to be copied."""
    return f"{indent}{paint('try:', 'bold')} {text}"


class OutputLost(McpconfError):
    """What was asked for can't be written."""

    def __init__(self, error: OSError) -> None:
        said = f"could not write the output: {error.strerror or error}"
        super().__init__(said, hint="free some space, or write elsewhere")


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by whoever started us
        return
    try:
        stream.write(terminal.fitted(text, stream, settings.color) + "\n")
        stream.flush()
    except OSError as error:
        silence(stream)
        _lost(stream, error)


def _lost(stream: TextIO, error: OSError) -> None:
    """Raise for lost data. That a message is lost is no failure: nobody can be told, and the exit code is right."""
    if stream is sys.stdout:
        raise error if isinstance(error, BrokenPipeError) else OutputLost(error) from None


def silence(stream: TextIO) -> None:
    """Send to nowhere what a stream still holds: Python would complain once more when it closes it at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def clear() -> None:
    """Empty the terminal that stdout is."""
    if sys.stdout is not None and sys.stdout.isatty():
        sys.stdout.write("\033[H\033[2J")


def finish() -> None:
    """Write what the streams still hold. Raises `OutputLost` where that can't be done."""
    for stream in (sys.stderr, sys.stdout):
        if stream is not None:
            try:
                stream.flush()
            except OSError as error:
                silence(stream)
                with contextlib.suppress(BrokenPipeError):
                    _lost(stream, error)


def as_json(kind: str, value: dict[str, Any]) -> None:
    """A result as versioned JSON: `schema` names what it is."""
    import json

    data(json.dumps({"schema": f"mcpconf.{kind}/1", **value}, indent=2, ensure_ascii=True))


def fail(error: McpconfError) -> None:
    """An error that the user can act on, with what mends it."""
    complain(redact(visible(str(error))))
    if error.hint:
        _write(sys.stderr, hint(redact(visible(error.hint))))
    if settings.verbose:
        trace(error)


def trace(error: BaseException) -> None:
    """Where an error came from, for --verbose."""
    import traceback

    _write(sys.stderr, redact(visible("".join(traceback.format_exception(error)))).rstrip())


def usage(error: Exception) -> int:
    """A mistake on the command line, as typer tells it."""
    context = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        _write(sys.stderr, context.get_help())
        return 2
    complain(redact(visible(message[:1].lower() + message[1:])))
    path = context.command_path if context is not None else "mcpconf"
    _write(sys.stderr, hint(f"{path} --help"))
    return int(getattr(error, "exit_code", 2))
