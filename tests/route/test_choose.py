"""Which route a server takes, what is started then, and the reason that is given."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mcpconf.client.spec import ClientSpec
from mcpconf.model import ContainerOptions, RouteName, Scope, Server, ToolFilter
from mcpconf.record import replace
from mcpconf.redact import redact
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch, Routed
from tests.route.contexts import CODE, DATA, DESKTOP, context, profile, without

OWN = Server(name="own", command="my-server", args=("--x",))
NPM = Server(name="npm", package="npm:@scope/server@1.2.3", args=("/tmp",))
PYPI = Server(name="pypi", package="pypi:mcp-server-time==1.0")
URL = Server(name="remote", url="https://mcp.example.com/mcp", headers={"X-Key": "k"})
SECRET = Server(name="secret", command="my-server", env={"TOKEN": "secret:TOKEN"})
VARIABLE = Server(name="variable", command="my-server", args=("${HOME}",))
IMAGE = Server(
    name="image",
    image="mcp/time:1",
    args=("-v",),
    env={"TZ": "UTC"},
    container=ContainerOptions(("/a:/b",), "none", ("--cpus", "2")),
)
RUN = (
    "run -i --rm --init --pull never --cpus 1 --memory 2g --security-opt no-new-privileges --stop-timeout 2"
    " --label mcpconf.server=image -e TZ -v /a:/b:ro --network none --cpus 2"
)
TWO = replace(OWN, name="two", image="mcp/own")
KIT = Server(name="kit", toolkit="time")
KIT_OR = Server(name="kit-or", toolkit="fetch", package="pypi:mcp-server-fetch")
CWD = replace(OWN, name="cwd", cwd="/srv")
BUILTIN = Server(name="mcpconf", builtin=True)


def one(server: Server, where: Context, forced: RouteName | None = None, **changes: Any) -> Routed:
    routed = choose(profile(server, **changes), where, forced=forced)
    assert len(routed) == 1
    return routed[0]


def launched(routed: Routed) -> Launch:
    assert routed.launch is not None, routed.because
    return routed.launch


def argv(routed: Routed) -> list[str]:
    launch = launched(routed)
    return [launch.command or "", *launch.args]


@pytest.mark.parametrize(
    ("server", "where", "route", "because"),
    [
        (OWN, context(), "direct", "my-server is here"),
        (OWN, context(DESKTOP), "direct", "my-server is here"),
        (NPM, context(), "direct", "npx runs npm:@scope/server@1.2.3"),
        (PYPI, context(), "direct", "uvx runs pypi:mcp-server-time==1.0"),
        (URL, context(), "direct", "the client speaks HTTP"),
        (URL, context(DESKTOP), "direct", "npx is here"),
        (IMAGE, context(), "wrapper", "it watches over its container"),
        (IMAGE, context(which=without("bash")), "direct", "docker is here"),
        (BUILTIN, context(), "direct", "mcpconf serves it itself"),
        (SECRET, context(), "wrapper", "it fills in a secret when the server starts"),
        (SECRET, context(DESKTOP), "wrapper", "it fills in a secret when the server starts"),
        (SECRET, context(scope=Scope.PROJECT), "direct", "my-server is named for everybody"),
        (SECRET, context(which=without("bash")), "direct", "my-server is here"),
        (VARIABLE, context(), "direct", "my-server is here"),
        (VARIABLE, context(DESKTOP), "wrapper", "it fills in the variables that Claude Desktop does not"),
        (TWO, context(), "wrapper", "it has 2 ways to choose from when it starts"),
        (TWO, context(which=without("docker")), "direct", "my-server is here"),
        (TWO, context(which=without("my-server")), "wrapper", "it watches over its container"),
        (CWD, context(), "wrapper", "it sets the working directory"),
        (replace(CWD, cwd="project"), context(), "direct", "my-server is here"),
        (KIT, context(toolkit="v0.30"), "toolkit", "docker mcp v0.30 answers"),
        (KIT, context(raw_mcp="host.docker.internal:8811", engine="27"), "toolkit", "a raw MCP endpoint shook hands"),
        (KIT_OR, context(toolkit="v0.30"), "toolkit", "docker mcp v0.30 answers"),
        (KIT_OR, context(), "direct", "uvx runs pypi:mcp-server-fetch"),
        (OWN, context(portable=True), "wrapper", "one entry for every place that mounts this home"),
        (URL, context(portable=True), "direct", "the client speaks HTTP"),
    ],
    ids=lambda value: value.name if isinstance(value, Server) else None,
)
def test_the_route_and_its_reason(server: Server, where: Context, route: str, because: str) -> None:
    routed = one(server, where)

    assert (routed.route, routed.because[: len(because)]) == (RouteName(route), because)


@pytest.mark.parametrize(
    ("server", "where", "reason", "hint"),
    [
        (
            KIT,
            context(),
            "toolkit: the docker mcp plugin does not answer; direct: only the Docker Toolkit",
            "docker mcp",
        ),
        (
            KIT,
            context(which={}),
            "toolkit: docker is not on PATH; direct: only the Docker Toolkit can",
            "install Docker",
        ),
        (KIT, context(raw_mcp="h:1"), "toolkit: the docker mcp plugin does not answer", "docker mcp version"),
        (OWN, context(which={}), "direct: my-server is not on PATH", "install my-server"),
        (NPM, context(which={}), "direct: npx is not here, and @scope/server needs it", "install Node.js"),
        (PYPI, context(which={}), "direct: uvx is not here", "pipx install uv"),
        (IMAGE, context(which={}), "direct: neither docker nor podman is on PATH", "install Docker"),
        (URL, context(DESKTOP, which={}), "direct: Claude Desktop takes no URL, and npx", "install Node.js"),
        (replace(URL, transport="ws"), context(DESKTOP), "direct: Claude Desktop takes no URL, and mcp-remote", None),
        (
            VARIABLE,
            context(DESKTOP, which=without("bash")),
            "wrapper: there is no bash here; direct: Claude",
            "install",
        ),
        (
            SECRET,
            context(DESKTOP, platform="windows"),
            "wrapper: there is no bash here; direct: Claude",
            "install bash",
        ),
        (replace(OWN, routes=(RouteName.BROKER,)), context(), "broker: there is no Python here", None),
        (replace(OWN, args=("\0",)), context(), None, None),
    ],
    ids=lambda value: value.name if isinstance(value, Server) else None,
)
def test_what_nothing_can_serve_says_why(server: Server, where: Context, reason: str | None, hint: str | None) -> None:
    routed = one(server, where)
    if reason is None:
        routed = one(server, where, RouteName.WRAPPER)
        reason = "wrapper: one of its values can't be given to a process"

    assert (routed.route, routed.launch) == (None, None)
    assert routed.because.startswith(reason)
    assert hint is None or (routed.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("server", "forced", "where", "reason"),
    [
        (OWN, "toolkit", context(toolkit="1"), "toolkit: the profile names no server of the Docker catalog for it"),
        (OWN, "broker", context(), "broker: there is no Python here that could run its shim"),
        (OWN, "wrapper", context(scope=Scope.PROJECT), "wrapper: a shared .mcp.json can't name a file of this machine"),
        (OWN, "wrapper", context(platform="windows"), "wrapper: there is no bash here"),
        (URL, "wrapper", context(), "wrapper: none of its ways starts a process here"),
        (KIT, "direct", context(toolkit="1"), "direct: only the Docker Toolkit can serve it"),
        (SECRET, "direct", context(DESKTOP), "direct: Claude Desktop does not fill in variables"),
    ],
)
def test_a_forced_route_that_does_not_fit_is_refused_and_not_replaced(
    server: Server, forced: str, where: Context, reason: str
) -> None:
    routed = one(server, where, RouteName(forced))

    assert (routed.route, routed.launch, routed.because) == (None, None, reason)


def test_a_forced_route_that_fits_is_taken_and_says_so() -> None:
    routed = one(OWN, context(), RouteName.WRAPPER)

    assert (routed.route, routed.because) == (RouteName.WRAPPER, "asked for")


def test_a_servers_own_routes_go_before_the_profiles_and_those_before_ours() -> None:
    wrapper_first = (RouteName.WRAPPER, RouteName.DIRECT)

    assert one(OWN, context(), order=wrapper_first).route is RouteName.WRAPPER
    assert one(replace(OWN, routes=(RouteName.DIRECT,)), context(), order=wrapper_first).route is RouteName.DIRECT


def test_an_order_that_names_the_broker_goes_on_to_the_next() -> None:
    assert one(OWN, context(), order=(RouteName.BROKER, RouteName.DIRECT)).route is RouteName.DIRECT


def test_disabled_servers_and_those_of_other_clients_are_left_out() -> None:
    servers = (
        replace(OWN, name="a", disabled=True),
        replace(OWN, name="b", clients=("claude-desktop",)),
        replace(OWN, name="c", clients=("claude-code", "claude-desktop")),
        replace(OWN, name="d"),
    )

    assert [one.server.name for one in choose(profile(*servers), context())] == ["c", "d"]


@pytest.mark.parametrize(
    ("server", "where", "expected"),
    [
        (OWN, context(), "/opt/mine/bin/my-server --x"),
        (OWN, context(scope=Scope.LOCAL), "/opt/mine/bin/my-server --x"),
        (OWN, context(scope=Scope.PROJECT), "my-server --x"),
        (replace(OWN, command="/srv/own"), context(), "/srv/own --x"),
        (replace(OWN, command="${HOME}/own"), context(), "${HOME}/own --x"),
        (replace(OWN, command="./own"), context(scope=Scope.PROJECT), "./own --x"),
        (NPM, context(), "/home/me/.nvm/bin/npx -y @scope/server@1.2.3 /tmp"),
        (NPM, context(scope=Scope.PROJECT), "npx -y @scope/server@1.2.3 /tmp"),
        (PYPI, context(), "/home/me/.local/bin/uvx mcp-server-time@1.0"),
        (PYPI, context(which={"uv": "/bin/uv"}), "/bin/uv tool run mcp-server-time@1.0"),
        (PYPI, context(scope=Scope.PROJECT, which={"uv": "/bin/uv"}), "uvx mcp-server-time@1.0"),
        (BUILTIN, context(), "/home/me/.local/bin/mcpconf serve"),
        (BUILTIN, context(scope=Scope.PROJECT), "mcpconf serve"),
        (BUILTIN, context(launcher=("/v/python", "-m", "mcpconf")), "/v/python -m mcpconf serve"),
        (IMAGE, context(), f"{DATA}/wrapper/mcp-image"),
        (IMAGE, context(which=without("bash")), f"/usr/bin/docker {RUN} mcp/time:1 -v"),
        (IMAGE, context(scope=Scope.PROJECT), f"docker {RUN} mcp/time:1 -v"),
        (KIT, context(toolkit="1"), "/usr/bin/docker mcp gateway run --servers time"),
        (KIT, context(toolkit="1", scope=Scope.PROJECT), "docker mcp gateway run --servers time"),
        (
            KIT,
            context(raw_mcp="host.docker.internal:8811", engine="27"),
            "/usr/bin/docker run -i --rm --add-host host.docker.internal:host-gateway alpine/socat STDIO "
            "TCP:host.docker.internal:8811",
        ),
        (
            KIT,
            context(raw_mcp="127.0.0.1:9000", engine="27", platform="darwin"),
            "/usr/bin/docker run -i --rm alpine/socat STDIO TCP:host.docker.internal:9000",
        ),
        (SECRET, context(), f"{DATA}/wrapper/mcp-secret"),
        (SECRET, context(DESKTOP), f"{DATA}/wrapper/mcp-secret.claude-desktop"),
        (OWN, context(portable=True), "${HOME}/.local/share/mcpconf/wrapper/mcp-own"),
        (OWN, context(DESKTOP, portable=True), f"{DATA}/wrapper/mcp-own.claude-desktop"),
        (OWN, context(portable=True, data="/elsewhere"), "/elsewhere/wrapper/mcp-own"),
    ],
)
def test_what_is_started(server: Server, where: Context, expected: str) -> None:
    assert " ".join(argv(one(server, where))) == expected


WINDOWS = {"npx": r"C:\Program Files\nodejs\npx.CMD", "uvx": r"C:\u\uvx.exe", "docker": r"C:\d\docker.exe"}


@pytest.mark.parametrize(
    ("server", "spec", "expected"),
    [
        (NPM, DESKTOP, ["cmd", "/c", "npx", "-y", "@scope/server@1.2.3", "/tmp"]),
        (NPM, CODE, ["cmd", "/c", "npx", "-y", "@scope/server@1.2.3", "/tmp"]),
        (replace(OWN, command="npx", args=("-y", "a b")), DESKTOP, ["cmd", "/c", "npx", "-y", "a b"]),
        (replace(OWN, command=r"D:\npx.cmd", args=()), DESKTOP, ["cmd", "/c", "npx"]),
        (PYPI, DESKTOP, [r"C:\u\uvx.exe", "mcp-server-time@1.0"]),
        (replace(OWN, command=r"C:\mine\own.exe"), DESKTOP, [r"C:\mine\own.exe", "--x"]),
    ],
)
def test_what_is_started_on_windows(server: Server, spec: ClientSpec, expected: list[str]) -> None:
    routed = one(server, context(spec, platform="windows", which=WINDOWS))

    assert argv(routed) == expected
    assert "PATH" not in launched(routed).env


def test_the_gateway_gets_windows_directories_only_where_the_client_hands_on_nothing() -> None:
    env = {"LOCALAPPDATA": r"C:\Users\me\AppData\Local", "ProgramFiles": "P", "SECRET": "x"}

    def given(spec: ClientSpec, platform: str) -> dict[str, str]:
        return dict(launched(one(KIT, context(spec, toolkit="1", platform=platform, which=WINDOWS, env=env))).env)

    assert given(DESKTOP, "windows") == {"LOCALAPPDATA": r"C:\Users\me\AppData\Local", "ProgramFiles": "P"}
    assert given(CODE, "windows") == {}
    assert given(DESKTOP, "linux") == {}


@pytest.mark.parametrize(
    ("server", "path"),
    [
        (NPM, "/home/me/.nvm/bin:/usr/local/bin:/usr/bin:/bin"),
        (IMAGE, "/usr/local/bin:/usr/bin:/bin"),
        (replace(OWN, env={"PATH": "/mine"}), "/mine"),
        (replace(OWN, command="/own"), "/:/usr/local/bin:/usr/bin:/bin"),
    ],
)
def test_a_client_that_cuts_path_short_gets_one(server: Server, path: str) -> None:
    assert launched(one(server, context(DESKTOP, which=without("bash")))).env["PATH"] == path
    assert "PATH" not in launched(one(replace(server, env={}), context())).env


def test_the_toolkits_servers_share_one_entry() -> None:
    kits = (KIT, OWN, replace(KIT, name="kit2", toolkit="fetch"), replace(KIT, name="kit3"))

    routed = choose(profile(*kits), context(toolkit="1"))

    assert [each.entry for each in routed] == ["MCP_DOCKER", "own", "MCP_DOCKER", "MCP_DOCKER"]
    assert {" ".join(argv(each)) for each in routed if each.entry == "MCP_DOCKER"} == {
        "/usr/bin/docker mcp gateway run --servers time,fetch"
    }


def test_a_profile_of_the_toolkits_own_is_named_in_their_place() -> None:
    kits = (KIT, replace(KIT_OR, package=None))
    where = context(toolkit="v0.41", toolkit_profiles=("dev", "web"))

    routed = choose(profile(*kits, toolkit="dev"), where)

    assert {each.because for each in routed} == {"docker mcp v0.41 has the profile dev"}
    assert {" ".join(argv(each)) for each in routed} == {"/usr/bin/docker mcp gateway run --profile dev"}
    unsure = one(KIT, replace(where, toolkit_profiles=None), toolkit="dev")
    assert argv(unsure)[-2:] == ["--profile", "dev"]
    assert [note.text for note in unsure.notes] == ["docker mcp did not say in time whether it has the profile dev"]


@pytest.mark.parametrize(
    ("known", "reason", "hint"),
    [
        (("a", "b"), "toolkit: docker mcp has no profile dev, but a, b", "docker mcp profile create --name dev"),
        ((), "toolkit: docker mcp v0.22 has no profile dev", "docker mcp feature enable profiles"),
    ],
)
def test_a_profile_that_the_toolkit_has_not_is_no_entry(known: tuple[str, ...], reason: str, hint: str) -> None:
    where = context(toolkit="v0.22", toolkit_profiles=known)

    lost = one(KIT, where, RouteName.TOOLKIT, toolkit="dev")

    assert (lost.route, lost.because) == (None, reason)
    assert hint in (lost.hint or "")
    assert one(KIT_OR, where, toolkit="dev").route is RouteName.DIRECT


def test_an_endpoint_on_loopback_alone_is_no_use_to_a_container_of_this_machine() -> None:
    here = context(raw_mcp="127.0.0.1:8811", engine="28", bridge="172.17.0.1")

    lost = one(KIT, here, RouteName.TOOLKIT)

    assert lost.because.endswith("reaches it, and not on 172.17.0.1:8811")
    assert "mcpconf broker gateway --listen tcp:172.17.0.1:8811" in (lost.hint or "")
    assert one(KIT, replace(here, raw_mcp="172.17.0.1:8811")).route is RouteName.TOOLKIT
    assert one(KIT, replace(here, bridge=None)).route is RouteName.TOOLKIT  # Docker Desktop


@pytest.mark.parametrize("which", [{"docker": "/usr/bin/docker"}, {}])
def test_a_gateway_that_speaks_http_is_told_apart(which: dict[str, str]) -> None:
    lost = one(KIT, context(http_mcp="host.docker.internal:8811", which=which), RouteName.TOOLKIT)

    assert "host.docker.internal:8811 speaks HTTP, as Docker's gateway does since its version 0.13" in lost.because
    hint = lost.hint or ""
    assert "mcpconf server add NAME --url http://host.docker.internal:8811/mcp --header" in hint
    assert "${MCP_GATEWAY_AUTH_TOKEN}" in redact(hint)


def test_the_classic_endpoint_is_one_entry_for_all() -> None:
    routed = choose(profile(KIT, replace(KIT, name="kit2")), context(raw_mcp="h:8811", engine="1"))

    assert len({tuple(argv(each)) for each in routed}) == 1


def test_headers_reach_the_bridge_by_variables_of_its_own() -> None:
    launch = launched(one(replace(URL, headers={"A": "1", "B-C": "2"}), context(DESKTOP)))

    assert launch.args[2:] == (
        "https://mcp.example.com/mcp",
        "--header",
        "A:${MCPCONF_HEADER_0}",
        "--header",
        "B-C:${MCPCONF_HEADER_1}",
    )
    assert (launch.env["MCPCONF_HEADER_0"], launch.env["MCPCONF_HEADER_1"]) == ("1", "2")


def test_a_secret_header_is_filled_in_by_the_wrapper_and_left_to_the_bridge_on_its_command_line() -> None:
    routed = one(replace(URL, headers={"Authorization": "Bearer ${secret:T}"}), context(DESKTOP))
    (data,) = launched(routed).files.values()

    assert routed.route is RouteName.WRAPPER
    assert b"env\0MCPCONF_HEADER_0\0lit\0Bearer \0sec\0T\0end\0" in data
    assert b"arg\0lit\0Authorization:\0lit\0${MCPCONF_HEADER_0}\0end\0" in data


def test_the_bridge_is_told_of_plain_http() -> None:
    assert "--allow-http" in argv(one(replace(URL, url="http://nas:8080/mcp"), context(DESKTOP)))
    assert "--allow-http" not in argv(one(URL, context(DESKTOP)))


def test_a_secret_becomes_a_reference_where_the_client_fills_it_in() -> None:
    routed = one(replace(URL, headers={"Authorization": "Bearer ${secret:T}", "X": "secret:U"}), context())

    assert launched(routed).headers == {"Authorization": "Bearer ${T}", "X": "${U}"}
    assert [note.text for note in routed.notes] == [
        f"remote: {name} must be set where the client starts; the kept secret does not reach this route"
        for name in ("T", "U")
    ]


def test_references_stay_as_they_are_written_for_a_client_that_expands() -> None:
    server = replace(OWN, args=("${A}", "${B:-x y}", "$C"), env={"D": "${E:-}"})

    assert launched(one(server, context())).args == ("${A}", "${B:-x y}", "$C")
    assert launched(one(server, context())).env == {"D": "${E:-}"}


def test_what_a_route_leaves_undone_is_noted() -> None:
    assert [n.text for n in one(replace(CWD, routes=(RouteName.DIRECT,)), context()).notes] == [
        "cwd: its cwd is not set by this route"
    ]
    assert "only the gateway filters tools" in one(replace(OWN, tools=ToolFilter(deny=("x",))), context()).notes[0].text


def test_a_portable_wrapper_also_looks_for_programs_by_name() -> None:
    """The place that shares this home may have them elsewhere, or have one that is missing here."""
    (data,) = launched(one(replace(NPM, image="mcp/x"), context(portable=True, which=without("docker")))).files.values()

    ways = [words.split(b"\0")[0] for words in re.split(rb"\0(?:way|engine)\0", data)[1:]]
    assert ways == [b"docker", b"podman", b"/home/me/.nvm/bin/npx", b"npx"]


def test_wrappers_of_different_clients_and_projects_have_files_of_their_own() -> None:
    where = [context(), context(DESKTOP), context(scope=Scope.LOCAL)]
    other = replace(where[2], target=replace(where[2].target, project="/other"))

    assert len({path for each in (*where, other) for path in launched(one(SECRET, each)).files}) == 4


def test_a_client_of_another_system_starts_everything_through_the_door_to_ours() -> None:
    enter = ("wsl.exe", "-d", "Ubuntu", "--exec")
    where = context(DESKTOP)
    where = replace(where, target=replace(where.target, enter=enter))

    direct, wrapped = one(replace(OWN, env={"A": "b c"}), where), one(SECRET, where)

    path = "PATH=/opt/mine/bin:/usr/local/bin:/usr/bin:/bin"
    assert argv(direct) == [*enter, "/usr/bin/env", "A=b c", path, "/opt/mine/bin/my-server", "--x"]
    assert not launched(direct).env
    assert argv(wrapped) == [*enter, f"{DATA}/wrapper/mcp-secret.claude-desktop"]
    kits = choose(profile(KIT, replace(KIT, name="k2", toolkit="fetch")), replace(where, toolkit="1"))
    assert argv(kits[1])[-5:] == ["mcp", "gateway", "run", "--servers", "time,fetch"]


@pytest.mark.parametrize(("server", "program"), [(NPM, "npx"), (PYPI, "uvx"), (OWN, "my-server"), (IMAGE, "docker")])
def test_a_shared_file_depends_on_nothing_that_this_machine_has(server: Server, program: str) -> None:
    here, bare = context(scope=Scope.PROJECT), context(scope=Scope.PROJECT, which={})

    assert argv(one(server, bare)) == argv(one(server, here))
    assert one(server, here).notes == ()
    assert [note.text for note in one(server, bare).notes] == [
        f"{server.name}: {program} is not here; who uses the shared file needs it"
    ]


def test_a_server_of_the_shared_entrys_own_name_is_not_put_over_it() -> None:
    kit, own = choose(profile(KIT, replace(OWN, name="MCP_DOCKER")), context(toolkit="1"))

    assert kit.route is RouteName.TOOLKIT
    assert (own.route, own.because) == (None, "its name is that of the Docker Toolkit's entry, MCP_DOCKER")
    assert one(replace(OWN, name="MCP_DOCKER"), context()).route is RouteName.DIRECT
