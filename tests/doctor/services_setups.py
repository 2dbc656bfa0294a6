"""Services of ours that are not right. Name -> what makes it so, and what says so."""

from __future__ import annotations

import sys
from pathlib import Path

from mcpconf.system import RealSystem
from tests.cli.conftest import World

UNITS = ".config/systemd/user"
SERVICE = "mcpconf-broker.service"


def unit(home: Path, command: str, name: str = SERVICE, *, enabled: bool = False) -> Path:
    """A unit as `systemctl --user edit --full` would leave it."""
    path = home / UNITS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[Unit]\nDescription=mcpconf\n\n[Service]\nExecStart={command}\n")
    if enabled:
        wants = home / UNITS / "default.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / name).symlink_to(path)
    return path


def systemctl(world: World, programs: Path, state: str) -> None:
    """A machine on which systemd runs, and says this of every unit."""
    (programs / "systemctl").write_text(f"#!/bin/sh\necho {state}\n")
    (programs / "systemctl").chmod(0o755)
    real = RealSystem.is_dir
    there = "/run/systemd/system"
    world.patch.setattr(RealSystem, "is_dir", lambda self, path: path == there or real(self, path))
    world.patch.setattr("mcpconf.doctor.look.services._lingers", lambda _app: True)


def ours(home: Path) -> str:
    return f"{sys.executable} -I -m mcpconf.broker.main"


def program_gone(home: Path, world: World) -> None:
    unit(home, "%h/.local/share/mcpconf/venv/bin/mcpconf broker run")


def script_gone(home: Path, world: World) -> None:
    unit(home, f"{sys.executable} -I {home}/.local/share/mcpconf/broker/start.py", enabled=True)


def others(home: Path, world: World) -> None:
    program = home / "old/bin/mcpconf"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit(home, f"-{program} broker run")


def link_left(home: Path, world: World) -> None:
    unit(home, ours(home), enabled=True).unlink()


def failed(home: Path, world: World) -> None:
    unit(home, ours(home))
    systemctl(world, home.parent / "bin", "failed")


def silent(home: Path, world: World) -> None:
    unit(home, ours(home))
    systemctl(world, home.parent / "bin", "active")


def ends_with_the_session(home: Path, world: World) -> None:
    unit(home, ours(home), enabled=True)
    systemctl(world, home.parent / "bin", "inactive")
    world.patch.setattr("mcpconf.doctor.look.services._lingers", lambda _app: False)


def no_systemd(home: Path, world: World) -> None:
    unit(home, ours(home))
    real = RealSystem.is_dir
    gone = "/run/systemd/system"
    world.patch.setattr(RealSystem, "is_dir", lambda self, path: path != gone and real(self, path))


def listens_elsewhere(home: Path, world: World) -> None:
    systemctl(world, home.parent / "bin", "inactive")
    world("broker", "install", "--kind", "systemd")
    path = home / UNITS / "mcpconf-broker.socket"
    path.write_text(path.read_text().replace("%t/", "%t/old-"))


def searches_nowhere(home: Path, world: World) -> None:
    systemctl(world, home.parent / "bin", "inactive")
    tools = home / ".cargo/bin"
    tools.mkdir(parents=True)
    world("broker", "install", "--kind", "systemd")
    tools.rmdir()


def python_gone(home: Path, world: World) -> None:
    program = home / ".local/share/mcpconf/venv/bin/mcpconf"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{home}/.pyenv/versions/3.11.7/bin/python3\n")
    program.chmod(0o755)
    unit(home, f"{program} broker run")
    systemctl(world, home.parent / "bin", "inactive")


BROKEN = {
    "the unit's program is gone": (program_gone, "MC011"),
    "the unit's script is gone": (script_gone, "MC011"),
    "another installation's unit": (others, "MC012"),
    "a link to no unit": (link_left, "MC013"),
    "the service has failed": (failed, "MC014"),
    "the service runs, and no broker": (silent, "MC015"),
    "no lingering": (ends_with_the_session, "MC016"),
    "no systemd": (no_systemd, "MC017"),
    "a unit that listens elsewhere": (listens_elsewhere, "MC018"),
    "a PATH with a directory that is gone": (searches_nowhere, "MC019"),
    "the Python of the unit's program is gone": (python_gone, "MC011"),
}


def fine(home: Path, world: World) -> None:
    unit(home, ours(home), enabled=True)
    unit(home, "", "mcpconf-broker.socket")
    systemctl(world, home.parent / "bin", "inactive")


def not_ours(home: Path, world: World) -> None:
    unit(home, "/nowhere/at/all", "syncthing.service", enabled=True)


def installed(home: Path, world: World) -> None:
    systemctl(world, home.parent / "bin", "inactive")
    world("broker", "install", "--kind", "systemd")


HEALTHY = {"our own unit": fine, "what `broker install` writes": installed, "somebody else's unit": not_ours}
