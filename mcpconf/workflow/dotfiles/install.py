"""`mcpconf dotfiles install`: what is missing of it in this home is done, then the profile for this place applied."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence

from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.disk import Unwritable, missing_directories
from mcpconf.commit.state import State, blob_name
from mcpconf.commit.steps import stands
from mcpconf.commit.transaction import Request, commit
from mcpconf.document.block import SHELL
from mcpconf.errors import Located, McpconfError
from mcpconf.ledger import FileRecord, Ledger
from mcpconf.model import Note
from mcpconf.plan import FileEdit, Foreign, Plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, besides, blocks, choices, settings, shell_files, switch
from mcpconf.workflow.app import App
from mcpconf.workflow.dotfiles import clone, record
from mcpconf.workflow.dotfiles.look import Found, is_tracked, look
from mcpconf.workflow.dotfiles.placing import Action, Placing, Standing, plan_placing
from mcpconf.workflow.dotfiles.record import MadeFile, MadeLink, Record
from mcpconf.workflow.dotfiles.steps import keep, take
from mcpconf.workflow.init import FALLBACK
from mcpconf.workflow.places import Fits, fitting
from mcpconf.workflow.profiles import find

COMMAND = "dotfiles install"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for: a repository (a directory or a URL), a profile, and what to do with others' entries."""

    source: str | None = None
    profile: str | None = None
    foreign: Foreign = Foreign.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was done, or would be. `profile` is for this place; `applied`: what a switch did, None where nothing had to
    be; `error`: why it could not be applied; `active`: the one that was active, where nothing was done."""

    found: Found
    actions: tuple[Action, ...]
    changed: bool
    profile: Fits | None = None
    applied: switch.Applied | None = None
    error: McpconfError | None = None
    notes: tuple[Note, ...] = ()
    active: str | None = None

    @property
    def lacking(self) -> bool:
        """Whether it is not as it should be: something is to be done, or can't be."""
        refused = any(one.standing is Standing.REFUSED for one in self.actions)
        return self.changed or refused or self.error is not None


def preview(app: App, wish: Wish) -> Result:
    """What install would do now. Reads only."""
    cloned = clone.preview(app, wish.source) if wish.source and clone.is_url(wish.source) else None
    missing = cloned is not None and not app.system.is_dir(cloned.directory)
    known = record.load(app.state) or Record()
    found = look(app, None if missing else cloned.directory if cloned else wish.source)
    placing = plan_placing(app, found, known)
    fits, error = _profile(app, found, wish)
    active_now = _current(app)
    changed = placing.changes or missing or (fits is not None and fits.profile != active_now)
    notes = (*(cloned.notes if cloned else ()), *_notes(app, found))
    return Result(
        found=found,
        actions=placing.actions,
        changed=changed,
        profile=fits,
        error=error,
        notes=notes,
        active=active_now,
    )


def install(app: App, wish: Wish) -> Result:
    """Do it. What can't be done is told and hinders nothing else. Raises `McpconfError` where nothing can be."""
    cloned = clone.bring(app, wish.source) if wish.source and clone.is_url(wish.source) else None
    known = record.load(app.state)
    found = look(app, cloned.directory if cloned else wish.source)
    placing = plan_placing(app, found, known or Record())
    refused: dict[str, McpconfError] = {}
    if placing.changes or _noted(app, found, placing, known, clone=cloned is not None) != known:
        refused = _write(app, found, placing, clone=cloned is not None)
    fits, error = _profile(app, found, wish)
    applied = None
    if fits is not None:
        applied, error = _apply(app, fits.profile, wish)
    actions = tuple(_told(action, refused) for action in placing.actions)
    done = any(one.standing is Standing.NEW for one in actions) or placing.shell is not None
    changed = done or applied is not None or (cloned is not None and cloned.changed)
    notes = (*(cloned.notes if cloned else ()), *_notes(app, found), *(applied.notes if applied else ()))
    return Result(
        found=found, actions=actions, changed=changed, profile=fits, applied=applied, error=error, notes=notes
    )


def _told(action: Action, refused: Mapping[str, McpconfError]) -> Action:
    error = refused.get(action.path)
    if error is None:
        return action
    text = str(error).removesuffix("; nothing was changed").removeprefix(action.path).lstrip(" :")
    return replace(action, standing=Standing.REFUSED, text=text, hint=error.hint)


def _notes(app: App, found: Found) -> tuple[Note, ...]:
    notes = []
    if app.dirs.chosen:
        notes.append(Note("the shell integration is left out: rc files can't know of a --config-dir"))
    if found.source is not None and found.layout is None:
        places = "mcpconf/, .config/mcpconf/, dot_config/mcpconf/ or a package of stow's"
        notes.append(Note(f"{found.source} has no profiles and no config.toml of mcpconf's in {places}"))
    return tuple(notes)


def _current(app: App) -> str | None:
    return active.load(app.state.read(active.FILE)).get(active.USER, active.Active()).current


def _profile(app: App, found: Found, wish: Wish) -> tuple[Fits | None, McpconfError | None]:
    """The profile for this place, and what says so."""
    if wish.profile is not None:
        return Fits(wish.profile, "--profile"), None
    try:
        facts, environment = app.look()
        fits = fitting(_settings(app, found).places, environment.kind, facts.env, app.system.hostname)
    except McpconfError as error:
        return None, error
    now = _current(app)
    if fits is None and now is not None:
        fits = Fits(now, "it is active, and [places] says nothing of this place")
    own = "default" if find(app, "default") else FALLBACK
    return fits or Fits(own, "[places] says nothing of this place"), None


