"""Carry a plan out: all files or none, and success only for what was read back afterwards."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Container, Mapping, Sequence

from mcpconf.client.spec import Target
from mcpconf.commit import generation as generations
from mcpconf.commit import journal
from mcpconf.commit.disk import Unwritable
from mcpconf.commit.files import Files, fitted
from mcpconf.commit.reading import Clock, read_all
from mcpconf.commit.recovery import PENDING, absorb_pending, absorbed, dump_pending, planned_records, remembered
from mcpconf.commit.snapshot import Changed, Snapshot, read_snapshot
from mcpconf.commit.state import State
from mcpconf.commit.write import Scratch
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import FileRecord, Ledger, dump
from mcpconf.plan import Plan
from mcpconf.record import dataclass, field, replace

# How often another program may undo what was written, and how often it may be faster than we (that costs some ms; one
# that writes 50 times a second is faster in about half of all attempts).
UNDONE = 8
OVERTAKEN = 100
VERIFY_AT = (0.02, 0.1, 0.3)  # seconds after the write; measured: one look at 20 ms misses one in twenty losses


def _as_it_is(number: int | None) -> int | None:
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be planned, anew under the lock, and then written.

    `note` is called with the generation's number when all is written, to keep more records; it returns the number that
    counts. If it raises `Unwritable`, all is taken back.

    `texts` are those of the paths that hold no JSON.

    `plan` is called with the bytes of all `paths` and the ledger, perhaps more than once. The rest is what the
    generation tells of this apply, if it is to be one (`record`).
    """

    paths: Sequence[str]
    plan: Callable[[Mapping[str, bytes | None], Ledger], Plan]
    command: str
    context: str
    profile: str | None
    previous: str | None
    record: bool = True
    texts: Container[str] = ()
    note: Callable[[int | None], int | None] = _as_it_is


@dataclass(frozen=True, slots=True)
class Committed:
    """What was done. `generation` is None where there was nothing to do.

    `recovered` names files mended first, `rescued` files with what another program wrote and a third one dropped.
    """

    plan: Plan
    generation: int | None
    recovered: tuple[str, ...] = ()
    attempts: int = 1
    rescued: tuple[str, ...] = ()


@dataclass(slots=True)
class _Run:
    """One commit under way."""

    request: Request
    state: State
    clock: Clock
    mark: str = field(default_factory=lambda: os.urandom(6).hex())
    first: Plan | None = None
    before: Ledger = field(default_factory=Ledger)
    undone: int = 0
    overtaken: int = 0
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    ours: list[Mapping[str, FileRecord]] = field(default_factory=list)

    @property
    def files(self) -> Files:
        return Files(Scratch(self.state.journals, self.state.rescued, self.mark), self.clock)


def commit(request: Request, state: State, clock: Clock) -> Committed:
    """Plan and write. Raises `Refused` for a conflict, `McpconfError` where the system or another writer won't let us.

    The caller holds the state lock (`State.locked`).
    """
    known = set(state.list("rescued"))
    recovered = journal.recover(state.journals)
    state.sweep()
    run = _Run(request, state, clock)
    while run.undone < UNDONE and run.overtaken < OVERTAKEN:
        absorb_pending(state)  # of a crash before us, or of our own attempt that did not last
        plan = _attempt(run)
        if plan is not None:
            rescued = tuple(state.at("rescued", name) for name in state.list("rescued") if name not in known)
            attempts = run.undone + run.overtaken + 1
            return Committed(_told(run, plan), _note(run, plan), recovered, attempts, rescued)
    raise McpconfError(
        "another program keeps writing the same files; what mcpconf writes does not last",
        hint="close running Claude sessions and try again",
    )


def _told(run: _Run, plan: Plan) -> Plan:
    """What was done in all attempts together: what the first one changed, but for what is not so in the end."""
    if run.first is None:
        return plan
    lost = _conflicting(plan)
    changes = tuple(change for change in run.first.changes if (change.target, change.name) not in lost)
    return replace(run.first, changes=changes, conflicts=plan.conflicts, ledger=plan.ledger)


