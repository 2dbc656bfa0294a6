"""`mcpconf undo`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.history import profile_lines, step_lines, undone_line
from mcpconf.cli.render.plan import change_lines, diff_lines, note_lines
from mcpconf.cli.render.table import symbol
from mcpconf.errors import Refused
from mcpconf.workflow import undo as workflow
from mcpconf.workflow.report import undo_report

app = new_app()


@app.command()
def undo(
    force: options.Force = False,
    untrusted: Annotated[
        bool, typer.Option("--untrusted", help="Also bring back servers of a project's profile that is not trusted.")
    ] = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Take back the last change, in all files together, and the edit of your profile that led to it.

    Only what mcpconf wrote goes back. An entry or a profile of it that was edited since stops the undo (exit 4).
    """
    world = console.app()
    act = workflow.preview if dry_run else workflow.undo
    done = act(world, force=force, untrusted=untrusted)
    home = world.system.home
    if json:
        console.as_json("undo", undo_report(done, home))
        return Refused.exit_code if done.plan.conflicts else 0
    besides = profile_lines(done, home) + step_lines(done, home)
    for line in besides + (change_lines(done.plan, home) if done.plan.files or not besides else []):
        console.tell(line)
    console.tell(f"{symbol('none' if dry_run else 'ok')} {undone_line(done.generation, done=not dry_run)}")
    for line in note_lines(done.notes):
        console.tell(line)
    for line in diff_lines(done.plan, home) if dry_run else []:
        console.data(line)
    return Refused.exit_code if done.plan.conflicts else 0
