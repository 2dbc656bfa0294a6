"""The broker as its user sees it: started, stopped, asked."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mcpconf.broker import start as starting
from mcpconf.broker.control import SECONDS, BrokerUnreachable, ask, held
from mcpconf.broker.options import address, parse
from mcpconf.broker.place import Paths, is_locked, is_reachable
from mcpconf.errors import McpconfError
from mcpconf.model import Json, Note
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.service_manager import open_socket

if TYPE_CHECKING:
    import socket

STOPPING = 20.0  # seconds: servers have 2 + 2 to end, and what they started the same again
WARMING = 60.0
SETTLED = 1.0  # seconds after which a process that lives is taken to have started
WATCHING = 5.0  # for the servers that are warmed
TICK = 0.02
POLL = 0.1
WELL = ("running", "idle", "unused")  # states of a server in which its error is an old one


@dataclass(frozen=True, slots=True)
class Stopped:
    """A broker that was there; None for what it did not say any more."""

    pid: int | None
    clients: int | None
    processes: int | None


def paths(app: App) -> Paths:
    """Where this user's broker is met."""
    return Paths(app.runtime)


def words(app: App, listen: Sequence[str] = (), *, allow_nonlocal: bool = False) -> list[str]:
    """The broker's command line. Raises `UsageError` for what it would refuse."""
    allowed = ["--allow-nonlocal"] if allow_nonlocal else []
    made = [*starting.options_of(app.dirs), *allowed, *(word for address in listen for word in ("--listen", address))]
    parse(made)
    return made


def start(app: App, options: Sequence[str], *, if_needed: bool = False) -> dict[str, Json]:
    """Start one, or with `if_needed` find one that listens there as well; what it says of itself."""
    # Where somebody else listens there, that is systemd, which has just been asked to start one: never two.
    by_systemd = not is_locked(paths(app).lock) and is_reachable(paths(app).socket)
    act = starting.start_if_needed if if_needed or by_systemd else starting.start
    begun = act(paths(app), options)
    said = status(app, starting.SECONDS if by_systemd else SECONDS) or {}
    if begun is None:
        _check_listens(said, options)
    return said


def _check_listens(said: Mapping[str, Json], options: Sequence[str]) -> None:
    """Raise `McpconfError` where a broker that was there already does not listen where this one should."""
    there = [address(text) for text in tcp_of(said)]
    for host, port in parse(options).listen:
        if not any(host == its and port in (0, number) for its, number in there):
            shown = f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"
            also = " --allow-nonlocal" if "--allow-nonlocal" in options else ""
            raise McpconfError(
                f"the broker that runs, pid {said.get('pid')}, does not listen on {shown}",
                hint=f"mcpconf broker restart --listen {shown}{also}",
            )


def tcp_of(said: Mapping[str, Json]) -> tuple[str, ...]:
    """Where a broker listens for clients that have a key."""
    return tuple(str(address) for address in said.get("listeners", ()) if str(address).startswith("tcp:"))


def given_tcp(said: Mapping[str, Json]) -> tuple[str, ...]:
    """The same, without what the profile names, where the next one listens by itself."""
    return tuple(address for address in tcp_of(said) if address not in said.get("followed", ()))


def restart(app: App, options: Sequence[str]) -> tuple[Stopped | None, dict[str, Json]]:
    """Stop the broker, if there is one, and start one; what was stopped, and what the new one says of itself.

    Where an address can't be had, that is found before anything is stopped.
    """
    from mcpconf.broker.door.listener import tcp_socket  # which imports what other commands can do without

    ours = {address(text)[1] for text in tcp_of(status(app) or {})}
    for host, port in parse(options).listen:
        if port not in ours:  # those will be free
            tcp_socket(host, port).close()
    with starting.restarting(paths(app)):  # else a client's shim may be quicker, and knows none of the options
        stopped = stop(app)
        open_socket(app)
        try:
            return stopped, start(app, options)
        except McpconfError as error:
            if stopped is None:
                raise
            raise McpconfError(f"stopped the broker, pid {stopped.pid}; {error}", hint=error.hint) from None


def status(app: App, timeout: float = SECONDS) -> dict[str, Json] | None:
    """What the broker says of itself; None where none runs. Raises `BrokerUnreachable` where one hangs."""
    try:
        return ask(paths(app).socket, {"do": "status"}, timeout)
    except BrokerUnreachable:
        if is_locked(paths(app).lock):
            raise _stuck(app) from None
        return None


def stop(app: App) -> Stopped | None:
    """End the broker and wait until it is gone, with all that it started; None where none runs."""
    said = status(app)
    if said is None:
        return None
    ask(paths(app).socket, {"do": "stop"})
    deadline = time.monotonic() + STOPPING
    while is_locked(paths(app).lock):
        if time.monotonic() > deadline:
            raise _stuck(app)
        time.sleep(TICK)
    processes = sum(len(server.get("processes", ())) for server in said.get("servers", ()))
    return Stopped(said.get("pid"), len(said.get("clients", ())), processes)


def purge(app: App) -> tuple[Note, ...]:
    """End the broker, and remove what it leaves for the next one; what is left to do."""
    try:
        stop(app)
    except McpconfError as error:
        return (Note(str(error), hint=error.hint),)
    for path in (paths(app).lock, paths(app).restart):
        with contextlib.suppress(OSError):
            os.unlink(path)
    with contextlib.suppress(OSError):
        os.rmdir(app.runtime)
    return ()


