"""A server in a container: what the engine's client is told of it.

The limits are those of Docker's own gateway, and a server sees neither the network nor more of this machine's files
than the profile says. What the profile's `flags` say comes later, and wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mcpconf.model import ContainerOptions, Server
from mcpconf.profile.variables import Literal, Secret, parse

ENGINES = ("docker", "podman")  # whose clients take the same words; the first that is here is taken
LABEL = "mcpconf.server"  # what all our containers have, with the server's name
RUN = ("run", "-i", "--rm", "--init")
# A pull would outlast every client's patience. The time is what a server has between being asked to end and made to.
LIMITS = ("--pull", "never", "--cpus", "1", "--memory", "2g", "--security-opt", "no-new-privileges")
GRACE = ("--stop-timeout", "2")

_NETWORK = re.compile(r"--net(work)?(=.*)?")
_PULL = re.compile(r"--pull(=.*)?")
# Variables by which the client itself finds its settings and its engine, and its own programs.
_CLIENTS_OWN = re.compile(r"PATH|HOME|DOCKER_.*|CONTAINERS?_.*|XDG_.*|LD_.*|SSH_.*|TMPDIR")
_ACCESS = {"ro", "rw", "readonly"}
_NAMED_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")


def run_words(server: Server) -> tuple[str, ...]:
    """What stands behind `docker`: values of variables are handed over by name, so that none is in a command line."""
    options = server.container
    words = [*RUN, *LIMITS, *GRACE, "--label", f"{LABEL}={server.name}"]
    words += [word for name, value in server.env.items() for word in ("-e", _variable(name, value))]
    words += [word for volume in options.volumes for word in ("-v", mounted(volume))]
    words += [] if _names_network(options.flags) else ["--network", options.network or "none"]
    words += [*options.flags, server.image or ""]
    # A server with a command of its own means its arguments for that command, not for the image's.
    return (*words, *(() if server.command or server.package else server.args))


def has_network(options: ContainerOptions) -> bool | None:
    """Whether the container gets a network; None where the profile does not say, and so it gets none."""
    if _names_network(options.flags):
        return True
    return None if options.network is None else options.network != "none"


def pulls(options: ContainerOptions) -> bool:
    """Whether the engine may get an image itself that it lacks."""
    return any(_PULL.fullmatch(flag) for flag in options.flags)


def own_environment(server: Server) -> dict[str, str]:
    """The variables that the client gets to hand them over: not those by which it would be led astray itself."""
    return {name: value for name, value in server.env.items() if _variable(name, value) == name}


def mounted(volume: str) -> str:
    """What to mount: a path of this machine is for reading, unless the profile says `rw`; a volume is the server's."""
    fields = list(_fields(volume))
    access = fields[-1].split(",") if len(fields) > 2 else []
    if len(fields) < 2 or _NAMED_VOLUME.fullmatch(fields[0]) or "$" in "".join(fields[2:]) or _ACCESS & set(access):
        return volume
    return f"{volume},ro" if access else f"{volume}:ro"


def _fields(volume: str) -> Iterator[str]:
    """What stands between colons, but for those in a reference and the one behind a drive's letter."""
    pieces = [part.text.split(":") if isinstance(part, Literal) else [f"${part.name}"] for part in parse(volume)]
    joined = _joined(pieces)
    if len(joined) > 1 and len(joined[0]) == 1 and joined[0].isalpha() and joined[1][:1] in ("\\", "/"):
        joined = [f"{joined[0]}:{joined[1]}", *joined[2:]]
    yield from joined


def _joined(pieces: Iterable[list[str]]) -> list[str]:
    """Fields of neighbouring parts, where the end of the one and the beginning of the next are one field."""
    found = [""]
    for first, *rest in pieces:
        found[-1] += first
        found += rest
    return found


def _variable(name: str, value: str) -> str:
    """By its name alone, but for what the client would take for itself and is no secret."""
    is_secret = any(isinstance(part, Secret) for part in parse(value))
    return f"{name}={value}" if _CLIENTS_OWN.fullmatch(name) and not is_secret else name


def _names_network(flags: Iterable[str]) -> bool:
    return any(_NETWORK.fullmatch(flag) for flag in flags)
