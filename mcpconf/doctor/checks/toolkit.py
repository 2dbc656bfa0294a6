"""Docker and its MCP Toolkit: does what entries and profiles need of them answer, and where they look for it?"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from shlex import quote

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.toolkit import DockerEntry, EngineState, Port, ToolkitSeen
from mcpconf.environment.engine import Home

_G = Group.TOOLKIT
ADD_HOST = "--add-host=host.docker.internal:host-gateway"
NO_ENGINE = "no Docker engine answers"
TOOLKIT = "install Docker Desktop, or the docker-mcp plugin (https://github.com/docker/mcp-gateway)"


def docker_is_here(seen: ToolkitSeen) -> Iterator[Found]:
    if seen.docker is None:
        for one in seen.wanted:
            text = "Docker's Toolkit is to serve it, and docker is not on PATH"
            yield Found(Level.WARNING, text, one.name, (one.where,), Mend(TOOLKIT))


def engine_answers(seen: ToolkitSeen) -> Iterator[Found]:
    if seen.docker is None or seen.engine is EngineState.ANSWERS:
        return
    text, command = _of_engine(seen)
    evidence = (seen.said,) if seen.said else ()
    if not seen.needed:
        yield Found(Level.INFO, f"{text}; nothing here needs it", "", evidence, Mend(command))
        return
    level = Level.WARNING if seen.engine is EngineState.LATE else Level.ERROR
    needed = f"needed by {', '.join(seen.needed)}"
    yield Found(level, text, "", (*evidence, needed), Mend(command))


def _of_engine(seen: ToolkitSeen) -> tuple[str, str]:
    """What is wrong, and the command that mends it."""
    if seen.engine is EngineState.DENIED:
        if seen.inside:
            return (
                "the Docker engine's socket is not for this user",
                "docker run --group-add $(stat -c %g /var/run/docker.sock)",
            )
        return "the Docker engine's socket is not for you", "sudo usermod -aG docker $USER, then log in again"
    if seen.engine is EngineState.MISLED:
        led = f"docker is led to {seen.host}, where no engine answers" if seen.host else "docker is led to no engine"
        return led, "unset DOCKER_HOST DOCKER_CONTEXT; docker context use default"
    if seen.engine is EngineState.LATE:
        return "the Docker engine did not answer in time", "docker version"
    if seen.engine is EngineState.FAILED:
        return "docker does not tell of an engine", "docker version"
    if seen.inside:
        return "no Docker engine is behind docker in here", "docker run -v /var/run/docker.sock:/var/run/docker.sock"
    start = "sudo systemctl start docker" if seen.platform == "linux" else "start Docker Desktop"
    return "the Docker engine does not run", start


def plugin_answers(seen: ToolkitSeen) -> Iterator[Found]:
    if seen.docker is None or seen.plugin is not None:
        return
    for one in seen.entries:
        if one.toolkit:
            text = "it runs the docker mcp plugin, which does not answer"
            yield Found(Level.ERROR, text, one.name, (one.where,), Mend(f"docker mcp version; {TOOLKIT}"))
    for wanted in seen.wanted:
        yield Found(
            Level.WARNING,
            f"it can't be served here: {wanted.because}",
            wanted.name,
            (wanted.where,),
            _mend(wanted.hint),
        )


def _mend(hint: str | None) -> Mend:
    return Mend(hint or "docker mcp version")


def profile_is_there(seen: ToolkitSeen) -> Iterator[Found]:
    """The Toolkit's own."""
    if seen.plugin is None:
        return
    for one in seen.entries:
        if one.profile and seen.profiles is not None and one.profile not in seen.profiles:
            known = f"it has {', '.join(seen.profiles)}" if seen.profiles else "it has none, or is too old to have any"
            text = f"docker mcp has no profile {one.profile}"
            yield Found(Level.ERROR, text, one.name, (one.where, known), Mend(_make_profile(one.profile, seen)))
    for wanted in seen.wanted:
        yield Found(
            Level.WARNING,
            f"it can't be served here: {wanted.because}",
            wanted.name,
            (wanted.where,),
            _mend(wanted.hint),
        )


def _make_profile(name: str, seen: ToolkitSeen) -> str:
    make = f"docker mcp profile create --name {name}"
    return make if seen.profiles else f"docker mcp feature enable profiles; {make} (Docker Desktop 4.62 or later)"


