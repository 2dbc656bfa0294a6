"""The commands by name, each in a module that is imported only when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

# (name, what it does). The module is `mcpconf.cli.commands.<name>` and has an `app`.
COMMANDS: tuple[tuple[str, str], ...] = (
    ("init", "Set everything up: find the clients, choose a profile, write it."),
    ("switch", "Give every chosen client the servers of a profile ('-': the previous one)."),
    ("current", "Print the name of the active profile."),
    ("status", "Show the active profile, and whether each client's file is in step with it."),
    ("diff", "Show what switching would change, as a diff without secrets."),
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

EPILOG = (
    "Everywhere: --color auto|always|never, --config-dir DIR, --env auto|host|container, --no-input, -q/--quiet, "
    "-v/--verbose."
)


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
    return command


def root() -> Any:
    """The whole command line."""
    stubs: dict[str, Any] = {name: TyperCommand(name, help=text) for name, text in COMMANDS}
    return LazyGroup(
        name="mcpconf",
        commands=stubs,
        params=[],
        help="One named profile of MCP servers, in every place where Claude runs.",
        epilog=EPILOG,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


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
