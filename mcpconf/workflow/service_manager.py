"""Asking systemd's manager of this user, where it answers; nothing here needs it."""

from __future__ import annotations

import os

from mcpconf.broker.service.systemd import SERVICE, SOCKET
from mcpconf.workflow.app import App

SYSTEMD = "/run/systemd/system"  # sd_booted(3)
LINGER = "/var/lib/systemd/linger"
SECONDS = 2.0  # for a question
DOING = 40.0  # for what starts or stops something: a broker has half a minute to end its servers


def units(app: App) -> str:
    """The directory of this user's own units (systemd.unit(5))."""
    base = app.system.env.get("XDG_CONFIG_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.join(app.system.home, ".config"), "systemd", "user")


def answers(app: App) -> bool:
    """Whether systemd runs, and this user's manager can be asked."""
    if app.system.platform != "linux" or not app.system.is_dir(SYSTEMD):
        return False
    return _run(app, "show", "--property=Version", "--value", seconds=SECONDS) is not None


def look_again(app: App) -> bool:
    """Have it read its units; whether the ones that it knows by these names are ours (another HOME has its own)."""
    _run(app, "daemon-reload")
    return _is_ours(app)


def open_socket(app: App) -> bool:
    """Have it listen, where our unit is there; whether it does."""
    if not app.system.exists(os.path.join(units(app), SOCKET)) or not answers(app):
        return False
    return _is_ours(app) and _run(app, "start", SOCKET) is not None


def close(app: App) -> None:
    """End the broker that it started, and the socket."""
    if _is_ours(app):
        _run(app, "stop", SOCKET, SERVICE)


def lingers(app: App) -> bool | None:
    """Whether it stays when the user logs out; None where that can't be told."""
    if app.system.platform != "linux" or not app.system.is_dir(os.path.dirname(LINGER)):
        return None
    import pwd

    try:
        return app.system.exists(os.path.join(LINGER, pwd.getpwuid(app.system.uid).pw_name))
    except KeyError:
        return None


def _is_ours(app: App) -> bool:
    said = _run(app, "show", "--property=FragmentPath", "--value", SOCKET, seconds=SECONDS)
    path = os.path.join(units(app), SOCKET)
    return said is not None and app.system.realpath(said.strip()) == app.system.realpath(path)


def _run(app: App, *words: str, seconds: float = DOING) -> str | None:
    done = app.system.run(["systemctl", "--user", *words], timeout=seconds)
    return done.out if done is not None and done.code == 0 else None
