"""Take back one apply: in all files together, and only what is still as we left it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from mcpconf.commit import generation as generations
from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.generation import Generation
from mcpconf.commit.state import State
from mcpconf.commit.steps import Step, stands, taken_back
from mcpconf.commit.transaction import Committed, Request, commit
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import Ledger
from mcpconf.model import Note
from mcpconf.plan import Action, Conflict, Plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, besides, service, service_record
from mcpconf.workflow.app import App
from mcpconf.workflow.besides import ProfileWas
from mcpconf.workflow.own_profile import write_text
from mcpconf.workflow.owned import named_in
from mcpconf.workflow.parts import up_to_date
from mcpconf.workflow.reload import reload
from mcpconf.workflow.trusting import refuse_untrusted
from mcpconf.workflow.undo_plan import plan_undo

BACK_AGAIN = (Action.ADD, Action.UPDATE, Action.ADOPT)  # with these an undo writes an entry that was ours once

Planner = Callable[[Mapping[str, bytes | None], Ledger], Plan]


@dataclass(frozen=True, slots=True)
class Undone:
    """The generation that was taken back, and how. `profile`: the user's own one, whose edit went back with it;
    `steps`: what is no text and did."""

    generation: Generation
    plan: Plan
    committed: Committed | None = None
    profile: ProfileWas | None = None
    notes: tuple[Note, ...] = ()
    steps: tuple[Step, ...] = ()


def latest(state: State) -> Generation:
    """The newest generation that still stands. Raises `McpconfError` where there is none."""
    standing = [one for one in generations.read_all(state) if not one.undone]
    if not standing:
        raise McpconfError("there is nothing to undo", hint="mcpconf history")
    return standing[-1]


def preview(app: App, *, force: bool = False, untrusted: bool = False) -> Undone:
    """What undo would do now. Reads only. Raises `Refused` as `undo` does, but for entries that were edited since."""
    one = latest(app.state)
    kept = besides.load(app.state, one.id)
    ledger = app.state.ledger()
    snapshots = app.read([f.path for f in one.files], ledger.files)
    planned = plan_undo(one, app.state, snapshots, ledger, force)
    if not untrusted:
        _check_trust(app, one, kept, planned)
    profile, notes = _profile(app, kept, force)
    steps, left = _steps(kept)
    return Undone(one, planned, profile=profile, notes=notes + left, steps=steps)


def undo(app: App, *, force: bool = False, untrusted: bool = False) -> Undone:
    """Take the latest generation back. Raises `Refused` where something of it was edited since, or where servers of a
    project's profile would come back that is not trusted, unless `untrusted`."""
    latest(app.state)  # before anything is made or locked
    with app.writing() as state:
        one = latest(state)
        kept = besides.load(state, one.id)
        profile, notes = _profile(app, kept, force)

        def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
            planned = plan_undo(one, state, snapshots, ledger, force)
            if planned.conflicts:
                raise Refused(_conflicts(planned.conflicts), hint="mcpconf undo --force overwrites these")
            if not untrusted:
                _check_trust(app, one, kept, planned)
            return planned

        steps, left = _steps(kept)
        with _given_back(app, profile), taken_back(steps):
            committed, told = _commit(app, state, one, kept, plan)
        generations.save(replace(one, undone=True), state)
        now = active.load(state.read(active.FILE))
        state.write(active.dump(_active(one, kept, now)), active.FILE)
        ours = service_record.known(state)
    told += service.follow(app, [file.path for file in one.files if file.path in ours.files])
    return Undone(one, committed.plan, committed, profile, notes + left + told, steps)


@contextlib.contextmanager
def _given_back(app: App, profile: ProfileWas | None) -> Iterator[None]:
    """The profile goes back before the clients' files, since it is the one that may not be writable; where they can't
    be written it is put in place again, unless somebody edited it meanwhile."""
    if profile is None:
        yield
        return
    write_text(profile.path, profile.before)
    try:
        yield
    except BaseException:
        if app.system.read(profile.path) == _encoded(profile.before):
            write_text(profile.path, profile.after)
        raise


def _commit(
    app: App, state: State, one: Generation, kept: besides.Besides | None, plan: Planner
) -> tuple[Committed, tuple[Note, ...]]:
    """The files go back, ours and the clients'; and what is to be said of it."""
    paths = [file.path for file in one.files]
    request = Request(
        paths=paths,
        plan=plan,
        command=f"undo {one.id}",
        context=one.context,
        profile=one.previous,
        previous=one.profile,
        record=False,
    )
    files = {context: up_to_date(app, its) for context, its in (kept.files if kept else {}).items()}
    artifacts = Artifacts(app.dirs.wrapper, files)
    before = artifacts.before(state)
    # A change of our own files alone has touched no client's; their entries may need these files all the same.
    with artifacts.in_place(state, named_in(app, [*paths, *state.ledger().files])):
        committed = commit(request, state, app.system)
    return committed, reload(app, before, files)


def _profile(app: App, kept: besides.Besides | None, force: bool) -> tuple[ProfileWas | None, tuple[Note, ...]]:
    """The profile whose edit is to be taken back, where there is one. Raises `Refused` where it was edited since.

    With `force` such a one stays as it is: an edit of the user's is nothing to write over.
    """
    edited = kept.profile if kept else None
    raw = None if edited is None else app.system.read(edited.path)
    if edited is None or raw == _encoded(edited.before):
        return None, ()
    if raw == _encoded(edited.after):
        return edited, ()
    if not force:
        raise Refused(
            f"{edited.path} was edited since; nothing was changed", hint="mcpconf undo --force leaves it as it is now"
        )
    return None, (Note(f"{edited.path} was edited since, and stays as it is"),)


def _steps(kept: besides.Besides | None) -> tuple[tuple[Step, ...], tuple[Note, ...]]:
    """The steps that can be taken back, and what is to be said of the others: what was changed since stays."""
    steps = kept.steps if kept else ()
    left = tuple(Note(f"{step.path} was changed since, and stays as it is") for step in steps if not stands(step))
    return tuple(step for step in steps if stands(step)), left


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8")


def _check_trust(app: App, one: Generation, kept: besides.Besides | None, plan: Plan) -> None:
    """Refuse to bring back what a project's profile brought, where that is not trusted any more."""
    if kept is None or not any(change.action in BACK_AGAIN for change in plan.changes):
        return
    # Only an uninstall ends more than one context.
    contexts = tuple(kept.active) if one.profile is None else (one.context,)
    for context in contexts:
        now = kept.active.get(context, active.Active())
        if now.origin is not None and now.current is not None:
            refuse_untrusted(app, now.current, now.origin)


def _active(
    one: Generation, kept: besides.Besides | None, now: Mapping[str, active.Active]
) -> Mapping[str, active.Active]:
    """Which profiles are active after the undo."""
    if one.profile is None and kept is not None:
        return kept.active
    origin = kept.active.get(one.context, active.Active()).origin if kept else None
    return {**now, one.context: active.Active(one.previous, one.profile, origin)}


def _conflicts(conflicts: Sequence[Conflict]) -> str:
    lines = [f"{c.target.path}:{c.line}: {c.name!r} was edited since mcpconf wrote it" for c in conflicts]
    return "\n".join([*lines, "nothing was changed"])
