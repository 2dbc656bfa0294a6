"""From inside a container: what is told of the host's broker, where it answers and where it does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.daemon import daemon
from tests.reach.listeners import Listener, closed_port
from tests.scenarios.conftest import World

ONE = '[broker]\nautostart = true\n[servers.one]\ncommand = "myserver"\n'


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def inside(mcpconf: World) -> World:
    """A container, by the user's word."""
    mcpconf.patch.setenv("MCPCONF_ENV", "container")
    mcpconf.profile("one", ONE)
    return mcpconf


@pytest.fixture
def mount(inside: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The host's socket directory, where it is looked for."""
    directory = tmp_path_factory.mktemp("m")
    for module in ("mcpconf.reach.addresses", "mcpconf.workflow.parts"):
        inside.patch.setattr(f"{module}.MOUNTED", str(directory))
    return directory


@pytest.fixture
def web() -> Iterator[Listener]:
    one = Listener(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    yield one
    one.close()


def test_a_broker_that_somebody_named_and_that_is_gone_is_told_and_not_replaced(inside: World) -> None:
    port = closed_port()
    inside.patch.setenv("MCPCONF_BROKER", f"tcp:127.0.0.1:{port}")
    said = inside("switch", "one").err
    assert f"no broker answers (tcp:127.0.0.1:{port}: refused: nothing listens there)" in flat(said)
    assert f"mcpconf broker restart --listen tcp:127.0.0.1:{port}" in flat(said)
    # No shim, which the variable would lead astray: the wrapper looks again when it starts, and has the server itself.
    assert inside.servers()["one"]["command"].endswith("/wrapper/mcp-one")
    refused = flat(inside("switch", "one", "--route", "broker", code=4).err)
    assert f"the route broker fits no server of one: broker: no broker answers (tcp:127.0.0.1:{port}" in refused
    assert "mcpconf broker expose" in refused


def test_a_setup_says_so_too(inside: World) -> None:
    address = f"tcp:127.0.0.1:{closed_port()}"
    inside.patch.setenv("MCPCONF_BROKER", address)
    assert f"no broker answers ({address}: refused" in flat(inside("init", "--yes", "--profile", "one").err)


def test_what_else_has_the_port_is_told(inside: World, web: Listener) -> None:
    inside.patch.setenv("MCPCONF_BROKER", f"tcp:{web.address}")
    (tried,) = inside("env", "--json").json["tried"]
    assert (tried["address"], tried["outcome"]) == (f"tcp:{web.address}", "http")
    said = inside("env").out
    assert "something that speaks HTTP, no broker" in said
    assert f"take another port than {web.port}" in said


def test_status_names_the_hosts_broker_where_there_is_none_here(inside: World, mount: Path) -> None:
    with daemon(str(mount / "broker.sock"), ("time", "git")):
        said = inside("broker", "status").out
        found = inside("broker", "status", "--json").json
        switched = inside("switch", "one").err
    assert f"a broker elsewhere answers at unix:{mount}/broker.sock" in said
    assert "servers: time, git" in said
    assert (found["running"], found["elsewhere"]["servers"]) == (False, ["time", "git"])
    assert "no broker answers" not in switched


def test_a_mount_without_a_broker_is_told_with_what_starts_one(inside: World, mount: Path) -> None:
    one = socket.socket(socket.AF_UNIX)
    with one:
        one.bind(str(mount / "broker.sock"))
    said = flat(inside("switch", "one").err)
    assert f"unix:{mount}/broker.sock: refused" in said
    assert "on the host: mcpconf broker start" in said
    assert inside.servers()["one"]["args"][-1] == "one"  # by a broker of the container's own
    assert "mcpconf broker start" in inside("broker", "status", code=6).out


def test_without_a_sign_of_a_broker_a_switch_says_nothing_of_one(inside: World) -> None:
    inside.profile("plain", '[servers.one]\ncommand = "myserver"\n')
    assert "broker" not in inside("switch", "plain").err


def test_on_a_host_nobody_is_looked_for(mcpconf: World) -> None:
    report = mcpconf("broker", "status", "--json", code=6).json
    assert report["elsewhere"] is None
    assert mcpconf("env", "--json").json["tried"] == []
