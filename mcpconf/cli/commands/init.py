"""`mcpconf init`: the wizard, and the same by flags."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.asked import Asked, asking
from mcpconf.cli.carry_out import carry_out
from mcpconf.cli.catalogue import new_app
from mcpconf.errors import UsageError
from mcpconf.record import replace
from mcpconf.workflow import init as workflow
from mcpconf.workflow.app import App
from mcpconf.workflow.switch import Wish, apply, prepare

app = new_app()


@app.command()
@asking
def init(
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="PROFILE", help="Which profile to activate.")
    ] = None,
    *,
    asked: Asked,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Set everything up: find the clients, choose a profile, write it.

    On a terminal a wizard asks, each question with a default; every answer is also a flag, and the end shows them
    as one line. --yes asks nothing.
    """
    world = console.app()
    found = workflow.defaults(world)
    wish = replace(asked.wish, profile=profile or found.profile)
    if yes or dry_run:
        # Only what was said is remembered: a client that comes later is then found by the next switch.
        return _without_questions(world, wish, dry_run=dry_run, json=json)
    if json or not console.interactive():
        why = "--json asks nothing" if json else "nobody can be asked here"
        raise UsageError(
            f"{why}, so nothing was changed",
            hint="mcpconf init --yes (further: --profile, --client, --scope, --route, --adopt or --keep)",
        )
    from mcpconf.cli import wizard

    said = wizard.Said(profile is not None, *(name in asked.said for name in ("client", "scope", "route")))
    wish = replace(wish, clients=wish.clients or found.clients, scope=wish.scope or found.scope)
    return wizard.run(world, found, wish, said)


def _without_questions(world: App, wish: Wish, *, dry_run: bool, json: bool) -> int:
    prepared = prepare(world, wish)
    if dry_run or json or prepared.plan.files or prepared.plan.blocked or not workflow.is_configured(world):
        return carry_out(world, prepared, "init", check=False, dry_run=dry_run, json=json)
    from mcpconf.cli.wizard import already

    apply(world, prepared, "init")  # what is remembered may still be new
    console.tell(already(prepared))
    return 1 if prepared.unreachable else 0
