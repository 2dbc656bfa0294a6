"""Hosts and their containers, by a stand-in for docker. Name -> what makes it so, and what says so.

What only a container can show is in tests/docker/test_doctor.py.
"""

from __future__ import annotations

import json
from pathlib import Path

from mcpconf.broker.upstream.owner import owner_of
from mcpconf.environment.network import Bridge
from tests.cli.conftest import World
from tests.doctor import good

BOX = '[servers.box]\nimage = "good/one:1"\ncontainer = { network = "none" }\n'
ID = "0123456789ab" + "c" * 52


def image_missing(home: Path, world: World) -> None:
    good.docker(world)
    world.profile("work", BOX)
    world("switch", "work")
    good.docker(world, {"image inspect": good.says("Error: No such image: good/one:1")})


def left_behind(home: Path, world: World) -> None:
    """The owner of a container that is still there has ended: a process of ours that never was."""
    place = (owner_of(1) or "").rpartition("/1/")[0]
    good.docker(world, {"ps": f"echo {ID}", "inspect": f"echo {ID} {place}/4194305/123"})


def two_left_behind(home: Path, world: World) -> None:
    place = (owner_of(1) or "").rpartition("/1/")[0]
    other = "fed" + ID[3:]
    told = f"printf '%s {place}/4194305/123\\n' {ID} {other}"
    good.docker(world, {"ps": f"printf '%s\\n' {ID} {other}", "inspect": told})


def loopback_only(home: Path, world: World) -> None:
    listening(world, "tcp:127.0.0.1:8812")


def loopback_by_profile(home: Path, world: World) -> None:
    listening(world, "tcp:127.0.0.1:8812", followed=True)


def listening(world: World, address: str, *, followed: bool = False) -> None:
    """A broker that listens there, on a machine whose containers are on docker0."""
    said = {"listeners": ["unix:/x/broker.sock", address], "followed": [address] if followed else []}
    world.patch.setattr("mcpconf.doctor.look.containers._broker", lambda _: said)
    bridges = (Bridge("br-1", "172.18.0.1"), Bridge("docker0", "172.17.0.1"))
    world.patch.setattr("mcpconf.doctor.look.containers.find_bridges", lambda _: bridges)


BROKEN = {
    "an image is missing": (image_missing, "MC806"),
    "a container was left behind": (left_behind, "MC805"),
    "two containers were left behind": (two_left_behind, "MC805"),
    "the broker listens on loopback alone": (loopback_only, "MC804"),
    "the profile has the broker listen on loopback": (loopback_by_profile, "MC804"),
}


def image_here(home: Path, world: World) -> None:
    good.docker(world)
    world.profile("work", BOX)
    world("switch", "work")


def watched_over(home: Path, world: World) -> None:
    """A container whose owner lives."""
    good.docker(world, {"ps": f"echo {ID}", "inspect": f"echo {ID} {owner_of(1)}"})


def on_the_bridge(home: Path, world: World) -> None:
    listening(world, "tcp:172.17.0.1:8812")


def its_engine_hangs(home: Path, world: World) -> None:
    good.docker(world, {"ps": "read -t 30 <> <(:)"})
    world.patch.setattr("mcpconf.doctor.look.containers.SECONDS", 0.3)


def nothing_but_entries(home: Path, world: World) -> None:
    path = good.program(world, "good")
    world.claude.write_text(json.dumps({"mcpServers": {"one": {"command": str(path)}}}))
    world.claude.chmod(0o600)


HEALTHY = {
    "an image that is here": image_here,
    "a container of somebody who lives": watched_over,
    "a broker on the bridge": on_the_bridge,
    "an engine that does not say what it runs": its_engine_hangs,
    "no containers at all": nothing_but_entries,
}
