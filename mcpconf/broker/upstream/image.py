"""A server in a container: what `docker run` is told, so that it can be ended even after a crash of ours."""

from __future__ import annotations

import os
import subprocess

from mcpconf.broker.upstream.definition import Start
from mcpconf.record import replace

LABEL = "mcpconf.broker"
# A pull would outlast every client's patience; the rest is what Docker's own gateway gives its servers.
FLAGS = ("--pull", "never", "--cpus", "1", "--memory", "2g", "--security-opt", "no-new-privileges")


def contained(start: Start, broker: str, name: str) -> Start:
    """`docker run` with a name, our label and limits; those that the profile gives itself come later and win."""
    program, run, *rest = start.argv
    marks = ("--name", f"mcpconf-{name}", "--label", f"{LABEL}={broker}")
    return replace(start, argv=(program, run, *marks, *FLAGS, *rest))


def remove_all(docker: str, broker: str) -> None:
    """Remove every container that a broker started; what Docker can't do is left to it."""
    environment = dict(os.environ)
    listed = subprocess.run(
        [docker, "ps", "-aq", "--filter", f"label={LABEL}={broker}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        timeout=30,
        check=False,
    )
    found = listed.stdout.decode().split()
    if found:
        subprocess.run(
            [docker, "rm", "-f", *found], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
