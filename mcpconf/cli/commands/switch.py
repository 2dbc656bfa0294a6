"""`mcpconf switch [NAME|-]`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.carry_out import carry_out
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.profiles import show_profiles
from mcpconf.workflow import switch as workflow

app = new_app()


@app.command()
def switch(
    name: Annotated[str | None, typer.Argument(metavar="NAME|-", help="The profile; '-' is the previous one.")] = None,
    client: options.Client = None,
    scope: options.ScopeOption = None,
    route: options.Route = None,
    portable: options.Portable = False,
    adopt: options.Adopt = False,
    keep: options.Keep = False,
    force: options.Force = False,
    approve: options.Approve = False,
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
    wish = workflow.Wish(
        profile=name,
        clients=tuple(client or ()),
        scope=options.scope(scope),
        route=options.route(route),
        portable=portable,
        foreign=options.foreign(adopt, keep),
        force=force,
        approve=approve,
    )
    prepared = workflow.prepare(world, wish)
    return carry_out(world, prepared, f"switch {name}", check=check, dry_run=dry_run, json=json)
