"""Give every file back, as if mcpconf had never been there."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping

from mcpconf import ledger as ledgers
from mcpconf.commit.artifacts import Artifacts, contexts
from mcpconf.commit.recovery import PENDING, absorb_pending
from mcpconf.commit.state import State
from mcpconf.commit.steps import Link
from mcpconf.commit.transaction import Committed, Request, commit
from mcpconf.document.block import SHELL, Marks
from mcpconf.errors import Located
from mcpconf.ledger import Ledger
from mcpconf.model import Note
from mcpconf.plan import Plan, Policy, Want, make_plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, besides, blocks, brokers, footprint, secrets, service, service_record
from mcpconf.workflow.app import App
from mcpconf.workflow.dotfiles import clone, take_out
from mcpconf.workflow.dotfiles.record import Record
from mcpconf.workflow.dotfiles.steps import keep, take
from mcpconf.workflow.lost import regained
from mcpconf.workflow.owned import named_in, owned_targets
from mcpconf.workflow.reload import reload
from mcpconf.workflow.service_record import Ours


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """What was given back; `removed` are directories and files of ours that went, `steps` links that do."""

    plan: Plan
    committed: Committed | None = None
    removed: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    steps: tuple[Link, ...] = ()


def _wants(ledger: Ledger) -> tuple[Want, ...]:
    return tuple(Want(target, {}, "") for target in owned_targets(ledger))


def preview(app: App, *, force: bool = False) -> Uninstalled:
    """What uninstall would do now. Reads only. Raises `Refused` as `uninstall` does."""
    with _advice():
        ledger = app.state.ledger()
        if app.state.read(PENDING) is None:  # else a killed run's writes are still to be told apart
            ledger = regained(app.state, ledger, force=force)
        texts = _Texts(blocks.paths(app.state), take_out.known(app.state), service_record.known(app.state), force)
        snapshots = app.read([*ledger.files, *texts.paths], ledger.files, texts.paths)
        notes = texts.left(snapshots)
        return Uninstalled(_plan(snapshots, ledger, texts, force), notes=notes, steps=texts.links)


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is ours besides the clients' files: blocks in other people's texts, what `dotfiles install` made, and what
    `broker install` gave to a service manager (with `force` also where that was edited)."""

    marks: Mapping[str, Marks]
    record: Record
    services: Ours
    force: bool

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.marks, *self.record.files, *self.services.files)))

    @property
    def links(self) -> tuple[Link, ...]:
        return (*take_out.links(self.record), *service_record.unlinked(self.services))

    def left(self, snapshots: Mapping[str, bytes | None]) -> tuple[Note, ...]:
        return () if self.force else service_record.edited(self.services, snapshots)

    def gone(self, plan: Plan) -> tuple[str, ...]:
        return tuple(edit.path for edit in plan.files if edit.path in self.services.files)

    def taken_out(self, plan: Plan, snapshots: Mapping[str, bytes | None]) -> Plan:
        plan = blocks.take_out(plan, snapshots, self.marks)
        rcs = {path for path, marks in self.marks.items() if marks == SHELL}
        files = (take_out.with_made(edit, self.record) if edit.path in rcs else edit for edit in plan.files)
        units = service_record.take_out(self.services, snapshots, force=self.force)
        return replace(plan, files=(*files, *take_out.copy_edits(snapshots, self.record), *units))


def _plan(snapshots: Mapping[str, bytes | None], ledger: Ledger, texts: _Texts, force: bool) -> Plan:
    """Everything of ours out of the clients' files, our blocks out of other people's texts, and no service any more."""
    files = {path: raw for path, raw in snapshots.items() if path not in texts.paths}
    return texts.taken_out(make_plan(files, _wants(ledger), ledger, Policy(force=force)), snapshots)


