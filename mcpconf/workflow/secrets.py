"""The secrets file: read and written whole, for its owner alone."""

from __future__ import annotations

from mcpconf.commit.state import write_private
from mcpconf.errors import McpconfError
from mcpconf.profile.secrets import SecretsFile
from mcpconf.workflow.app import App


def load(app: App) -> SecretsFile:
    """The secrets. Raises `McpconfError` where the file is damaged."""
    return SecretsFile.load(app.system.read(app.dirs.secrets))


def store(app: App, name: str, value: str) -> None:
    """Keep a secret."""
    with app.writing():
        write_private(app.dirs.secrets, load(app).with_(name, value).dump())


def forget(app: App, name: str) -> None:
    """Drop a secret. Raises `McpconfError` where there is none of that name."""
    with app.writing():
        known = load(app)
        if known.get(name) is None:
            raise McpconfError(f"there is no secret named {name}", hint="mcpconf secret ls")
        write_private(app.dirs.secrets, known.without(name).dump())
