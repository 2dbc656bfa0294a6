"""`mcpconf doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.doctor.finding import Group
from mcpconf.errors import UsageError

app = new_app()


@app.command()
def doctor(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="GROUP", help="This group of checks; may be repeated.")
    ] = None,
    no_network: Annotated[
        bool, typer.Option("--no-network", help="Ask no other program and no address; files alone.")
    ] = False,
    explain: Annotated[str | None, typer.Option("--explain", metavar="ID", help="Tell about one check.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List all checks.")] = False,
    json: options.Json = False,
) -> int:
    """Say what is wrong, why, and the one command that mends it.

    Looks at this place, the clients' files and their entries. Changes nothing. Exit 1 where something does not work.
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
    return _examine(_groups(only or []), network=not no_network, json=json)


def _groups(names: list[str]) -> tuple[Group, ...]:
    """Raises `UsageError` for what is no group."""
    known = {str(group): group for group in Group}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no group {name!r}", hint=f"the groups are {', '.join(known)}")
    return tuple(known[name] for name in names)


def _examine(groups: tuple[Group, ...], *, network: bool, json: bool) -> int:
    from mcpconf.doctor.examine import Order, examine

    world = console.app()
    report = examine(world, Order(groups=groups, network=network))
    if json:
        from mcpconf.doctor.report import doctor_report

        console.as_json("doctor", doctor_report(report, world.system.home))
    else:
        from mcpconf.cli.render.doctor import doctor_lines

        for line in doctor_lines(report.findings, world.system.home):
            console.data(line)
    return 0 if report.healthy else 1
