"""Which tools a server had when it was last asked: for completion, which must not start one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping

from mcpconf.errors import McpconfError
from mcpconf.workflow import words
from mcpconf.workflow.app import App

FILE = "tools.json"
VERSION = 1
SERVERS = 200  # that are remembered
TOOLS = 1000  # of each


def learnt(app: App) -> Mapping[str, tuple[str, ...]]:
    """The names of tools by server. Nothing where nothing is known, or can't be read: it is a cache."""
    try:
        data = json.loads(app.state.read(FILE) or b"{}")
        servers = data.get("servers", {}) if data.get("version") == VERSION else {}
        return {str(name): tuple(map(str, tools)) for name, tools in servers.items()}
    except (McpconfError, ValueError, AttributeError, TypeError, RecursionError):
        return {}


def learn(app: App, found: Mapping[str, Iterable[str]]) -> None:
    """Remember the tools of these servers. Writes only what is new, and only where we have a directory already."""
    known = learnt(app)
    after = {**known, **{server: tuple(tools)[:TOOLS] for server, tools in found.items()}}
    if after == known or not app.system.is_dir(app.dirs.state):
        return
    kept = dict(list(after.items())[-SERVERS:])
    with contextlib.suppress(McpconfError):
        app.state.write(json.dumps({"version": VERSION, "servers": kept}).encode("ascii"), FILE)
    words.note(app, "tools", kept)
