"""After a crash between a client's file and our ledger, or a lost race: find out what of the planned writes stands."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence

from mcpconf import ledger as ledgers
from mcpconf.commit.clientlock import release_dead
from mcpconf.commit.disk import remove_directories
from mcpconf.commit.exchange import Known, clear
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import State, blob_name
from mcpconf.commit.temporary import temporary_path
from mcpconf.document.edit import Pointer, read_members
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC, scan
from mcpconf.errors import McpconfError
from mcpconf.ledger import FileRecord, Ledger, Owned, digest
from mcpconf.model import Json
from mcpconf.plan import Plan, decode_file, traces_of
from mcpconf.record import dataclass, field, replace

PENDING = "pending.json"
MARK = re.compile(r"\w+")  # of temporary files: it becomes a part of their names

Records = Mapping[str, FileRecord]


def planned_records(plan: Plan) -> Records:
    """What will be ours in each file that a plan writes."""
    return {edit.path: plan.ledger.files.get(edit.path, FileRecord()) for edit in plan.files}


def dump_pending(plan: Plan, mark: str, before: Ledger) -> Json:
    """The same as JSON, with what was ours `before`, the mark of the temporary files and what tells their content."""
    files = {path: ledgers.dump_record(record) for path, record in planned_records(plan).items()}
    sums = {edit.path: [_sum(edit.before), _sum(edit.after)] for edit in plan.files}
    ours = {edit.path: ledgers.dump_record(before.files.get(edit.path, FileRecord())) for edit in plan.files}
    locks = sorted({target.lock for edit in plan.files for target in edit.targets if target.lock})
    return {"mark": mark, "files": files, "before": ours, "sums": sums, "locks": locks}


def _sum(raw: bytes | None) -> str | None:
    return None if raw is None else blob_name(raw)


def absorb_pending(state: State) -> None:
    """Own what an interrupted apply did write, disown what it did not, and clear away what it left behind."""
    if state.read(PENDING) is None:
        return
    known = state.ledger()
    pending = _load_pending(state)
    planned = pending.records
    for path in planned:
        _clear_temporary(path, pending, state)
    for lock in pending.locks:
        release_dead(lock)
    raw = {path: _read(path) for path in planned}
    # The ledger may be the new one while the files were taken back: then what was ours before is ours again.
    ledger = absorbed(remembered(known, [pending.before], raw), planned, raw)
    if ledger != known:
        state.write(ledgers.dump(ledger), "ledger.json")
    for path in planned.keys() - ledger.files.keys():
        # Only empty ones go, and only those that were not there before us.
        remove_directories(known.files.get(path, planned[path]).made)
    state.remove(PENDING)


@dataclass(frozen=True, slots=True)
class _Pending:
    """What was being written, and what was ours before; `sums` has the SHA-256 of each file before and after, by path.

    `locks` are the clients' lock directories that we may have held.
    """

    mark: str = ""
    records: Records = field(default_factory=dict)
    before: Records = field(default_factory=dict)
    sums: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    locks: tuple[str, ...] = ()


def _load_pending(state: State) -> _Pending:
    try:
        data = state.read_json(PENDING)
        records = {ledgers.absolute(path): ledgers.load_record(dumped) for path, dumped in data["files"].items()}
        ours = {path: ledgers.load_record(dumped) for path, dumped in data.get("before", {}).items() if path in records}
        sums = {path: (before, after) for path, (before, after) in data.get("sums", {}).items()}
        mark = MARK.fullmatch(data["mark"])
        locks = tuple(ledgers.absolute(path) for path in data.get("locks", ()))
        return _Pending(mark[0], records, ours, sums, locks) if mark else _Pending()
    except ledgers.DAMAGED:
        return _Pending()


def _clear_temporary(path: str, pending: _Pending, state: State) -> None:
    """Remove what the interrupted write left; what another program wrote and we had swapped out goes back."""
    real = os.path.realpath(path)
    temporary = temporary_path(real, pending.mark)
    before, after = pending.sums.get(path, (None, None))
    known = Known(lambda raw: _sum(raw) == before, lambda raw: _sum(raw) == after, lambda raw: not _whole(raw))
    with contextlib.suppress(OSError, McpconfError):  # what can't be cleared away now stays
        clear(temporary, real, known, state.rescued)


def _whole(raw: bytes) -> bool:
    """Whether it is a finished document: one that we were still filling is not."""
    try:
        return scan(decode_file("", raw).text, JSONC) is not None
    except (Fault, McpconfError):
        return False


def _read(path: str) -> bytes | None:
    try:
        return read_snapshot(path).raw
    except McpconfError:
        return b"?"  # nothing that can be read as members, and not the same as no file


def absorbed(known: Ledger, planned: Records, raw: Mapping[str, bytes | None]) -> Ledger:
    """The ledger that fits files which may hold the planned members, those before them, or some of each."""
    for path, record in planned.items():
        merged = _merge(path, known.files.get(path, FileRecord()), record, raw[path])
        known = known.with_file(path, merged)
    return known


def remembered(known: Ledger, ours: Sequence[Records], raw: Mapping[str, bytes | None]) -> Ledger:
    """The ledger with what it lost while another program kept putting older versions back.

    `ours` has what was ours before each attempt of one commit. What stands in a file as we once wrote it is ours still.
    """
    for records in ours:
        for path, record in records.items():
            current = known.files.get(path)
            united = _united(current, record)
            if united != current:
                known = known.with_file(path, _merge(path, current or FileRecord(), united, raw[path]))
    return known


def _united(current: FileRecord | None, once: FileRecord) -> FileRecord:
    """What is known, and what was known once of other names."""
    if current is None:
        return once
    members = {
        pointer: {**once.members.get(pointer, {}), **current.members.get(pointer, {})}
        for pointer in {**once.members, **current.members}
    }
    return replace(current, members=members, traces={**once.traces, **current.traces})


def _merge(path: str, known: FileRecord, planned: FileRecord, raw: bytes | None) -> FileRecord:
    members: dict[Pointer, dict[str, Owned]] = {}
    happened = False
    for pointer in {**known.members, **planned.members}:
        old, new = known.members.get(pointer, {}), planned.members.get(pointer, {})
        standing = _standing(path, raw, pointer)
        if standing is None:
            kept = {**new, **old}  # a digest that does not fit protects the entry later
        else:
            there = {name: owned for name, owned in new.items() if standing.get(name) == owned.digest}
            happened = happened or any(name not in old or old[name].digest != new[name].digest for name in there)
            # One that was to go is ours still if it stands; one that was to stay is, whatever it is now.
            stayed = {n: owned for n, owned in old.items() if n in new or standing.get(n) == owned.digest}
            kept = {**stayed, **there}
        if kept:
            members[pointer] = kept
    base = planned if happened else known
    return replace(base, members=members, traces=traces_of(base.traces, members))


def _standing(path: str, raw: bytes | None, pointer: Pointer) -> dict[str, str] | None:
    """The digests of what stands in a file; None where it can't be read."""
    try:
        text = decode_file(path, raw).text
        return {name: digest(found.value) for name, found in read_members(text, pointer, JSONC).items()}
    except (Fault, McpconfError):
        return None
