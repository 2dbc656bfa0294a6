"""Look at Docker and its MCP Toolkit: the engine, the plugin, and what is met where classic entries lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mcpconf.client.spec import ClientSpec, Target
from mcpconf.doctor.look.actives import ActiveHere
from mcpconf.doctor.look.docker_entries import docker_entries
from mcpconf.doctor.seen.toolkit import DockerEntry, EngineState, Port, ToolkitSeen, Wanted
from mcpconf.environment.engine import Home
from mcpconf.environment.facts import Facts
from mcpconf.environment.verdict import Environment
from mcpconf.errors import McpconfError
from mcpconf.gather import DOCKER_SECONDS, SOCKET_SECONDS, find_bridges
from mcpconf.model import Kind
from mcpconf.reach.addresses import LOOPBACK, host_candidates, with_port
from mcpconf.reach.race import race
from mcpconf.reach.raw import RawAnswer, Reached, probe_raw_mcp
from mcpconf.record import replace
from mcpconf.system import Ran
from mcpconf.workflow import notes
from mcpconf.workflow.app import App
from mcpconf.workflow.expose import find_engine

SECONDS = 2 * DOCKER_SECONDS  # an engine that has slept takes its time
UNUSED = "no entry and no active profile uses Docker, which is not here"
OFFLINE = "--no-network: Docker is not asked"
# How docker's own words begin to tell what is wrong. Where it can't connect, it depends on who told it where to.
DENIED = ("permission denied",)
AWAY = ("cannot connect to the docker daemon", "is the docker daemon running", "error during connect", "dial unix")
MISLED = ("unable to resolve docker endpoint", "context not found", "unable to parse docker host", "no such host")


def look(
    app: App,
    targets: Sequence[tuple[ClientSpec, Target]],
    actives: Sequence[ActiveHere],
    facts: Facts,
    environment: Environment,
    *,
    server: str | None = None,
    network: bool = True,
) -> ToolkitSeen:
    """What MC5xx judge. Raises `McpconfError` where there is nothing to look at, or it may not be."""
    if not network:
        raise McpconfError(OFFLINE)
    docker = app.system.which("docker")
    entries = tuple(one for one in docker_entries(app, targets) if server in (None, one.name))
    wanted = tuple(one for one in _wanted(actives) if server in (None, one.name))
    inside = environment.kind is Kind.CONTAINER
    needed = (*(one.name for one in entries), *(() if inside else _boxed(actives, server)))
    seen = ToolkitSeen(
        docker=docker,
        host=app.system.env.get("DOCKER_HOST") or app.system.env.get("DOCKER_CONTEXT") or "",
        platform=app.system.platform,
        inside=inside,
        needed=needed,
        entries=entries,
        wanted=wanted,
    )
    if docker is None:
        if not (entries or wanted):
            raise McpconfError(UNUSED)
        return seen
    return _asked(app, docker, replace(seen, **_engine(app, docker)), facts, environment)


def _wanted(actives: Iterable[ActiveHere]) -> Iterable[Wanted]:
    """What has no other way than the Toolkit, and not that one."""
    for here in actives:
        for part in here.prepared.parts if here.prepared else ():
            for one in part.routed:
                if one.route is None and one.server.toolkit:
                    where = f"{part.target.path}, {part.spec.title} ({part.target.scope})"
                    kit = here.prepared.profile.toolkit if here.prepared else ""
                    yield Wanted(one.server.name, where, one.because, one.hint, kit)


def _boxed(actives: Iterable[ActiveHere], server: str | None) -> tuple[str, ...]:
    """The active profiles' servers that run in a container of this machine's engine."""
    routed = [one for here in actives if here.prepared for part in here.prepared.parts for one in part.routed]
    return tuple(one.name for one in notes.boxed(routed) if server in (None, one.name))


def _engine(app: App, docker: str) -> dict[str, Any]:
    ran = app.system.run((docker, "version", "--format", "{{.Server.Version}}"), timeout=SECONDS)
    state = _state(ran, led=bool(app.system.env.get("DOCKER_HOST") or app.system.env.get("DOCKER_CONTEXT")))
    said = "" if ran is None or state is EngineState.ANSWERS else _last_line(ran.err)
    return {"engine": state, "said": said}


def _state(ran: Ran | None, *, led: bool) -> EngineState:
    if ran is None:
        return EngineState.LATE
    said = ran.err.lower()
    if ran.code == 0 and ran.out.strip():
        return EngineState.ANSWERS
    if any(words in said for words in DENIED):
        return EngineState.DENIED
    if any(words in said for words in MISLED):
        return EngineState.MISLED
    if any(words in said for words in AWAY):
        return EngineState.MISLED if led else EngineState.DOWN
    return EngineState.FAILED


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(c for c in (lines[-1] if lines else "") if c.isprintable())[:300]


def _asked(app: App, docker: str, seen: ToolkitSeen, facts: Facts, environment: Environment) -> ToolkitSeen:
    """The same with what the plugin, the engine and the ports have answered."""
    gateways = [one for one in seen.entries if one.toolkit]
    classics = [one for one in seen.entries if one.classic]
    found: dict[str, Any] = {}
    if gateways or seen.wanted:
        names = any(one.profile for one in gateways) or any(one.profile for one in seen.wanted)
        told, _ = app.look({"toolkit", *(("toolkit_profiles",) if names else ())}, own_broker=False)
        found |= {"plugin": told.toolkit, "profiles": told.toolkit_profiles}
    if classics and seen.engine is EngineState.ANSWERS:
        bridge = next((one.address for one in find_bridges(app.system) if one.name == "docker0"), None)
        found["bridge"] = bridge
        if app.system.platform == "linux":
            found["home"] = find_engine(app, ("docker",)).home
        candidates = host_candidates(environment.kind, facts.env, facts.gateway, bridge)
        here = bridge if found.get("home", Home.UNKNOWN) is Home.HERE and not seen.inside else None
        asked = [one.port for one in classics if one.names_host]
        ports = {port: _port(candidates, port, here) for port in dict.fromkeys(asked)}
        images = {one.image: _has_image(app, docker, one.image) for one in classics}
        found["entries"] = tuple(_met(one, ports, images) for one in seen.entries)
    return replace(seen, **found)


def _met(one: DockerEntry, ports: dict[int, tuple[Port, str]], images: dict[str, bool | None]) -> DockerEntry:
    if not one.classic:
        return one
    # Other names are those of a container's own network, which nobody knows here.
    answer, address = ports[one.port] if one.names_host else (Port.UNASKED, "")
    return replace(one, answer=answer, address=address, has_image=images[one.image])


def _port(candidates: Sequence[str], port: int, bridge: str | None) -> tuple[Port, str]:
    """What is met at a port of the host's, the most telling answer first. `bridge` is the only address at which the
    engine's containers meet this machine; None where others lead there, too."""
    addresses = [with_port(one, port) for one in candidates]
    answers = race(addresses, lambda one: probe_raw_mcp(one, SOCKET_SECONDS), lambda _: False, SOCKET_SECONDS)
    reached = Reached(tuple((one, answers.get(one, RawAnswer.SILENT)) for one in addresses))
    at_bridge = None if bridge is None else with_port(bridge, port)
    if reached.raw is not None:
        alone = (
            at_bridge is not None and answers.get(at_bridge) is RawAnswer.REFUSED and reached.raw.startswith(LOOPBACK)
        )
        return (Port.LOOPBACK if alone else Port.RAW), reached.raw
    for answer, told in ((RawAnswer.HTTP, Port.HTTP), (RawAnswer.OTHER, Port.OTHER)):
        address = reached.first(answer)
        if address is not None:
            return told, address
    # A name that leads to a firewall is silent, too: only where somebody takes the connection is it somebody else.
    return Port.NOTHING, at_bridge or (addresses[-1] if addresses else f"{LOOPBACK}:{port}")


def _has_image(app: App, docker: str, image: str) -> bool | None:
    from mcpconf.broker.upstream.image import says_missing

    ran = app.system.run((docker, "image", "inspect", "--format", "-", image), timeout=SECONDS)
    if ran is None:
        return None
    return True if ran.code == 0 else (False if says_missing(ran.err) else None)
