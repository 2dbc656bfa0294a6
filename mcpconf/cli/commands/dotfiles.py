"""`mcpconf dotfiles install|uninstall|status|log`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render import dotfiles as render
from mcpconf.cli.render.plan import note_lines
from mcpconf.errors import McpconfError, Refused
from mcpconf.workflow.dotfiles import install as installing
from mcpconf.workflow.dotfiles import log as log_
from mcpconf.workflow.dotfiles import report, status_of
from mcpconf.workflow.dotfiles import uninstall as removing
from mcpconf.workflow.dotfiles.placing import Standing

app = new_app("Set up from a dotfiles repository: its profiles, the shell integration, the profile for this place.")


@app.command()
def install(
    source: Annotated[
        str | None, typer.Option("--from", metavar="DIR|URL", help="The repository; a URL is cloned.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="PROFILE", help="This profile, whatever [places] says.")
    ] = None,
    adopt: options.Adopt = False,
    keep: options.Keep = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Put a repository's profiles, rc blocks and profile in place.

    Its profiles and config.toml are linked or copied as its manager does, each rc file gets one block, and the profile
    for this place is activated ([places] of config.toml). A repository named by --from is trusted by that.

    It asks nothing, needs no terminal, and may run again at any time: then it does what is missing. What can't be
    done is told and hinders nothing else; exit 1 where the profile could not be applied.
    """
    world = console.app()
    wish = installing.Wish(source=source, profile=profile, foreign=options.parse_foreign(adopt, keep))
    if dry_run:
        done = installing.preview(world, wish)
    else:
        try:
            done = installing.install(world, wish)
        except McpconfError as error:
            log_.write(world, [f"install: {error}"])
            raise
        log_.write(world, [f"install: {line}" for line in report.log_lines(done)], changed=done.changed)
    home = world.system.home
    if json:
        console.as_json("dotfiles", report.report(done, home))
    else:
        for line in render.result_lines(done, home, done=not dry_run):
            console.tell(line)
    if done.error is None:
        return 0
    if not json:
        console.fail(done.error)
    return 1


@app.command()
def uninstall(dry_run: options.DryRun = False, json: options.Json = False) -> int:
    """Take out what install made, and give the profile before back.

    What was edited since stays, and is told. Profiles that were yours before stay.
    """
    world = console.app()
    if dry_run:
        done = removing.preview(world)
    else:
        done = removing.uninstall(world)
        log_.write(world, [f"uninstall: {line}" for line in report.removed_lines(done)], changed=done.changed)
    home = world.system.home
    if json:
        console.as_json("dotfiles", report.removed_report(done, home))
    else:
        for line in render.removed_lines(done, home, done=not dry_run):
            console.tell(line)
    return Refused.exit_code if any(one.standing is Standing.REFUSED for one in done.actions) else 0


@app.command()
def status(json: options.Json = False) -> int:
    """Show who manages the dotfiles, and what is in place.

    Exit 1 where something of it is missing, or was refused.
    """
    world = console.app()
    now = status_of.status(world)
    if json:
        console.as_json("dotfiles", report.report(now, world.system.home))
    else:
        for line in render.status_lines(now, world.system.home):
            console.data(line)
        for line in note_lines(now.notes):
            console.tell(line)
    return 1 if now.lacking else 0


@app.command()
def log() -> int:
    """Print what install and uninstall did, and could not do."""
    world = console.app()
    lines = log_.read(world)
    for line in lines:
        console.data(console.visible(line))
    if not lines:
        console.tell("nothing is logged yet")
    return 0
