"""The paragraph for a CLAUDE.md: which servers and tools there are, and how the shell calls them.

Of what a server says only names get in that can't be more than names: whoever reads this obeys it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mcpconf.cli.render.tools import arguments
from mcpconf.use.toolbox import Tool, Toolbox

_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,128}")
HEAD = """\
## MCP tools from the shell

The MCP servers of the mcpconf profile `{profile}` answer to shell commands, also where there is no MCP connection:

- `mcpconf tools SERVER TOOL` shows a tool's arguments and an example; `mcpconf tools` lists all of them.
- `mcpconf call SERVER TOOL --arg NAME=VALUE ...` calls it. `NAME:=JSON` gives JSON, `NAME=@FILE` a file's text,
  `--input '{{...}}'` all arguments at once. Exit code 1: the tool failed, 2: the arguments do not fit.
"""
WITHOUT = "- Where mcpconf can't run, bash is enough: `{link} --call TOOL '{{...}}'`, and `{link} --list`.\n"
SERVERS = "\nServers and their tools, arguments that may be left out in brackets:\n\n"


def paragraph(
    profile: str, found: Sequence[Toolbox], known: Mapping[str, Sequence[str]], links: Mapping[str, str]
) -> str:
    """The paragraph. `known` has the tools that servers had once, `links` the wrapper's, both by server."""
    link = next(iter(links.values()), None)
    general = None if link is None else link.replace(f"mcp-{next(iter(links))}", "mcp-SERVER")
    text = HEAD.format(profile=profile) + ("" if general is None else WITHOUT.format(link=general)) + SERVERS
    return text + "".join(f"- {_server(one, known.get(one.server, ()))}\n" for one in found)


def _server(one: Toolbox, known: Sequence[str]) -> str:
    tools = [_tool(tool) for tool in one.tools] if one.error is None else [f"`{name}`" for name in known if _is(name)]
    return f"{one.server}: {', '.join(filter(None, tools)) or f'`mcpconf tools {one.server}` lists them'}"


def _tool(tool: Tool) -> str:
    return f"`{' '.join([tool.name, *arguments(tool, _is)])}`" if _is(tool.name) else ""


def _is(name: str) -> bool:
    return _NAME.fullmatch(name) is not None
