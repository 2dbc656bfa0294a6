"""`mcpconf broker expose`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.render.expose import expose_lines
from mcpconf.errors import McpconfError
from mcpconf.workflow import expose as workflow
from mcpconf.workflow.way_report import expose_report


def expose(
    to: Annotated[
        str | None, typer.Option("--to", metavar="ENGINE", help="docker or podman; the one that answers, if not said.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="WAY", help="mount or tcp; the better one, if not said.")
    ] = None,
    key: Annotated[str, typer.Option("--key", metavar="ID", help="For tcp: the key's name.")] = "container",
    apply: Annotated[bool, typer.Option("--apply", help="Do what has to be done on this machine.")] = False,
    json: options.Json = False,
) -> int:
    """Show how containers reach the broker of this machine.

    It prints what has to be done here and the lines for `docker run`, a compose file and a devcontainer.json, and
    changes nothing without --apply.
    """
    world = console.app()
    if world.system.platform == "windows":
        raise McpconfError("there is no broker for Windows yet", hint="run it in WSL")
    exposure = workflow.expose(world, to, by, key)
    if apply:
        exposure = workflow.apply(world, exposure)
    variables = workflow.variables(world)
    if json:
        console.as_json("expose", expose_report(exposure, variables))
    for line in () if json else expose_lines(exposure, variables):
        console.data(line)
    return 1 if exposure.way.trouble else 0
