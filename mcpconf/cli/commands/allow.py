"""`mcpconf allow [DIR]`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.render.table import one_line
from mcpconf.cli.switching import switch
from mcpconf.client import claude_code
from mcpconf.client.project import find_project
from mcpconf.errors import McpconfError, Refused
from mcpconf.model import Layer, Scope
from mcpconf.workflow import allowing
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.prepare import Wish

app = new_app()
_WHOSE = {Layer.PROJECT: "its own", Layer.USER: "yours", Layer.SHIPPED: "one that ships with mcpconf"}


@app.command()
def allow(
    directory: Annotated[
        str | None, typer.Argument(metavar="DIR", help="The directory; the current one if left out.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="PROFILE", help="This one, whatever the directory says.")
    ] = None,
    if_allowed: Annotated[
        bool, typer.Option("--if-allowed", help="Only where it was allowed before; else say how. For direnv.")
    ] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Allow it no more, and take its servers out.")] = False,
    yes: options.Yes = False,
) -> int:
    """Let a directory have the profile that it asks for in .mcpconf/profile.

    Shows what that would run, asks, and applies it in Claude Code's local scope: it counts in this project only. What
    was allowed is bound to the bytes of the files: any edit revokes it.
    """
    world = console.app()
    _enter(directory)
    if profile is None:
        _enter(allowing.marked(world))
    if revoke:
        return _revoke(world, profile)
    asked = allowing.asking(world, profile)
    if if_allowed:
        return _again(world, asked)
    if not asked.allowed:
        _ask(world, asked, yes)
        allowing.allow(world, asked)
    return _apply(world, asked)


def _enter(directory: str | None) -> None:
    try:
        if directory:
            os.chdir(directory)
    except OSError as error:
        raise McpconfError(f"{directory} is no directory to work in ({error.strerror})", hint="ls -ld DIR") from None


def _shown(world: App, asked: allowing.Asking | allowing.Revoked) -> str:
    return one_line(tilde(asked.directory, world.system.home))


def _revoke(world: App, profile: str | None) -> int:
    gone = allowing.revoke(world, profile)
    ending = "; its servers are gone" if gone.was_active else ""
    said = f"is not allowed any more{ending}" if gone.was_allowed else "was not allowed: nothing was changed"
    console.tell(f"{_shown(world, gone)} {said}")
    for line in note_lines(gone.notes):
        console.tell(line)
    return 0


def _ask(world: App, asked: allowing.Asking, yes: bool) -> None:
    whose = _WHOSE[asked.profile.layer]
    console.tell(f"{console.paint(_shown(world, asked), 'bold')} asks for the profile {asked.name}, {whose}. It has:")
    for line in asked.lines:
        console.tell("  " + line)
    if yes:
        return
    if not console.interactive():
        raise Refused("nobody can be asked here; nothing was changed", hint="mcpconf allow --yes")
    ask.sure("Allow it, until one of its files is edited?", default=False)


def _again(world: App, asked: allowing.Asking) -> int:
    """What direnv calls each time somebody comes in."""
    if not asked.allowed:
        console.complain(f"{_shown(world, asked)} asks for the profile {asked.name}; to use it: mcpconf allow")
        return Refused.exit_code
    return 0 if allowing.is_active(world, asked) else _apply(world, asked)


def _apply(world: App, asked: allowing.Asking) -> int:
    root = find_project(world.place).root
    if root != asked.directory:
        shown = one_line(tilde(root, world.system.home))
        console.tell(f"for Claude Code all of {shown} is one project: the profile counts in the whole of it")
    wish = Wish(profile=asked.name, clients=(claude_code.ID,), scope=Scope.LOCAL)
    return switch(world, wish, check=False, dry_run=False, json=False)
