"""Carry a plan out: all files or none, and success only for what was read back afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from mcpconf.client.spec import Target
from mcpconf.commit import generation as generations
from mcpconf.commit import journal
from mcpconf.commit.clientlock import client_lock
from mcpconf.commit.disk import make_directories, missing_directories, remove_directories
from mcpconf.commit.reading import Clock, read_all
from mcpconf.commit.recovery import PENDING, absorb_pending, absorbed, dump_pending, planned_records, remembered
from mcpconf.commit.snapshot import Changed, Snapshot, read_snapshot
from mcpconf.commit.state import State
from mcpconf.commit.write import Scratch, write_file
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import FileRecord, Ledger, dump
from mcpconf.plan import FileEdit, Plan
from mcpconf.record import dataclass, field, replace

# How often another program may undo what was written, and how often it may be faster than we (that costs some ms; one
# that writes 50 times a second is faster in about half of all attempts).
UNDONE = 8
OVERTAKEN = 100
VERIFY_AT = (0.02, 0.1, 0.3)  # seconds after the write; measured: one look at 20 ms misses one in twenty losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be planned, anew under the lock, and then written.

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
    undone: int = 0
    overtaken: int = 0
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    ours: list[Mapping[str, FileRecord]] = field(default_factory=list)


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
            return Committed(_told(run, plan), _finish(run, plan), recovered, attempts, rescued)
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
    run.snapshots = read_all(run.request.paths, run.clock)
    raw = {path: seen.raw for path, seen in run.snapshots.items()}
    before = _ours(run, raw)
    plan = run.request.plan(raw, before)
    if plan.blocked:
        raise Refused(_describe_conflicts(run, plan), hint="--adopt takes them over, --keep leaves them as they are")
    if plan.files:
        plan = _fitted(plan)
        _remember(run, planned_records(plan))
        run.state.write_json(dump_pending(plan, run.mark), PENDING)
        try:
            _write_files(run, plan.files)
        except Changed:
            run.overtaken += 1
            return None
        run.first = run.first or plan
        if not _holds(run, plan, before):
            run.undone += 1
            return None
    if plan.ledger != before:
        run.state.write(dump(plan.ledger), "ledger.json")
    return plan


def _ours(run: _Run, raw: Mapping[str, bytes | None]) -> Ledger:
    """What is ours now, also what another program put back after we had written it or taken it away."""
    known = run.state.ledger()
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


def _fitted(plan: Plan) -> Plan:
    """The plan with what only the disk tells: which directories will be made, and where a link names the file."""
    edits, ledger = [], plan.ledger
    for edit in plan.files:
        if edit.before is None and not edit.record.made:
            record = replace(edit.record, made=missing_directories(os.path.dirname(edit.path)))
            edit = replace(edit, record=record)
            ledger = ledger.with_file(edit.path, record)
        if edit.after is None and os.path.islink(edit.path):
            edit = replace(edit, after=b"{}\n")  # its owner linked to it since, and a link to nothing is no gift
        edits.append(edit)
    return replace(plan, files=tuple(edits), ledger=ledger)


def _write_files(run: _Run, edits: Sequence[FileEdit]) -> None:
    """Write every file, or take back those that were written."""
    written: list[FileEdit] = []
    try:
        for edit in edits:
            _write_one(run, edit, run.snapshots[edit.path], edit.after)
            written.append(edit)
    except BaseException:
        for edit in reversed(written):
            _take_back(run, edit)
        raise


def _write_one(run: _Run, edit: FileEdit, seen: Snapshot, after: bytes | None) -> None:
    made = make_directories(os.path.dirname(seen.real)) if after is not None else ()
    locks = {target.lock for target in edit.targets if target.lock}
    try:
        with client_lock(next(iter(locks), None), now=run.clock.now, sleep=run.clock.sleep):
            write_file(seen, after, Scratch(run.state.journals, run.state.rescued, run.mark))
    except BaseException:
        remove_directories(made)
        raise
    if after is None:
        remove_directories(edit.record.made)


def _take_back(run: _Run, edit: FileEdit) -> None:
    """Put a file's old bytes back, unless another writer has been at it since: then its work stays."""
    try:
        seen = read_snapshot(edit.path)
        if seen.raw == edit.after:
            _write_one(run, edit, seen, edit.before)
    except (Changed, McpconfError):
        return


def _holds(run: _Run, plan: Plan, before: Ledger) -> bool:
    """Whether what was written is still there a little later, and later again."""
    waited = 0.0
    for moment in VERIFY_AT:
        run.clock.sleep(moment - waited)
        waited = moment
        if all(read_snapshot(edit.path).raw == edit.after for edit in plan.files):
            continue
        newest = {path: seen.raw for path, seen in read_all(run.request.paths, run.clock).items()}
        again = run.request.plan(newest, absorbed(before, planned_records(plan), newest))
        if again.files or _conflicting(again) - _conflicting(plan):
            return False
    return True


def _conflicting(plan: Plan) -> set[tuple[Target, str]]:
    return {(conflict.target, conflict.name) for conflict in plan.conflicts}


def _finish(run: _Run, plan: Plan) -> int | None:
    """Write the generation; forget the pending record."""
    first = run.first or plan
    number = None
    if first.files and run.request.record:
        known = generations.read_all(run.state)
        number = known[-1].id + 1 if known else 1
        record = generations.describe(
            first,
            run.state,
            number=number,
            time=run.clock.now(),
            command=run.request.command,
            context=run.request.context,
            profile=run.request.profile,
            previous=run.request.previous,
            exact=first is plan,
        )
        generations.save(record, run.state)
        generations.forget(run.state)
    run.state.remove(PENDING)
    return number
