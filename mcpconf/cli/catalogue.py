"""The commands by name, each in a module that is imported only when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

# (name, what it does). The module is `mcpconf.cli.commands.<name>` and has an `app`.
COMMANDS: tuple[tuple[str, str], ...] = (
    ("init", "Set everything up: find clients, choose a profile, write."),
    ("switch", "Give the clients a profile's servers ('-': the previous)."),
    ("current", "Print the name of the active profile."),
    ("status", "Show what is active, and whether the files are in step."),
    ("diff", "Show what switching would change, without secrets."),
    ("undo", "Take back the last change, in all files together."),
    ("history", "List the changes made so far."),
    ("server", "Add, remove, list and test servers of your own profile."),
    ("profile", "List, show, write and check profiles."),
    ("secret", "Keep secrets out of config files."),
    ("trust", "Allow a project's own profile to be used."),
    ("import", "Turn what a client has now into a profile."),
    ("env", "Show where mcpconf thinks it runs, and why."),
    ("serve", "Run mcpconf's own MCP server on stdin and stdout."),
    ("uninstall", "Give every file back as if mcpconf had never been there."),
)

EPILOG = """\b
With every command, before or after it:
  --color auto|always|never    NO_COLOR and FORCE_COLOR count as well
  --env auto|host|container    what this place is, if mcpconf gets it wrong
  --config-dir DIR             keep mcpconf's own files there
  --no-input                   never ask
  -q, --quiet                  only data and errors
  -v, --verbose                where an error came from
  --version
"""


class LazyGroup(TyperGroup):
    """Knows every command's name and summary, and imports only the one that runs."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return (name, load(name), rest) if name is not None else (name, command, rest)


def load(name: str) -> Any:
    """The real command behind a name."""
    module = import_module(f"mcpconf.cli.commands.{name.replace('import', 'import_')}")
    command = get_command(module.app)
    command.name = name
    _take_words_as_they_are(command)
    return command


class _AsTyped:
    """Stands in for typer's coercion where a word is all that is wanted: that one imports pydantic, for 90 ms."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002  typer calls it so
        return () if value is None and (param.multiple or param.nargs == -1) else value


def _take_words_as_they_are(command: Any) -> None:
    """Spare plain options and arguments the coercion, in a command and all that it holds."""
    for one in getattr(command, "commands", {}).values():
        _take_words_as_they_are(one)
    for param in command.params:
        _spare(param)
    make = command.get_help_option

    def help_option(ctx: Any) -> Any:  # made when it is first asked for
        option = make(ctx)
        _spare(option)
        return option

    command.get_help_option = help_option


def _spare(param: Any) -> None:
    """Typer before 0.20 coerces in another way, and has none of these attributes."""
    kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    if kind in (str, bool, list[str]):
        param._runtime_param = _AsTyped()


def root() -> Any:
    """The whole command line."""
    stubs: dict[str, Any] = {name: TyperCommand(name, help=text) for name, text in COMMANDS}
    group = LazyGroup(
        name="mcpconf",
        commands=stubs,
        params=[],
        help="One named profile of MCP servers, in every place where Claude runs.",
        epilog=EPILOG,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    _take_words_as_they_are(group)
    return group


def new_app(text: str = "") -> typer.Typer:
    """An app for one command's module, with the settings that all share."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=bool(text),
        help=text or None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
