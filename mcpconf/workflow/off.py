"""No profile is active any more, for the user or for one directory: everything of ours goes out of those files."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.recovery import absorb_pending
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Request, commit
from mcpconf.ledger import Ledger
from mcpconf.model import Note, Scope
from mcpconf.plan import Plan, Want, make_plan
from mcpconf.workflow import active, besides
from mcpconf.workflow.app import App
from mcpconf.workflow.owned import named_in, owned_targets
from mcpconf.workflow.reload import reload


def take_off(app: App, command: str) -> tuple[Note, ...]:
    """Do it, as one change; what is to be said of it. An entry that was edited by hand stays."""
    with app.writing() as state:
        absorb_pending(state)  # what a switch wrote before it was killed is ours, and has to go as well
        wants = tuple(Want(one, {}, "") for one in owned_targets(state.ledger()) if one.scope is Scope.USER)
        known = active.load(state.read(active.FILE))
        after = {context: one for context, one in known.items() if context != active.USER}
        return take_out(app, state, wants, active.USER, after, command)


def take_out(
    app: App,
    state: State,
    wants: tuple[Want, ...],
    context: str,
    after: Mapping[str, active.Active],
    command: str,
) -> tuple[Note, ...]:
    """The same for the files of one context; `after`: what is active then. The caller holds the state's lock."""
    known = active.load(state.read(active.FILE))
    paths = tuple(dict.fromkeys(want.target.path for want in wants))
    artifacts = Artifacts(app.dirs.wrapper, {context: {}})
    before = besides.Besides(artifacts.before(state), known)

    def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
        return make_plan(snapshots, wants, ledger)

    def note(number: int | None) -> int | None:
        if number is None and known != after:  # no client's file changed, and yet there is something to take back
            number = besides.new_generation(state, request, app.system.now())
        besides.save(state, number, before)
        state.write(active.dump(after), active.FILE)
        return number

    request = Request(
        paths=paths,
        plan=plan,
        command=command,
        context=context,
        profile=None,
        previous=known.get(context, active.Active()).current,
        note=note,
    )
    with artifacts.in_place(state, named_in(app, paths)):
        committed = commit(request, state, app.system)
    if not after:
        state.remove(active.FILE)
    told = reload(app, before.files, artifacts.wanted)
    conflicts = committed.plan.conflicts
    left = (Note(f"{one.target.path}:{one.line}: {one.name} was edited by hand, and stays") for one in conflicts)
    return (*left, *told)
