"""The end of every command that writes: show the plan, ask what must be asked, commit, tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from mcpconf.cli import ask, console
from mcpconf.cli.render import plan as render
from mcpconf.cli.render.table import symbol
from mcpconf.errors import Refused
from mcpconf.plan import Conflict, Foreign
from mcpconf.record import replace
from mcpconf.workflow import switch as workflow
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.report import plan_report

PENDING = 3
Apply = Callable[[App, workflow.Prepared, str], workflow.Applied]


def carry_out(
    app: App,
    prepared: workflow.Prepared,
    command: str,
    *,
    check: bool,
    dry_run: bool,
    json: bool,
    apply: Apply = workflow.apply,
    wrote: str | None = None,
) -> int:
    """Preview, check or apply a prepared switch, with which `wrote` is written, a profile; the exit code."""
    if check or dry_run:
        return preview(app, prepared, check=check, json=json)
    prepared = settle_conflicts(app, prepared)
    return finish(app, apply(app, prepared, command), json=json, wrote=wrote)


def finish(app: App, applied: workflow.Applied, *, json: bool, wrote: str | None = None) -> int:
    """Tell what was done; the exit code: 1 where not one of the profile's servers can be reached here."""
    if json:
        console.as_json("switch", applied_report(app, applied))
    else:
        for line in render.plan_lines(applied.prepared, app.system.home):
            console.tell(line)
        tell_applied(app, applied, wrote)
    return 1 if applied.prepared.unreachable else 0


def tell_applied(app: App, applied: workflow.Applied, wrote: str | None = None) -> None:
    """One line for what was done, one for the profile that was written with it, and whatever is left to do."""
    if wrote is not None:
        console.tell(f"{symbol('ok')} wrote {console.visible(_through(app, wrote))}")
    if wrote is None or applied.prepared.plan.files:
        console.tell(render.headline(applied.prepared, True))
    for line in render.note_lines(applied.prepared.notes + applied.notes):
        console.tell(line)
    for path in applied.committed.recovered:
        shown = tilde(path, app.system.home)
        console.tell(f"put back the old content of {shown}, which an earlier run was killed over")
    for path in applied.committed.rescued:
        shown = tilde(path, app.system.home)
        console.complain(f"two other programs wrote a file at the same moment; the version that lost is kept: {shown}")


def _through(app: App, path: str) -> str:
    """A file that was written, and where it lies behind a link: a dotfiles repository may have it."""
    real, home = app.system.realpath(path), app.system.home
    below = os.path.join(app.system.realpath(home), os.path.relpath(path, home))
    return tilde(path, home) if real == below else f"{tilde(path, home)}, which lies at {tilde(real, home)}"


def applied_report(app: App, applied: workflow.Applied) -> dict[str, object]:
    """What was done, as JSON."""
    home = app.system.home
    committed = applied.committed
    recovered, rescued = ([tilde(path, home) for path in paths] for paths in (committed.recovered, committed.rescued))
    notes = plan_report(replace(applied.prepared, notes=applied.prepared.notes + applied.notes), home)
    return {**notes, "generation": committed.generation, "recovered": recovered, "rescued": rescued}


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
    if prepared.plan.blocked or prepared.fits_nothing:
        return Refused.exit_code
    return PENDING if check and prepared.plan.files else 0


def settle_conflicts(app: App, prepared: workflow.Prepared) -> workflow.Prepared:
    """Ask what to do with other people's entries of the same name, where somebody can be asked."""
    if not prepared.plan.blocked or not console.interactive():
        return prepared
    return workflow.prepare(app, replace(prepared.wish, foreign=decide(app, prepared.plan.blocked)))


def decide(app: App, conflicts: Sequence[Conflict]) -> Foreign:
    """What to do with them, by the user's answer. Raises `Refused` for "stop"."""
    choice = ask.foreign(conflicts, app.system.home)
    if choice is Foreign.REFUSE:
        raise Refused("stopped as you said; nothing was changed")
    return choice
