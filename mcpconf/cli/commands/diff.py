"""`mcpconf diff [PROFILE]`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.carry_out import preview
from mcpconf.cli.catalogue import new_app
from mcpconf.errors import UsageError
from mcpconf.workflow.here import current
from mcpconf.workflow.settings import parse_scope
from mcpconf.workflow.switch import Wish, prepare

app = new_app()


@app.command()
def diff(
    profile: Annotated[
        str | None, typer.Argument(metavar="PROFILE", help="The profile to compare with; the active one if left out.")
    ] = None,
    client: options.OnlyClient = None,
    scope: options.OnlyScope = None,
    route: options.Route = None,
    portable: options.Portable = False,
    check: options.Check = False,
    json: options.Json = False,
) -> int:
    """Show what switching to a profile would change, as a diff without secrets. Writes nothing."""
    world = console.app()
    name = profile or current(world)
    if name is None:
        raise UsageError("no profile is active", hint="mcpconf diff PROFILE")
    wish = Wish(
        profile=name,
        clients=tuple(client or ()),
        scope=parse_scope(scope),
        route=options.parse_route(route),
        portable=portable,
    )
    return preview(world, prepare(world, wish), check=check, json=json)