def _stuck(app: App) -> BrokerUnreachable:
    pid = starting.pid_of(paths(app))
    told = "" if pid is None else f" (pid {pid})"
    return BrokerUnreachable(
        f"the broker{told} does not answer", hint=f"fuser {paths(app).lock}" if pid is None else f"kill {pid}"
    )


@dataclass(frozen=True, slots=True)
class Warmed:
    """What has come of servers that were to be started; `bound` ones are started for a client's project alone."""

    ready: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()  # with their errors
    slow: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()


def warm(app: App, servers: Sequence[str]) -> Warmed:
    """Have a process ready for these servers, or for all, and see for a while what comes of it."""
    before = {name: one.get("error") for name, one in _unbound(app).items()}
    begun = time.monotonic()
    try:
        said = ask(paths(app).socket, {"do": "warm", "servers": list(servers) or None}, WARMING)
    except BrokerUnreachable:
        raise
    except McpconfError as refused:
        raise McpconfError(str(refused), hint="mcpconf broker status") from None
    names = tuple(dict.fromkeys(map(str, said.get("servers", ()))))
    while True:
        passed = time.monotonic() - begun
        warmed = _warmed(names, _unbound(app), before if passed < WATCHING else {}, passed)
        if not warmed.slow or passed >= WATCHING:
            return warmed
        time.sleep(POLL)


def _unbound(app: App) -> dict[str, dict[str, Json]]:
    """What the broker says of servers that have been used and belong to no project, by name."""
    servers = (status(app) or {}).get("servers", ())
    return {str(one["name"]): one for one in servers if one["project"] is None and one["state"] != "unused"}


def _warmed(names: Sequence[str], seen: Mapping[str, Mapping[str, Json]], before: Json, passed: float) -> Warmed:
    """`before` are the errors that were there already: such a one may be overcome yet."""
    ready, failed, slow = [], [], []
    for name in names:
        one = seen.get(name)
        if one is None:
            continue
        if any(process["age"] >= SETTLED for process in one["processes"]):
            ready.append(name)
        elif one["processes"] or passed < SETTLED or not one["error"] or one["error"] == before.get(name):
            slow.append(name)
        else:
            failed.append((name, str(one["error"])))
    return Warmed(tuple(ready), tuple(failed), tuple(slow), tuple(name for name in names if name not in seen))


def reload(app: App) -> tuple[str, ...]:
    """Have the definitions and keys read again; the servers that changed."""
    return tuple(map(str, ask(paths(app).socket, {"do": "reload"}).get("changed", ())))


@contextlib.contextmanager
def plain_door(app: App, listen: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """Have the broker, started where none runs, serve the gateway without a key for as long as this lasts: where it
    does, and what waits until the broker goes. Raises `UsageError` for an address that may not be."""
    from mcpconf.broker.gateway.neighbours import place_for

    place_for(address(listen)[0])
    starting.start_if_needed(paths(app), words(app))
    with held(paths(app).socket, {"do": "gateway", "listen": listen}) as (answer, connection):
        yield str(answer.get("listen")), lambda: _until_gone(connection)


def _until_gone(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            pass


def log_of(app: App, server: str | None = None) -> str:
    """The path of the broker's own log, or of a server's. Raises `McpconfError` where there is none yet."""
    if server is None:
        path = os.path.join(app.dirs.broker_logs, "broker.log")
        if not app.system.exists(path):
            raise McpconfError("the broker has not run here yet", hint="mcpconf broker start")
        return path
    found = logs(app, server)
    if not found:
        raise McpconfError(silence(app, server) or f"the broker has no log of {server!r}", hint="mcpconf broker status")
    return found[0]


def trouble(app: App, server: str) -> str | None:
    """Why a server does not run now, as the broker says; None where it says nothing of that kind."""
    return next((str(one["error"]) for one in _said_of(app, server) if one["error"] and one["state"] not in WELL), None)


def silence(app: App, server: str) -> str | None:
    """Why there is no log of a server that the broker has run, or tried to; None where it hasn't."""
    error = trouble(app, server)
    if error is not None:
        return f"{server!r} has said nothing, and does not run: {error}"
    used = any(one["state"] != "unused" for one in _said_of(app, server))
    return f"{server!r} has said nothing so far" if used else None


def _said_of(app: App, server: str) -> list[dict[str, Json]]:
    try:
        said = status(app) or {}
    except BrokerUnreachable:
        return []
    return [one for one in said.get("servers", ()) if one["name"] == server]


def logs(app: App, server: str) -> tuple[str, ...]:
    """The broker's logs of a server, the one of that very name first; then those of projects, newest first."""
    directory = os.path.join(app.dirs.broker_logs, "logs")
    names = [name for name in app.system.listdir(directory) if name.endswith(".log")]
    own = [name for name in names if name == f"{server}.log"]
    others = [
        name for name in names if name.startswith(f"{server}.") and len(name) == len(server) + len(".12345678.log")
    ]
    found = [os.path.join(directory, name) for name in others]
    return (*(os.path.join(directory, name) for name in own), *sorted(found, key=os.path.getmtime, reverse=True))
