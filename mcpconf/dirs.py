"""Where our own files lie, by each system's custom."""

from __future__ import annotations

import os

from mcpconf.errors import McpconfError
from mcpconf.record import dataclass
from mcpconf.system import System

PACKAGE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True, slots=True)
class Dirs:
    """Absolute paths: `config` is the user's to edit, `data` holds wrapper and secrets, `state` our own records."""

    config: str
    data: str
    state: str

    @property
    def chosen(self) -> bool:
        """Whether somebody named one directory for all of them."""
        return (self.data, self.state) == (os.path.join(self.config, "data"), os.path.join(self.config, "state"))

    @property
    def profiles(self) -> str:
        return os.path.join(self.config, "profiles")

    @property
    def settings(self) -> str:
        return os.path.join(self.config, "config.toml")

    @property
    def secrets(self) -> str:
        return os.path.join(self.data, "secrets")

    @property
    def keyring(self) -> str:
        return os.path.join(self.data, "keyring")

    @property
    def trust(self) -> str:
        return os.path.join(self.state, "trust.json")

    @property
    def wrapper(self) -> str:
        return os.path.join(self.data, "wrapper")

    @property
    def broker(self) -> str:
        return os.path.join(self.data, "broker")

    @property
    def broker_logs(self) -> str:
        return os.path.join(self.state, "broker")


def find_dirs(system: System, config: str | None = None) -> Dirs:
    """The directories of this user. `config` (or MCPCONF_CONFIG_DIR) names one that holds all three of them.

    Raises `McpconfError` where nobody can say where this user's home is.
    """
    chosen = config or system.env.get("MCPCONF_CONFIG_DIR")
    if chosen:
        # The directory we are called from is asked for only where the path needs it: it may be gone.
        root = os.path.normpath(chosen if os.path.isabs(chosen) else os.path.join(system.cwd, chosen))
        return Dirs(root, os.path.join(root, "data"), os.path.join(root, "state"))
    if system.platform == "linux" and os.path.isabs(system.env.get("HOME", "")):
        return _xdg(system)
    if system.platform != "windows" and not os.path.isabs(system.home):
        what = "HOME is no absolute path" if system.env.get("HOME") else "HOME is not set, and this user has none"
        raise McpconfError(f"it can't be told where your home directory is: {what}", hint="export HOME=/home/YOU")
    from platformdirs import PlatformDirs

    place = PlatformDirs("mcpconf", appauthor=False)
    state = place.user_state_dir
    # macOS keeps all three in one place.
    return Dirs(place.user_config_dir, place.user_data_dir, state if system.platform == "linux" else state + "/state")


def _xdg(system: System) -> Dirs:
    """The same as platformdirs gives on Linux (a test compares them), without its import, a tenth of a switch.

    XDG Base Directory Specification: a variable that holds no absolute path does not count.
    """

    def place(variable: str, default: str) -> str:
        base = system.env.get(variable, "")
        return os.path.join(base if os.path.isabs(base) else os.path.join(system.home, default), "mcpconf")

    return Dirs(
        place("XDG_CONFIG_HOME", ".config"),
        place("XDG_DATA_HOME", ".local/share"),
        place("XDG_STATE_HOME", ".local/state"),
    )


def shipped(name: str) -> str:
    """A directory that ships with the package (`profiles`, `docs/doctor`): inside the wheel, or in the checkout."""
    inside = os.path.join(PACKAGE, "_shipped", name)
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(PACKAGE), name)
