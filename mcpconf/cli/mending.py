"""`mcpconf doctor --fix`: show what would be done, ask for what is not safe, do it, tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mcpconf.cli import ask, console
from mcpconf.cli.render.doctor import shown
from mcpconf.cli.render.plan import painted
from mcpconf.cli.render.table import symbol
from mcpconf.doctor.finding import Finding
from mcpconf.doctor.mend import Outcome, Planned, carry_out, plan_mends, words
from mcpconf.workflow.app import App


def mend(app: App, findings: Sequence[Finding], *, yes: bool, dry_run: bool) -> tuple[Outcome, ...]:
    """Do what is safe, and what else is agreed to; what became of each. With `dry_run` nothing is done."""
    planned = plan_mends(app, findings)
    for one in planned:
        _show(app, one)
    if dry_run:
        return tuple(Outcome(one, one.trouble or "nothing is done in a dry run") for one in planned)
    outcomes = carry_out(app, [one for one in planned if one.safe or (one.trouble is None and _agreed(app, one, yes))])
    for outcome in outcomes:
        _tell(app, outcome)
    if not planned:
        console.tell("there is nothing that can be mended without you")
    elif any(outcome.error is None for outcome in outcomes):
        console.tell(console.hint("mcpconf undo    # takes it back"))
    return outcomes


def _agreed(app: App, one: Planned, yes: bool) -> bool:
    if yes or not console.interactive():
        return yes
    return ask.confirm(f"{', '.join(one.ids)}: {shown(one.command, app.system.home)}?", default=False)


def _show(app: App, one: Planned) -> None:
    """What is about to be done."""
    show = partial(shown, home=app.system.home)
    sign = symbol("warn" if one.trouble else "change")
    console.tell(f"{sign} {console.paint(', '.join(one.ids), 'bold')}  {show(one.command)}")
    if one.trouble is not None:
        console.tell(f"           {show(one.trouble)}")
    elif one.step is not None or one.target is not None:
        console.tell(f"           {show(words(one))}")
    for line in painted(one.diff):
        console.tell(line)


def _tell(app: App, outcome: Outcome) -> None:
    show = partial(shown, home=app.system.home)
    command = show(outcome.planned.command)
    if outcome.error is None:
        console.tell(f"{symbol('ok')} done: {command}")
    else:
        console.tell(f"{symbol('error')} not done: {command}: {show(outcome.error)}")
