"""Switch: a profile, routed and rendered for each client, planned, and committed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mcpconf.client.entry import process_entry, remote_entry
from mcpconf.client.project import find_project
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.client.table import CLIENTS, client
from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.transaction import Committed, Request, commit, read_all
from mcpconf.environment.facts import Facts
from mcpconf.environment.verdict import Environment
from mcpconf.errors import Refused, UsageError
from mcpconf.ledger import Ledger
from mcpconf.model import Entry, Note, Profile, RouteName, Scope, Server
from mcpconf.plan import Foreign, Plan, Policy, Snapshots, Want, make_plan
from mcpconf.profile.names import warnings
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch, Routed
from mcpconf.workflow import active, besides, settings, surroundings
from mcpconf.workflow.app import App, launcher
from mcpconf.workflow.approve import approval_wants
from mcpconf.workflow.profiles import CompiledProfiles, compiled_profiles, keep_compiled, load_profile
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


@dataclass(frozen=True, slots=True)
class ClientPart:
    """One target's share: its routed servers and the entries that came of them."""

    spec: ClientSpec
    target: Target
    routed: tuple[Routed, ...]
    entries: Mapping[str, Entry]


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
    notes: tuple[Note, ...] = ()

    @property
    def policy(self) -> Policy:
        return Policy(self.wish.foreign, self.wish.force)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(want.target.path for want in self.wants))


@dataclass(frozen=True, slots=True)
class Applied:
    """What a switch did."""

    prepared: Prepared
    committed: Committed
    notes: tuple[Note, ...] = field(default_factory=tuple)


def probes_for(profile: Profile) -> Collection[str]:
    """What must be asked of the machine for this profile; nothing costs nothing."""
    wanted = [server for server in profile.servers if not server.disabled]
    return {"engine", "toolkit", "raw_mcp"} if any(server.toolkit for server in wanted) else set()


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
    parts = tuple(_part(app, profile, facts, spec, target, wish) for spec, target in targets.chosen)
    wants = tuple(_want(part, profile) for part in parts)
    for part in parts if targets.scope is Scope.PROJECT else ():
        wants += approval_wants(app, part.target, tuple(part.entries), approve=wish.approve)
    ledger = app.state.ledger()
    leaving = _leaving(app, targets, wants, ledger)
    wants += leaving
    snapshots = {path: seen.raw for path, seen in read_all([w.target.path for w in wants], app.system).items()}
    plan = make_plan(snapshots, wants, ledger, Policy(wish.foreign, wish.force))
    notes = targets.notes + warnings(server.name for server in profile.servers if not server.disabled)
    notes += tuple(dict.fromkeys(note for part in parts for one in part.routed for note in one.notes))
    return Prepared(
        wish=wish,
        profile=profile,
        environment=environment,
        targets=targets,
        parts=parts,
        plan=plan,
        context=context,
        artifacts=_artifacts(app, parts, context),
        wants=wants,
        compiled=compiled,
        notes=notes + _left_notes(leaving) + plan.notes + surroundings.notes(app.system, targets.chosen, plan),
    )


def _named(app: App, name: str, context: str) -> str:
    """The profile's name; `-` is the one before, as in `cd -`."""
    if name != "-":
        return name
    previous = active.load(app.state.read(active.FILE)).get(context, active.Active()).previous
    if previous is None:
        raise UsageError("there is no previous profile here", hint="mcpconf switch NAME; mcpconf profile ls")
    return previous


def _part(app: App, profile: Profile, facts: Facts, spec: ClientSpec, target: Target, wish: Wish) -> ClientPart:
    context = context_for(app, profile.servers, facts, spec, target, portable=wish.portable)
    routed = choose(profile, context, forced=wish.route)
    entries = {one.entry: _entry(spec, one.launch) for one in routed if one.launch is not None}
    return ClientPart(spec, target, routed, entries)


def context_for(
    app: App, servers: Sequence[Server], facts: Facts, spec: ClientSpec, target: Target, *, portable: bool
) -> Context:
    """What the routes may know of this place, for one client."""
    own = {server.command for server in servers if server.command}
    found = {name: path for name in own if (path := app.system.which(name)) is not None and os.path.isabs(path)}
    return Context(
        spec=spec,
        target=target,
        platform=app.system.platform,
        home=app.system.home,
        data=app.dirs.data,
        which={**found, **facts.which},
        launcher=launcher(app.system),
        engine=facts.engine,
        toolkit=facts.toolkit,
        raw_mcp=facts.raw_mcp,
        env=app.system.env,
        portable=portable,
    )


