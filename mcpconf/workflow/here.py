"""Which profiles count in the current directory."""

from __future__ import annotations

from mcpconf.client.project import find_project
from mcpconf.model import Scope
from mcpconf.workflow import active
from mcpconf.workflow.app import App


def contexts_here(app: App) -> tuple[str, ...]:
    """The contexts that count in the current directory: the user's, and those of this project."""
    root = find_project(app.place).root
    return (active.USER, *(f"{scope}:{root}" for scope in (Scope.LOCAL, Scope.PROJECT)))


def current(app: App) -> str | None:
    """The profile that counts here, the nearest context first; None where none is active."""
    known = active.load(app.state.read(active.FILE))
    for context in reversed(contexts_here(app)):
        if context in known:
            return known[context].current
    return None
