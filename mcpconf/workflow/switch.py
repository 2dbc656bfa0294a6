"""Switch: a profile, routed and rendered for each client, planned, and committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mcpconf.client.project import find_project
from mcpconf.client.spec import Target
from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.state import State, write_private
from mcpconf.commit.transaction import Committed, Request, commit, read_all
from mcpconf.environment.verdict import Environment
from mcpconf.errors import Refused, UsageError
from mcpconf.ledger import Ledger
from mcpconf.model import Layer, Note, Profile, RouteName, Scope
from mcpconf.plan import Conflict, Foreign, Plan, Policy, Snapshots, Want, make_plan
from mcpconf.record import dataclass, field, replace
from mcpconf.workflow import active, besides, notes, settings, surroundings
from mcpconf.workflow.app import App
from mcpconf.workflow.approve import approval_wants
from mcpconf.workflow.owned import leaving, named_in
from mcpconf.workflow.parts import ClientPart, context_for, make_part, probes_for
from mcpconf.workflow.profiles import CompiledProfiles, compiled_profiles, keep_compiled, load_profile
from mcpconf.workflow.targets import Targets, choose_targets

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked of a switch. Empty and None: what was remembered, or the default."""

    profile: str
    clients: tuple[str, ...] = ()
    scope: Scope | None = None
    route: RouteName | None = None
    portable: bool = False
    foreign: Foreign = Foreign.REFUSE
    force: bool = False
    approve: bool = False
    remember: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A switch that could be done now: the same value for preview, `--check` and the commit."""

    wish: Wish
    profile: Profile
    environment: Environment
    targets: Targets
    parts: tuple[ClientPart, ...]
    plan: Plan
    context: str
    artifacts: Artifacts
    wants: tuple[Want, ...]
    compiled: CompiledProfiles
    base: Ledger
    notes: tuple[Note, ...] = ()

    @property
    def policy(self) -> Policy:
        return Policy(self.wish.foreign, self.wish.force)

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that some client is to have."""
        return tuple(dict.fromkeys(one.server.name for part in self.parts for one in part.routed))

    @property
    def unserved(self) -> tuple[str, ...]:
        """Those of them that no route can serve, at one client or at all."""
        lost = (one.server.name for part in self.parts for one in part.routed if one.route is None)
        return tuple(dict.fromkeys(lost))

    @property
    def unreachable(self) -> bool:
        """Whether there are servers, and not one of them can be served."""
        return bool(self.servers) and not any(part.entries for part in self.parts)

    @property
    def kept(self) -> tuple[str, ...]:
        """Entries that stay as they are and differ from what the profile says: edited by hand, or somebody else's."""
        names = [conflict.name for conflict in self.plan.conflicts if not conflict.blocks]
        names += [name for part in self.parts for name in part.entries if is_kept(self.plan, part.target, name)]
        return tuple(dict.fromkeys(names))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(want.target.path for want in self.wants))


@dataclass(frozen=True, slots=True)
class Applied:
    """What a switch did."""

    prepared: Prepared
    committed: Committed
    notes: tuple[Note, ...] = field(default_factory=tuple)


def prepare(app: App, wish: Wish) -> Prepared:
    """Load, look, route, render and plan. Reads only. Raises `McpconfError` for what can't be planned."""
    facts, environment = app.look()
    kept = settings.load(app.system.read(app.dirs.settings), app.dirs.settings)
    targets = choose_targets(app.place, facts, kept, wish.clients, wish.scope)
    if wish.approve and targets.scope is not Scope.PROJECT:
        raise UsageError("--approve is for project scope only", hint="--scope project")
    context = active.context_of(targets.chosen[0][1])
    compiled = compiled_profiles(app)
    profile = load_profile(app, _named(app, wish.profile, context), compiled=compiled)
    if probes_for(profile):
        facts, environment = app.look(probes_for(profile))
    parts = tuple(
        make_part(app, profile, facts, spec, target, forced=wish.route, portable=wish.portable)
        for spec, target in targets.chosen
    )
    ledger = app.state.ledger()
    gone = leaving(app, targets, ledger)
    wants = (*_wants(app, wish, profile, parts), *gone)
    snapshots = {path: seen.raw for path, seen in read_all([w.target.path for w in wants], app.system).items()}
    plan = make_plan(snapshots, wants, ledger, Policy(wish.foreign, wish.force))
    told = (
        *targets.notes,
        *notes.of_profile(app, profile, parts),
        *notes.of_leaving(gone),
        *plan.notes,
        *surroundings.notes(app.system, targets.chosen, plan),
    )
    return Prepared(
        wish=wish,
        profile=profile,
        environment=environment,
        targets=targets,
        parts=parts,
        plan=plan,
        context=context,
        artifacts=Artifacts(app.dirs.wrapper, {context: {p: data for part in parts for p, data in part.files.items()}}),
        wants=wants,
        compiled=compiled,
        base=ledger,
        notes=told,
    )


