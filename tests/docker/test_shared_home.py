"""A home that is on the host and in a container at once: each has a broker of its own, and none meets the other's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mcpconf.model import Json
from tests.docker.box import Box, start_box
from tests.docker.host import Host
from tests.docker.test_claude_inside import CONNECTED, keeping
from tests.reliability.engine import HOME, Engine

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@contextmanager
def box_of(engine: Engine, host: Host, *options: str, home: str) -> Iterator[Box]:
    """A container that has the host's mcpconf too, by the same path."""
    box = start_box(engine, host.tools, *options, HOME=home)
    try:
        yield box
    finally:
        box.remove()


def broker(place: Host | Box) -> Json:
    """Who the broker is that answers there, and which of its processes have served somebody."""
    said = json.loads(place.mcpconf("broker", "status", "--json").out)
    used = [one["pid"] for server in said["servers"] for one in server["processes"] if one["state"] != "spare"]
    return said["pid"], said["listeners"], used


def test_by_the_same_path_neither_takes_the_others_place(engine: Engine, host: Host) -> None:
    keeping(host)
    conf = (host.data / "broker/shim.conf").read_text()
    with box_of(engine, host, f"--volume={host.home}:{host.home}", home=str(host.home)) as box:
        assert box.claude() == {"memory": CONNECTED}  # by a broker that its shim has started
        inside = broker(box)
        assert inside[2] != []
        assert broker(host)[1:] != inside[1:]
        assert broker(host)[2] == []

        box.mcpconf("switch", "work")
        assert (host.data / "broker/shim.conf").read_text() == conf
        assert host.claude() == {"memory": CONNECTED}
        assert broker(host)[2] != []
        assert broker(box) == inside


def test_where_no_runtime_directory_keeps_them_apart_their_names_do(engine: Engine, host: Host) -> None:
    host.env["XDG_RUNTIME_DIR"] = ""
    keeping(host)
    with box_of(engine, host, f"--volume={host.home}:{host.home}", home=str(host.home)) as box:
        assert box.claude() == {"memory": CONNECTED}
        inside = broker(box)
        assert inside[2] != []
        assert broker(host)[2] == []
        assert host.claude() == {"memory": CONNECTED}
        assert broker(host)[2] != []
        assert broker(box) == inside


def test_a_portable_entry_starts_a_broker_of_the_containers_own(engine: Engine, host: Host) -> None:
    keeping(host)
    host.mcpconf("switch", "work", "--portable")
    mounts = [
        f"--volume={host.home}/.claude.json:{HOME}/.claude.json",
        f"--volume={host.data}:{HOME}/.local/share/mcpconf",
    ]
    with box_of(engine, host, *mounts, home=HOME) as box:
        assert box.claude() == {"memory": CONNECTED}
        assert broker(box)[2] != []
        assert broker(host)[2] == []
