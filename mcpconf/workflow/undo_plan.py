"""The plan that takes one generation back, entry by entry where somebody else wrote since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcpconf.client.spec import Target
from mcpconf.commit.generation import Generation, GenerationChange, GenerationFile
from mcpconf.commit.state import State, blob_name
from mcpconf.document.block import MARKDOWN
from mcpconf.document.edit import Drop, Found, Operation, Pointer, Put, edit, read_members
from mcpconf.document.fault import Fault
from mcpconf.ledger import FileRecord, Ledger, Owned, digest
from mcpconf.model import Scope
from mcpconf.plan import Action, Change, Conflict, FileEdit, Plan, Reason, decode_file, locate
from mcpconf.record import replace
from mcpconf.workflow import blocks
from mcpconf.workflow.owned import target_for

BACK = {
    Action.ADD: Action.REMOVE,
    Action.REMOVE: Action.ADD,
    Action.UPDATE: Action.UPDATE,
    Action.ADOPT: Action.RESTORE,
    Action.RESTORE: Action.ADOPT,
}


def plan_undo(
    one: Generation, state: State, snapshots: Mapping[str, bytes | None], ledger: Ledger, force: bool
) -> Plan:
    """The plan that takes a generation back, as pure a function as its blobs allow."""
    plan = Plan(ledger=ledger)
    for file in one.files:
        changes = [change for change in one.changes if change.path == file.path]
        raw = snapshots[file.path]
        if _sha(raw) == file.before:
            plan = replace(plan, ledger=plan.ledger.with_file(file.path, file.record))
        elif file.exact and _sha(raw) == file.after and (file.before is None or state.blob(file.before) is not None):
            plan = _whole(plan, file, changes, raw, state)
        elif not changes:
            marks = blocks.paths(state).get(file.path, MARKDOWN)
            before, after = (None if name is None else state.blob(name) for name in (file.before, file.after))
            plan = replace(plan, files=plan.files + blocks.edit_back(file.path, raw, before, after, force, marks))
        else:
            plan = _members(plan, file, changes, raw, force)
    return plan


def _sha(raw: bytes | None) -> str | None:
    return None if raw is None else blob_name(raw)


def _target(change: GenerationChange) -> Target:
    return target_for(change.path, change.pointer, change.client, Scope(change.scope))


def _whole(
    plan: Plan, file: GenerationFile, changes: Sequence[GenerationChange], raw: bytes | None, state: State
) -> Plan:
    """Nobody else wrote: the old bytes are the undo."""
    before = None if file.before is None else state.blob(file.before)
    targets = tuple(dict.fromkeys(_target(change) for change in changes))
    known = plan.ledger.files.get(file.path, FileRecord())
    # The directories that were made for the file go with it.
    made = known.made or file.record.made
    edits = (FileEdit(file.path, raw, before, targets, replace(file.record, made=made), known),)
    done = tuple(Change(_target(c), c.name, BACK[Action(c.action)]) for c in changes)
    return replace(
        plan,
        files=plan.files + edits,
        changes=plan.changes + done,
        ledger=plan.ledger.with_file(file.path, file.record),
    )


def _members(
    plan: Plan, file: GenerationFile, changes: Sequence[GenerationChange], raw: bytes | None, force: bool
) -> Plan:
    """Somebody else wrote too: entry by entry."""
    decoded = decode_file(file.path, raw)
    text, record = decoded.text, plan.ledger.files.get(file.path, FileRecord(created=file.before is None))
    known = record
    try:
        for pointer in dict.fromkeys(change.pointer for change in changes):
            mine = [change for change in changes if change.pointer == pointer]
            current = read_members(text, pointer, _target(mine[0]).dialect)
            mine = [c for c in mine if not _is_back(c, current.get(c.name))]
            refused = [] if force else [c for c in mine if not _as_left(c, current.get(c.name))]
            plan = replace(plan, conflicts=plan.conflicts + tuple(_conflict(c, current) for c in refused))
            text, record = _reverse(text, record, pointer, [c for c in mine if c not in refused], current)
    except Fault as fault:
        raise locate(file.path, text, fault) from None
    after = decoded.encode(text) if text or decoded.bom else (None if record.created else raw and b"")
    edits = (
        (FileEdit(file.path, raw, after, tuple(_target(c) for c in changes), record, known),) if after != raw else ()
    )
    done = tuple(Change(_target(c), c.name, BACK[Action(c.action)]) for c in changes)
    return replace(
        plan, files=plan.files + edits, changes=plan.changes + done, ledger=plan.ledger.with_file(file.path, record)
    )


def _conflict(change: GenerationChange, current: Mapping[str, Found]) -> Conflict:
    line = current[change.name].line if change.name in current else 1
    return Conflict(_target(change), change.name, Reason.EDITED, line)


def _as_left(change: GenerationChange, found: Found | None) -> bool:
    """Whether the entry is still what this change made of it."""
    if change.after is not None:
        return found is not None and digest(found.value) == change.after
    if change.action == Action.REMOVE:
        return found is None
    return found is not None  # a foreign entry that was given back: whatever it is now, it is its owner's


def _is_back(change: GenerationChange, found: Found | None) -> bool:
    """Whether the entry already is what it was before the change."""
    if change.before is None:
        return found is None
    return found is not None and found.raw == change.before


def _reverse(
    text: str,
    record: FileRecord,
    pointer: Pointer,
    changes: Sequence[GenerationChange],
    current: Mapping[str, Found],
) -> tuple[str, FileRecord]:
    owned: dict[str, Owned] = dict(record.members.get(pointer, {}))
    operations: list[Operation] = []
    for change in changes:
        owned.pop(change.name, None)
        if change.owned_before is not None:
            owned[change.name] = change.owned_before
        if change.before is not None:
            operations.append(Put(change.name, raw=change.before))
        elif change.name in current:
            operations.append(Drop(change.name))
    done = edit(text, pointer, operations, _target(changes[0]).dialect, record.traces) if operations else None
    members = {at: kept for at, kept in record.members.items() if at != pointer} | ({pointer: owned} if owned else {})
    traces = record.traces if done is None else done.traces
    kept = {at: t for at, t in traces.items() if any(p[: len(at)] == at for p in members)}
    return (text if done is None else done.text or ""), replace(record, members=members, traces=kept)