def _entry(spec: ClientSpec, launch: Launch) -> Entry:
    if launch.url is not None:
        return remote_entry(spec, launch.transport, launch.url, launch.headers, launch.timeout)
    return process_entry(spec, launch.command or "", launch.args, launch.env, launch.timeout)


def _want(part: ClientPart, profile: Profile) -> Want:
    routes = {one.entry: str(one.route) for one in part.routed if one.route is not None}
    return Want(part.target, part.entries, profile.name, routes)


def _leaving(app: App, targets: Targets, wants: Sequence[Want], ledger: Ledger) -> tuple[Want, ...]:
    """Nothing for the clients that were chosen before and are not any more: they lose what we wrote.

    Only the files that these clients use from here: another CLAUDE_CONFIG_DIR is another place.
    """
    if targets.scope is not Scope.USER:
        return ()
    chosen = {(want.target.path, want.target.pointer) for want in wants}
    everywhere = [target for spec in CLIENTS for target in spec.targets(app.place, Scope.USER)]
    ours = {(path, pointer) for path, record in ledger.files.items() for pointer in record.members}
    return tuple(Want(t, {}, "") for t in everywhere if (t.path, t.pointer) in ours - chosen)


def _left_notes(leaving: Sequence[Want]) -> tuple[Note, ...]:
    ids = dict.fromkeys(want.target.client for want in leaving)
    return tuple(
        Note(f"{client(one).title} is not chosen any more: our entries are taken out of its file") for one in ids
    )


def _artifacts(app: App, parts: Sequence[ClientPart], context: str) -> Artifacts:
    files = {
        path: data for part in parts for one in part.routed if one.launch for path, data in one.launch.files.items()
    }
    return Artifacts(app.dirs.wrapper, {context: files})


def replan(prepared: Prepared) -> Callable[[Snapshots, Ledger], Plan]:
    """The planner that the commit calls under its lock, with the files as they are then."""
    return lambda snapshots, ledger: make_plan(snapshots, prepared.wants, ledger, prepared.policy)


def apply(app: App, prepared: Prepared, command: str) -> Applied:
    """Write what was prepared: the wrapper's files, the clients' files, then which profile is active.

    Raises `Refused` for other people's entries of the same name, before anything is made or locked.
    """
    _refuse(prepared.plan)
    with app.writing() as state:
        known = active.load(state.read(active.FILE))
        before = besides.Besides(prepared.artifacts.before(state), known)
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
        after = active.moved(known, prepared.context, prepared.profile.name)
        if committed.generation is None and (after, prepared.artifacts.before(state)) != (known, before.files):
            # No client's file changed, and yet there is something that undo must take back.
            committed = replace(committed, generation=besides.new_generation(state, request, app.system.now()))
        besides.save(state, committed.generation, before)
        if after != known:
            state.write(active.dump(after), active.FILE)
        _remember(app, prepared)
        keep_compiled(app, prepared.compiled)
    return Applied(replace(prepared, plan=committed.plan), committed, _restart_notes(prepared, committed))


def _refuse(plan: Plan) -> None:
    lines = [
        f"{c.target.path}:{c.line}: {c.target.label} already has a {c.name!r} that mcpconf did not write"
        for c in plan.blocked
    ]
    if lines:
        hint = "--adopt takes them over, --keep leaves them as they are"
        raise Refused("\n".join([*lines, "nothing was changed"]), hint=hint)


def named_in(app: App, paths: Sequence[str]) -> Callable[[str], bool]:
    """Whether a link of the wrapper's is named in one of these files: an entry edited by hand may still start it."""

    def named(link: str) -> bool:
        end = f'wrapper/{os.path.basename(link)}"'.encode("utf-8", "surrogateescape")
        return any(end in (app.system.read(path) or b"") for path in paths)

    return named


def _remember(app: App, prepared: Prepared) -> None:
    wish = prepared.wish
    if not wish.remember or not (wish.clients or wish.scope):
        return
    choice = settings.Choice(wish.clients, wish.scope)
    project = None if prepared.targets.scope is Scope.USER else prepared.targets.chosen[0][1].project
    raw = app.system.read(app.dirs.settings)
    text = settings.remember(raw, choice, project, here=find_project(app.place).root)
    if text != (raw or b""):
        from mcpconf.commit.state import write_private

        write_private(app.dirs.settings, text)


def _restart_notes(prepared: Prepared, committed: Committed) -> tuple[Note, ...]:
    """Which client must be told of the change."""
    changed = {edit.path for edit in committed.plan.files}
    targets = [want.target for want in prepared.wants if want.target.path in changed]
    specs = dict.fromkeys(client(target.client) for target in targets)
    return tuple(Note(f"{spec.title}: {spec.restart}") for spec in specs)
