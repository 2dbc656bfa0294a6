"""`mcpconf export devcontainer` as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcpconf.document.edit import Pointer
from mcpconf.environment.grants import compose_lines
from mcpconf.model import Note
from mcpconf.workflow.devcontainer import Export
from mcpconf.workflow.diff import tilde, unified
from mcpconf.workflow.report import notes_report


def export_report(done: Export, notes: Sequence[Note], home: str) -> dict[str, Any]:
    """What was done with the file, or would be."""
    return {
        "path": tilde(done.path, home),
        "changed": bool(done.plan.files),
        "changes": [
            {"place": place_of(change.target.pointer), "name": change.name, "action": str(change.action)}
            for change in done.plan.changes
        ],
        "conflicts": [
            {"place": place_of(conflict.target.pointer), "name": conflict.name, "line": conflict.line}
            for conflict in done.plan.conflicts
        ],
        "compose": [] if done.compose is None else compose_lines(done.compose, {}),
        "diff": unified(done.plan, home),
        "notes": notes_report((*notes, *done.notes)),
    }


def place_of(pointer: Pointer) -> str:
    """The member that holds it; empty for the file itself."""
    return ".".join(step.partition("\0")[0] for step in pointer)
