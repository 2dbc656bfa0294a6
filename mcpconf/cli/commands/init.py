"""`mcpconf init`: the wizard, and the same by flags."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.carry_out import carry_out
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.env import verdict_line
from mcpconf.cli.render.plan import diff_lines, headline, note_lines, plan_lines
from mcpconf.client.table import CLIENTS
from mcpconf.errors import UsageError
from mcpconf.model import Kind, RouteName, Scope
from mcpconf.workflow import init as workflow
from mcpconf.workflow.app import App
from mcpconf.workflow.switch import Wish, prepare

app = new_app()


@app.command()
def init(
    profile: Annotated[str | None, typer.Option("--profile", help="Which profile to activate.")] = None,
    client: options.Client = None,
    scope: options.ScopeOption = None,
    route: options.Route = None,
    portable: options.Portable = False,
    adopt: options.Adopt = False,
    keep: options.Keep = False,
    force: options.Force = False,
    approve: options.Approve = False,
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
    wish = Wish(
        profile=profile or found.profile,
        clients=tuple(client or found.clients),
        scope=options.scope(scope) or found.scope,
        route=options.route(route),
        portable=portable,
        foreign=options.foreign(adopt, keep),
        force=force,
        approve=approve,
    )
    asking = not (yes or dry_run or json)
    if not asking:
        # Only what was said is remembered: a client that comes later is then found by the next switch.
        wish = replace(wish, clients=tuple(client or ()), scope=options.scope(scope))
    if asking and not console.interactive():
        raise UsageError(
            "nobody can be asked here, so nothing was changed",
            hint="mcpconf init --yes (also --profile, --client, --scope, --route)",
        )
    if asking:
        return _wizard(world, found, wish, named=profile is not None)
    prepared = prepare(world, wish)
    if not prepared.plan.files and workflow.is_configured(world) and not json:
        console.tell(f"already configured: {headline(prepared, True)}")
    return carry_out(world, prepared, "init", check=False, dry_run=dry_run, json=json)


def _wizard(world: App, found: workflow.Defaults, wish: Wish, *, named: bool) -> int:
    """Evidence, profile, clients, scope, route, diff, confirmation."""
    console.tell(f"{console.paint('mcpconf', 'bold')} gives every Claude client here the same MCP servers.")
    console.tell(f"This place: {verdict_line(found.environment)}  (mcpconf env --explain)")
    names = ", ".join(spec.title for spec in found.detected) or "none yet; Claude Code may come later"
    console.tell(f"Clients found: {names}")
    console.tell("")
    kind = _ask_kind(found)
    if kind is not None:
        world = replace(world, override=kind)
    if not named:
        wish = replace(wish, profile=ask.profile(world, wish.profile))
    wish = _ask_targets(wish)
    wish = replace(wish, route=_ask_route(wish.route))
    return _confirm(world, wish, kind)


def _ask_kind(found: workflow.Defaults) -> Kind | None:
    """Only where the evidence does not tell."""
    if found.environment.kind is not Kind.UNKNOWN:
        return None
    rows = [(str(kind), str(kind), text) for kind, text in workflow.kinds()]
    return Kind(ask.select("The evidence does not tell where this is. Which is it?", rows))


def _ask_targets(wish: Wish) -> Wish:
    rows = [(spec.id, spec.title, "") for spec in CLIENTS]
    clients = ask.several("Which clients?", rows, wish.clients)
    scopes = [scope for spec in CLIENTS if spec.id in clients for scope in spec.scopes]
    if set(scopes) == {Scope.USER}:
        return replace(wish, clients=clients, scope=Scope.USER)
    rows = [
        (str(Scope.USER), "user", "you, everywhere"),
        (str(Scope.LOCAL), "local", "you, in this project only"),
        (str(Scope.PROJECT), "project", "everybody who works on this project (.mcp.json)"),
    ]
    return replace(wish, clients=clients, scope=Scope(ask.select("For whom?", rows, str(wish.scope))))


def _ask_route(route: RouteName | None) -> RouteName | None:
    rows = (
        ("auto", "auto", "the best one for each server"),
        (str(RouteName.DIRECT), "direct", "clients start the servers themselves"),
        (str(RouteName.WRAPPER), "wrapper", "a script starts them, and fills in secrets"),
        (str(RouteName.TOOLKIT), "toolkit", "Docker's MCP Toolkit, for what its catalog has"),
    )
    return options.route(ask.select("How should clients reach the servers?", rows, str(route or "auto")))


def _confirm(world: App, wish: Wish, kind: Kind | None) -> int:
    prepared = prepare(world, wish)
    while prepared.plan.blocked:
        choice = ask.foreign(tuple(conflict.name for conflict in prepared.plan.blocked))
        if choice is wish.foreign:
            raise KeyboardInterrupt
        wish = replace(wish, foreign=choice)
        prepared = prepare(world, wish)
    home = world.system.home
    console.tell("")
    for line in [*plan_lines(prepared, home), *diff_lines(prepared.plan, home), *note_lines(prepared.notes)]:
        console.tell(line)
    if not prepared.plan.files:
        console.tell(f"already configured: {headline(prepared, True)}")
    elif not ask.confirm("Write this?"):
        raise KeyboardInterrupt
    code = carry_out(world, prepared, "init", check=False, dry_run=False, json=False)
    console.tell("")
    console.tell("The same as one line, for a script:")
    console.tell("  " + workflow.command_line(wish, kind))
    return code
