"""`mcpconf uninstall`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import change_lines, diff_lines, note_lines
from mcpconf.cli.render.table import symbol
from mcpconf.errors import Refused, UsageError
from mcpconf.workflow import uninstall as workflow
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.report import uninstall_report

app = new_app()


@app.command()
def uninstall(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also remove profiles, secrets, history and the installation.")
    ] = False,
    force: options.Force = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Give every file back as if mcpconf had never been there.

    An entry of ours that was edited by hand stays (exit 4) unless --force. With --force also what only the history
    knows goes, where the ledger was lost.
    """
    if purge and not (dry_run or yes):
        _refuse_unasked()
    world = console.app()
    home = world.system.home
    planned = workflow.preview(world, force=force)
    asked = purge and not (dry_run or yes)
    if asked and not json:
        _tell_changes(planned, home)
    if not dry_run:
        if asked:
            ask.sure("Remove your profiles, secrets and history for good?", default=False)
        planned = workflow.uninstall(world, force=force, purge=purge)
    if json:
        console.as_json("uninstall", uninstall_report(planned, home))
    elif dry_run:
        for line in diff_lines(planned.plan, home):
            console.data(line)
    else:
        if not asked:  # only now: "removed" is not to be said of what then fails
            _tell_changes(planned, home)
        for path in planned.removed:
            console.tell(f"removed {tilde(path, home)}")
        console.tell(_closing(planned))
        for line in note_lines(planned.notes):
            console.tell(line)
    return Refused.exit_code if planned.plan.conflicts else 0


def _tell_changes(what: workflow.Uninstalled, home: str) -> None:
    for line in change_lines(what.plan, home) if what.plan.files or not what.steps else []:
        console.tell(line)
    for step in what.steps:
        console.tell(f"{symbol('remove')} {console.visible(tilde(step.path, home))}  link")


def _closing(done: workflow.Uninstalled) -> str:
    if done.plan.conflicts:
        return f"{symbol('warn')} what was edited by hand is still there; everything else of mcpconf's is gone"
    return f"{symbol('ok')} nothing of mcpconf is left in any client's file"


def _refuse_unasked() -> None:
    if not console.interactive():
        raise UsageError(
            "--purge removes your profiles and secrets, and nobody can be asked here; nothing was changed",
            hint="mcpconf uninstall --purge --yes",
        )
