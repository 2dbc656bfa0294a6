"""`mcpconf init`: the wizard, and the same by flags."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.asked import Asked, asking
from mcpconf.cli.carry_out import carry_out
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.edit_profile import drop_vain_broker, own_profile_lines
from mcpconf.errors import UsageError
from mcpconf.record import replace
from mcpconf.workflow import init as workflow
from mcpconf.workflow.app import App
from mcpconf.workflow.switch import Wish, prepare

app = new_app()


@app.command()
@asking
def init(
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="PROFILE", help="Which profile to activate.")
    ] = None,
    *,
    asked: Asked,
    broker: Annotated[
        bool | None,
        typer.Option(
            "--broker/--no-broker", help="Keep servers running between sessions. The default in a container only."
        ),
    ] = None,
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
    wish = replace(asked.wish, profile=profile or found.profile, autostart=broker)
    if yes or dry_run:
        told = broker is not None
        if broker is None and not wish.portable:
            wish = replace(wish, autostart=workflow.keep_running(world, wish.profile, found.environment.kind))
        # Only what was said is remembered: a client that comes later is then found by the next switch.
        return _without_questions(world, wish, told=told, dry_run=dry_run, json=json)
    if json or not console.interactive():
        why = "--json asks nothing" if json else "nobody can be asked here"
        raise UsageError(
            f"{why}, so nothing was changed",
            hint="mcpconf init --yes (further: --profile, --client, --scope, --route, --adopt or --keep)",
        )
    from mcpconf.cli import wizard

    clients, scope, route = (name in asked.said for name in ("client", "scope", "route"))
    said = wizard.Said(profile is not None, clients, scope, route, broker is not None)
    wish = replace(wish, clients=wish.clients or found.clients, scope=wish.scope or found.scope)
    return wizard.run(world, found, wish, said)


def _without_questions(world: App, wish: Wish, *, told: bool, dry_run: bool, json: bool) -> int:
    prepared = drop_vain_broker(world, prepare(world, wish), told=told)
    edit = workflow.edited(world, prepared)
    for line in [] if json else own_profile_lines(world, prepared):
        console.tell(line)
    if dry_run or json or edit or prepared.plan.files or prepared.plan.blocked or not workflow.is_configured(world):
        wrote = edit.path if edit else None
        return carry_out(
            world, prepared, "init", check=False, dry_run=dry_run, json=json, apply=workflow.apply, wrote=wrote
        )
    from mcpconf.cli.wizard import already

    workflow.apply(world, prepared, "init")  # what is remembered may still be new
    console.tell(already(prepared))
    return 1 if prepared.unreachable else 0
