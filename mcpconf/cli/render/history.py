"""Generations as lines."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from mcpconf.cli import console
from mcpconf.commit.generation import Generation
from mcpconf.redact import redact


def generation_line(one: Generation) -> str:
    """Number, local time, command, and what it changed."""
    when = datetime.fromtimestamp(one.time, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    counts = Counter(change.action for change in one.changes)
    changed = counts["update"] + counts["adopt"] + counts["restore"]
    what = f"+{counts['add']} ~{changed} -{counts['remove']}"
    undone = "  (undone)" if one.undone else ""
    line = f"{one.id:>4}  {when}  {what:<9}  {redact(console.visible(one.command))}{undone}"
    return console.paint(line, "dim") if one.undone else line
