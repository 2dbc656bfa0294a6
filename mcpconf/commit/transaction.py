"""Carry a plan out: all files or none, and success only for what was read back afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from mcpconf.commit import generation as generations
from mcpconf.commit import journal
from mcpconf.commit.clientlock import client_lock
from mcpconf.commit.recovery import absorb_pending, dump_pending
from mcpconf.commit.snapshot import Snapshot, read_snapshot, settled
from mcpconf.commit.state import State
from mcpconf.commit.write import Changed, Journals, refusal, write_file
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC, scan
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import Ledger, dump
from mcpconf.plan import FileEdit, Plan, decode_file

ATTEMPTS = 8
VERIFY_AT = (0.02, 0.1, 0.3)  # seconds after the write; measured: one look at 20 ms misses one in twenty losses


class Clock(Protocol):
    """The clock of a commit; a `System` fits."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


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
    """What was done. `generation` is None where there was nothing to do; `recovered` names files mended first."""

    plan: Plan
    generation: int | None
    recovered: tuple[str, ...] = ()
    attempts: int = 1


@dataclass(slots=True)
class _Run:
    """One commit under way."""

    request: Request
    state: State
    clock: Clock
    first: Plan | None = None
    attempts: int = 0
    snapshots: dict[str, Snapshot] = field(default_factory=dict)


def commit(request: Request, state: State, clock: Clock) -> Committed:
    """Plan and write. Raises `Refused` for a conflict, `McpconfError` where the system or another writer won't let us.

    The caller holds the state lock (`State.locked`).
    """
    recovered = journal.recover(state.journals)
    absorb_pending(state)
    run = _Run(request, state, clock)
    for _ in range(ATTEMPTS):
        run.attempts += 1
        plan = _attempt(run)
        if plan is not None:
            return Committed(run.first or plan, _finish(run, plan), recovered, run.attempts)
    raise McpconfError(
        "another program keeps writing the same files; what mcpconf writes does not last",
        hint="close running Claude sessions and try again",
    )


def read_all(paths: Sequence[str], clock: Clock) -> dict[str, Snapshot]:
    """All files as they stand. Raises `Located` where one is no readable regular file."""
    return {path: settled(lambda path=path: read_snapshot(path), _parses, clock.sleep) for path in paths}  # type: ignore[misc]


def _parses(raw: bytes) -> bool:
    """Whether the bytes look finished. Only strict JSON is asked of them: a comment is no truncation in flight."""
    try:
        text = decode_file("", raw).text
        return scan(text, JSONC) is not None
    except (Fault, Refused):
        return False


def _attempt(run: _Run) -> Plan | None:
    """Plan once and write it; None where somebody else came in between and it must be planned anew."""
    run.snapshots = read_all(run.request.paths, run.clock)
    before = run.state.ledger()
    plan = run.request.plan({path: seen.raw for path, seen in run.snapshots.items()}, before)
    if plan.blocked:
        raise Refused(_describe_conflicts(plan), hint="--adopt takes them over, --keep leaves them as they are")
    if not plan.files:
        run.first = run.first or plan
        if plan.ledger != before:
            run.state.write(dump(plan.ledger), "ledger.json")
        return plan
    plan = _with_directories(plan)
    if run.first is None:
        run.first = plan
    run.state.write_json(dump_pending(plan.ledger), "pending.json")
    try:
        _write_files(run, plan.files)
    except Changed:
        return None
    run.state.write(dump(plan.ledger), "ledger.json")
    return plan if _holds(run, plan) else None


def _describe_conflicts(plan: Plan) -> str:
    lines = [
        f"{c.target.path}:{c.line}: {c.target.label} already has a {c.name!r} that mcpconf did not write"
        for c in plan.blocked
    ]
    return "\n".join([*lines, "nothing was changed"])


def _with_directories(plan: Plan) -> Plan:
    """Note in the ledger which directories will be made, so that they can go again."""
    ledger = plan.ledger
    for edit in plan.files:
        record = ledger.files.get(edit.path)
        if record is not None and edit.before is None and not record.made:
            ledger = ledger.with_file(edit.path, replace(record, made=tuple(_missing(os.path.dirname(edit.path)))))
    return replace(plan, ledger=ledger)


def _missing(directory: str) -> list[str]:
    missing = []
    while directory and not os.path.lexists(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    return missing


def _write_files(run: _Run, edits: Sequence[FileEdit]) -> None:
    """Write every file, or take back those that were written."""
    written: list[FileEdit] = []
    try:
        for edit in edits:
            _write_one(run, edit, run.snapshots[edit.path], edit.after)
            written.append(edit)
    except (Changed, McpconfError):
        for edit in reversed(written):
            _take_back(run, edit)
        raise


def _write_one(run: _Run, edit: FileEdit, seen: Snapshot, after: bytes | None) -> None:
    made = _missing(os.path.dirname(seen.real)) if seen.raw is None else []
    try:
        for directory in reversed(made):
            os.mkdir(directory, 0o700)
    except OSError as error:
        raise refusal(edit.path, error) from None
    locks = {target.lock for target in edit.targets if target.lock}
    with client_lock(next(iter(locks), None), now=run.clock.now, sleep=run.clock.sleep):
        write_file(seen, after, Journals(run.state.journals))
    if after is None:
        _remove_directories(edit.record.made)


def _remove_directories(made: Sequence[str]) -> None:
    for directory in made:
        try:
            os.rmdir(directory)
        except OSError:
            return


def _take_back(run: _Run, edit: FileEdit) -> None:
    """Put a file's old bytes back, unless another writer has been at it since: then its work stays."""
    try:
        seen = read_snapshot(edit.path)
        if seen.raw == edit.after:
            _write_one(run, edit, seen, edit.before)
    except (Changed, McpconfError):
        return


def _holds(run: _Run, plan: Plan) -> bool:
    """Whether what was written is still there a little later, and later again."""
    waited = 0.0
    for moment in VERIFY_AT:
        run.clock.sleep(moment - waited)
        waited = moment
        newest = {path: seen.raw for path, seen in read_all(run.request.paths, run.clock).items()}
        if run.request.plan(newest, plan.ledger).files:
            return False
    return True


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
            exact=run.attempts == 1,
        )
        generations.save(record, run.state)
        generations.forget(run.state)
    run.state.remove("pending.json")
    return number
