"""What the user chose, from two files: `config.toml`, and above it our own `choices.toml`, where the first is not ours
to write: a dotfiles repository has it, which must not drift."""

from __future__ import annotations

import os

from mcpconf.commit.state import write_private
from mcpconf.workflow import settings
from mcpconf.workflow.app import App
from mcpconf.workflow.settings import Choice, Settings

FILE = "choices.toml"


def load(app: App) -> Settings:
    """What counts. Raises `Located` for what does not belong in either file."""
    below = settings.load(app.system.read(app.dirs.settings), app.dirs.settings)
    apart = own(app)
    return below if apart == Settings() else settings.above(apart, below)


def own(app: App) -> Settings:
    """What our own file says. Raises `Located`."""
    path = _path(app)
    return settings.load(app.system.read(path), path)


def remember(app: App, choice: Choice, project: str | None, *, here: str) -> None:
    """Keep a choice; the caller holds the state lock."""
    raw = app.system.read(app.dirs.settings)
    path = _path(app)
    if not app.system.exists(path) and not is_tracked(app):
        text = settings.remember(raw, choice, project, here=here)
        path = app.dirs.settings
    else:
        below = settings.load(raw, app.dirs.settings)
        raw = app.system.read(path)
        text = settings.remember_apart(raw, below, choice, project, here=here)
    if text != (raw or b""):
        write_private(path, text)


def is_tracked(app: App) -> bool:
    """Whether `config.toml` is a repository's: behind a link, or noted so by `dotfiles install`."""
    from mcpconf.workflow.dotfiles.record import tracks_settings  # which reads our state: only a choice asks for it

    return _behind_link(app) or tracks_settings(app.state)


def _behind_link(app: App) -> bool:
    """Whether a link stands on the way to it, or in its place; the home itself may lie anywhere."""
    home, path = app.system.home, app.dirs.settings
    while path not in (home, os.path.dirname(path)):
        if app.system.readlink(path) is not None:
            return True
        path = os.path.dirname(path)
    return False


def _path(app: App) -> str:
    return app.state.at(FILE)
