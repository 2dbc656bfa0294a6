"""A switch as it could be done now: profile, routes, entries and plan, with nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mcpconf.client.spec import Target
from mcpconf.commit.artifacts import Artifacts
from mcpconf.environment.verdict import Environment
from mcpconf.errors import UsageError
from mcpconf.ledger import Ledger
from mcpconf.model import Note, Profile, RouteName, Scope
from mcpconf.plan import Foreign, Plan, Policy, Snapshots, Want, make_plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, choices, notes, surroundings
from mcpconf.workflow.app import App
from mcpconf.workflow.approve import approval_wants
from mcpconf.workflow.owned import leaving
from mcpconf.workflow.parts import ClientPart, lost_broker, make_part, probes_for
from mcpconf.workflow.profiles import CompiledProfiles, compiled_profiles, load_profile
from mcpconf.workflow.targets import Targets, choose_targets


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
    autostart: bool | None = None  # whether the broker is to be wanted, whatever the profile says so far


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
    def fits_nothing(self) -> bool:
        """Whether a route was asked for by name that serves not one of the servers."""
        return self.wish.route is not None and self.unreachable

    @property
    def kept(self) -> tuple[str, ...]:
        """Entries that stay as they are and differ from what the profile says: edited by hand, or somebody else's."""
        names = [conflict.name for conflict in self.plan.conflicts if not conflict.blocks]
        names += [name for part in self.parts for name in part.entries if is_kept(self.plan, part.target, name)]
        return tuple(dict.fromkeys(names))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(want.target.path for want in self.wants))


def prepare(app: App, wish: Wish) -> Prepared:
    """Load, look, route, render and plan. Reads only. Raises `McpconfError` for what can't be planned."""
    facts, environment = app.look()
    kept = choices.load(app)
    targets = choose_targets(app.place, facts, kept, wish.clients, wish.scope)
    if wish.approve and targets.scope is not Scope.PROJECT:
        raise UsageError("--approve is for project scope only", hint="--scope project")
    context = active.context_of(targets.chosen[0][1])
    compiled = compiled_profiles(app)
    profile = load_profile(app, named(app, wish.profile, context), compiled=compiled)
    if wish.autostart is not None:
        profile = replace(profile, autostart=wish.autostart)
    probes = probes_for(app, profile)
    if probes:
        facts, environment = app.look(probes, own_broker=False)
    parts = tuple(
        make_part(app, profile, facts, spec, target, forced=wish.route, portable=wish.portable)
        for spec, target in targets.chosen
    )
    ledger = app.state.ledger()
    gone = leaving(app, targets, ledger)
    wants = (*_wants(app, wish, profile, parts), *gone)
    snapshots = app.read([w.target.path for w in wants], ledger.files)
    plan = make_plan(snapshots, wants, ledger, Policy(wish.foreign, wish.force))
    told = (
        *targets.notes,
        *notes.of_profile(app, profile, parts),
        *notes.of_lost_broker(lost_broker(app, facts), wish.route, parts),
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


def named(app: App, name: str, context: str) -> str:
    """The profile's name; `-` is the one before, as in `cd -`. Raises `UsageError` where there is none."""
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
