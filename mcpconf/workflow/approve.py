"""Approval of `.mcp.json` servers, set only when asked for.

Written to the project's own `.claude/settings.local.json`, never to the user's settings: approval goes by server
name, and one for the whole user would also approve every other repository's server of that name. Measured: it
counts once the directory is trusted, which only Claude Code's own dialog can do.
"""

from __future__ import annotations

import json
import os

from mcpconf.client.spec import Target
from mcpconf.document.edit import read_members
from mcpconf.document.fault import Fault
from mcpconf.ledger import digest
from mcpconf.model import Json
from mcpconf.plan import Want, decode_file, locate
from mcpconf.workflow.app import App

KEY = "enabledMcpjsonServers"


def approval_target(target: Target) -> Target:
    """The settings file beside a project's `.mcp.json`."""
    path = os.path.join(os.path.dirname(target.path), ".claude", "settings.local.json")
    return Target(
        client=target.client, scope=target.scope, path=path, pointer=(), dialect=target.dialect, project=target.project
    )


def approval_wants(app: App, target: Target, names: tuple[str, ...], *, approve: bool) -> tuple[Want, ...]:
    """The list of approved servers with ours added to those that the user had approved.

    Where approval is not asked for, what we had approved stays for the servers that stay, and goes with the others.
    """
    place = approval_target(target)
    theirs, ours = _approved(app, place)
    if not approve:
        if not ours:
            return ()
        names = tuple(name for name in names if name in ours)
    added = [name for name in names if name not in theirs]
    if not (added or approve):
        return (Want(place, {}, ""),)
    return (Want(place, {KEY: [*theirs, *added]}, "", {}, adopt=True),)


def _approved(app: App, target: Target) -> tuple[list[str], list[str]]:
    """The servers that others approved, and those that we did."""
    raw = app.system.read(target.path)
    text = decode_file(target.path, raw).text
    try:
        found = read_members(text, target.pointer, target.dialect).get(KEY)
    except Fault as fault:
        raise locate(target.path, text, fault) from None
    if found is None:
        return [], []
    owned = app.state.ledger().files.get(target.path)
    mine = owned.members.get(target.pointer, {}).get(KEY) if owned else None
    if mine is not None and mine.digest == digest(found.value):
        theirs = _names(json.loads(mine.before) if mine.before else [])
        return theirs, [name for name in _names(found.value) if name not in theirs]
    return _names(found.value), []


def _names(value: Json) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
