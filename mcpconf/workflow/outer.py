"""The environment as it is outside of a command or a shell with a profile of its own (`run`, `switch --shell`)."""

from __future__ import annotations

from collections.abc import Mapping

CONFIG = "CLAUDE_CONFIG_DIR"
OUTER, SHELL, PROFILE = "MCPCONF_OUTER_CONFIG_DIR", "MCPCONF_SHELL", "MCPCONF_PROFILE"


def outer(env: Mapping[str, str]) -> Mapping[str, str]:
    """The same without what leads Claude Code elsewhere: mcpconf works on the user's own files, there as everywhere."""
    if not env.get(SHELL) or OUTER not in env:
        return env
    inside = {name: value for name, value in env.items() if name not in (CONFIG, OUTER)}
    return {**inside, CONFIG: env[OUTER]} if env[OUTER] else inside


def inside(env: Mapping[str, str]) -> str | None:
    """The profile of such a command or shell; None outside."""
    return env.get(PROFILE) if env.get(SHELL) and env.get(PROFILE) else None
