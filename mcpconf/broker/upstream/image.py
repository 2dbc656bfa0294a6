"""A server in a container: what tells it from all others, and its end, also after a crash of whoever started it.

`docker run` is a client only. The container goes by itself where its server ends with its stdin; one that does not, or
whose client was killed in the middle of making it, is found by its labels.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence

from mcpconf.broker.upstream.definition import Container, Start
from mcpconf.broker.upstream.owner import is_gone, owner_of
from mcpconf.errors import McpconfError
from mcpconf.record import replace

BROKER, OWNER, SESSION = "mcpconf.broker", "mcpconf.owner", "mcpconf.session"
PATIENCE = 30.0  # seconds that an engine has to answer
# Seconds after which one looks for what is left, each from the look before: whoever was killed may have asked for a
# container that the engine is still making.
ONCE, TWICE, LONGER = (0.0,), (0.0, 0.7), (0.0, 0.7, 2.3)
# What docker and podman say of an image that they lack.
_MISSING = ("no such image", "image not known", "unable to find image")


def contained(start: Start, image: str, server: str, session: str, broker: str | None = None) -> Start:
    """`docker run` with a name and labels of ours; a name that the profile gives itself comes later, and wins."""
    engine, run, *rest = start.argv
    labels = {SESSION: session, OWNER: owner_of(os.getpid()), BROKER: broker}
    words = [word for name, value in labels.items() if value for word in ("--label", f"{name}={value}")]
    container = Container(engine, session, image, server.partition(".")[0])
    return replace(start, argv=(engine, run, "--name", session, *words, *rest), container=container)


class NoImage(McpconfError):
    """The engine does not have the image."""


def lacking(said: str, container: Container | None) -> NoImage | None:
    """What there is to do about an image that is not here, where that is what the engine's client says."""
    if container is None or not says_missing(said):
        return None
    return NoImage(f"the image {container.image} is not here", hint=f"mcpconf server pull {container.server}")


def says_missing(said: str) -> bool:
    """Whether these are an engine's words for an image that it does not have."""
    return any(words in said.lower() for words in _MISSING)


def remove(container: Container, environ: Mapping[str, str], looks: Sequence[float] = ONCE) -> None:
    """Remove what is left of a container whose client has ended, or been ended."""
    _remove([container.engine], f"{SESSION}={container.session}", environ, looks)


def remove_all(engines: Collection[str], broker: str, looks: Sequence[float]) -> None:
    """Remove every container that a broker started; what an engine can't do is left to it."""
    _remove(engines, f"{BROKER}={broker}", os.environ, looks)


def sweep(engine: str, environ: Mapping[str, str]) -> None:
    """Remove containers whose owner is gone, whoever that was: a broker, a wrapper, a command of ours."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        _force(engine, [number for number, owner in _owned(engine, environ) if is_gone(owner)], environ)


def _owned(engine: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The containers that have an owner."""
    found = _listed(engine, OWNER, environ)
    if not found:
        return
    shape = f'{{{{.Id}}}} {{{{index .Config.Labels "{OWNER}"}}}}'
    for line in _said(engine, "inspect", "--format", shape, *found, env=environ).splitlines():
        number, _, owner = line.partition(" ")
        yield number, owner


def _remove(engines: Collection[str], label: str, environ: Mapping[str, str], looks: Sequence[float]) -> None:
    for pause in looks:
        time.sleep(pause)
        for engine in engines:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                _force(engine, _listed(engine, label, environ), environ)


def _listed(engine: str, label: str, environ: Mapping[str, str]) -> list[str]:
    return _said(engine, "ps", "-aq", "--no-trunc", "--filter", f"label={label}", env=environ).split()


def _force(engine: str, containers: Sequence[str], environ: Mapping[str, str]) -> None:
    if containers:
        _said(engine, "rm", "-f", *containers, env=environ)


def _said(*argv: str, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, env=dict(env), timeout=PATIENCE, check=False
    )
    return done.stdout.decode("utf-8", "replace")
