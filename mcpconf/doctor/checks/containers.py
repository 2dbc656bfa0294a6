"""Containers and their host: do they meet, will it last, and is nothing left?"""

from __future__ import annotations

from collections.abc import Iterator

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.containers import ContainersSeen
from mcpconf.environment.homeward import EXPOSE, what

_G = Group.CONTAINERS
LOOPBACK = ("tcp:127.", "tcp:[::1]")
DIRECTORY_VARIABLE = "CLAUDE_CONFIG_DIR"


def host_is_met(seen: ContainersSeen) -> Iterator[Found]:
    if not seen.tried or any(one.found for one in seen.tried):
        return
    addresses = tuple(f"{one.address}: {what(one)}" for one in seen.tried)
    first = seen.missing[0] if seen.missing else EXPOSE
    more = tuple(f"or: {step}" for step in seen.missing[1:])
    if seen.signs:
        text = f"the host's broker is not met, though {seen.signs[0]}" + _is_set(seen.signs[0])
        yield Found(Level.ERROR, text, "", (*addresses, *more), Mend(first))
    else:
        text = "no broker of the host's is met; servers run in this container"
        yield Found(Level.INFO, text, "", (*addresses, *more), Mend(EXPOSE))


def _is_set(sign: str) -> str:
    return " is set" if sign.isupper() else ""


def file_outlasts(seen: ContainersSeen) -> Iterator[Found]:
    for one in seen.fleeting:
        text = f"it lies in the container itself, and what {one.client} has in it goes with that"
        if one.beside:
            # Somebody meant to keep what Claude Code knows, and this file is not in that directory.
            why = f"{one.beside} is kept, and this file lies beside it"
            mend = Mend(f"-e {DIRECTORY_VARIABLE}={one.beside} for the container: the file then lies in there")
            yield Found(Level.WARNING, text, one.path, (why,), mend)
        else:
            mend = Mend(f"-v VOLUME:DIRECTORY -e {DIRECTORY_VARIABLE}=DIRECTORY for the container")
            yield Found(Level.INFO, text, one.path, (), mend)


def engine_for_images(seen: ContainersSeen) -> Iterator[Found]:
    for one in seen.boxed:
        text = f"its image {one.image} can't be run in here: no engine answers in this container"
        mend = Mend("have the host's broker run it: on the host, mcpconf broker expose")
        yield Found(Level.ERROR if one.written else Level.WARNING, text, one.name, (), mend)


def listens_for_containers(seen: ContainersSeen) -> Iterator[Found]:
    alone = [one for one in seen.listening if one.startswith(LOOPBACK)]
    if not alone or len(alone) < len(seen.listening) or not seen.bridges:
        return
    name, address = next((one for one in seen.bridges if one[0] == "docker0"), seen.bridges[0])
    port = alone[0].rpartition(":")[2]
    text = f"the broker listens on {', '.join(alone)} alone, where no container of this machine's engine gets"
    where = f"containers meet this machine at {address} ({name})"
    listen = f"tcp:{address}:{port}"
    if alone[0] in seen.followed:
        mend = Mend(f'[broker] listen = "{listen}" in the profile, then mcpconf switch')
    else:
        mend = Mend(f"mcpconf broker restart --listen {listen} --allow-nonlocal")
    yield Found(Level.WARNING, text, "", (where,), mend)


def nothing_left(seen: ContainersSeen) -> Iterator[Found]:
    for one in seen.left:
        many = f"{len(one.ids)} containers of mcpconf's are" if len(one.ids) > 1 else "a container of mcpconf's is"
        text = f"{many} left behind: whoever had started it is gone"
        short = tuple(f"container {number[:12]}" for number in one.ids[:8])
        command = f"{one.program} rm -f {' '.join(number[:12] for number in one.ids)}"
        safe = one.program == "docker"
        mend = Mend(command, safe=safe, action="remove-containers" if safe else "", arguments=one.ids if safe else ())
        yield Found(Level.WARNING, text, "", short, mend)


def images_are_here(seen: ContainersSeen) -> Iterator[Found]:
    for one in seen.lacking:
        text = f"its image {one.image} is not here, and no start of it pulls one"
        yield Found(Level.ERROR, text, one.name, (), Mend(f"mcpconf server pull {one.name}"))


CHECKS = (
    Check("MC801", _G, "the host's broker is met where it is meant to be", host_is_met),
    Check("MC802", _G, "clients' files outlast the container", file_outlasts),
    Check("MC803", _G, "there is an engine for servers of images", engine_for_images),
    Check("MC804", _G, "the broker listens where containers get", listens_for_containers),
    Check("MC805", _G, "no container was left behind", nothing_left),
    Check("MC806", _G, "images of servers are here", images_are_here),
)
