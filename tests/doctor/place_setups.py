"""Places that are not right: disk, clock, home, and mcpconf's own files. Name -> what makes it so, and what says so."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from mcpconf.system import RealSystem
from tests.cli.conftest import World


def unknown(home: Path, world: World) -> None:
    """Half a container: no evidence says enough, and nobody says what it is."""
    world.patch.setenv("MCPCONF_ENV", "auto")
    world.patch.setattr("mcpconf.environment.verdict.CONTAINER_FROM", 10**6)
    world.patch.setattr("mcpconf.environment.verdict.HOST_UP_TO", -(10**6))
    world.patch.setattr("mcpconf.environment.verdict.WSL_FROM", 10**6)


def said_otherwise(home: Path, world: World) -> None:
    """WSL is what tests never run in."""
    world.patch.setenv("MCPCONF_ENV", "wsl")


def somebody_elses(home: Path, world: World) -> None:
    """As `sudo` leaves it: the home is the user's, and we are root."""
    world.patch.setattr(RealSystem, "__init__", as_user(os.geteuid() + 1, RealSystem.__init__))


def as_user(uid: int, init: Callable[..., None]) -> Callable[..., None]:
    """What makes a system for another user."""

    def made(self: RealSystem, *args: object, **more: object) -> None:
        init(self, *args, **{"uid": uid, **more})

    return made


def full_disk(home: Path, world: World) -> None:
    world.patch.setattr("mcpconf.doctor.look.place.shutil.disk_usage", lambda _path: _Usage())


class _Usage:
    free = 1 << 20


def config_is_a_file(home: Path, world: World) -> None:
    (home / ".config").write_text("")


def state_is_a_file(home: Path, world: World) -> None:
    (home / ".local/state").mkdir(parents=True)
    (home / ".local/state/mcpconf").write_text("")


def from_the_future(home: Path, world: World) -> None:
    world("switch", "minimal")
    then = time.time() + 86400
    os.utime(world.state / "active", (then, then))


def damaged_settings(home: Path, world: World) -> None:
    (home / ".config/mcpconf").mkdir(parents=True)
    (home / ".config/mcpconf/config.toml").write_text("clients = [")


def damaged_ledger(home: Path, world: World) -> None:
    world("switch", "minimal")
    (world.state / "ledger.json").write_text('{"version": 1, "files"')


def ledger_is_a_directory(home: Path, world: World) -> None:
    (world.state / "ledger.json").mkdir(parents=True)


def active_is_a_fifo(home: Path, world: World) -> None:
    world.state.mkdir(parents=True)
    os.mkfifo(world.state / "active")


def damaged_trust(home: Path, world: World) -> None:
    world.state.mkdir(parents=True)
    (world.state / "trust.json").write_text("[" * 5000)


BROKEN = {
    "neither host nor container": (unknown, "MC101"),
    "a host that is called WSL": (said_otherwise, "MC102"),
    "somebody else's home": (somebody_elses, "MC106"),
    "disk nearly full": (full_disk, "MC103"),
    "a file where the configuration goes": (config_is_a_file, "MC104"),
    "a file where the state goes": (state_is_a_file, "MC104"),
    "clock set back": (from_the_future, "MC105"),
    "settings cut off": (damaged_settings, "MC107"),
    "ledger cut off": (damaged_ledger, "MC107"),
    "ledger is a directory": (ledger_is_a_directory, "MC107"),
    "active is a FIFO": (active_is_a_fifo, "MC107"),
    "trust nested too deep": (damaged_trust, "MC107"),
}


def nothing(home: Path, world: World) -> None:
    """Nothing was ever configured."""


def switched(home: Path, world: World) -> None:
    world("switch", "minimal")


def undone(home: Path, world: World) -> None:
    world.claude.write_text('{"numStartups": 3}')
    world.claude.chmod(0o600)
    world("switch", "minimal")
    world("undo")


def all_in_one_directory(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_CONFIG_DIR", str(home / "all"))
    world("switch", "minimal")


HEALTHY = {
    "nothing configured": nothing,
    "a profile is active": switched,
    "a switch that was undone": undone,
    "all of mcpconf's in one directory": all_in_one_directory,
}