def _settings(app: App, found: Found) -> settings.Settings:
    """The settings as they are, or will be when the repository's are in place."""
    items = found.layout.items if found.layout else ()
    source = next((item.source for item in items if item.name == "config.toml" and item.why is None), None)
    if source is None or app.system.exists(app.dirs.settings):
        return choices.load(app)
    return settings.load(app.system.read(source), source)


def _noted(app: App, found: Found, placing: Placing, known: Record | None, *, clone: bool) -> Record:
    """The record as it is to be before anything is made."""
    before = known or Record()
    links = {
        step.path: before.links[step.path]  # another mcpconf was here since, and knows what it made
        if stands(step) and step.path in before.links
        else MadeLink(step.target, step.above)
        for step in placing.steps
        if step.made
    }
    files = {
        path: MadeFile(blob_name(copy.data), _real(path), before.files[path].above if path in before.files else above)
        for path, copy in placing.copies.items()
        for above in [missing_directories(os.path.dirname(path))]
    }
    made = {path: missing_directories(os.path.dirname(path)) for path in placing.blocks if not os.path.lexists(path)}
    # A file that has gone and come back without a block is somebody else's now.
    bare = {path for path in placing.blocks if SHELL.begin not in (app.system.read(path) or b"")}
    kept = {path: above for path, above in before.made.items() if path not in bare - made.keys()}
    tracked = any(item.name == "config.toml" for item in (found.layout.items if found.layout else ()))
    return Record(
        source=found.source or before.source,
        manager=str(found.verdict.manager),
        clone=clone or before.clone,
        tracked=tracked or before.tracked or is_tracked(app, found, app.dirs.settings),
        links={**before.links, **links},
        files={**before.files, **files},
        made={**kept, **made},
        applied=before.applied,
        previous=before.previous if before.applied is not None else _current(app),
    )


def _real(path: str) -> str:
    return os.path.realpath(path)


def _write(app: App, found: Found, placing: Placing, *, clone: bool) -> dict[str, McpconfError]:
    """Write it as one change that `undo` takes back; what could not be written, by path."""
    refused: dict[str, McpconfError] = {}
    with app.writing() as state:
        record.save(state, _noted(app, found, placing, record.load(state), clone=clone))
        blocks.remember(state, dict.fromkeys(placing.blocks, SHELL))
        wanted = {shell_files.CONTEXT: placing.shell} if placing.shell is not None else {}
        artifacts = Artifacts(app.dirs.wrapper, wanted)
        while True:
            paths = [path for path in (*placing.blocks, *placing.copies, *placing.gone) if path not in refused]
            try:
                _commit(app, state, placing, artifacts, paths, refused)
                return refused
            except (Located, Unwritable) as error:
                at = next((path for path in paths if path == error.path or path.startswith(f"{error.path}/")), None)
                if at is None or (isinstance(error, Unwritable) and error.standing):
                    raise
                refused[at] = error


def _commit(
    app: App,
    state: State,
    placing: Placing,
    artifacts: Artifacts,
    paths: Sequence[str],
    refused: dict[str, McpconfError],
) -> None:
    before = besides.Besides(artifacts.before(state), active.load(state.read(active.FILE)))
    if not paths and not placing.steps and not artifacts.wanted:
        return
    modes = {path: placing.copies[path].mode for path in paths if path in placing.copies and not os.path.exists(path)}

    def note(number: int | None) -> int | None:
        done = take(placing.steps, modes, refused)
        return keep(app, state, request, number, before, done, more=bool(artifacts.wanted))

    request = Request(
        paths=paths,
        plan=_planner(placing, paths),
        command=COMMAND,
        context=active.USER,
        profile=None,
        previous=None,
        texts=paths,
        note=note,
    )
    with artifacts.in_place(state):
        commit(request, state, app.system)


def _planner(placing: Placing, paths: Sequence[str]) -> Callable[[Mapping[str, bytes | None], Ledger], Plan]:
    def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
        edits: list[FileEdit] = []
        for path in paths:
            raw = snapshots[path]
            if path in placing.blocks:
                found = blocks.edit_of(path, raw, placing.blocks[path], SHELL)
            else:
                data = placing.copies[path].data if path in placing.copies else None
                found = () if raw == data else (FileEdit(path, raw, data, (), FileRecord(raw is None), FileRecord()),)
            above = missing_directories(os.path.dirname(path)) if raw is None else ()
            edits += (replace(edit, known=FileRecord(made=above)) for edit in found)
        return Plan(files=tuple(edits), ledger=ledger)

    return plan


def _apply(app: App, profile: str, wish: Wish) -> tuple[switch.Applied | None, McpconfError | None]:
    """Activate the profile, unless all is so already."""
    before = record.load_or_none(app.state)
    try:
        prepared = switch.prepare(app, switch.Wish(profile=profile, foreign=wish.foreign, remember=False))
        same = prepared.artifacts.before(app.state) == prepared.artifacts.wanted
        # Before it is so: whoever is killed in the midst of it must find the profile of before again.
        _note_applied(app, profile)
        applied = None
        if prepared.plan.files or prepared.plan.blocked or not same or _current(app) != profile:
            applied = switch.apply(app, prepared, COMMAND)
        if prepared.unreachable:
            return applied, McpconfError(f"not one server of {profile} can be reached here", hint="mcpconf doctor")
        return applied, None
    except McpconfError as error:
        if _current(app) != profile:
            with contextlib.suppress(McpconfError):
                _note_applied(app, before.applied if before is not None else None)
        return None, error


def _note_applied(app: App, profile: str | None) -> None:
    noted = record.load(app.state)
    if noted is None or noted.applied == profile:
        return
    with app.writing() as state:
        record.save(state, replace(record.load(state) or noted, applied=profile))
