"""No profile is active for the user any more: everything of ours goes out of the user scope's files."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.commit.artifacts import Artifacts
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
        known = active.load(state.read(active.FILE))
        wants = tuple(Want(one, {}, "") for one in owned_targets(state.ledger()) if one.scope is Scope.USER)
        paths = tuple(dict.fromkeys(want.target.path for want in wants))
        artifacts = Artifacts(app.dirs.wrapper, {active.USER: {}})
        before = besides.Besides(artifacts.before(state), known)
        after = {context: one for context, one in known.items() if context != active.USER}

        def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
            return make_plan(snapshots, wants, ledger)

        def note(number: int | None) -> int | None:
            if number is None and known != after:
                number = besides.new_generation(state, request, app.system.now())
            besides.save(state, number, before)
            state.write(active.dump(after), active.FILE)
            return number

        request = Request(
            paths=paths,
            plan=plan,
            command=command,
            context=active.USER,
            profile=None,
            previous=known.get(active.USER, active.Active()).current,
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