def _wants(app: App, wish: Wish, profile: Profile, parts: Sequence[ClientPart]) -> Iterator[Want]:
    for part in parts:
        yield part.want(profile)
        if part.target.scope is Scope.PROJECT:
            yield from approval_wants(app, part.target, tuple(part.entries), approve=wish.approve)


def _named(app: App, name: str, context: str) -> str:
    """The profile's name; `-` is the one before, as in `cd -`."""
    if name != "-":
        return name
    previous = active.load(app.state.read(active.FILE)).get(context, active.Active()).previous
    if previous is None:
        raise UsageError("there is no previous profile here", hint="mcpconf switch NAME; mcpconf profile ls")
    return previous


def is_kept(plan: Plan, target: Target, name: str) -> bool:
    """Whether somebody else's entry of that name was kept, and says something else."""
    return any(note.text == f"{target.label}: kept the {name} that was there" for note in plan.notes)


def replan(prepared: Prepared) -> Callable[[Snapshots, Ledger], Plan]:
    """The planner that the commit calls under its lock, with the files as they are then."""
    return lambda snapshots, ledger: make_plan(snapshots, prepared.wants, ledger, prepared.policy)


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

    Raises `Blocked` for other people's entries of the same name, before anything is made or locked.
    """
    _refuse(prepared.plan)
    with app.writing() as state:
        if not _is_current(app, prepared):
            # Another mcpconf was here since: what it did must not be undone by what we had prepared before it.
            prepared = prepare(app, replace(prepared.wish, profile=prepared.profile.name))
        return apply_locked(app, state, prepared, command)


def apply_locked(
    app: App, state: State, prepared: Prepared, command: str, edited: besides.ProfileWas | None = None
) -> Applied:
    """The same for a caller who holds the state lock, and has `edited` the profile for this, where that is given."""
    _refuse(prepared.plan)
    known = active.load(state.read(active.FILE))
    before = besides.Besides(prepared.artifacts.before(state), known, edited)
    request = Request(
        paths=prepared.paths,
        plan=replan(prepared),
        command=command,
        context=prepared.context,
        profile=prepared.profile.name,
        previous=known.get(prepared.context, active.Active()).current,
    )
    with prepared.artifacts.in_place(state, named_in(app, prepared.paths)):
        committed = commit(request, state, app.system)
    after = active.moved(known, prepared.context, prepared.profile.name, _origin(prepared.profile))
    if committed.generation is None and (edited or (after, prepared.artifacts.before(state)) != (known, before.files)):
        # No client's file changed, and yet there is something that undo must take back.
        committed = replace(committed, generation=besides.new_generation(state, request, app.system.now()))
    besides.save(state, committed.generation, before)
    if after != known:
        state.write(active.dump(after), active.FILE)
    _remember(app, prepared)
    keep_compiled(app, prepared.compiled)
    return Applied(replace(prepared, plan=committed.plan), committed, _afterwards(prepared, committed.plan))


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


def _refuse(plan: Plan) -> None:
    if plan.blocked:
        raise Blocked(plan.blocked)


def _remember(app: App, prepared: Prepared) -> None:
    wish = prepared.wish
    if not wish.remember or not (wish.clients or wish.scope):
        return
    choice = settings.Choice(wish.clients, wish.scope)
    project = None if prepared.targets.scope is Scope.USER else prepared.targets.chosen[0][1].project
    raw = app.system.read(app.dirs.settings)
    text = settings.remember(raw, choice, project, here=find_project(app.place).root)
    if text != (raw or b""):
        write_private(app.dirs.settings, text)
