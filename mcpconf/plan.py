"""From what is and what should be to one plan: a value that can be shown, compared and carried out.

(snapshots, desired entries, ledger) -> Plan(files, changes, conflicts, notes). Pure; it raises `Located` for a file
that can't be edited safely.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from mcpconf.client.spec import Target
from mcpconf.document.edit import Drop, Edited, Found, Operation, Pointer, Put, Trace, edit, read_members
from mcpconf.document.encoding import Decoded, Located8, decode
from mcpconf.document.fault import Fault, line_column
from mcpconf.errors import Located
from mcpconf.ledger import FileRecord, Ledger, Owned, digest
from mcpconf.model import Entry, Json, Note
from mcpconf.record import dataclass, field, replace


class Action(StrEnum):
    """What happens to one entry. ADOPT: a foreign one becomes ours; RESTORE: the one that we had replaced is back."""

    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"
    ADOPT = "adopt"
    RESTORE = "restore"


class Reason(StrEnum):
    """Why an entry is not what was asked for."""

    FOREIGN = "foreign"
    EDITED = "edited"


class Foreign(StrEnum):
    """What to do with an entry of ours by name that somebody else wrote."""

    REFUSE = "refuse"
    ADOPT = "adopt"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's say on conflicts. `force` also overwrites entries of ours that were edited by hand."""

    foreign: Foreign = Foreign.REFUSE
    force: bool = False


CAREFUL = Policy()


@dataclass(frozen=True, slots=True)
class Want:
    """All that one target should hold of ours; entries of ours that are not in it go.

    `adopt`: what stands there is taken over without asking, since the new value holds the old one.
    """

    target: Target
    entries: Mapping[str, Entry | Json]
    profile: str
    routes: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One entry's change. `before` and `after` are raw text and value; None where there is none."""

    target: Target
    name: str
    action: Action
    before: str | None = None
    after: Json | None = None
    owned_before: Owned | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that was left alone. Only a foreign one stops the whole plan."""

    target: Target
    name: str
    reason: Reason
    line: int

    @property
    def blocks(self) -> bool:
        return self.reason is Reason.FOREIGN


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file's old and new bytes (None: not there), and what is ours in it after and before (`known`)."""

    path: str
    before: bytes | None
    after: bytes | None
    targets: tuple[Target, ...]
    record: FileRecord
    known: FileRecord


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be done. Nothing to do: `files` is empty."""

    files: tuple[FileEdit, ...] = ()
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[Note, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def blocked(self) -> tuple[Conflict, ...]:
        """The conflicts that must be decided before anything is written."""
        return tuple(conflict for conflict in self.conflicts if conflict.blocks)


Snapshots = Mapping[str, bytes | None]


def make_plan(snapshots: Snapshots, wants: Sequence[Want], ledger: Ledger, policy: Policy = CAREFUL) -> Plan:
    """Plan every want, file by file. `snapshots` holds the bytes of every file named in `wants`."""
    plan = Plan(ledger=ledger)
    for path in dict.fromkeys(want.target.path for want in wants):
        mine = [want for want in wants if want.target.path == path]
        plan = _plan_file(plan, path, snapshots[path], mine, policy)
    return plan


def locate(path: str, text: str, fault: Fault) -> Located:
    """A fault of a text as an error of its file, with line and column."""
    before = fault.before if isinstance(fault, Located8) else text
    line, column = line_column(before, fault.position)
    return Located(path, f"{fault.message}; nothing was changed", line=line, column=column, hint=fault.hint)


def decode_file(path: str, raw: bytes | None) -> Decoded:
    """The text of a file; an empty one where there is none. Raises `Located`."""
    try:
        return decode(raw or b"")
    except Fault as fault:
        raise locate(path, "", fault) from None


@dataclass(slots=True)
class _Work:
    """One file while it is planned; lives for one call only."""

    text: str
    record: FileRecord
    changes: list[Change]
    conflicts: list[Conflict]
    notes: list[Note]


def _plan_file(plan: Plan, path: str, raw: bytes | None, wants: Sequence[Want], policy: Policy) -> Plan:
    decoded = decode_file(path, raw)
    try:
        # Everything is read before anything is edited: lines are those of the user's text.
        standing = [read_members(decoded.text, want.target.pointer, want.target.dialect) for want in wants]
        known = _known(plan.ledger.files.get(path, FileRecord()), raw, wants, standing)
        work = _Work(decoded.text, known, [], [], [])
        for want, current in zip(wants, standing, strict=True):
            _plan_target(work, want, current, policy)
    except Fault as fault:
        raise locate(path, decoded.text, fault) from None
    after = _bytes(decoded, work, raw)
    edits = (FileEdit(path, raw, after, tuple(w.target for w in wants), work.record, known),) if after != raw else ()
    return Plan(
        plan.files + edits,
        plan.changes + tuple(work.changes),
        plan.conflicts + tuple(work.conflicts),
        plan.notes + tuple(work.notes),
        plan.ledger.with_file(path, work.record),
    )


def _known(
    record: FileRecord, raw: bytes | None, wants: Sequence[Want], standing: Sequence[Mapping[str, Found]]
) -> FileRecord:
    """What we know of a file. Where nothing of ours is left, it and its objects may be somebody else's new ones."""
    if raw is None:
        return FileRecord(created=True, members=record.members, made=record.made)
    gone = {
        want.target.pointer
        for want, current in zip(wants, standing, strict=True)
        if not any(name in current for name in record.members.get(want.target.pointer, ()))
    }
    held = [pointer for pointer in record.members if pointer not in gone]
    return replace(record, created=record.created and bool(held), traces=traces_of(record.traces, held))


