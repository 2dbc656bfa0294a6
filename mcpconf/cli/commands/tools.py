"""`mcpconf tools`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import claude_md as claude_md_
from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.ending import end_cleanly
from mcpconf.cli.server_options import ProfileName, Seconds
from mcpconf.cli.tool_options import NoBroker
from mcpconf.errors import UsageError
from mcpconf.use.toolbox import Toolbox, keeping, only_tool, toolboxes, tools_report
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
    claude_md: Annotated[
        bool, typer.Option("--claude-md", help="Print a paragraph about them for a CLAUDE.md.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="With --claude-md: put it into the project's CLAUDE.md, or the FILE named.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="With --claude-md: take it out of there.")] = False,
    json: options.Json = False,
) -> int:
    """List the tools of the active profile's servers: name, arguments ([optional]), what it does.

    mcpconf call SERVER TOOL calls one. Exit 1 where a server does not answer.

    mcpconf tools --claude-md --write [FILE]
    """
    end_cleanly()
    world = console.app()
    if claude_md or write or remove:
        _check_claude_md(claude_md, write, remove, server, tool, json)
    if remove:
        return claude_md_.remove(world, server)
    used = in_use(world, profile)
    found = _found(world, used, None if claude_md else server, timeout, broker=not no_broker)
    if claude_md:
        return claude_md_.tell(world, used.profile.name, found, write=write, file=server)
    if tool is not None:
        found = (only_tool(found[0], tool),)
    if json:
        console.as_json("tools", tools_report(used.profile.name, found))
    else:
        _show(found, tool)
    return 1 if any(one.error is not None for one in found) else 0


def _check_claude_md(
    claude_md: bool, write: bool, remove: bool, file: str | None, tool: str | None, json: bool
) -> None:
    """Raise `UsageError` for options that mean nothing together."""
    hint = "mcpconf tools --claude-md --write [FILE]"
    if not claude_md:
        raise UsageError("--write and --remove go with --claude-md", hint=hint)
    if (write and remove) or json or tool is not None:
        raise UsageError("--claude-md goes with --write or --remove, and one FILE", hint=hint)
    if file is not None and not (write or remove):
        raise UsageError(f"{file!r} is the FILE for --write; the paragraph is about all servers", hint=hint)


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
