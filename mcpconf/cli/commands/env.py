"""`mcpconf env`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.env import env_lines
from mcpconf.gather import PROBES
from mcpconf.workflow.report import env_report

app = new_app()


@app.command()
def env(
    explain: Annotated[bool, typer.Option("--explain", help="Show every piece of evidence and its weight.")] = False,
    json: options.Json = False,
) -> int:
    """Show where mcpconf thinks it runs, and what can be done here.

    --env host|container, or MCPCONF_ENV, overrides the verdict.
    """
    _, environment = console.app().look(PROBES | {"home"})
    if json:
        console.as_json("env", env_report(environment))
        return 0
    for line in env_lines(environment, explain=explain):
        console.data(line)
    return 0
