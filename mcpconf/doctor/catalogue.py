"""All checks, in the order in which they are shown."""

from __future__ import annotations

from mcpconf.doctor.check import Check
from mcpconf.doctor.checks import (
    broker,
    containers,
    entries,
    files,
    place,
    routes,
    security,
    servers,
    services,
    shell,
    toolkit,
)
from mcpconf.errors import UsageError

CHECKS: tuple[Check, ...] = (
    *place.CHECKS,
    *files.CHECKS,
    *entries.CHECKS,
    *routes.CHECKS,
    *toolkit.CHECKS,
    *broker.CHECKS,
    *servers.CHECKS,
    *containers.CHECKS,
    *security.CHECKS,
    *services.CHECKS,
    *shell.CHECKS,
)


def check(name: str) -> Check:
    """The check of this id. Raises `UsageError` for an unknown one."""
    wanted = name.upper()
    for one in CHECKS:
        if one.id == wanted:
            return one
    raise UsageError(f"there is no check {name!r}", hint="mcpconf doctor --list")
