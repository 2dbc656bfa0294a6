"""Look at the ways between containers and their host, at what is kept in one, and at what one has left."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence

from mcpconf.broker.place import MOUNTED
from mcpconf.broker.upstream.image import abandoned
from mcpconf.client import claude_code
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.doctor.look.actives import ActiveHere
from mcpconf.doctor.seen.containers import Boxed, ContainersSeen, Fleeting, Left
from mcpconf.document.edit import read_members
from mcpconf.document.fault import Fault
from mcpconf.environment.mounts import Mount, parse_mountinfo
from mcpconf.environment.verdict import Environment
from mcpconf.errors import Located, McpconfError
from mcpconf.gather import DOCKER_SECONDS, find_bridges
from mcpconf.model import Json, Kind, Scope
from mcpconf.plan import decode_file
from mcpconf.route.broker import ADDRESS, KEY
from mcpconf.route.image import ENGINES
from mcpconf.route.launch import Routed
from mcpconf.workflow import brokers, images, notes
from mcpconf.workflow.app import App
from mcpconf.workflow.elsewhere import look_elsewhere

SECONDS = 2 * DOCKER_SECONDS
OFFLINE = "--no-network: neither the host nor an engine is asked"
# What makes containers that are thrown away; those of LXC and the like are machines that stay.
THROWN_AWAY = ("docker", "podman", "containerd", "nerdctl", "kubernetes", "crio")
ROOT, MEMORY = "/", "tmpfs"


def look(
    app: App,
    targets: Sequence[tuple[ClientSpec, Target]],
    actives: Sequence[ActiveHere],
    environment: Environment,
    *,
    server: str | None = None,
    network: bool = True,
) -> ContainersSeen:
    """What MC8xx judge. Raises `McpconfError` where it may not be looked at."""
    if not network:
        raise McpconfError(OFFLINE)
    routed = [one for one in _routed(actives) if server in (None, one.server.name)]
    if environment.kind is Kind.CONTAINER:
        return _inside(app, targets, routed, environment)
    said = _broker(app)
    return ContainersSeen(
        inside=False,
        listening=brokers.tcp_of(said),
        followed=tuple(map(str, said.get("followed", ()))),
        bridges=tuple((one.name, one.address) for one in find_bridges(app.system)),
        left=tuple(_left(app)),
        lacking=tuple(Boxed(one.name, one.image or "") for one in images.lacking(app, notes.boxed(routed))),
    )


def _routed(actives: Iterable[ActiveHere]) -> Iterator[Routed]:
    for here in actives:
        for part in here.prepared.parts if here.prepared else ():
            yield from part.routed


def _broker(app: App) -> dict[str, Json]:
    try:
        return brokers.status(app) or {}
    except McpconfError:
        return {}  # one that hangs is told of where the broker is


def _left(app: App) -> Iterator[Left]:
    for name in ENGINES:
        program = app.system.which(name)
        if program is None:
            continue
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            found = abandoned(program, app.system.env, SECONDS)
            if found:
                yield Left(name, tuple(sorted(found)))


def _inside(
    app: App, targets: Sequence[tuple[ClientSpec, Target]], routed: Sequence[Routed], environment: Environment
) -> ContainersSeen:
    elsewhere = look_elsewhere(app)
    mounts = parse_mountinfo((app.system.read("/proc/self/mountinfo") or b"").decode("utf-8", "replace"))
    thrown_away = environment.runtime in THROWN_AWAY
    return ContainersSeen(
        inside=True,
        tried=elsewhere.tried if elsewhere else (),
        missing=elsewhere.missing if elsewhere else (),
        signs=tuple(_signs(app, targets)),
        fleeting=tuple(_fleeting(app, targets, mounts)) if thrown_away else (),
        boxed=() if _has_engine(app) else tuple(_boxed(routed)),
        lacking=tuple(Boxed(one.name, one.image or "") for one in images.lacking(app, notes.boxed(routed))),
        left=tuple(_left(app)),
    )


def _signs(app: App, targets: Sequence[tuple[ClientSpec, Target]]) -> Iterator[str]:
    """What says that the host's broker is meant to be met in here."""
    yield from (name for name in (ADDRESS, KEY) if app.system.env.get(name))
    if app.system.is_dir(MOUNTED):
        yield f"{MOUNTED} is there"
    for _, target in targets:
        for name, entry in _members(app, target).items():
            env = entry.get("env") if isinstance(entry, dict) else None
            if isinstance(env, dict) and env.get(ADDRESS):
                yield f"{name} ({target.client}, {target.scope}) names it"


def _members(app: App, target: Target) -> dict[str, object]:
    raw = app.system.read(target.path)
    try:
        text = decode_file(target.path, raw).text
        return {name: one.value for name, one in read_members(text, target.pointer, target.dialect).items()}
    except (Located, Fault):
        return {}


def _fleeting(app: App, targets: Sequence[tuple[ClientSpec, Target]], mounts: Sequence[Mount]) -> Iterator[Fleeting]:
    """Personal files with servers in them that go with the container."""
    for path in dict.fromkeys(target.path for _, target in targets if target.scope is Scope.USER):
        mine = [(spec, target) for spec, target in targets if target.path == path]
        if not any(_members(app, target) for _, target in mine) or _outlasts(app, path, mounts):
            continue
        spec = mine[0][0]
        directory = os.path.join(app.system.home, ".claude")
        kept = spec.id == claude_code.ID and app.system.is_dir(directory) and _outlasts(app, directory, mounts)
        yield Fleeting(path, spec.title, directory if kept else "")


def _outlasts(app: App, path: str, mounts: Sequence[Mount]) -> bool:
    """Whether what lies there is not the container's own: some mount below its root holds it."""
    real = app.system.realpath(path)
    above = [one for one in mounts if real == one.point or real.startswith(one.point.rstrip("/") + "/")]
    nearest = max(above, key=lambda one: len(one.point), default=None)
    return nearest is None or (nearest.point != ROOT and nearest.fstype != MEMORY)


def _has_engine(app: App) -> bool:
    for name in ENGINES:
        program = app.system.which(name)
        if program is not None:
            ran = app.system.run((program, "version", "--format", "{{.Server.Version}}"), timeout=SECONDS)
            if ran is None or ran.code == 0:
                return True  # one that is slow is no reason to say that there is none
    return False


def _boxed(routed: Iterable[Routed]) -> Iterator[Boxed]:
    """Servers that have an image and no other way."""
    found = {}
    for one in routed:
        server = one.server
        others = server.command or server.package or server.url or server.endpoint or server.toolkit
        foreign = one.launch is not None and ADDRESS in one.launch.env  # the host's broker runs it
        if server.image and not others and not foreign:
            found[server.name] = Boxed(server.name, server.image, one.route is not None)
    yield from found.values()
