"""Opening this machine's broker to containers: what there is, which ways that leaves, and going one of them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mcpconf.broker.door.keys import check_id, keys_directory, list_keys, new_key
from mcpconf.environment.engine import (
    BRIDGE_NAME,
    DOCKER_INFO,
    PODMAN_INFO,
    Engine,
    Home,
    docker_engine,
    podman_engine,
)
from mcpconf.environment.exposure import Machine, Way, ways_in
from mcpconf.errors import McpconfError, Refused, UsageError
from mcpconf.gather import DOCKER_SECONDS, find_bridges
from mcpconf.model import Kind
from mcpconf.record import dataclass
from mcpconf.workflow import brokers
from mcpconf.workflow.app import App

ENGINES = ("docker", "podman")
WAYS = ("mount", "tcp")
SECONDS = 2 * DOCKER_SECONDS  # an engine that has slept takes its time
ENFORCES = "/sys/fs/selinux/enforce"
LINGER = "/var/lib/systemd/linger"


@dataclass(frozen=True, slots=True)
class Exposure:
    """The ways in for an engine's containers, the best first. `chosen` was asked for by its name."""

    engine: Engine
    machine: Machine
    ways: tuple[Way, ...]
    chosen: str | None = None

    @property
    def way(self) -> Way:
        """The one to go."""
        return next((way for way in self.ways if way.name == self.chosen), self.ways[0])


def expose(app: App, to: str | None = None, by: str | None = None, key: str = "container") -> Exposure:
    """Look what there is; nothing is changed. Raises `UsageError` for words that it does not know, `McpconfError` where
    this is a container itself."""
    for word, known, option in ((to, ENGINES, "--to"), (by, WAYS, "--by")):
        if word is not None and word not in known:
            raise UsageError(f"{option} {word!r} is not one of {', '.join(known)}", hint=f"{option} {known[0]}")
    check_id(key)
    if app.look()[1].kind is Kind.CONTAINER:
        raise McpconfError(
            "this is a container: run it on the machine whose broker is meant", hint="if this is one: --env host"
        )
    engine = find_engine(app, ENGINES if to is None else (to,))
    machine = look(app, key)
    return Exposure(engine, machine, ways_in(engine, machine), by)


def find_engine(app: App, programs: Sequence[str]) -> Engine:
    """The first of these engines that answers; one of unknown home where none does."""
    for program in programs:
        found = _asked(app, program)
        if found is not None:
            return found
    # Without an engine nothing is known but the system: on macOS every one has a virtual machine.
    home = Home.UNKNOWN if app.system.platform == "linux" else Home.MACHINE
    return Engine(programs[0], home, bridge="docker0" if programs[0] == "docker" else "podman0")


def _asked(app: App, program: str) -> Engine | None:
    path = app.system.which(program)
    if path is None or not os.path.isabs(path):
        return None
    platform = app.system.platform
    if program == "docker":
        told = _said(app, path, "info", "--format", DOCKER_INFO)
        found = docker_engine(told, platform)
        if found is not None:
            named = _said(app, path, "network", "inspect", "bridge", "--format", BRIDGE_NAME) if found.bridge else ""
            return docker_engine(told, platform, named.strip())
    return podman_engine(_said(app, path, "info", "--format", PODMAN_INFO), platform, program)


def _said(app: App, *argv: str) -> str:
    ran = app.system.run(argv, timeout=SECONDS)
    return ran.out if ran is not None and ran.code == 0 else ""


def look(app: App, key: str) -> Machine:
    """This machine, as far as a way in depends on it."""
    system = app.system
    said = brokers.status(app)
    keys = keys_directory(app.dirs.data)
    name = system.env.get("USER") or system.env.get("LOGNAME") or ""
    return Machine(
        directory=app.runtime,
        uid=system.uid,
        key=key,
        key_file=os.path.join(keys, key),
        bridges=tuple((one.name, one.address) for one in find_bridges(system)),
        running=said is not None,
        listening=brokers.tcp_of(said or {}),
        lasting=tuple(map(str, (said or {}).get("followed", ()))),
        has_key=any(one.id == key and one.problem is None for one in list_keys(keys)),
        selinux=(system.read(ENFORCES) or b"").strip() == b"1",
        lingers=not app.runtime.startswith("/run/user/") or system.exists(f"{LINGER}/{name}"),
    )


def variables(app: App) -> dict[str, str]:
    """The variables of this machine that a file may name in the place of directories, the longest first."""
    env = app.system.env
    return {name: env[name] for name in ("XDG_RUNTIME_DIR", "HOME") if os.path.isabs(env.get(name, ""))}


def apply(app: App, exposure: Exposure) -> Exposure:
    """Do what is left to do on this machine for the chosen way; how it is then. Raises `Refused` where it is none."""
    way = exposure.way
    if way.trouble:
        raise Refused(f"--by {way.name} is no way in here: {way.trouble}; nothing was changed")
    if way.name == "mount":
        brokers.start(app, brokers.words(app), if_needed=True)
    else:
        _listen(app, exposure.machine, way.listen)
    machine = look(app, exposure.machine.key)
    return Exposure(exposure.engine, machine, ways_in(exposure.engine, machine), exposure.chosen)


def _listen(app: App, machine: Machine, listen: str) -> None:
    """Have a key, and a broker that listens there as well as where it does."""
    if not machine.has_key:
        new_key(keys_directory(app.dirs.data), machine.key)
    if listen in machine.listening:
        brokers.reload(app)
        return
    before = brokers.given_tcp(brokers.status(app) or {})
    words = brokers.words(app, (*before, listen), allow_nonlocal=True)
    if machine.running:
        brokers.restart(app, words)
    else:
        brokers.start(app, words)
