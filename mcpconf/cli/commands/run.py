"""`mcpconf run -p PROFILE -- COMMAND`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mcpconf.cli import console
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.starting import IS_CLAUDE, become, program
from mcpconf.errors import UsageError
from mcpconf.workflow.isolated import isolate
from mcpconf.workflow.outer import PROFILE, SHELL
from mcpconf.workflow.own_config import own_config

app = new_app()


@app.command()
def run(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- COMMAND ARGS", help="After --: what to start.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", metavar="PROFILE", help="The profile that counts for it alone.")
    ] = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="By a CLAUDE_CONFIG_DIR of its own, for claude as well.")
    ] = False,
) -> int:
    """Start a command with a profile that counts for it alone; no client's file is touched.

    Claude Code itself is told by --mcp-config and --strict-mcp-config. Anything else, which may start Claude Code,
    gets a CLAUDE_CONFIG_DIR in which all but the servers leads to your own. The command takes the place of mcpconf.
    """
    if not profile or not command or not console.settings.separated:  # what stands before -- is for us
        raise UsageError("say which profile, and what to start behind --", hint="mcpconf run -p NAME -- claude")
    world = console.app()
    path = program(world, command[0])
    ready = isolate(world, profile)
    by_file = os.path.basename(command[0]) in IS_CLAUDE and not isolated
    words = ["--mcp-config", ready.file, "--strict-mcp-config"] if by_file else []
    variables, notes = ({}, ()) if by_file else own_config(world, ready)
    for line in note_lines(ready.notes + notes):
        console.tell(line)
    if by_file and command[1:2] == ["mcp"]:
        console.tell(f"claude mcp is about Claude Code's own files, not about {profile}; --isolated has it see these")
    env = {**world.system.env, **variables, PROFILE: ready.profile.name, SHELL: "run"}
    return become(path, [command[0], *words, *command[1:]], env)
