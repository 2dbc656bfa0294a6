"""Places to route in, with a machine's own paths in them."""

from __future__ import annotations

from typing import Any

from mcpconf.client import claude_code, claude_desktop
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.model import Profile, Scope, Server
from mcpconf.route.context import Context

HOME = "/home/me"
DATA = "/home/me/.local/share/mcpconf"
WHICH = {
    "bash": "/usr/bin/bash",
    "docker": "/usr/bin/docker",
    "node": "/home/me/.nvm/bin/node",
    "npx": "/home/me/.nvm/bin/npx",
    "uvx": "/home/me/.local/bin/uvx",
    "my-server": "/opt/mine/bin/my-server",
}
LAUNCHER = ("/home/me/.local/bin/mcpconf",)
CODE, DESKTOP = claude_code.SPEC, claude_desktop.SPEC


def target(spec: ClientSpec = CODE, scope: Scope = Scope.USER) -> Target:
    if spec is DESKTOP:
        return Target(client=spec.id, scope=Scope.USER, path=f"{HOME}/.config/Claude/claude_desktop_config.json")
    if scope is Scope.PROJECT:
        return Target(client=spec.id, scope=scope, path="/work/.mcp.json", portable=True, project="/work")
    project = "/work" if scope is Scope.LOCAL else None
    return Target(client=spec.id, scope=scope, path=f"{HOME}/.claude.json", project=project)


def context(spec: ClientSpec = CODE, scope: Scope = Scope.USER, **changes: Any) -> Context:
    """A Linux machine with everything on it, unless changed."""
    given: dict[str, Any] = {"which": WHICH, "platform": "linux", "home": HOME, "data": DATA, "launcher": LAUNCHER}
    return Context(spec=spec, target=target(spec, scope), **{**given, **changes})


def without(*names: str) -> dict[str, str]:
    return {name: path for name, path in WHICH.items() if name not in names}


def profile(*servers: Server, **changes: Any) -> Profile:
    return Profile(name="p", servers=servers, **changes)