def _bytes(decoded: Decoded, work: _Work, raw: bytes | None) -> bytes | None:
    """The file's new bytes; None where we had made it and nothing but us was ever in it."""
    if work.text or decoded.bom:
        return decoded.encode(work.text)
    return None if work.record.created else raw and b""


def _plan_target(work: _Work, want: Want, current: Mapping[str, Found], policy: Policy) -> None:
    target = want.target
    if want.adopt:
        policy = Policy(Foreign.ADOPT, policy.force)
    owned = dict(work.record.members.get(target.pointer, {}))
    operations: list[Operation] = []
    for name in [name for name in owned if name not in want.entries]:
        operations += _leave(work, target, name, current.get(name), owned, policy)
    for name, entry in want.entries.items():
        record = Owned(digest(entry), target.client, str(target.scope), want.profile, want.routes.get(name, ""))
        operations += _reach(work, target, name, current.get(name), owned, entry, record, policy)
    for operation in operations:
        found = current.get(operation.name)
        if found is not None and found.repeated is not None:
            raise found.repeated
    edited = Edited(work.text, work.record.traces)
    if operations:
        edited = edit(work.text, target.pointer, operations, target.dialect, work.record.traces)
    work.text = edited.text or ""
    work.record = _record(work.record, target.pointer, owned, edited)


def _leave(
    work: _Work, target: Target, name: str, current: Found | None, owned: dict[str, Owned], policy: Policy
) -> list[Operation]:
    """An entry of ours that is not wanted any more."""
    mine = owned[name]
    if current is None:
        del owned[name]
        return []
    if digest(current.value) != mine.digest and not policy.force:
        work.conflicts.append(Conflict(target, name, Reason.EDITED, current.line))
        return []
    del owned[name]
    action = Action.REMOVE if mine.before is None else Action.RESTORE
    work.changes.append(Change(target, name, action, current.raw, None, mine))
    return [Drop(name) if mine.before is None else Put(name, raw=mine.before)]


def _reach(
    work: _Work,
    target: Target,
    name: str,
    current: Found | None,
    owned: dict[str, Owned],
    entry: Entry,
    record: Owned,
    policy: Policy,
) -> list[Operation]:
    """An entry that is wanted."""
    mine = owned.get(name)
    if current is None:
        owned[name] = record
        work.changes.append(Change(target, name, Action.ADD, None, entry, mine))
        return [Put(name, entry)]
    if mine is None:
        return _meet(work, target, name, current, owned, entry, record, policy)
    record = _standing(record, mine.before)
    found = digest(current.value)
    if found == record.digest:
        owned[name] = record
        return []
    if found != mine.digest and not policy.force:
        work.conflicts.append(Conflict(target, name, Reason.EDITED, current.line))
        return []
    owned[name] = record
    work.changes.append(Change(target, name, Action.UPDATE, current.raw, entry, mine))
    return [Put(name, entry)]


def _meet(
    work: _Work,
    target: Target,
    name: str,
    current: Found,
    owned: dict[str, Owned],
    entry: Entry,
    record: Owned,
    policy: Policy,
) -> list[Operation]:
    """A wanted name under which somebody else's entry stands."""
    if policy.foreign is Foreign.ADOPT:
        owned[name] = _standing(record, current.raw)
        work.changes.append(Change(target, name, Action.ADOPT, current.raw, entry))
        return [] if digest(current.value) == record.digest else [Put(name, entry)]
    if digest(current.value) == record.digest:
        work.notes.append(Note(f"{target.label}: {name} is there already, just so, and stays its owner's"))
    elif policy.foreign is Foreign.KEEP:
        work.notes.append(Note(f"{target.label}: kept the {name} that was there", hint="--adopt takes it over"))
    else:
        work.conflicts.append(Conflict(target, name, Reason.FOREIGN, current.line))
    return []


def _standing(record: Owned, before: str | None) -> Owned:
    return Owned(record.digest, record.client, record.scope, record.profile, record.route, before)


def _record(known: FileRecord, pointer: Pointer, owned: Mapping[str, Owned], edited: Edited) -> FileRecord:
    """The file's record after one target; traces of objects that hold nothing of ours are forgotten."""
    members = {at: kept for at, kept in known.members.items() if at != pointer}
    if owned:
        members[pointer] = owned
    return FileRecord(known.created, members, traces_of(edited.traces, members), known.made)


def traces_of(traces: Mapping[Pointer, Trace], held: Collection[Pointer]) -> dict[Pointer, Trace]:
    """The traces of objects in which something of ours stands."""
    return {at: trace for at, trace in traces.items() if any(pointer[: len(at)] == at for pointer in held)}
