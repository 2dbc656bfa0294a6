"""The clients. To add one: a record in a module of its own, a line here, a folder of golden files."""

from __future__ import annotations

from mcpconf.client import claude_code, claude_desktop
from mcpconf.client.spec import ClientSpec
from mcpconf.errors import UsageError

CLIENTS: tuple[ClientSpec, ...] = (claude_code.SPEC, claude_desktop.SPEC)


def client(name: str) -> ClientSpec:
    """The record of a client. Raises `UsageError` for an unknown name."""
    for spec in CLIENTS:
        if spec.id == name:
            return spec
    known = ", ".join(spec.id for spec in CLIENTS)
    raise UsageError(f"there is no client {name!r}", hint=f"known clients: {known}")
