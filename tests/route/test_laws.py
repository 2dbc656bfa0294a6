"""What holds for every server in every place."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpconf.client import claude_code, claude_desktop
from mcpconf.model import ContainerOptions, RouteName, Scope, Server
from mcpconf.profile.variables import Secret, parse
from mcpconf.record import replace
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch, Routed
from tests.route.contexts import DATA, HOME, LAUNCHER, WHICH, context, profile

# What only this machine knows; profiles here never say it themselves.
MACHINE = (HOME, DATA, "/opt/mine/python3", *LAUNCHER, *WHICH.values(), "C:\\Users\\me", "/mnt/here")
PIECES = st.sampled_from(
    ["plain", " ", "${VAR}", "${VAR:-a default}", "${secret:TOKEN}", "$HOME", "$(x)", "'\"\\", "é", "\n", "", "-y"]
)
values = st.one_of(st.just("secret:TOKEN"), st.lists(PIECES, max_size=3).map("".join))
envs = st.dictionaries(st.sampled_from(["A", "TOKEN", "PATH"]), values, max_size=2)
servers = st.builds(
    Server,
    name=st.sampled_from(["a", "b", "c", "MCP_DOCKER"]),
    command=st.sampled_from([None, None, "my-server", "npx", "not-here", "./relative", "${TOOLS}/x"]),
    args=st.lists(values, max_size=3).map(tuple),
    env=envs,
    cwd=st.sampled_from([None, None, "/srv", "${VAR}"]),
    image=st.sampled_from([None, None, "mcp/time:1"]),
    container=st.builds(ContainerOptions, st.sampled_from([(), ("${VAR}:/x",)])),
    url=st.sampled_from([None, None, "https://example.com/mcp", "http://${HOST}/mcp"]),
    transport=st.sampled_from(["http", "sse", "ws"]),
    headers=st.dictionaries(st.sampled_from(["Authorization", "X-A"]), values, max_size=2),
    package=st.sampled_from([None, None, "npm:@a/b@1", "pypi:c==2", "pypi:c[d]#e"]),
    toolkit=st.sampled_from([None, None, "time"]),
    routes=st.lists(st.sampled_from(list(RouteName)), max_size=3, unique=True).map(tuple),
    timeout=st.sampled_from([None, 5000]),
    builtin=st.booleans(),
)
lists = st.lists(servers, min_size=1, max_size=3, unique_by=lambda server: server.name)
EXAMPLES = settings(max_examples=settings().max_examples // 3)
forces = st.one_of(st.none(), st.sampled_from(list(RouteName)))


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """Any client anywhere, with any of the programs."""
    names = draw(st.sets(st.sampled_from(sorted(WHICH))))
    spec, scope = draw(
        st.sampled_from([(claude_code.SPEC, scope) for scope in Scope] + [(claude_desktop.SPEC, Scope.USER)])
    )
    made = context(
        spec,
        scope,
        platform=draw(st.sampled_from(["linux", "darwin", "windows"])),
        which={name: WHICH[name] for name in names},
        engine=draw(st.sampled_from([None, "27"])),
        toolkit=draw(st.sampled_from([None, "0.30"])),
        raw_mcp=draw(st.sampled_from([None, "host.docker.internal:8811"])),
        env={"LOCALAPPDATA": "C:\\Users\\me\\AppData\\Local"},
        portable=draw(st.booleans()),
        broker=draw(st.sampled_from([None, None, "unix:/run/user/1/mcpconf/broker.sock", "tcp:host:8812"])),
        broker_servers=("a",),
        autostart=draw(st.booleans()),
        python="/opt/mine/python3",
        shim={"shim.py": b"shim"},
        runtime="/run/user/1/mcpconf",
        remote=draw(st.booleans()),
    )
    return replace(made, target=replace(made.target, enter=draw(st.sampled_from([(), ("wsl.exe", "--exec")]))))


def texts(launch: Launch) -> list[str]:
    """Everything of a launch that gets into a client's file."""
    return [
        launch.command or "",
        *launch.args,
        *launch.env,
        *launch.env.values(),
        launch.url or "",
        *launch.headers,
        *launch.headers.values(),
    ]


def launches(routed: tuple[Routed, ...]) -> list[tuple[Routed, Launch]]:
    return [(one, one.launch) for one in routed if one.launch is not None]


