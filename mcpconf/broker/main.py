"""Where the broker's process begins. No argument parser, no typer, no pydantic: a client may be waiting."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence

from mcpconf.broker.options import Given, Options, parse
from mcpconf.broker.place import socket_directory
from mcpconf.broker.supervisor import supervise
from mcpconf.errors import McpconfError


def main(argv: Sequence[str]) -> int:
    """Serve until told to stop; the exit code."""
    umask = os.umask(0o077)
    try:
        given = parse(argv)
    except McpconfError as error:
        _ready(None)(f"{error}; {error.hint}")
        return error.exit_code
    options = _options(given, umask)
    identity = f"{os.getpid()}-{time.time_ns() // 1_000_000}"
    return supervise(
        lambda parent: _serve(options, identity, parent, given.ready),
        identity,
        lambda killed: _clean(options, identity, killed),
    )


def _options(given: Given, umask: int) -> Options:
    from mcpconf.dirs import find_dirs
    from mcpconf.system import RealSystem

    dirs = find_dirs(RealSystem(), given.config)
    return Options(
        directory=_given() or socket_directory(dirs, os.environ, os.geteuid()),
        data=dirs.data,
        servers=os.path.join(dirs.broker, "servers"),
        logs=dirs.broker_logs,
        listen=given.listen,
        gateway=os.path.join(dirs.broker, "gateway.conf"),
        keyed=os.path.join(dirs.broker, "listen.conf"),
        umask=umask,
    )


def _given() -> str | None:
    """The directory of the socket that systemd opened, where it has started us."""
    if "LISTEN_FDS" not in os.environ:
        return None
    from mcpconf.broker.door.activation import given_directory

    return given_directory(os.environ)


def _serve(options: Options, identity: str, parent: int, ready: int | None) -> int:
    from mcpconf.broker.daemon import Daemon
    from mcpconf.broker.memory import keep_memory

    keep_memory()
    tell = _ready(ready)
    try:
        return Daemon(options, identity, dict(os.environ)).run(parent, tell)
    except McpconfError as error:
        tell(f"{error}; mend it with: {error.hint}" if error.hint else str(error))
        return error.exit_code
    except OSError as error:
        tell(str(error))
        return 1


def _ready(descriptor: int | None) -> Callable[[str], None]:
    """Tells whoever started us that we are ready, or what went wrong; on stderr where nobody asked."""

    def tell(problem: str) -> None:
        line = f"error: {problem}\n" if problem else "ready\n"
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(descriptor, line.encode("utf-8", "replace"))
                os.close(descriptor)
        elif problem:
            sys.stderr.write(f"mcpconf: {problem}\n")

    return tell


def _clean(options: Options, identity: str, killed: bool) -> None:
    """Remove the containers of a broker that has ended, if it started any."""
    from mcpconf.broker.upstream.leftovers import clean

    clean(options.logs, identity, killed=killed)
