"""The images of a profile's servers: got before a client waits for them, since nothing pulls one later."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from mcpconf.broker.upstream.image import says_missing
from mcpconf.errors import McpconfError
from mcpconf.model import Note, Profile, Server
from mcpconf.record import dataclass
from mcpconf.route.image import ENGINES, pulls
from mcpconf.workflow.app import App
from mcpconf.workflow.own_servers import only

SECONDS = 1.5  # that an engine has to tell whether it has an image


@dataclass(frozen=True, slots=True)
class Pull:
    """An image, and the servers that run it."""

    image: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pulls:
    """What is to be got by the client of an engine, and what there is to say of servers that need nothing."""

    engine: str
    images: tuple[Pull, ...]
    notes: tuple[Note, ...]


def plan_pulls(app: App, profile: Profile, names: Sequence[str]) -> Pulls:
    """The images of these servers, or of all that are not disabled. Raises `McpconfError` where no engine's client is
    here."""
    named = [only(profile, name).servers[0] for name in dict.fromkeys(names)]
    servers = named or [server for server in profile.servers if not server.disabled]
    notes = tuple(Note(f"{one.name}: {_without_image(one)}") for one in named if one.image is None)
    by_image: dict[str, list[str]] = {}
    for one in servers:
        if one.image is not None:
            by_image.setdefault(one.image, []).append(one.name)
    images = tuple(Pull(image, tuple(users)) for image, users in by_image.items())
    return Pulls(_engine(app) if images else "", images, notes)


def pull(engine: str, image: str, *, quiet: bool) -> bool:
    """Get it, with the engine's own words on stderr, without progress if `quiet`; whether that worked."""
    stdout = subprocess.DEVNULL if quiet else 2
    try:
        done = subprocess.run([engine, "pull", image], stdin=subprocess.DEVNULL, stdout=stdout, check=False)
    except OSError as problem:
        raise McpconfError(f"{engine} could not be started: {problem.strerror}", hint=f"ls -l {engine}") from None
    return done.returncode == 0


def lacking(app: App, servers: Sequence[Server]) -> tuple[Server, ...]:
    """Those whose image is not here, where the engine says so in time; it is asked about all of them at once first."""
    wanted = [one for one in servers if one.image is not None and not pulls(one.container)]
    engine = _found(app)
    if engine is None or not wanted or _is_here(app, engine, [one.image or "" for one in wanted]) is not False:
        return ()
    return tuple(one for one in wanted if _is_here(app, engine, [one.image or ""]) is False)


def _is_here(app: App, engine: str, images: Sequence[str]) -> bool | None:
    """Whether all of them are; None where that is not told."""
    ran = app.system.run([engine, "image", "inspect", "--format", "-", *dict.fromkeys(images)], timeout=SECONDS)
    if ran is None or ran.code == 0:
        return None if ran is None else True
    return False if says_missing(ran.err) else None


def _found(app: App) -> str | None:
    return next((path for name in ENGINES if (path := app.system.which(name)) is not None), None)


def _engine(app: App) -> str:
    found = _found(app)
    if found is None:
        raise McpconfError("neither docker nor podman is on PATH", hint="install Docker or Podman")
    return found


def _without_image(server: Server) -> str:
    if server.package is not None:
        return f"nothing to pull: what runs {server.package} gets it when it starts"
    return "nothing to pull: it has no image"