@EXAMPLES
@given(lists, contexts(), forces)
def test_every_server_gets_a_route_or_a_reason(
    given_servers: list[Server], where: Context, forced: RouteName | None
) -> None:
    routed = choose(profile(*given_servers), where, forced=forced)

    assert [one.server for one in routed] == given_servers
    for one in routed:
        assert (one.route is None) == (one.launch is None)
        assert one.because
        assert one.launch is None or one.entry == one.server.name or one.route is RouteName.TOOLKIT
        assert one.launch is None or (one.launch.command is None) != (one.launch.url is None)


@EXAMPLES
@given(lists, contexts(), st.sampled_from(list(RouteName)))
def test_a_forced_route_is_the_one_or_none_with_its_reason(
    given_servers: list[Server], where: Context, forced: RouteName
) -> None:
    for one in choose(profile(*given_servers), where, forced=forced):
        assert one.route in (forced, None)
        assert one.route is not None or one.because.startswith(f"{forced}: ")


@EXAMPLES
@given(lists, contexts(), forces)
def test_a_shared_file_never_names_what_only_this_machine_has(
    given_servers: list[Server], where: Context, forced: RouteName | None
) -> None:
    where = replace(where, target=replace(where.target, portable=True, enter=()))
    for _, launch in launches(choose(profile(*given_servers), where, forced=forced)):
        assert not [text for text in texts(launch) if any(path in text for path in MACHINE)]
        assert not launch.files


@EXAMPLES
@given(lists, contexts(), forces)
def test_no_entry_holds_a_secret_or_a_reference_that_its_client_leaves_as_it_is(
    given_servers: list[Server], where: Context, forced: RouteName | None
) -> None:
    for _, launch in launches(choose(profile(*given_servers), where, forced=forced)):
        for text in texts(launch):
            assert not text.startswith("secret:")
            assert "${secret:" not in text
            if not where.spec.expands:
                # These are for mcp-remote, which expands them by itself.
                assert "${" not in re.sub(r"\$\{MCPCONF_HEADER_\d+\}", "", text)


@EXAMPLES
@given(servers, contexts())
def test_a_client_that_expands_is_given_what_the_profile_says(server: Server, where: Context) -> None:
    """For every value of the server itself: what the client makes of it is what the profile means."""
    where = replace(where, spec=claude_code.SPEC, target=replace(where.target, enter=()))
    (one,) = choose(profile(server), where, forced=RouteName.DIRECT)
    if one.launch is None or one.launch.url is not None:
        return
    for name, value in server.env.items():
        # What an engine's client would take for itself stands on its command line, as NAME=VALUE.
        words = [word.partition("=")[2] for word in one.launch.args if word.startswith(f"{name}=")]
        assert parse(one.launch.env[name] if name in one.launch.env else words[0]) == tuple(
            parse(f"${{{part.name}}}")[0] if isinstance(part, Secret) else part for part in parse(value)
        )


@EXAMPLES
@given(lists, contexts(), forces)
def test_only_wrapper_and_broker_need_files_and_they_lie_in_our_own_directories(
    given_servers: list[Server], where: Context, forced: RouteName | None
) -> None:
    for one, launch in launches(choose(profile(*given_servers), where, forced=forced)):
        assert bool(launch.files) == (one.route in (RouteName.WRAPPER, RouteName.BROKER))
        own = (f"{DATA}/wrapper/mcp-{one.server.name}", f"{DATA}/broker/servers/{one.server.name}.")
        shared = (f"{DATA}/broker/shim.py", f"{DATA}/broker/shim.conf")
        assert all(path.startswith(own) or path in shared for path in launch.files)
        assert not any(b"secret:TOKEN\x00" in data for data in launch.files.values())


@EXAMPLES
@given(lists, contexts(), forces)
def test_two_entries_of_one_name_are_the_same_entry(
    given_servers: list[Server], where: Context, forced: RouteName | None
) -> None:
    entries: dict[str, Launch] = {}
    for one, launch in launches(choose(profile(*given_servers), where, forced=forced)):
        assert entries.setdefault(one.entry, launch) == launch


@EXAMPLES
@given(lists, contexts(), forces)
def test_routing_is_a_function(given_servers: list[Server], where: Context, forced: RouteName | None) -> None:
    assert choose(profile(*given_servers), where, forced=forced) == choose(
        profile(*given_servers), where, forced=forced
    )
