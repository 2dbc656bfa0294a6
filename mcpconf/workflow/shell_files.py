"""The shell integration's files, as rc files find them: copied out of the package, whose path may change."""

from __future__ import annotations

import os

from mcpconf.commit.artifacts import Files
from mcpconf.dirs import shipped
from mcpconf.workflow.app import App

CONTEXT = "shell"  # under which `commit.artifacts` notes them down
NAMES = ("mcpconf.bash", "mcpconf.zsh", "mcpconf.fish", "mcpconf.ps1", "mcpconf-prompt.sh")


def directory(app: App) -> str:
    """Where the blocks of rc files look: by the XDG specification on every system, since repositories track them."""
    base = app.system.env.get("XDG_DATA_HOME", "")
    base = base if os.path.isabs(base) else os.path.join(app.system.home, ".local", "share")
    return os.path.join(base, "mcpconf", "shell")


def shell_files(app: App) -> Files:
    """Every file of this version, by its path."""
    found = {}
    for name in NAMES:
        path = os.path.join(shipped("shell"), name)
        if os.path.exists(path):
            with open(path, "rb") as stream:
                found[os.path.join(directory(app), name)] = stream.read()
    return found
