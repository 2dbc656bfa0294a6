"""`mcpconf dotfiles uninstall`: blocks, links and copies go, and the profile that was active before comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.disk import Unwritable
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Request, commit
from mcpconf.errors import Located, McpconfError
from mcpconf.ledger import Ledger
from mcpconf.model import Note
from mcpconf.plan import FileEdit, Plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, besides, shell_files, switch
from mcpconf.workflow.app import App
from mcpconf.workflow.dotfiles import clone, record, take_out
from mcpconf.workflow.dotfiles.placing import Action, Standing
from mcpconf.workflow.dotfiles.record import Record
from mcpconf.workflow.dotfiles.steps import keep, take
from mcpconf.workflow.off import take_off

COMMAND = "dotfiles uninstall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What went, or would. `profile`: which one is given back, None where none is active then; `given_back` whether
    that is a change."""

    actions: tuple[Action, ...]
    changed: bool
    given_back: bool = False
    profile: str | None = None
    notes: tuple[Note, ...] = ()


def preview(app: App) -> Removed:
    """What uninstall would do now. Reads only."""
    known = record.load(app.state) or Record()
    actions, notes = _actions(app, known)
    back = _is_ours(app, known)
    changed = back or any(one.standing is Standing.NEW for one in actions)
    return Removed(actions=actions, changed=changed, given_back=back, profile=known.previous, notes=notes)


def uninstall(app: App) -> Removed:
    """Do it. What was edited since stays, and is told."""
    planned = preview(app)
    if not planned.changed:
        return planned
    known = record.load(app.state) or Record()
    notes = _give_back(app, known) if planned.given_back else ()
    refused = _write(app, known)
    told = (_told(action, refused) for action in planned.actions)
    with app.writing() as state:
        if record.load(state) is not None:
            record.save(state, replace(known, applied=None, previous=None, tracked=False, clone=False))
    left = clone.remove(app) if known.clone else None
    return replace(planned, actions=tuple(told), notes=(*planned.notes, *notes, *((left,) if left is not None else ())))


def _told(action: Action, refused: Mapping[str, McpconfError]) -> Action:
    error = refused.get(action.path)
    if error is None:
        return action
    return replace(action, standing=Standing.REFUSED, text=str(error), hint=error.hint)


def _actions(app: App, known: Record) -> tuple[tuple[Action, ...], tuple[Note, ...]]:
    actions = []
    snapshots: dict[str, bytes | None] = {}
    for path in take_out.rc_paths(app.state):
        try:
            raw = read_snapshot(path).raw
            if tuple(take_out.block_edits((path,), {path: raw}, known)):
                actions.append(Action("block", path, Standing.NEW, take_out.removed(raw)))
        except Located as error:
            actions.append(Action("block", path, Standing.REFUSED, take_out.torn(error), error.hint))
    for path in known.files:
        with contextlib.suppress(McpconfError):
            snapshots[path] = read_snapshot(path).raw
    actions += [Action("copy", edit.path, Standing.NEW, "removed") for edit in take_out.copy_edits(snapshots, known)]
    actions += [Action("link", step.path, Standing.NEW, "link removed") for step in take_out.links(known)]
    wanted = Artifacts(app.dirs.wrapper, {shell_files.CONTEXT: {}})
    if any(wanted.before(app.state).values()):
        actions.append(Action("shell", shell_files.directory(app), Standing.NEW, "removed"))
    return tuple(actions), take_out.edited(snapshots, known)


def _is_ours(app: App, known: Record) -> bool:
    """Whether the active profile is still the one that install had applied, or was about to when it was killed: then
    some of it may stand in the clients' files already."""
    now = active.load(app.state.read(active.FILE)).get(active.USER, active.Active()).current
    return known.applied not in (None, known.previous) and now in (known.applied, known.previous)


def _give_back(app: App, known: Record) -> tuple[Note, ...]:
    """The profile of before is active again; where there is none, or it has gone, none is."""
    notes: tuple[Note, ...] = ()
    if known.previous is not None:
        try:
            prepared = switch.prepare(app, switch.Wish(profile=known.previous, remember=False))
            return switch.apply(app, prepared, COMMAND).notes
        except McpconfError as error:
            notes = (Note(f"{known.previous}, which was active before, can't be: {error}", hint=error.hint),)
    return notes + take_off(app, COMMAND)


def _write(app: App, known: Record) -> dict[str, McpconfError]:
    """Everything in one change; what could not be, by path."""
    refused: dict[str, McpconfError] = {}
    with app.writing() as state:
        rcs = take_out.rc_paths(state)
        while True:
            paths = [path for path in dict.fromkeys((*rcs, *known.files)) if path not in refused]
            try:
                _commit(app, state, known, paths, refused)
                return refused
            except (Located, Unwritable) as error:
                if error.path not in paths or (isinstance(error, Unwritable) and error.standing):
                    raise
                refused[error.path] = error


def _commit(app: App, state: State, known: Record, paths: list[str], refused: dict[str, McpconfError]) -> None:
    artifacts = Artifacts(app.dirs.wrapper, {shell_files.CONTEXT: {}})
    before = besides.Besides(artifacts.before(state), active.load(state.read(active.FILE)))

    def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
        rcs = tuple(path for path in paths if path not in known.files)
        edits: tuple[FileEdit, ...] = (
            *take_out.block_edits(rcs, snapshots, known),
            *take_out.copy_edits({path: snapshots[path] for path in paths}, known),
        )
        return Plan(files=edits, ledger=ledger)

    def note(number: int | None) -> int | None:
        done = take(take_out.links(known), {}, refused)
        return keep(app, state, request, number, before, done, more=any(before.files.values()))

    request = Request(
        paths=paths,
        plan=plan,
        command=COMMAND,
        context=active.USER,
        profile=None,
        previous=None,
        texts=paths,
        note=note,
    )
    with artifacts.in_place(state):
        commit(request, state, app.system)
