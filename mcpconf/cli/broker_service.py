"""`mcpconf broker install` and `mcpconf broker uninstall`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.render.plan import diff_lines, note_lines
from mcpconf.cli.render.service import done_line, printed, step_lines
from mcpconf.errors import UsageError
from mcpconf.workflow import service
from mcpconf.workflow.service_setup import KINDS, setup

Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="|".join(KINDS), help="Who is to start it; who does so here, if not said."),
]


def install(
    kind: Kind = None,
    print_: Annotated[bool, typer.Option("--print", help="Print what it would be given; nothing is written.")] = False,
    dry_run: options.DryRun = False,
) -> int:
    """Make the broker a service of this system.

    systemd opens its socket when you log in, and starts it with the first client. In a container without an init there
    is nothing to install: what to write into devcontainer.json is printed.
    """
    if print_ and dry_run:
        raise UsageError("--print and --dry-run exclude each other", hint="mcpconf broker install --print")
    world = console.app()
    made = setup(world, kind)
    if print_ or not made.files:
        for line in printed(made):
            console.data(line)
        if not print_:
            console.tell("nothing is to be installed here: one of these lines starts the broker with the container")
        return 0
    done = service.preview(world, made) if dry_run else service.install(world, made)
    return _tell(done, world.system.home, dry_run, "the broker is a service now", "it is one already")


def uninstall(
    force: Annotated[bool, typer.Option("--force", help="Remove a file that was edited, too.")] = False,
    dry_run: options.DryRun = False,
) -> int:
    """Take the broker from the system's services.

    What they have started ends. A file that was edited since stays (exit 4) unless --force.
    """
    world = console.app()
    done = (service.preview_removal if dry_run else service.uninstall)(world, force=force)
    return _tell(done, world.system.home, dry_run, "the broker is no service any more", "there is none of mcpconf's")


def _tell(done: service.Done, home: str, dry_run: bool, text: str, already: str) -> int:
    if dry_run:
        for line in [*diff_lines(done.plan, home), *step_lines(done, home, dry_run=True)]:
            console.data(line)
    else:
        for line in [*step_lines(done, home, dry_run=False), done_line(done, text, already), *note_lines(done.notes)]:
            console.tell(line)
    return 0
