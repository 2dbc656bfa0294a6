"""After a crash between a client's file and our ledger, or a lost race: find out what of the planned writes stands."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

from mcpconf import ledger as ledgers
from mcpconf.commit.disk import remove_directories
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import State
from mcpconf.commit.write import temporary_path
from mcpconf.document.edit import Pointer, read_members
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC
from mcpconf.errors import McpconfError
from mcpconf.ledger import FileRecord, Ledger, Owned, digest
from mcpconf.model import Json
from mcpconf.plan import Plan, decode_file, traces_of
from mcpconf.record import replace

PENDING = "pending.json"

Records = Mapping[str, FileRecord]


def planned_records(plan: Plan) -> Records:
    """What will be ours in each file that a plan writes."""
    return {edit.path: plan.ledger.files.get(edit.path, FileRecord()) for edit in plan.files}


def dump_pending(plan: Plan, mark: str) -> Json:
    """The same as JSON with the mark of the commit's temporary files, kept while the files are written."""
    files = {path: ledgers.dump_record(record) for path, record in planned_records(plan).items()}
    return {"mark": mark, "files": files}


def absorb_pending(state: State) -> None:
    """Own what an interrupted apply did write, disown what it did not, and clear away what it left behind."""
    if state.read(PENDING) is None:
        return
    known = state.ledger()
    mark, planned = _load_pending(state)
    for path in planned:
        _clear_temporary(path, mark)
    ledger = absorbed(known, planned, {path: _read(path) for path in planned})
    if ledger != known:
        state.write(ledgers.dump(ledger), "ledger.json")
    for path in planned.keys() - ledger.files.keys():
        # Only empty ones go, and only those that were not there before us.
        remove_directories(known.files.get(path, planned[path]).made)
    state.remove(PENDING)


def _load_pending(state: State) -> tuple[str, Records]:
    try:
        data = state.read_json(PENDING)
        return str(data["mark"]), {path: ledgers.load_record(dumped) for path, dumped in data["files"].items()}
    except (KeyError, TypeError, AttributeError):
        return "", {}


def _clear_temporary(path: str, mark: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(temporary_path(os.path.realpath(path), mark))


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