def uninstall(app: App, *, force: bool = False, purge: bool = False) -> Uninstalled:
    """Take everything of ours out of every client's file; with `purge` our own files go as well.

    An entry of ours that was edited by hand stays, and stops a purge, unless `force`. Raises `Refused` where only the
    history knows of an entry, unless `force`.
    """
    # Asked in two ways: to believe one wrong "no such file" would be to leave entries behind and say that none are.
    if not os.path.lexists(app.state.directory) and not os.path.isdir(app.state.directory):
        return _purged(app, Plan(), None) if purge else Uninstalled(Plan())
    steps = take_out.links(take_out.known(app.state))
    with app.writing() as state, _advice():
        committed, told = _take_out(app, state, force)
    if purge and not committed.plan.conflicts:
        return replace(_purged(app, committed.plan, committed), steps=steps)
    return Uninstalled(committed.plan, committed, notes=told, steps=steps)


@contextlib.contextmanager
def _advice() -> Iterator[None]:
    """A file that can't be read must not keep anybody from leaving."""
    try:
        yield
    except Located as error:
        error.hint = error.hint or f"mend it, or move it away (mv {error.path} {error.path}.old), and uninstall again"
        raise


def _take_out(app: App, state: State, force: bool) -> tuple[Committed, tuple[Note, ...]]:
    """Everything of ours out of the clients' files, and what is to be said of the broker.

    What is active stays so where an edited entry stays.
    """

    def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
        return _plan(snapshots, ledger, texts, force)

    absorb_pending(state)  # what a killed run wrote is ours as well, and its files are to be read
    known = active.load(state.read(active.FILE))
    owned = state.ledger()
    ledger = regained(state, owned, force=force)
    if ledger != owned:
        state.write(ledgers.dump(ledger), "ledger.json")
    texts = _Texts(blocks.paths(state), take_out.known(state), service_record.known(state), force)
    paths = [*ledger.files, *texts.paths]
    left = texts.left(app.read(texts.services.files, texts=texts.paths))
    artifacts = Artifacts(app.dirs.wrapper, {context: {} for context in contexts(state)})
    before = besides.Besides(artifacts.before(state), known)

    def note(number: int | None) -> int | None:
        return keep(app, state, request, number, before, take(texts.links, {}, {}))

    request = Request(
        paths=paths,
        plan=plan,
        command="uninstall",
        context=active.USER,
        profile=None,
        previous=known.get(active.USER, active.Active()).current,
        texts=texts.paths,
        note=note,
    )
    with artifacts.in_place(state, named_in(app, paths)):
        committed = commit(request, state, app.system)
    told = left + reload(app, before.files, artifacts.wanted) + service.follow(app, texts.gone(committed.plan))
    if not committed.plan.conflicts:
        state.remove(active.FILE)
    return committed, told


def _purged(app: App, plan: Plan, committed: Committed | None) -> Uninstalled:
    """Remove our own files, and the link in `~/.local/bin` where it leads to them."""
    removed: tuple[str, ...] = ()
    link = os.path.join(app.system.home, ".local", "bin", "mcpconf")
    if os.path.islink(link) and os.path.realpath(link).startswith(os.path.realpath(app.dirs.data) + os.sep):
        with contextlib.suppress(OSError):
            os.unlink(link)
            removed = (link,)
    held = secrets.purge(app) + brokers.purge(app)
    work = clone.remove(app)
    held += (work,) if work is not None else ()
    removed += footprint.remove(app.dirs)
    kept = tuple(Note(f"{path} holds something that is not mcpconf's, and stays") for path in footprint.left(app.dirs))
    return Uninstalled(plan, committed, removed, _notes() + kept + held)


def _notes() -> tuple[Note, ...]:
    """How to remove an installation that is another tool's to remove."""
    for tool, command in (("pipx", "pipx uninstall mcpconf"), ("uv", "uv tool uninstall mcpconf")):
        if f"{os.sep}{tool}{os.sep}" in sys.prefix:
            return (Note(f"the program itself was installed with {tool}", hint=command),)
    return ()
