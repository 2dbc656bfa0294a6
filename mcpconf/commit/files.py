"""Write the files of a plan, all or none, and take them back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from mcpconf.commit.clientlock import client_lock
from mcpconf.commit.disk import make_directories, missing_directories, remove_directories
from mcpconf.commit.reading import Clock
from mcpconf.commit.snapshot import Changed, Snapshot, read_snapshot
from mcpconf.commit.write import Scratch, write_file
from mcpconf.errors import McpconfError
from mcpconf.plan import FileEdit, Plan
from mcpconf.record import dataclass, replace


@dataclass(frozen=True, slots=True)
class Files:
    """How one commit writes clients' files."""

    scratch: Scratch
    clock: Clock

    def write(self, edits: Sequence[FileEdit], seen: Mapping[str, Snapshot]) -> None:
        """Write every file as it was `seen`, or take back those that were written, and raise."""
        written: list[FileEdit] = []
        try:
            for edit in edits:
                self._one(edit, seen[edit.path], edit.after)
                written.append(edit)
        except BaseException:
            self.take_back(written)
            raise

    def take_back(self, edits: Sequence[FileEdit]) -> tuple[str, ...]:
        """Put the old bytes back; the files that still hold the new ones, since they can't be written now.

        Where another writer has been since, its work stays.
        """
        standing = []
        for edit in reversed(edits):
            try:
                seen = read_snapshot(edit.path)
                if seen.raw == edit.after:
                    self._one(edit, seen, edit.before)
            except Changed:
                continue
            except McpconfError:
                standing.append(edit.path)
        return tuple(standing)

    def _one(self, edit: FileEdit, seen: Snapshot, after: bytes | None) -> None:
        made = make_directories(os.path.dirname(seen.real)) if after is not None else ()
        locks = {target.lock for target in edit.targets if target.lock}
        try:
            with client_lock(next(iter(locks), None), now=self.clock.now, sleep=self.clock.sleep):
                write_file(seen, after, self.scratch)
        except BaseException:
            remove_directories(made)
            raise
        if after is None:
            remove_directories(edit.record.made)


def fitted(plan: Plan) -> Plan:
    """The plan with what only the disk tells: which directories will be made, and where a link names the file."""
    edits, ledger = [], plan.ledger
    for edit in plan.files:
        if edit.before is None and not edit.record.made:
            record = replace(edit.record, made=missing_directories(os.path.dirname(edit.path)))
            edit = replace(edit, record=record)
            ledger = ledger.with_file(edit.path, record)
        if edit.after is None and os.path.islink(edit.path):
            edit = replace(
                edit, after=b"{}\n" if edit.targets else b""
            )  # its owner linked to it since, and a link to nothing is no gift
        edits.append(edit)
    return replace(plan, files=tuple(edits), ledger=ledger)
