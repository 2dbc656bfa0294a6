"""What the wrapper is given to choose from, in which order, and what has to lie beside it."""

from __future__ import annotations

from typing import Any

import pytest

from mcpconf.model import RouteName, Server
from mcpconf.route.choose import choose
from mcpconf.route.launch import Routed
from tests.route.contexts import DATA, DESKTOP, context, profile, without

OWN = Server(name="own", command="my-server")
PORTABLE = "${HOME}/.local/share/mcpconf"
BROKER, WRAPPER, DIRECT = RouteName.BROKER, RouteName.WRAPPER, RouteName.DIRECT


def routed(server: Server, order: tuple[RouteName, ...] = (), spec: Any = None, **place: Any) -> Routed:
    given = {
        "runtime": "/run/user/1/mcpconf",
        "python": "/opt/python3",
        "shim": {"shim.py": b"shim", "mcpconf_shim.py": b"body"},
        "autostart": True,
        **place,
    }
    where = context(spec, **given) if spec else context(**given)
    (found,) = choose(profile(server, order=order, autostart=given["autostart"]), where, forced=None)
    return found


def ways(found: Routed) -> list[str]:
    """The kinds of ways in the data file, in order."""
    assert found.launch is not None
    (data,) = (text for path, text in found.launch.files.items() if "/wrapper/" in path)
    words = data.decode().split("\0")
    return [word for word in words if word in ("broker", "endpoint", "engine", "way")]


def files(found: Routed) -> set[str]:
    assert found.launch is not None
    return {path.removeprefix(DATA + "/") for path in found.launch.files}


def test_where_no_python_runs_the_shim_the_wrapper_leads_to_the_broker() -> None:
    found = routed(OWN, python=None)

    assert (found.route, ways(found)) == (WRAPPER, ["broker", "way"])
    assert files(found) == {
        "wrapper/mcp-own",
        "broker/servers/own.json",
        "broker/shim.py",
        "broker/mcpconf_shim.py",
        "broker/shim.conf",
    }


def test_with_python_the_broker_has_the_entry_itself() -> None:
    assert routed(OWN).route is BROKER


def test_without_a_wish_for_the_broker_no_way_leads_there() -> None:
    found = routed(Server(name="own", command="my-server", image="mcp/x"), autostart=False)

    assert (found.route, ways(found)) == (WRAPPER, ["engine", "way"])
    assert files(found) == {"wrapper/mcp-own"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((WRAPPER,), ["way"]),
        ((WRAPPER, BROKER), ["way", "broker"]),
        ((WRAPPER, DIRECT), ["way"]),
    ],
)
def test_an_order_says_whether_and_when_the_broker_is_tried(order: tuple[RouteName, ...], expected: list[str]) -> None:
    assert ways(routed(OWN, order)) == expected
    assert ways(routed(Server(name="own", command="my-server", routes=order))) == expected


def test_a_portable_entry_tries_everything_and_names_no_path_of_this_home() -> None:
    server = Server(name="own", command="my-server", image="mcp/x", endpoint="tcp:host.docker.internal:8811")
    found = routed(server, portable=True)

    assert (found.route, ways(found)) == (WRAPPER, ["broker", "endpoint", "engine", "engine", "engine", "way", "way"])
    assert found.launch is not None
    assert found.launch.command == "${HOME}/.local/share/mcpconf/wrapper/mcp-own"


@pytest.mark.parametrize(("portable", "bash", "base"), [(False, "/usr/bin/bash", DATA), (True, "bash", PORTABLE)])
def test_where_nothing_of_ours_may_be_executed_bash_is_started_with_it(portable: bool, bash: str, base: str) -> None:
    found = routed(Server(name="own", command="my-server"), (WRAPPER,), portable=portable, noexec=True)

    assert found.launch is not None
    assert (found.launch.command, found.launch.args) == (bash, (f"{base}/wrapper/mcp-own",))
    assert any(path.endswith("/wrapper/mcp-own") for path in found.launch.files)


def test_an_endpoint_alone_is_reached_by_the_wrapper() -> None:
    found = routed(Server(name="own", endpoint="tcp:[::1]:8811"), autostart=False)

    assert found.route is WRAPPER
    assert found.launch is not None
    assert b"endpoint\0[::1]:8811\0" in next(iter(found.launch.files.values()))


def test_without_bash_socat_leads_to_an_endpoint() -> None:
    server = Server(name="own", endpoint="tcp:box:8811")
    which = {**without("bash"), "socat": "/usr/bin/socat"}

    found = routed(server, autostart=False, which=which)

    assert found.route is DIRECT
    assert found.launch is not None
    assert (found.launch.command, found.launch.args) == ("/usr/bin/socat", ("STDIO", "TCP:box:8811"))
    assert "socat" in routed(server, autostart=False, which=without("bash")).because


def test_a_project_is_named_where_the_client_has_one() -> None:
    server = Server(name="own", command="my-server", cwd="project")

    for spec, expected in ((None, b"/opt/python3\0project\0"), (DESKTOP, b"/opt/python3\0\0")):
        found = routed(server, (WRAPPER, BROKER), spec)
        assert found.launch is not None
        assert any(expected in data for data in found.launch.files.values())


def test_windows_has_no_wrapper() -> None:
    assert routed(OWN, platform="windows", python=None).route is DIRECT
