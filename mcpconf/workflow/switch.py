"""Switch: what was prepared is committed, and the profile is active."""

from __future__ import annotations

from collections.abc import Sequence

from mcpconf.client.project import find_project
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Committed, Request, commit
from mcpconf.errors import Refused
from mcpconf.model import Layer, Note, Profile, Scope
from mcpconf.plan import Conflict, Plan
from mcpconf.record import dataclass, field, replace
from mcpconf.workflow import active, besides, choices, notes, words
from mcpconf.workflow.app import App
from mcpconf.workflow.owned import named_in
from mcpconf.workflow.parts import ClientPart, context_for, probes_for
from mcpconf.workflow.prepare import Prepared, Wish, is_kept, prepare, replan
from mcpconf.workflow.profiles import keep_compiled, load_profile
from mcpconf.workflow.reload import reload
from mcpconf.workflow.settings import Choice

__all__ = [
    "Applied",
    "Blocked",
    "ClientPart",
    "Prepared",
    "Wish",
    "apply",
    "apply_locked",
    "context_for",
    "is_kept",
    "prepare",
    "probes_for",
]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a switch did."""

    prepared: Prepared
    committed: Committed
    notes: tuple[Note, ...] = field(default_factory=tuple)


class Blocked(Refused):
    """Somebody else's entries stand where ours would go, and nothing says what to do with them."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        lines = [
            f"{c.target.path}:{c.line}: {c.target.label} already has a {c.name!r} that mcpconf did not write"
            for c in conflicts
        ]
        hint = "--adopt takes them over, --keep leaves them as they are"
        super().__init__("\n".join([*lines, "nothing was changed"]), hint=hint)
        self.conflicts = tuple(conflicts)


def apply(app: App, prepared: Prepared, command: str) -> Applied:
    """Write what was prepared: the wrapper's files, the clients' files, then which profile is active.

    Raises `Blocked` for other people's entries of the same name, and `Refused` where the route that was asked for fits
    no server, before anything is made or locked.
    """
    _refuse(prepared)
    with app.writing() as state:
        if not _is_current(app, prepared):
            # Another mcpconf was here since: what it did must not be undone by what we had prepared before it.
            prepared = prepare(app, replace(prepared.wish, profile=prepared.profile.name))
        return apply_locked(app, state, prepared, command)


def apply_locked(
    app: App, state: State, prepared: Prepared, command: str, edited: besides.ProfileWas | None = None
) -> Applied:
    """The same for a caller who holds the state lock, and has `edited` the profile for this, where that is given."""
    _refuse(prepared)
    known = active.load(state.read(active.FILE))
    before = besides.Besides(prepared.artifacts.before(state), known, edited)
    after = active.moved(known, prepared.context, prepared.profile.name, _origin(prepared.profile))
    more = edited is not None or (after, prepared.artifacts.wanted) != (known, before.files)

    def note(number: int | None) -> int | None:
        if number is None and more:  # no client's file changed, and yet there is something that undo must take back
            number = besides.new_generation(state, request, app.system.now())
        besides.save(state, number, before)
        _remember(app, prepared)
        if after != known:
            state.write(active.dump(after), active.FILE)
        return number

    request = Request(
        paths=prepared.paths,
        plan=replan(prepared),
        command=command,
        context=prepared.context,
        profile=prepared.profile.name,
        previous=known.get(prepared.context, active.Active()).current,
        note=note,
    )
    with prepared.artifacts.in_place(state, named_in(app, prepared.paths)):
        committed = commit(request, state, app.system)
    keep_compiled(app, prepared.compiled)
    enabled = (server.name for server in prepared.profile.servers if not server.disabled)
    words.note(app, "servers", {prepared.profile.name: enabled})
    told = reload(app, before.files, prepared.artifacts.wanted)
    return Applied(replace(prepared, plan=committed.plan), committed, _afterwards(prepared, committed.plan) + told)


def _origin(profile: Profile) -> str | None:
    return profile.path if profile.layer is Layer.PROJECT else None


def _is_current(app: App, prepared: Prepared) -> bool:
    """Whether the profile and what is ours are still as they were when the switch was prepared."""
    profile = load_profile(app, prepared.profile.name, compiled=prepared.compiled)
    return profile == prepared.profile and app.state.ledger() == prepared.base


def _afterwards(prepared: Prepared, plan: Plan) -> tuple[Note, ...]:
    """What is left for people to do."""
    asked = notes.of_approval(prepared.profile.name, prepared.wants, plan, approve=prepared.wish.approve)
    return notes.of_restart(prepared.wants, plan) + asked


def _refuse(prepared: Prepared) -> None:
    if prepared.plan.blocked:
        raise Blocked(prepared.plan.blocked)
    if prepared.fits_nothing:
        # It would take away the entries that are there, which work.
        lost = next(one for part in prepared.parts for one in part.routed)
        text = f"the route {prepared.wish.route} fits no server of {prepared.profile.name}: {lost.because}"
        raise Refused(f"{text}; nothing was changed", hint=lost.hint)


def _remember(app: App, prepared: Prepared) -> None:
    wish = prepared.wish
    if not wish.remember or not (wish.clients or wish.scope):
        return
    choice = Choice(wish.clients, wish.scope)
    project = None if prepared.targets.scope is Scope.USER else prepared.targets.chosen[0][1].project
    choices.remember(app, choice, project, here=find_project(app.place).root)
