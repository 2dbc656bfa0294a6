"""`mcpconf undo`."""

from __future__ import annotations

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.history import undone_line
from mcpconf.cli.render.plan import change_lines, diff_lines
from mcpconf.cli.render.table import symbol
from mcpconf.errors import Refused
from mcpconf.workflow import undo as workflow
from mcpconf.workflow.report import undo_report

app = new_app()


@app.command()
def undo(force: options.Force = False, dry_run: options.DryRun = False, json: options.Json = False) -> int:
    """Take back the last change, in all files together.

    Only what mcpconf wrote goes back. An entry of it that was edited since stops the undo (exit 4).
    """
    world = console.app()
    done = workflow.preview(world, force=force) if dry_run else workflow.undo(world, force=force)
    home = world.system.home
    if json:
        console.as_json("undo", undo_report(done, home))
    else:
        for line in change_lines(done.plan, home):
            console.tell(line)
        console.tell(f"{symbol('none' if dry_run else 'ok')} {undone_line(done.generation, done=not dry_run)}")
        for line in diff_lines(done.plan, home) if dry_run else []:
            console.data(line)
    return Refused.exit_code if done.plan.conflicts else 0
