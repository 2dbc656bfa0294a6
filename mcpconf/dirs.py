"""Where our own files lie, by each system's custom."""

from __future__ import annotations

import os
from pathlib import Path

from mcpconf.record import dataclass
from mcpconf.system import System

PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Dirs:
    """Absolute paths: `config` is the user's to edit, `data` holds wrapper and secrets, `state` our own records."""

    config: str
    data: str
    state: str

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


def find_dirs(system: System, config: str | None = None) -> Dirs:
    """The directories of this user. `config` (or MCPCONF_CONFIG_DIR) names one that holds all three of them."""
    chosen = config or system.env.get("MCPCONF_CONFIG_DIR")
    if chosen:
        root = os.path.abspath(chosen)
        return Dirs(root, os.path.join(root, "data"), os.path.join(root, "state"))
    from platformdirs import PlatformDirs

    place = PlatformDirs("mcpconf", appauthor=False)
    state = place.user_state_dir
    # macOS keeps all three in one place.
    return Dirs(place.user_config_dir, place.user_data_dir, state if system.platform == "linux" else state + "/state")


def shipped(name: str) -> Path:
    """A directory that ships with the package (`profiles`, `shell`): inside the wheel, or in the checkout."""
    inside = PACKAGE / "_shipped" / name
    return inside if inside.is_dir() else PACKAGE.parent / name
