"""What `broker expose` prints on the host opens the broker to a container, and what a container says is missing is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.docker.box import Box
from tests.docker.engine import BRIDGE
from tests.docker.host import Host

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

NewBox = Callable[..., Box]
ADD_HOST = "docker run --add-host=host.docker.internal:host-gateway"
LISTEN = f"on the host: mcpconf broker restart --listen tcp:{BRIDGE}:8812 --allow-nonlocal"


def exposed(host: Host, way: str) -> dict[str, Any]:
    """That way, once the host has done its part."""
    before = json.loads(host.mcpconf("broker", "expose", "--json").out)
    assert (before["engine"]["home"], before["use"], before["running"]) == ("here", "mount", False)
    done = json.loads(host.mcpconf("broker", "expose", "--by", way, "--apply", "--json").out)
    found: dict[str, Any] = next(one for one in done["ways"] if one["name"] == way)
    assert all(step["done"] for step in found["steps"])
    return found


def looked(box: Box) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(box.mcpconf("env", "--json").out)
    return found


@pytest.mark.parametrize(
    ("way", "address"), [("mount", "unix:/run/mcpconf/broker.sock"), ("tcp", "tcp:host.docker.internal:8812")]
)
def test_its_lines_let_a_container_in(host: Host, new_box: NewBox, way: str, address: str) -> None:
    box = new_box(*exposed(host, way)["run"])

    assert looked(box)["capabilities"]["broker"] == address
    assert json.loads(box.mcpconf("broker", "status", "--json").out)["elsewhere"]["address"] == address


def test_each_missing_thing_is_named_until_nothing_is_missing(host: Host, new_box: NewBox) -> None:
    nothing = looked(new_box())
    assert {one["address"]: one["outcome"] for one in nothing["tried"]} == {
        "unix:/run/mcpconf/broker.sock": "no-socket",
        "tcp:host.docker.internal:8812": "unresolved",
        "tcp:host.containers.internal:8812": "unresolved",
        "tcp:host.lima.internal:8812": "unresolved",
        f"tcp:{BRIDGE}:8812": "refused",
    }
    assert nothing["missing"][1:] == [ADD_HOST, LISTEN]

    named = new_box(ADD_HOST.removeprefix("docker run "))
    assert looked(named)["missing"][1:] == [LISTEN]

    host.mcpconf(*LISTEN.removeprefix("on the host: mcpconf ").split())
    assert "make a key, on the host: mcpconf broker key new ID" in looked(named)["missing"]


def test_a_socket_that_is_another_users_says_whose(host: Host, new_box: NewBox) -> None:
    box = new_box(*exposed(host, "mount")["run"], "--user=1000:1000", "--tmpfs=/home/u:uid=1000,mode=0700")
    (mount, *_) = looked(box)["tried"]
    assert (mount["outcome"], mount["said"]) == ("denied", "it is not for this user, but for user 0")
