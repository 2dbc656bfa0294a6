"""What the history says is ours and the ledger does not know.

A ledger that was emptied, or moved away, claims nothing; our entries may stand in the clients' files all the same. The
history tells: what was ours in a file after the newest change of it that was not undone, and stands there now exactly
as we wrote it, is still ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mcpconf.commit import generation as generations
from mcpconf.commit.generation import Generation, GenerationFile
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import State
from mcpconf.document.edit import Pointer, read_members
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC
from mcpconf.errors import Refused
from mcpconf.ledger import FileRecord, Ledger, Owned, digest
from mcpconf.plan import Action, decode_file, locate
from mcpconf.record import dataclass, replace


def regained(state: State, ledger: Ledger, *, force: bool) -> Ledger:
    """The ledger with what the history adds to it, if it is to (`force`). Raises `Refused` where it would, else."""
    after = ledger
    names = []
    history = _by_history(state)
    for path, pointer, name, owned in _lost(history, ledger):
        record = after.files.get(path, history[path].record)
        members = {**record.members, pointer: {**record.members.get(pointer, {}), name: owned}}
        after = after.with_file(path, replace(record, members=members))
        names.append(f"{path}: {name} stands there as mcpconf wrote it, but {state.at('ledger.json')} does not tell")
    if names and not force:
        hint = "mcpconf uninstall --force takes it out as well, and what was edited by hand"
        raise Refused("\n".join([*names, "nothing was changed"]), hint=hint)
    return after


def _lost(history: Mapping[str, _Was], ledger: Ledger) -> Iterator[tuple[str, Pointer, str, Owned]]:
    for path, was in history.items():
        known = ledger.files.get(path, FileRecord()).members
        for pointer, members in was.held.items():
            missing = {name: owned for name, owned in members.items() if name not in known.get(pointer, {})}
            standing = _standing(path, pointer) if missing else {}
            for name, owned in missing.items():
                if standing.get(name) == owned.digest:
                    yield path, pointer, name, owned


Held = Mapping[Pointer, Mapping[str, Owned]]


@dataclass(frozen=True, slots=True)
class _Was:
    """What was ours in a file after a change, and the record of it before, with what we had made; no members."""

    held: Held
    record: FileRecord


def _by_history(state: State) -> dict[str, _Was]:
    """What was ours in each file after the newest change of it that stands."""
    standing = [one for one in generations.read_all(state) if not one.undone]
    return {
        file.path: _Was(
            _after(one, file),
            replace(file.record, created=file.record.created or file.before is None, members={}),
        )
        for one in standing
        for file in one.files
    }


def _after(one: Generation, file: GenerationFile) -> Held:
    held = {pointer: dict(members) for pointer, members in file.record.members.items()}
    for change in one.changes:
        if change.path != file.path:
            continue
        members = held.setdefault(change.pointer, {})
        members.pop(change.name, None)
        if change.after is not None:
            was = change.owned_before.before if change.owned_before else None
            before = change.before if change.action == Action.ADOPT else was
            members[change.name] = Owned(change.after, change.client, change.scope, one.profile or "", "", before)
    return held


def _standing(path: str, pointer: Pointer) -> dict[str, str]:
    """The digests of what stands in a file. Raises `Located` where it can't be read."""
    text = decode_file(path, read_snapshot(path).raw).text
    try:
        return {name: digest(found.value) for name, found in read_members(text, pointer, JSONC).items()}
    except Fault as fault:
        raise locate(path, text, fault) from None
