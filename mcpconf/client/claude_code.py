"""Claude Code: user, local and project scope. Every rule here was measured on the real client."""

from __future__ import annotations

from mcpconf.client.paths import absolute, ancestors, join
from mcpconf.client.project import find_project
from mcpconf.client.spec import ClientSpec, Place, Target
from mcpconf.model import Scope

ID = "claude-code"


def config_directory(place: Place) -> str | None:
    """CLAUDE_CONFIG_DIR, seen from the current directory; an empty value counts as unset, `~` is not expanded."""
    value = place.env.get("CLAUDE_CONFIG_DIR", "")
    return absolute(place.platform, place.cwd, value) if value else None


def config_file(place: Place) -> str:
    """The file with the user and local scopes; the legacy `.config.json` wins where it exists."""
    directory = config_directory(place)
    legacy = join(place.platform, directory or join(place.platform, place.home, ".claude"), ".config.json")
    if place.look.exists(legacy):
        return legacy
    return join(place.platform, directory or place.home, ".claude.json")


def project_file(place: Place) -> str:
    """The nearest `.mcp.json` up to the work tree's root, or the one to be made there."""
    root = find_project(place).root
    for directory in ancestors(place.platform, place.cwd):
        path = join(place.platform, directory, ".mcp.json")
        if place.look.exists(path) or directory == root:
            return path
    return join(place.platform, root, ".mcp.json")


def targets(place: Place, scope: Scope) -> tuple[Target, ...]:
    """Where the entries of a scope stand."""
    project = find_project(place)
    if scope is Scope.PROJECT:
        path = project_file(place)
        return (Target(client=ID, scope=scope, path=path, portable=True, project=project.root),)
    path = config_file(place)
    if scope is Scope.USER:
        return (Target(client=ID, scope=scope, path=path, lock=path + ".lock"),)
    pointer = ("projects", project.key, "mcpServers")
    return (Target(client=ID, scope=scope, path=path, pointer=pointer, lock=path + ".lock", project=project.root),)


def present(place: Place, on_path: bool) -> bool:
    """Whether Claude Code is, or was, used here."""
    home = config_directory(place) or join(place.platform, place.home, ".claude")
    return on_path or place.look.is_dir(home) or place.look.exists(config_file(place))


SPEC = ClientSpec(
    id=ID,
    title="Claude Code",
    scopes=(Scope.USER, Scope.LOCAL, Scope.PROJECT),
    targets=targets,
    present=present,
    remote=True,
    expands=True,
    typed=True,
    bare_path=False,
    command="claude",
    restart="restart running Claude Code sessions (or use /mcp) to see the change",
)
