"""`mcpconf switch [NAME|-]`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.asked import Asked, asking
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.profiles import show_profiles
from mcpconf.cli.switching import switch as run
from mcpconf.errors import UsageError
from mcpconf.record import replace

app = new_app()


@app.command()
@asking
def switch(
    name: Annotated[str | None, typer.Argument(metavar="NAME|-", help="The profile; '-' is the previous one.")] = None,
    *,
    asked: Asked,
    shell: Annotated[
        bool, typer.Option("--shell", help="Open a shell with it instead; no client's file is touched.")
    ] = False,
    check: options.Check = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Give every chosen client the servers of a profile.

    The entries of the profile that was active before go; everything that mcpconf did not write stays as it is.
    Without a name: a picker on a terminal, the list of profiles elsewhere.
    """
    world = console.app()
    if name is None:
        name = ask.profile(world) if console.interactive() else None
    if name is None:
        return show_profiles(world, json=json)
    if shell:
        if asked.said or check or dry_run or json:
            raise UsageError("--shell stands alone: it writes no client's file", hint=f"mcpconf switch --shell {name}")
        from mcpconf.cli.subshell import open_shell

        return open_shell(world, name)
    return run(world, replace(asked.wish, profile=name), check=check, dry_run=dry_run, json=json)
