"""The broker's route: when it is taken, what the client starts, and what the broker is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpconf.model import ContainerOptions, Pool, RouteName, Scope, Server, ToolFilter
from mcpconf.record import replace
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Routed
from tests.route.contexts import CODE, DATA, DESKTOP, HOME, context, profile, without

RUNTIME = "/run/user/1000/mcpconf"
OWN = f"unix:{RUNTIME}/broker.sock"
MOUNTED = "unix:/run/mcpconf/broker.sock"
BROKER = f"{DATA}/broker"
SERVER = Server(name="time", command="my-server", args=("--x", "${ZONE}"), env={"KEY": "secret:KEY"})
URL = Server(name="remote", url="https://mcp.example.com/mcp", headers={"X-Key": "Bearer ${secret:KEY}"})


def place(*args: Any, **changes: Any) -> Context:
    """Where the broker is wanted, unless changed."""
    given: dict[str, Any] = {
        "autostart": True,
        "python": "/usr/bin/python3",
        "shim": {"shim.py": b"# shim"},
        "runtime": RUNTIME,
    }
    return context(*args, **{**given, **changes})


def route(server: Server, where: Context, forced: RouteName | None = None) -> Routed:
    (one,) = choose(profile(server), where, forced=forced)
    return one


def told(routed: Routed, name: str = "time") -> dict[str, Any]:
    """The definition that the broker reads."""
    assert routed.launch is not None, routed.because
    found = json.loads(routed.launch.files[f"{BROKER}/servers/{name}.json"])
    assert isinstance(found, dict)
    return found


def test_the_client_starts_a_shim_that_names_the_server() -> None:
    one = route(replace(SERVER, timeout=5000), place())
    assert one.launch is not None

    assert (one.route, one.because) == (RouteName.BROKER, "the profile wants the broker")
    assert one.launch.command == "/usr/bin/python3"
    assert one.launch.args == ("-I", "-S", f"{BROKER}/shim.py", "time")
    assert (one.launch.env, one.launch.timeout) == ({}, 5000)
    assert one.launch.files[f"{BROKER}/shim.py"] == b"# shim"
    assert one.launch.files[f"{BROKER}/shim.conf"].decode().splitlines() == [
        f"directory={RUNTIME}",
        f"start={HOME}/.local/bin/mcpconf",
        "start=broker",
        "start=start",
        "start=--if-needed",
    ]


def test_a_directory_for_everything_is_named_to_the_broker_too() -> None:
    one = route(SERVER, place(config_dir="/all"))
    assert one.launch is not None
    assert one.launch.files[f"{BROKER}/shim.conf"].decode().endswith("start=--config-dir\nstart=/all\n")


def test_the_broker_is_told_of_a_plain_door_and_of_tools() -> None:
    one = route(replace(SERVER, tools=ToolFilter(allow=("a*",), deny=("ab",))), place(gateway="tcp:172.17.0.1:8811"))
    assert one.launch is not None
    assert one.launch.files[f"{BROKER}/gateway.conf"] == b"listen=tcp:172.17.0.1:8811\n"
    assert told(one)["tools"] == {"allow": ["a*"], "deny": ["ab"]}
    assert f"{BROKER}/gateway.conf" not in getattr(route(SERVER, place()).launch, "files", {})


def test_the_broker_is_told_the_profiles_own_words_and_no_secret() -> None:
    server = replace(SERVER, cwd="${HOME}/x", pool=Pool.SHARED, idle_timeout=0, spare=0)

    assert told(route(server, place())) == {
        "version": 1,
        "name": "time",
        "command": "/opt/mine/bin/my-server",
        "args": ["--x", "${ZONE}"],
        "env": {"PATH": "/opt/mine/bin:${PATH:-/usr/local/bin:/usr/bin:/bin}", "KEY": "secret:KEY"},
        "cwd": "${HOME}/x",
        "pool": "shared",
        "idle_timeout": 0,
        "spare": 0,
    }


def test_what_the_profile_leaves_open_the_broker_decides() -> None:
    found = told(route(Server(name="time", command="/usr/bin/x"), place()))

    assert [found[key] for key in ("cwd", "pool", "idle_timeout", "spare", "env")] == [None, None, None, None, {}]
    assert "image" not in found


def test_one_definition_serves_every_client() -> None:
    for server in (SERVER, replace(URL, name="time"), Server(name="time", package="npm:x@1")):
        both = [told(route(server, place(spec, remote=True), RouteName.BROKER)) for spec in (CODE, DESKTOP)]
        assert both[0] == both[1], server


def test_a_projects_own_server_has_a_definition_of_its_own() -> None:
    where = place(CODE, Scope.LOCAL)
    one = route(SERVER, where)
    assert one.launch is not None
    name = one.launch.args[-1]

    assert name == "time" + where.of_project
    assert len(where.of_project) == 9
    assert told(one, name)["name"] == name


@pytest.mark.parametrize(("spec", "more"), [(CODE, ("--project",)), (DESKTOP, ())])
def test_the_project_is_told_by_a_client_that_has_one(spec: Any, more: tuple[str, ...]) -> None:
    one = route(replace(SERVER, cwd="project"), place(spec))
    assert one.launch is not None
    assert one.launch.args[4:] == more
    assert told(one)["cwd"] == "project"


def test_an_image_is_marked_and_a_command_that_looks_like_one_is_not() -> None:
    image = Server(name="time", image="mcp/time:1", env={"TZ": "UTC"}, container=ContainerOptions(network="none"))
    found = told(route(image, place()))
    assert found["image"] == "mcp/time:1"
    assert [found["command"], *found["args"]][-2:] == ["none", "mcp/time:1"]
    assert found["env"]["TZ"] == "UTC"
    assert "image" not in told(route(Server(name="time", command="docker", args=("run", "-i", "x")), place()))


def test_a_remote_server_is_kept_for_clients_that_start_processes_only() -> None:
    assert route(URL, place(CODE, remote=True)).route is RouteName.DIRECT
    one = route(URL, place(DESKTOP, remote=True))
    found = told(one, "remote")
    assert one.route is RouteName.BROKER
    assert found["url"] == "https://mcp.example.com/mcp"
    assert found["transport"] == "http"
    assert found["headers"] == {"X-Key": "Bearer ${secret:KEY}"}, "the reference, and not the secret"
    assert not {"command", "args", "env"} & set(found)
    sse = route(replace(URL, transport="sse"), place(CODE, remote=True), RouteName.BROKER)
    assert told(sse, "remote")["transport"] == "sse"


def test_without_the_extra_a_remote_server_goes_another_way() -> None:
    one = route(URL, place(DESKTOP))
    assert one.route is RouteName.WRAPPER
    assert one.launch is not None
    assert not any("servers" in path for path in one.launch.files)
    forced = route(URL, place(DESKTOP), RouteName.BROKER)
    assert forced.route is None
    assert "without its extra for remote servers" in forced.because
    assert forced.hint is not None
    assert "httpx2" in forced.hint


def test_the_broker_has_no_way_to_a_websocket() -> None:
    socket = replace(URL, url="wss://mcp.example.com", transport="ws")
    assert "WebSocket" in route(socket, place(CODE, remote=True), RouteName.BROKER).because
    both = replace(socket, image="mcp/time:1", headers={}, args=())
    assert told(route(both, place(DESKTOP, remote=True)), "remote")["image"] == "mcp/time:1"


def test_our_own_server_is_kept_only_where_that_is_asked_for() -> None:
    own = Server(name="mcpconf", builtin=True)
    assert route(own, place()).route is RouteName.DIRECT
    assert told(route(own, place(), RouteName.BROKER), "mcpconf")["args"] == ["serve"]


@pytest.mark.parametrize("server", [SERVER, replace(SERVER, routes=(RouteName.BROKER,)), replace(URL, name="time")])
@pytest.mark.parametrize("autostart", [True, False])
@pytest.mark.parametrize("forced", [None, RouteName.BROKER])
def test_it_does_not_matter_whether_this_users_own_broker_runs(
    server: Server, autostart: bool, forced: RouteName | None
) -> None:
    """Else every start and stop of it would put the profile out of step."""
    none = place(DESKTOP, remote=True, autostart=autostart)
    for names in ((), ("time",)):
        assert route(server, replace(none, broker=OWN, broker_servers=names), forced) == route(server, none, forced)
    wanted = autostart or forced or server.routes
    assert (route(server, none, forced).route is RouteName.BROKER) is bool(wanted)


def test_where_it_is_asked_for_by_name_it_fits_for_the_shim_starts_it() -> None:
    nowhere = place(autostart=False)
    assert route(replace(SERVER, env={}, args=()), nowhere).route is RouteName.DIRECT
    for one in (route(SERVER, nowhere, RouteName.BROKER), route(replace(SERVER, routes=(RouteName.BROKER,)), nowhere)):
        assert (one.route, one.because) == (RouteName.BROKER, "asked for")
        assert one.launch is not None
        assert one.launch.env == {}


def test_another_places_broker_serves_what_it_knows_and_is_told_nothing() -> None:
    where = place(autostart=False, broker=MOUNTED, broker_servers=("time",))
    one = route(SERVER, where)
    assert one.launch is not None
    assert one.because == f"the broker at {MOUNTED} has it"
    assert one.launch.env == {"MCPCONF_BROKER": MOUNTED, "MCPCONF_BROKER_START": "0"}
    assert sorted(one.launch.files) == [f"{BROKER}/shim.conf", f"{BROKER}/shim.py"]
    other = route(replace(SERVER, name="other"), where)
    assert other.route is RouteName.WRAPPER
    assert told(route(replace(SERVER, name="other"), where, RouteName.BROKER), "other")["name"] == "other"
    led = replace(where, env={"MCPCONF_BROKER": MOUNTED})
    assert (
        f"the broker at {MOUNTED} has no server of that name"
        in route(replace(SERVER, name="other"), led, RouteName.BROKER).because
    )


def test_over_tcp_the_key_is_named_and_not_given() -> None:
    where = place(broker="tcp:host:8812", broker_servers=("time",), env={"MCPCONF_BROKER_KEY": "/keys/a"})
    one = route(SERVER, where)
    assert one.launch is not None
    assert one.launch.env["MCPCONF_BROKER_KEY"] == "/keys/a"


def test_what_the_other_broker_lacks_our_own_is_told_where_one_may_be_started() -> None:
    where = place(broker=MOUNTED, broker_servers=())
    one = route(SERVER, where)
    assert (one.route, one.because) == (RouteName.BROKER, "the profile wants the broker")
    assert told(one)["name"] == "time"
    led = replace(where, env={"MCPCONF_BROKER": MOUNTED})
    assert route(SERVER, led).route is RouteName.WRAPPER, "the variable would lead the shim to the other one"


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        (place(platform="windows"), "there is no broker for Windows yet"),
        (place(CODE, Scope.PROJECT), "an entry for several machines can't name a file of this one"),
        (place(portable=True), "an entry for several machines can't name a file of this one"),
        (place(which=without("my-server")), "my-server is not on PATH"),
    ],
)
def test_where_it_cannot_be_it_says_why(where: Context, reason: str) -> None:
    assert route(SERVER, where, RouteName.BROKER).because == f"broker: {reason}"
    assert route(SERVER, where).route is not RouteName.BROKER


@pytest.mark.parametrize("value", ["\0", "\ud800"])
def test_what_no_process_can_be_given_is_refused(value: str) -> None:
    one = route(replace(SERVER, env={"X": value}), place(), RouteName.BROKER)
    assert one.because.startswith("broker: one of its values can't be given to a process")


def test_the_toolkit_comes_before_it() -> None:
    kit = replace(SERVER, toolkit="time")
    assert route(kit, place(toolkit="0.30")).route is RouteName.TOOLKIT
    assert route(kit, place()).route is RouteName.BROKER
    only = route(Server(name="time", toolkit="time"), place())
    assert only.route is None
    assert "broker: only the Docker Toolkit can serve it" in only.because