def _attempt(run: _Run) -> Plan | None:
    """Plan once and write it; None where somebody else came in between and it must be planned anew."""
    known = run.state.ledger()
    run.snapshots = read_all(run.request.paths, run.clock, expected=known.files, texts=run.request.texts)
    raw = {path: seen.raw for path, seen in run.snapshots.items()}
    before = _ours(run, known, raw)
    plan = run.request.plan(raw, before)
    if plan.blocked:
        raise Refused(_describe_conflicts(run, plan), hint="--adopt takes them over, --keep leaves them as they are")
    if plan.files:
        plan = fitted(plan)
        if run.request.record:
            _keep_blobs(run, plan)
        _remember(run, planned_records(plan))
        run.state.write_json(dump_pending(plan, run.mark, before), PENDING)
        try:
            run.files.write(plan.files, run.snapshots)
        except Changed:
            run.overtaken += 1
            return None
        run.first = run.first or plan
        if not _holds(run, plan, before):
            run.undone += 1
            return None
    run.before = before
    return plan


def _keep_blobs(run: _Run, plan: Plan) -> None:
    """Keep what undo will need before anything is written: on a full disk it is the first that finds no room."""
    for edit in plan.files:
        for raw in (edit.before, edit.after):
            if raw is not None:
                run.state.keep(raw)


def _ours(run: _Run, known: Ledger, raw: Mapping[str, bytes | None]) -> Ledger:
    """What is ours now, also what another program put back after we had written it or taken it away."""
    ledger = remembered(known, run.ours, raw)
    if ledger != known:
        run.state.write(dump(ledger), "ledger.json")
    _remember(run, {path: record for path, record in ledger.files.items() if path in raw})
    return ledger


def _remember(run: _Run, records: Mapping[str, FileRecord]) -> None:
    if records not in run.ours:
        run.ours.append(records)


def _describe_conflicts(run: _Run, plan: Plan) -> str:
    lines = [
        f"{c.target.path}:{c.line}: {c.target.label} already has a {c.name!r} that mcpconf did not write"
        for c in plan.blocked
    ]
    return "\n".join(lines if run.first else [*lines, "nothing was changed"])


def _holds(run: _Run, plan: Plan, before: Ledger) -> bool:
    """Whether what was written is still there a little later, and later again."""
    waited = 0.0
    for moment in VERIFY_AT:
        run.clock.sleep(moment - waited)
        waited = moment
        if all(read_snapshot(edit.path).raw == edit.after for edit in plan.files):
            continue
        found = read_all(run.request.paths, run.clock, texts=run.request.texts)
        newest = {path: seen.raw for path, seen in found.items()}
        again = run.request.plan(newest, absorbed(before, planned_records(plan), newest))
        if again.files or _conflicting(again) - _conflicting(plan):
            return False
    return True


def _conflicting(plan: Plan) -> set[tuple[Target, str]]:
    return {(conflict.target, conflict.name) for conflict in plan.conflicts}


def _note(run: _Run, plan: Plan) -> int | None:
    """Write down what was done; the generation's number. Where that fails, what was done is taken back.

    Raises `Unwritable`, which tells whether anything of the user's is changed all the same.
    """
    number = None
    try:
        if plan.ledger != run.before:
            run.state.write(dump(plan.ledger), "ledger.json")
        number = _record(run, plan)
        number = run.request.note(number)
    except Unwritable as error:
        _forget_note(run, number)  # first, since its backups may take the room that the way back needs
        standing = run.files.take_back(plan.files)
        raise Unwritable(error.path, error.said, hint=error.hint, standing=standing) from None
    run.state.remove(PENDING)
    return number


def _forget_note(run: _Run, number: int | None) -> None:
    """Take our own records back too; where even that fails, the pending record tells the next run what stands."""
    with contextlib.suppress(McpconfError):
        if number is not None:
            generations.discard(number, run.state)
        generations.forget(run.state)
        run.state.write(dump(run.before), "ledger.json")


def _record(run: _Run, plan: Plan) -> int | None:
    """Write the generation, where this is to be one; its number."""
    first = run.first or plan
    if not first.files or not run.request.record:
        return None
    known = generations.read_all(run.state)
    record = generations.describe(
        first,
        run.state,
        number=known[-1].id + 1 if known else 1,
        time=run.clock.now(),
        command=run.request.command,
        context=run.request.context,
        profile=run.request.profile,
        previous=run.request.previous,
        exact=first is plan,
    )
    generations.save(record, run.state)
    generations.forget(run.state)
    return record.id
