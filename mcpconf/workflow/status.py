"""What is active, and whether each client's file still says so."""

from __future__ import annotations

from mcpconf.broker.place import Paths, is_reachable
from mcpconf.errors import McpconfError
from mcpconf.model import Layer, Note, RouteName, Scope
from mcpconf.plan import Action, Foreign, Plan, Reason
from mcpconf.record import dataclass, replace
from mcpconf.route.broker import has_use
from mcpconf.route.launch import Routed
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.here import contexts_here
from mcpconf.workflow.profiles import find
from mcpconf.workflow.switch import ClientPart, Prepared, Wish, is_kept, prepare

IN_STEP, MISSING, OUTDATED, EDITED, FOREIGN, LEFT_OVER, UNAVAILABLE = (
    "in step",
    "missing",
    "outdated",
    "edited by hand",
    "somebody else's",
    "left over",
    "unavailable",
)


@dataclass(frozen=True, slots=True)
class EntryStatus:
    """One server at one client. `state` is one of this module's words."""

    name: str
    state: str
    route: str | None
    because: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One client's file."""

    client: str
    scope: str
    path: str
    entries: tuple[EntryStatus, ...]


@dataclass(frozen=True, slots=True)
class ContextStatus:
    """One context's profile. `error` says why nothing more can be told (a deleted profile, an unreadable file)."""

    context: str
    profile: str
    previous: str | None
    targets: tuple[TargetStatus, ...] = ()
    notes: tuple[Note, ...] = ()
    error: str | None = None
    hint: str | None = None

    @property
    def in_step(self) -> bool:
        """Whether nothing would change; a server that this machine can't run is no drift."""
        fine = (IN_STEP, UNAVAILABLE)
        return self.error is None and all(e.state in fine for target in self.targets for e in target.entries)


def status(app: App) -> tuple[ContextStatus, ...]:
    """Every active profile that counts here. Reads only."""
    known = active.load(app.state.read(active.FILE))
    return tuple(_context(app, context, known[context]) for context in contexts_here(app) if context in known)


def _context(app: App, context: str, now: active.Active) -> ContextStatus:
    profile = now.current or ""
    gone = away(app, now)
    if gone is not None:
        return ContextStatus(
            context, profile, now.previous, error=gone, hint=_leave(now) if now.origin else "cd ~ && mcpconf status"
        )
    try:
        prepared = prepare(app, wish_for(context, profile))
    except McpconfError as error:
        return ContextStatus(context, profile, now.previous, error=str(error), hint=error.hint)
    parts = tuple(target_status(app, part, prepared.plan) for part in prepared.parts)
    return ContextStatus(context, profile, now.previous, parts, prepared.notes + _unused(app, prepared))


def _unused(app: App, prepared: Prepared) -> tuple[Note, ...]:
    """A broker that somebody has started serves no profile that does not want it."""
    routed = [(one, part.spec) for part in prepared.parts for one in part.routed]
    kept = any(one.route is RouteName.BROKER for one, _ in routed)
    wasted = not kept and any(has_use(one.server, spec) for one, spec in routed)
    if not wasted or not is_reachable(Paths(app.runtime).socket):
        return ()
    name = prepared.profile.name
    text = f"a broker runs, but {name} does not want one: it says no autostart = true below [broker]"
    return (Note(text, hint=f"mcpconf init --yes --profile {name} --broker; by hand: that line, then mcpconf switch"),)


def away(app: App, now: active.Active) -> str | None:
    """Why the active profile can't be told about here, where another one may have its name; None where it can."""
    if now.current is None:
        return None
    found = find(app, now.current)
    if now.origin is None:
        if found is None or found.layer is not Layer.PROJECT:
            return None
        return f"this project has another one of that name, {found.path}, so it can be looked at from elsewhere only"
    if found is not None and app.system.realpath(found.path) == app.system.realpath(now.origin):
        return None
    if not app.system.exists(now.origin):
        return f"its file is gone: {now.origin}"
    return f"it is a project's own profile, {now.origin}, and can be looked at from that project only"


def _leave(now: active.Active) -> str:
    return "mcpconf switch -" if now.previous else "mcpconf switch NAME; mcpconf profile ls"


def wish_for(context: str, profile: str) -> Wish:
    """The wish that would put a context's own profile in place again, leaving other people's entries alone."""
    return Wish(profile=profile, scope=Scope(context.partition(":")[0]), foreign=Foreign.KEEP, remember=False)


def target_status(app: App, part: ClientPart, plan: Plan) -> TargetStatus:
    """What has become of a client's part of a plan that was made for it anew."""
    entries = tuple(_with_files(app, one, _entry(one, part, plan)) for one in part.routed)
    names = {entry.name for entry in entries} | {one.entry for one in part.routed}
    left = tuple(
        EntryStatus(
            name, LEFT_OVER, None, "an earlier profile's entry, edited by hand since", "mcpconf switch NAME --force"
        )
        for name in _names(part, plan)
        if name not in names
    )
    return TargetStatus(part.spec.id, str(part.target.scope), part.target.path, entries + left)


def _with_files(app: App, one: Routed, entry: EntryStatus) -> EntryStatus:
    """An entry is no use without the files of ours that it starts."""
    lost = [path for path in (one.launch.files if one.launch else ()) if not app.system.exists(path)]
    if entry.state != IN_STEP or not lost:
        return entry
    return replace(entry, state=MISSING, because=f"{lost[0]} is gone", hint="mcpconf switch NAME")


def _names(part: ClientPart, plan: Plan) -> tuple[str, ...]:
    changed = [change.name for change in plan.changes if change.target == part.target]
    kept = [conflict.name for conflict in plan.conflicts if conflict.target == part.target]
    return tuple(dict.fromkeys(changed + kept))


def _entry(one: Routed, part: ClientPart, plan: Plan) -> EntryStatus:
    name, entry, route, because = one.server.name, one.entry, str(one.route), one.because
    if one.route is None:
        return EntryStatus(name, UNAVAILABLE, None, because, one.hint)
    for change in plan.changes:
        if change.target == part.target and change.name == entry:
            state = MISSING if change.action is Action.ADD else OUTDATED
            return EntryStatus(name, state, route, because, "mcpconf switch NAME")
    for conflict in plan.conflicts:
        if conflict.target == part.target and conflict.name == entry:
            state = EDITED if conflict.reason is Reason.EDITED else FOREIGN
            return EntryStatus(name, state, route, because, "mcpconf switch NAME --force")
    return EntryStatus(name, FOREIGN if is_kept(plan, part.target, entry) else IN_STEP, route, because)


__all__ = [
    "ContextStatus",
    "EntryStatus",
    "Prepared",
    "TargetStatus",
    "status",
    "target_status",
    "wish_for",
]