def _of_classics(
    judge: Callable[[DockerEntry, ToolkitSeen], Iterable[Found]],
) -> Callable[[ToolkitSeen], Iterator[Found]]:
    """A check of each classic entry, which is skipped where there is no engine to run it."""

    @functools.wraps(judge)
    def check(seen: ToolkitSeen) -> Iterator[Found]:
        classics = [one for one in seen.entries if one.classic]
        if classics and seen.engine is not EngineState.ANSWERS:
            yield Found(Level.SKIPPED, NO_ENGINE)
            return
        for one in classics:
            yield from judge(one, seen)

    return check


def _something_listens(one: DockerEntry, seen: ToolkitSeen) -> Iterator[Found]:
    if one.answer is Port.NOTHING:
        text = f"nothing answers at port {one.port} of the host, to which it leads"
        yield Found(Level.ERROR, text, one.name, (one.where, f"asked last: {one.address}"), Mend(_gateway(one, seen)))


def _gateway(one: DockerEntry, seen: ToolkitSeen) -> str:
    """How our own gateway listens where this entry leads."""
    address = seen.bridge if seen.bridge and seen.home is Home.HERE else "127.0.0.1"
    return f"mcpconf broker gateway --listen tcp:{address}:{one.port}"


def _is_not_http(one: DockerEntry, seen: ToolkitSeen) -> Iterator[Found]:
    if one.answer is Port.HTTP:
        text = f"{one.address} speaks HTTP, as Docker's gateway does since 0.13; this entry speaks lines of JSON"
        why = "raw TCP was taken out of that gateway in July 2025, and the entry was written for an older one"
        instead = "docker mcp gateway run as the entry's command"
        yield Found(
            Level.ERROR, text, one.name, (one.where, why), Mend(f"{instead}; or on another port: {_gateway(one, seen)}")
        )


def _is_mcp(one: DockerEntry, _seen: ToolkitSeen) -> Iterator[Found]:
    if one.answer is Port.OTHER:
        text = f"what listens at {one.address} is no MCP endpoint: it has answered initialize with something else"
        yield Found(
            Level.ERROR, text, one.name, (one.where,), Mend(f"sudo ss -ltnp 'sport = :{one.port}' tells who it is")
        )


def _is_reached(one: DockerEntry, seen: ToolkitSeen) -> Iterator[Found]:
    if one.answer is Port.LOOPBACK:
        text = f"what it leads to listens on {one.address} alone, where no container of this engine gets"
        where = f"containers meet this machine at {seen.bridge}"
        yield Found(Level.ERROR, text, one.name, (one.where, where), Mend(_gateway(one, seen)))


def _knows_host(one: DockerEntry, seen: ToolkitSeen) -> Iterator[Found]:
    if one.names_host and not one.knows_host and seen.home in (Home.HERE, Home.ROOTLESS):
        text = "its container does not know host.docker.internal: an engine on Linux tells it only when asked to"
        yield Found(Level.ERROR, text, one.name, (one.where,), Mend(f"add {ADD_HOST} behind run in its args"))


def _has_image(one: DockerEntry, _seen: ToolkitSeen) -> Iterator[Found]:
    if one.has_image is not False:
        return
    mend = Mend(f"docker pull {quote(one.image)}")
    if one.never_pulls:
        yield Found(
            Level.ERROR, f"its image {one.image} is not here, and it says --pull never", one.name, (one.where,), mend
        )
    else:
        text = f"its image {one.image} is not here: the first start pulls it, for which clients seldom wait"
        yield Found(Level.WARNING, text, one.name, (one.where,), mend)


CHECKS = (
    Check("MC501", _G, "docker is here where the Toolkit is to serve", docker_is_here),
    Check("MC502", _G, "the Docker engine answers where it is needed", engine_answers),
    Check("MC503", _G, "the docker mcp plugin answers where it is needed", plugin_answers),
    Check("MC504", _G, "the Toolkit has the profiles that are named", profile_is_there),
    Check("MC505", _G, "something listens where classic entries lead", _of_classics(_something_listens)),
    Check("MC506", _G, "it does not speak HTTP there", _of_classics(_is_not_http)),
    Check("MC507", _G, "it is an MCP endpoint", _of_classics(_is_mcp)),
    Check("MC508", _G, "containers get to where it listens", _of_classics(_is_reached)),
    Check("MC509", _G, "containers of classic entries know their host", _of_classics(_knows_host)),
    Check("MC510", _G, "images of classic entries are here", _of_classics(_has_image)),
)
