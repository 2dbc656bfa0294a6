"""`mcpconf tools`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.server_options import ProfileName, Seconds
from mcpconf.cli.tool_options import NoBroker
from mcpconf.errors import UsageError
from mcpconf.serve.toolbox import Toolbox, keeping, only_tool, toolboxes, tools_report
from mcpconf.workflow.app import App
from mcpconf.workflow.in_use import InUse, in_use
from mcpconf.workflow.learnt import learn

app = new_app()


@app.command()
def tools(
    server: Annotated[str | None, typer.Argument(metavar="SERVER", help="Only those of this server.")] = None,
    tool: Annotated[str | None, typer.Argument(metavar="TOOL", help="This one in full, with an example.")] = None,
    profile: ProfileName = None,
    timeout: Seconds = 30.0,
    no_broker: NoBroker = False,
    json: options.Json = False,
) -> int:
    """List the tools of the active profile's servers: name, arguments ([optional]), what it does.

    mcpconf call SERVER TOOL calls one. Exit 1 where a server does not answer.
    """
    world = console.app()
    used = in_use(world, profile)
    found = _found(world, used, server, timeout, broker=not no_broker)
    if tool is not None:
        found = (only_tool(found[0], tool),)
    if json:
        console.as_json("tools", tools_report(used.profile.name, found))
    else:
        _show(found, tool)
    return 1 if any(one.error is not None for one in found) else 0


def _found(world: App, used: InUse, server: str | None, timeout: float, *, broker: bool) -> tuple[Toolbox, ...]:
    """The tools of one server, or of all; what was learnt is kept for completion."""
    if timeout <= 0:
        raise UsageError("--timeout is a number of seconds above 0")
    servers = used.servers if server is None else (used.server(server),)
    found = toolboxes(world, servers, keeping(world, used, broker=broker), timeout=timeout)
    learn(world, {one.server: [tool.name for tool in one.tools] for one in found if one.error is None})
    return found


def _show(found: tuple[Toolbox, ...], tool: str | None) -> None:
    from mcpconf.cli.render.tools import tool_lines, toolbox_lines

    for i, one in enumerate(found):
        if i:
            console.data("")
        for line in toolbox_lines(one) if tool is None or not one.tools else tool_lines(one, one.tools[0]):
            console.data(line)
    if not found:
        console.tell("the profile has no server")
