"""Brokers that are not right. Name -> what makes it so, and what says so."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.cli.conftest import World
from tests.doctor.fake_broker import broker, directory, server
from tests.doctor.servers_setups import HABITS

HELD: list[int] = []  # locks, until the tests are over
PROFILE = f'[broker]\nautostart = true\n[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n'


def wanted(world: World) -> None:
    """A profile that wants the broker is active."""
    world.profile("mine", PROFILE)
    world("switch", "mine")
    world.claude.chmod(0o600)


def data(home: Path) -> Path:
    return home / ".local/share/mcpconf/broker"


def nobody_may_start_it(home: Path, world: World) -> None:
    wanted(world)
    world.patch.setenv("MCPCONF_BROKER_START", "0")


def yet_to_be_started(home: Path, world: World) -> None:
    wanted(world)


def hung(home: Path, world: World) -> None:
    lock = os.open(directory() / "broker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    HELD.append(lock)
    (directory() / "broker.json").write_text('{"pid": 4194000}')


def killed(home: Path, world: World) -> None:
    (directory() / "broker.json").write_text('{"pid": 4194000}')


def open_directory(home: Path, world: World) -> None:
    directory().chmod(0o755)


def linked_directory(home: Path, world: World) -> None:
    path = directory()
    path.rmdir()
    (path.parent / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(path.parent / "elsewhere")


def says(**said: Any) -> Any:
    def build(home: Path, world: World) -> None:
        broker(**said)

    return build


def unused_key(home: Path, world: World) -> None:
    world("broker", "key", "new", "box")
    broker()


def old_shim(home: Path, world: World) -> None:
    wanted(world)
    with (data(home) / "shim.py").open("a") as stream:
        stream.write("# of another version\n")


def lost_body(home: Path, world: World) -> None:
    wanted(world)
    (data(home) / "mcpconf_shim.py").unlink()


def damaged_definition(home: Path, world: World) -> None:
    wanted(world)
    (data(home) / "servers/other.json").write_text('{"version": 1')  # of a profile that is active elsewhere


def slipped_in(home: Path, world: World) -> None:
    wanted(world)
    definition = json.loads((data(home) / "servers/it.json").read_text())
    (data(home) / "servers/other.json").write_text(json.dumps({**definition, "name": "other"}))


def large_log(home: Path, world: World) -> None:
    log = home / ".local/state/mcpconf/broker/broker.log"
    log.parent.mkdir(parents=True)
    with log.open("wb") as stream:
        stream.truncate(30_000_000)


CRASHED = server("it", state="open circuit", error="it exited with 3: no database", restarts=5)
BROKEN = {
    "nobody may start it": (nobody_may_start_it, "MC601"),
    "it is yet to be started": (yet_to_be_started, "MC601"),
    "it hangs": (hung, "MC602"),
    "it is old": (says(version="0.0.1"), "MC603"),
    "it was killed": (killed, "MC604"),
    "others can get in": (open_directory, "MC605"),
    "a link in the place of its directory": (linked_directory, "MC605"),
    "a crash loop": (says(servers=[CRASHED]), "MC606"),
    "many restarts": (says(servers=[server("it", restarts=7)]), "MC607"),
    "a slow server": (says(servers=[server("it", p99=22_000.0)]), "MC608"),
    "it listens to all": (says(listeners=["tcp:0.0.0.0:7777"]), "MC609"),
    "a plain door for all": (says(plain=["0.0.0.0:8811"]), "MC610"),
    "a key that nobody uses": (unused_key, "MC611"),
    "an old shim": (old_shim, "MC612"),
    "half of the shim is gone": (lost_body, "MC612"),
    "a damaged definition": (damaged_definition, "MC613"),
    "a definition that was slipped in": (slipped_in, "MC614"),
    "a large log": (large_log, "MC615"),
}


def in_order(home: Path, world: World) -> None:
    broker(listeners=["unix:/run/user/0/mcpconf/broker.sock", "tcp:127.0.0.1:7777"], servers=[server("other")])


HEALTHY = {"a broker that runs": in_order}
