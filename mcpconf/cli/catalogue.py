"""The commands by name, each in a module that is imported only when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mcpconf.cli.index import ABOUT, COMMANDS, EPILOG


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


class _AsNumber:
    """The same for a number."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            return None if value is None else float(value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is not a number.", ctx=ctx, param=param) from None


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
    elif kind is float:
        param._runtime_param = _AsNumber()


def root() -> Any:
    """The whole command line."""
    stubs: dict[str, Any] = {name: TyperCommand(name, help=text) for name, text in COMMANDS}
    group = LazyGroup(
        name="mcpconf",
        commands=stubs,
        params=[],
        help=ABOUT,
        epilog=f"\b\n{EPILOG}",
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
