"""The end of every command that writes: show the plan, ask what must be asked, commit, tell."""

from __future__ import annotations

from dataclasses import replace

from mcpconf.cli import ask, console
from mcpconf.cli.render import plan as render
from mcpconf.errors import Refused
from mcpconf.workflow import switch as workflow
from mcpconf.workflow.app import App
from mcpconf.workflow.report import plan_report

PENDING = 3


def carry_out(app: App, prepared: workflow.Prepared, command: str, *, check: bool, dry_run: bool, json: bool) -> int:
    """Preview, check or apply a prepared switch; the exit code."""
    if check or dry_run:
        return preview(app, prepared, check=check, json=json)
    prepared = settle_conflicts(app, prepared)
    applied = workflow.apply(app, prepared, command)
    if json:
        console.as_json("switch", applied_report(app, applied))
        return 0
    for line in [*render.plan_lines(applied.prepared, app.system.home), render.headline(applied.prepared, True)]:
        console.tell(line)
    for line in render.unavailable_lines(applied.prepared):
        console.tell(line)
    for line in render.note_lines(applied.prepared.notes + applied.notes):
        console.tell(line)
    for path in applied.committed.recovered:
        console.tell(f"put back the old content of {path}, which an earlier run was killed over")
    return 0


def applied_report(app: App, applied: workflow.Applied) -> dict[str, object]:
    """What was done, as JSON."""
    report = plan_report(applied.prepared, app.system.home)
    return {**report, "generation": applied.committed.generation, "recovered": list(applied.committed.recovered)}


def preview(app: App, prepared: workflow.Prepared, *, check: bool, json: bool) -> int:
    """Show the plan and do nothing. With `check`: 3 where something would change."""
    home = app.system.home
    if json:
        console.as_json("plan", plan_report(prepared, home))
    else:
        for line in render.plan_lines(prepared, home):
            console.tell(line)
        for line in render.diff_lines(prepared.plan, home):
            console.data(line)
        for line in [render.headline(prepared, False), *render.note_lines(prepared.notes)]:
            console.tell(line)
    if prepared.plan.blocked:
        return Refused.exit_code
    return PENDING if check and prepared.plan.files else 0


def settle_conflicts(app: App, prepared: workflow.Prepared) -> workflow.Prepared:
    """Ask what to do with other people's entries of the same name, where somebody can be asked."""
    if not prepared.plan.blocked or not console.interactive():
        return prepared
    for line in render.plan_lines(prepared, app.system.home):
        console.tell(line)
    choice = ask.foreign(tuple(conflict.name for conflict in prepared.plan.blocked))
    return workflow.prepare(app, replace(prepared.wish, foreign=choice))
