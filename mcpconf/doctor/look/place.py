"""Look at the place: the verdict, room, our own directories and files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

from mcpconf.doctor.seen.place import Directory, PlaceSeen
from mcpconf.environment.verdict import Environment
from mcpconf.errors import McpconfError
from mcpconf.workflow import active, choices, settings
from mcpconf.workflow.app import App
from mcpconf.workflow.profiles import trust_store


def look(app: App, environment: Environment) -> PlaceSeen:
    """What MC1xx judge."""
    dirs = app.dirs
    ours = (("settings and profiles", dirs.config), ("data", dirs.data), ("state", dirs.state))
    return PlaceSeen(
        environment=environment,
        directories=tuple(_directory(name, path) for name, path in ours),
        clock=app.system.now(),
        newest=max((_time(os.path.join(dirs.state, name)) for name in ("ledger.json", "active")), default=0.0),
        owner=_owner(app),
        damaged=tuple(_damaged(app)),
    )


def _directory(name: str, path: str) -> Directory:
    at = path
    while not os.path.lexists(at) and at != os.path.dirname(at):
        at = os.path.dirname(at)
    try:
        free = shutil.disk_usage(at).free
    except OSError:
        free = None
    problem = None
    if not os.path.isdir(at):
        problem = f"{at} is no directory"
    elif not os.access(at, os.W_OK | os.X_OK):
        problem = f"{at} can't be written"
    return Directory(name, path, free, problem)


def _time(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def _owner(app: App) -> str | None:
    """Who owns the home, where it is somebody else: `sudo` keeps HOME on many systems."""
    if app.system.uid < 0:
        return None
    try:
        uid = os.stat(app.system.home).st_uid
    except OSError:
        return None
    return None if uid == app.system.uid else f"user {uid}"


def _damaged(app: App) -> Iterator[tuple[str, str, str]]:
    """Each of our files that can't be read, with what mends it."""
    read: tuple[tuple[str, Callable[[], object], str], ...] = (
        (app.dirs.settings, lambda: settings.load(app.system.read(app.dirs.settings), app.dirs.settings), "edit it"),
        (app.state.at(choices.FILE), lambda: choices.own(app), "edit it"),
        (os.path.join(app.dirs.state, "ledger.json"), app.state.ledger, "mcpconf undo"),
        (os.path.join(app.dirs.state, active.FILE), lambda: active.load(app.state.read(active.FILE)), "mcpconf switch"),
        (app.dirs.trust, lambda: trust_store(app), "mcpconf trust"),
    )
    for path, load, mend in read:
        try:
            load()
        except McpconfError as error:
            yield path, str(error).removeprefix(f"{path}: "), error.hint or mend
