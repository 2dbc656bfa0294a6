"""`mcpconf import`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.carry_out import carry_out
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import note_lines
from mcpconf.errors import UsageError
from mcpconf.plan import Foreign
from mcpconf.redact import redact
from mcpconf.workflow import adopt as workflow
from mcpconf.workflow import own_profile, secrets, settings
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.switch import Wish, prepare
from mcpconf.workflow.targets import choose_targets

app = new_app()


@app.command("import")
def import_(
    name: Annotated[str, typer.Option("--profile", metavar="PROFILE", help="The profile to write.")] = "imported",
    client: options.Client = None,
    scope: options.ScopeOption = None,
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
    kept = settings.load(world.system.read(world.dirs.settings), world.dirs.settings)
    facts, _ = world.look()
    targets = choose_targets(world.place, facts, kept, tuple(client or ()), options.scope(scope))
    found = workflow.plan_import(world, targets, name)
    if json:
        console.as_json("import", {"profile": name, "servers": list(found.servers), "secrets": sorted(found.secrets)})
    else:
        console.data(redact(found.edit.after).rstrip("\n"))
    for line in note_lines(found.notes):
        console.tell(line)
    if dry_run:
        return 0
    _may_write(found, yes)
    for secret, value in found.secrets.items():
        secrets.store(world, secret, value)
    own_profile.save(world, found.edit)
    kept_too = f" and kept {', '.join(found.secrets)} in the secrets file" if found.secrets else ""
    console.tell(f"wrote {tilde(found.edit.path, world.system.home)}{kept_too}")
    if not adopt:
        console.tell(f"the client's file is as it was; to let mcpconf keep it: mcpconf switch {name} --adopt")
        return 0
    wish = Wish(
        profile=name, clients=tuple(client or ()), scope=options.scope(scope), foreign=Foreign.ADOPT, remember=False
    )
    return carry_out(world, prepare(world, wish), f"import {name}", check=False, dry_run=False, json=False)


def _may_write(found: workflow.Imported, yes: bool) -> None:
    if yes or found.edit.before is None:
        return
    if not console.interactive():
        raise UsageError(f"you have a profile {found.edit.name!r} already", hint="--yes adds to it; --profile NAME")
    ask.sure(f"Add these servers to your profile {found.edit.name}?")
