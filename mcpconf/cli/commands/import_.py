"""`mcpconf import`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.carry_out import finish
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.render.table import symbol
from mcpconf.errors import UsageError
from mcpconf.plan import Foreign
from mcpconf.redact import redact
from mcpconf.workflow import adopt as workflow
from mcpconf.workflow import choices, own_profile, secrets
from mcpconf.workflow.amend import amend, refuse_hidden
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.own_profile import ProfileEdit
from mcpconf.workflow.settings import parse_scope
from mcpconf.workflow.switch import Wish
from mcpconf.workflow.targets import choose_targets

app = new_app()


@app.command("import")
def import_(
    name: Annotated[str, typer.Option("--profile", metavar="PROFILE", help="The profile to write.")] = "imported",
    client: options.OnlyClient = None,
    scope: options.OnlyScope = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Then switch to it, taking the entries over.")] = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Turn what a client has now into a profile of yours.

    Literal values with telling names (tokens, keys) go into the secrets file; the profile names them. The client's
    own file stays as it is unless --adopt.
    """
    world = console.app()
    kept = choices.load(world)
    facts, _ = world.look()
    targets = choose_targets(world.place, facts, kept, tuple(client or ()), parse_scope(scope))
    found = workflow.plan_import(world, targets, name)
    going = workflow.leaving(world, targets, found.edit) if adopt else ()
    _show(found, going, json)
    if dry_run:
        return 0
    if adopt:
        refuse_hidden(world, found.edit)  # before a secret is kept
    _may_write(found, going, yes)
    for secret, value in found.secrets.items():
        secrets.store(world, secret, value)

    def plan() -> ProfileEdit:
        return own_profile.unchanged(world, found.edit)

    if not adopt:
        own_profile.save(world, plan)
        _tell_written(world, found)
        console.tell(f"the client's file is as it was; to let mcpconf keep it: mcpconf switch {name} --adopt")
        return 0
    clients = tuple(client or ())
    wish = Wish(profile=name, clients=clients, scope=parse_scope(scope), foreign=Foreign.ADOPT, remember=False)
    applied = amend(world, plan, wish, f"import {name}")
    _tell_written(world, found)
    code = finish(world, applied, json=False)
    if going:
        console.tell(f"taken out: {_listed(going)}; back to them: mcpconf switch -")
    return code


def _show(found: workflow.Imported, going: tuple[str, ...], json: bool) -> None:
    report = {"profile": found.edit.name, "servers": list(found.servers), "secrets": sorted(found.secrets)}
    if json:
        console.as_json("import", {**report, "leaving": list(going)})
    else:
        console.data(redact(found.edit.after).rstrip("\n"))
    for line in note_lines(found.notes):
        console.tell(line)
    if going:
        console.tell(f"{symbol('warn')} switching to {found.edit.name} takes out what is not in it: {_listed(going)}")


def _listed(names: tuple[str, ...]) -> str:
    return console.visible(", ".join(names))


def _tell_written(world: App, found: workflow.Imported) -> None:
    kept_too = f" and kept {', '.join(found.secrets)} in the secrets file" if found.secrets else ""
    console.tell(f"wrote {tilde(found.edit.path, world.system.home)}{kept_too}")


def _may_write(found: workflow.Imported, going: tuple[str, ...], yes: bool) -> None:
    if yes:
        return
    if not console.interactive():
        if found.edit.before is not None:
            hint = "--yes adds to it; --profile NAME"
            raise UsageError(f"you have a profile {found.edit.name!r} already", hint=hint)
        return
    if found.edit.before is not None:
        ask.sure(f"Add these servers to your profile {found.edit.name}?")
    if going:
        ask.sure(f"Take {_listed(going)} out, and switch to {found.edit.name}?")
