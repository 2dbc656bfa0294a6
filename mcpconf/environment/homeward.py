"""Why the host's broker is not reached from in here, and the exact thing that is missing for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mcpconf.environment.tried import Outcome, Tried
from mcpconf.model import Note

EXPOSE = "on the host, mcpconf broker expose prints every way in"
NAME = "host.docker.internal"
ADD_HOST = f"--add-host={NAME}:host-gateway"
LOOPBACK = ("127.0.0.1", "::1", "[::1]")
KEY_FILE = "/run/secrets/mcpconf"  # where a container is given its key

WORDS = {
    Outcome.ANSWERS: "answers",
    Outcome.NO_SOCKET: "there is no such socket",
    Outcome.DENIED: "it is not for this user",
    Outcome.REFUSED: "refused: nothing listens there",
    Outcome.UNREACHABLE: "there is no way to that network",
    Outcome.UNRESOLVED: "the name does not resolve",
    Outcome.SILENT: "timed out",
    Outcome.HTTP: "something that speaks HTTP, no broker",
    Outcome.OTHER: "something else than a broker",
    Outcome.NO_KEY: "a broker, and MCPCONF_BROKER_KEY names no key for it",
    Outcome.KEY_FILE: "the key can't be used",
    Outcome.KEY_REFUSED: "the key is refused",
    Outcome.MALFORMED: "no address: write unix:/PATH or tcp:HOST:PORT",
}
MAPPED = ("192.168.", "0.250.")  # where the virtual machines of Docker Desktop, Lima and OrbStack meet their host


def what(one: Tried) -> str:
    """What happened at one address, in words."""
    told = WORDS[one.outcome]
    if one.outcome in (Outcome.KEY_FILE, Outcome.KEY_REFUSED) and one.detail:
        return f"{told}: {one.detail}"
    if one.owner is not None:
        told += f", but for user {one.owner}"
    return f"{told} ({one.detail})" if one.detail else told


def lost(tried: Sequence[Tried], gateway: str | None = None) -> Note | None:
    """Every address with what happened there, and what would mend it; None where one answers or nobody was asked."""
    if not tried or any(one.found for one in tried):
        return None
    told = "; ".join(f"{one.address}: {what(one)}" for one in tried)
    return Note(f"no broker answers ({told})", hint="; ".join((*missing(tried, gateway), EXPOSE)))


def missing(tried: Sequence[Tried], gateway: str | None = None) -> tuple[str, ...]:
    """The steps that are missing, the nearest to success first. `gateway` is the address of the default gateway."""
    return tuple(dict.fromkeys((*_of_keys(tried), *_of_sockets(tried), *_of_ports(tried, gateway))))


def _of_keys(tried: Sequence[Tried]) -> Iterator[str]:
    outcomes = {one.outcome for one in tried}
    if Outcome.NO_KEY in outcomes:
        # Not as an assignment: what stands behind the name of a key is hidden wherever we show something.
        yield "make a key, on the host: mcpconf broker key new ID"
        yield f"give the container its file: docker run -v FILE:{KEY_FILE}:ro, and MCPCONF_BROKER_KEY with that path"
    if Outcome.KEY_REFUSED in outcomes:
        yield "use a key that the host's broker has; there: mcpconf broker key ls, mcpconf broker key new ID"
    if Outcome.KEY_FILE in outcomes:
        yield "let MCPCONF_BROKER_KEY be the path in here of a copy of the key's file"


def _of_sockets(tried: Sequence[Tried]) -> Iterator[str]:
    for one in tried:
        if not one.address.startswith("unix:"):
            continue
        if one.outcome is Outcome.DENIED:
            yield f"be that user in here, or root: docker run --user {'UID' if one.owner is None else one.owner}"
        elif one.outcome in (Outcome.REFUSED, Outcome.SILENT):
            yield "on the host: mcpconf broker start"
        elif one.outcome is Outcome.NO_SOCKET and one.address == "unix:/run/mcpconf/broker.sock":
            yield "mount the host's socket directory: docker run -v DIRECTORY:/run/mcpconf:ro"


def _of_ports(tried: Sequence[Tried], gateway: str | None) -> Iterator[str]:
    ports = [one for one in tried if one.address.startswith("tcp:")]
    outcomes = {one.outcome for one in ports}
    if outcomes & {Outcome.NO_KEY, Outcome.KEY_FILE, Outcome.KEY_REFUSED}:
        return  # the way is open
    if any(one.outcome is Outcome.UNRESOLVED and _host(one) == NAME for one in ports):
        yield f"docker run {ADD_HOST}"
    refused = [one for one in ports if one.outcome is Outcome.REFUSED]
    if refused:
        yield f"on the host: mcpconf broker restart --listen {_listen(refused, gateway)}"
    for one in ports:
        if one.outcome in (Outcome.HTTP, Outcome.OTHER):
            there = "--listen tcp:ADDRESS:PORT on the host, MCPCONF_BROKER=tcp:HOST:PORT in here"
            yield f"take another port than {_port(one)}: {there}"
    if Outcome.SILENT in outcomes and not refused:
        yield "let this network pass the host's firewall to that port"


def _listen(refused: Sequence[Tried], gateway: str | None) -> str:
    """Where the host's broker would have to listen to be met there, as its option has it."""
    for one in refused:
        number = one.detail or _host(one)
        if number in LOOPBACK or (number != gateway and number.startswith(MAPPED)):
            return f"tcp:127.0.0.1:{_port(one)}"  # a virtual machine, which leads there
    return f"tcp:{refused[0].detail or _host(refused[0])}:{_port(refused[0])} --allow-nonlocal"


def _port(one: Tried) -> str:
    return one.address.rpartition(":")[2]


def _host(one: Tried) -> str:
    return one.address.removeprefix("tcp:").rpartition(":")[0]
