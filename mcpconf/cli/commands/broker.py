"""`mcpconf broker run|start|stop|restart|status|logs|warm|gateway|expose|install|uninstall|reload|key`."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

import typer

from mcpconf.broker.start import command
from mcpconf.cli import console, options
from mcpconf.cli.broker_expose import expose
from mcpconf.cli.broker_keys import app as keys
from mcpconf.cli.broker_service import install, uninstall
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.broker import (
    elsewhere_lines,
    failed_lines,
    running_line,
    status_lines,
    stopped_line,
    warmed_lines,
)
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.tailing import Count, Follow, show
from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Note
from mcpconf.workflow import brokers
from mcpconf.workflow.app import App
from mcpconf.workflow.elsewhere import Elsewhere, look_elsewhere
from mcpconf.workflow.report import broker_report

UNREACHABLE = 6
SECOND = 1.0

app = new_app("Run the broker, which keeps servers alive between sessions.")
app.add_typer(keys, name="key")
Listen = Annotated[
    list[str] | None,
    typer.Option("--listen", metavar="tcp:HOST:PORT", help="Also serve clients that have a key; may be repeated."),
]
Nonlocal = Annotated[
    bool, typer.Option("--allow-nonlocal", help="Also where other machines or containers can reach it.")
]


def _world() -> App:
    world = console.app()
    if world.system.platform == "windows":
        raise McpconfError("there is no broker for Windows yet", hint="--route wrapper, or run it in WSL")
    return world


def _words(world: App, listen: list[str] | None, allow_nonlocal: bool) -> list[str]:
    if listen and allow_nonlocal:
        console.tell(
            "! whoever shares that network with the broker can change what passes after the handshake; to reach it from"
            " a container, mounting the socket directory is safer"
        )
    return brokers.words(world, listen or (), allow_nonlocal=allow_nonlocal)


@app.command("run")
def run(listen: Listen = None, allow_nonlocal: Nonlocal = False) -> int:
    """Run the broker here, until it is stopped. For systemd and the like."""
    argv = command(_words(_world(), listen, allow_nonlocal))
    os.execv(argv[0], argv)  # noqa: S606  a list of words, and no shell


@app.command("start")
def start(
    listen: Listen = None,
    allow_nonlocal: Nonlocal = False,
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Do nothing where one runs.")] = False,
) -> int:
    """Start the broker in the background, and wait for it."""
    world = _world()
    said = brokers.start(world, _words(world, listen, allow_nonlocal), if_needed=if_needed)
    console.tell(running_line(said, world.system.home))
    return 0


@app.command("stop")
def stop() -> int:
    """Stop the broker and the servers that it keeps."""
    stopped = brokers.stop(_world())
    console.tell(stopped_line(stopped))
    return 0


@app.command("restart")
def restart(listen: Listen = None, allow_nonlocal: Nonlocal = False) -> int:
    """Stop the broker and start it again.

    It listens where it did. Shims connect again by themselves.
    """
    world = _world()
    before = brokers.given_tcp(brokers.status(world) or {})
    if listen is None and before:
        words = brokers.words(world, before, allow_nonlocal=True)  # as it was granted before
    else:
        words = _words(world, listen, allow_nonlocal)
    stopped, said = brokers.restart(world, words)
    now = running_line(said, world.system.home)
    console.tell(f"no broker was running; started it: {now}" if stopped is None else f"{stopped_line(stopped)}; {now}")
    return 0


@app.command("status")
def status(
    json: options.Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew each second, until Ctrl-C.")] = False,
) -> int:
    """Show servers, their processes and clients.

    In a container without a broker of its own: whether the host's is met. Exit 6 where there is none.
    """
    world = _world()
    if json and watch:
        raise UsageError("--watch and --json exclude each other", hint="mcpconf broker status --json")
    if json:
        said = brokers.status(world)
        elsewhere = look_elsewhere(world) if said is None else None
        console.as_json("broker", broker_report(said, world.system.home, elsewhere))
        return _code(said, elsewhere)
    if not watch:
        return _show(world)
    if not (sys.stdout and sys.stdout.isatty()):
        raise UsageError("--watch needs a terminal", hint="mcpconf broker status --json")
    try:
        while True:
            console.clear()
            _show(world)
            time.sleep(SECOND)
    except KeyboardInterrupt:
        return 0


def _show(world: App) -> int:
    said = brokers.status(world)
    elsewhere = look_elsewhere(world) if said is None else None
    for line in status_lines(broker_report(said, world.system.home), world.system.home) + elsewhere_lines(elsewhere):
        console.data(line)
    return _code(said, elsewhere)


def _code(said: object, elsewhere: Elsewhere | None) -> int:
    return 0 if said is not None or (elsewhere and elsewhere.broker) else UNREACHABLE


@app.command("logs")
def logs(
    server: Annotated[
        str | None, typer.Argument(metavar="SERVER", help="A server; the broker itself, if none.")
    ] = None,
    follow: Follow = False,
    lines: Count = 50,
) -> int:
    """Show the log of a server, or of the broker itself.

    A server's has what it said on stderr, and what the broker says of it.
    """
    world = console.app()
    path = brokers.log_of(world, server)
    error = None if server is None else brokers.trouble(world, server)
    if error is not None:
        for line in note_lines((Note(f"it does not run: {error}"),)):
            console.tell(line)
    return show(path, follow=follow, lines=lines)


@app.command("warm")
def warm(
    servers: Annotated[list[str] | None, typer.Argument(metavar="SERVER...", help="Which ones; all, if none.")] = None,
) -> int:
    """Start servers before somebody needs them.

    It waits up to five seconds for them; exit 1 where one does not start.
    """
    warmed = brokers.warm(_world(), servers or ())
    for line in warmed_lines(warmed):
        console.tell(line)
    for line in failed_lines(warmed):
        console.complain(line)
    if warmed == brokers.Warmed():
        console.tell("the broker has no servers to start")
    return 1 if warmed.failed else 0


@app.command("gateway")
def gateway(
    listen: Annotated[
        str, typer.Option("--listen", metavar="tcp:ADDR:PORT", help="On the loopback address, or on a bridge's.")
    ] = "tcp:127.0.0.1:8811",
) -> int:
    """Serve all servers as one, without a key, until Ctrl-C.

    For entries that can't shake hands, such as the classic one of Docker's Toolkit. With a key or on the unix socket
    the gateway is there anyway.
    """
    with brokers.plain_door(_world(), listen) as (address, until_gone):
        console.tell(f"! all servers are served at {address}, to whoever reaches it; Ctrl-C ends that")
        try:
            until_gone()
        except KeyboardInterrupt:
            return 0
    raise McpconfError("the broker has ended", hint="mcpconf broker logs")


app.command("expose")(expose)
app.command("install")(install)
app.command("uninstall")(uninstall)


@app.command("reload")
def reload() -> int:
    """Have servers' definitions and keys read again.

    Clients of servers that did not change notice nothing.
    """
    changed = brokers.reload(_world())
    console.tell(f"changed: {', '.join(changed) or 'none'}")
    return 0
