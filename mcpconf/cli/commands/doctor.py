"""`mcpconf doctor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.ending import end_cleanly
from mcpconf.doctor.finding import groups
from mcpconf.errors import McpconfError, UsageError
from mcpconf.record import replace

if TYPE_CHECKING:
    from mcpconf.doctor.examine import Order
    from mcpconf.doctor.mend import Outcome
    from mcpconf.workflow.app import App

app = new_app()


@app.command()
def doctor(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="GROUP", help="This group of checks; may be repeated.")
    ] = None,
    server: Annotated[str | None, typer.Option("--server", metavar="NAME", help="Look at this server alone.")] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Start each server twice, and wait as long as its client does.")
    ] = False,
    slowest: Annotated[bool, typer.Option("--slowest", help="Show the slowest servers first.")] = False,
    no_network: Annotated[
        bool, typer.Option("--no-network", help="Call no address, and start nothing that has to be fetched.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Do what is safe to do; ask for the rest.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --fix: do the rest, too, without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="With --fix: show it only.")] = False,
    explain: Annotated[str | None, typer.Option("--explain", metavar="ID", help="Tell about one check.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List all checks.")] = False,
    json: options.Json = False,
) -> int:
    """Say what is wrong, why, and the one command that mends it.

    Looks at this place, the clients' files and their entries, and starts each server as its client would. Changes
    nothing without --fix. Exit 1 where something does not work.
    """
    if explain is not None:
        from mcpconf.doctor.explain import page

        console.data(page(explain).rstrip())
        return 0
    if list_:
        from mcpconf.cli.render.doctor import check_lines

        for line in check_lines():
            console.data(line)
        return 0
    if (yes or dry_run) and not fix:
        raise UsageError("--yes and --dry-run belong to --fix", hint="mcpconf doctor --fix --dry-run")
    from mcpconf.doctor.examine import Order

    order = Order(groups=groups(only or []), server=server, deep=deep, network=not no_network)
    end_cleanly()
    world = _world()
    mended = _mend(world, order, yes=yes, dry_run=dry_run) if fix else ()
    return _examine(world, order, mended, slowest=slowest, json=json)


def _world() -> App:
    """The real outside world. What is wrong with it in a way that ends every other command is for us to tell."""
    try:
        world = console.app()
    except UsageError as error:
        if console.settings.env is not None:
            raise
        console.complain(f"MCPCONF_ENV: {error}")  # MC055 tells more
        console.settings.env = "auto"
        world = console.app()
    try:
        world.system.cwd  # noqa: B018  asked for its failure
    except McpconfError as error:
        console.complain(f"{error}; looking from the home directory")
        os.chdir(world.system.home if os.path.isdir(world.system.home) else os.sep)
    return world


def _mend(world: App, order: Order, *, yes: bool, dry_run: bool) -> tuple[Outcome, ...]:
    from mcpconf.cli.mending import mend
    from mcpconf.doctor.examine import examine

    return mend(world, examine(world, replace(order, starts=False)).findings, yes=yes, dry_run=dry_run)


def _examine(world: App, order: Order, mended: tuple[Outcome, ...], *, slowest: bool, json: bool) -> int:
    from mcpconf.cli.progress import progress
    from mcpconf.doctor.examine import examine

    with progress() as tell:
        report = examine(world, order, tell)
    if json:
        from mcpconf.doctor.report import doctor_report

        console.as_json("doctor", doctor_report(report, world.system.home, mended))
    else:
        from mcpconf.cli.render.doctor import doctor_lines
        from mcpconf.cli.render.doctor_tree import tree_lines

        tree = tree_lines(report.picture(slowest=slowest), world.system.home)
        for line in [*tree, ""] if tree else ():
            console.data(line)
        for line in doctor_lines(report.findings, world.system.home):
            console.data(line)
    return 0 if report.healthy else 1
