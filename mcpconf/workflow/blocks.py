"""Blocks of ours in other people's texts (a CLAUDE.md, an rc file), planned like every edit: undo and uninstall know
them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Request, commit
from mcpconf.document.block import MARKDOWN, SHELL, Marks, Torn, block_of, find, put, take
from mcpconf.errors import Located, McpconfError
from mcpconf.ledger import FileRecord, Ledger
from mcpconf.model import Json
from mcpconf.plan import FileEdit, Plan
from mcpconf.record import replace
from mcpconf.workflow import active, besides
from mcpconf.workflow.app import App

RECORD = "blocks.json"
KIND = "shell"


def write_block(app: App, path: str, block: bytes | None, command: str) -> bool:
    """Put a block into a file, or take it out (None); whether that changed anything.

    Raises `Located` for a file in which only a part of a block is there.
    """
    known = active.load(app.state.read(active.FILE))
    if not edit_of(path, read_snapshot(path).raw, block):
        return False

    def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
        return replace(Plan(ledger=ledger), files=edit_of(path, snapshots[path], block))

    with app.writing() as state:

        def note(number: int | None) -> int | None:
            besides.save(state, number, besides.Besides(active=known))
            remember(state, {path: MARKDOWN})
            return number

        request = Request(
            paths=(path,), plan=plan, command=command, context=active.USER, profile=None, previous=None, note=note
        )
        return bool(commit(request, state, app.system).plan.files)


def edit_of(path: str, raw: bytes | None, block: bytes | None, marks: Marks = MARKDOWN) -> tuple[FileEdit, ...]:
    """The edit that gives a file this block, or takes it out; nothing where it is so already. Raises `Located`."""
    try:
        after = put(raw, block, marks) if block is not None else take(raw or b"", marks) or None
    except Torn as torn:
        hint = (
            torn.hint or f"mend the lines that mark the block by hand: {marks.begin.decode()} and {marks.end.decode()}"
        )
        raise Located(path, f"{torn}; nothing was changed", line=torn.line, column=1, hint=hint) from None
    if after == raw or (raw is not None and block is None and find(raw, marks) is None) or (raw is block is None):
        return ()
    # The ledger has no part in it: what is ours stands between the marks.
    return (FileEdit(path, raw, after, (), FileRecord(created=raw is None), FileRecord()),)


def edit_back(
    path: str, raw: bytes | None, before: bytes | None, after: bytes | None, force: bool, marks: Marks = MARKDOWN
) -> tuple[FileEdit, ...]:
    """The edit that gives a file, which somebody edited since, its block of before again. Raises `Located`.

    So it does where the block itself is not the one of `after` any more, unless `force`.
    """
    try:
        standing, ours, old = (block_of(text, marks) for text in (raw, after, before))
    except Torn:
        standing, ours, old = None, None, None
    if (before is None or after is None) and ours is None and old is None and raw is not None and not force:
        # The whole file was ours.
        text = "it was edited since mcpconf wrote it; nothing was changed"
        raise Located(path, text, line=1, column=1, hint="mcpconf undo --force leaves it as it is")
    if standing not in (ours, old) and not force:
        line = getattr(find(raw or b"", marks), "line", 1)
        text = "the block was edited since mcpconf wrote it; nothing was changed"
        raise Located(path, text, line=line, column=1, hint="mcpconf undo --force overwrites it")
    return edit_of(path, raw, old, marks) if standing != old else ()


def paths(state: State) -> Mapping[str, Marks]:
    """The files that were given a block at some time, and how it is marked there."""
    try:
        data = state.read_json(RECORD)
    except McpconfError:
        return {}
    pairs = (_pair(item) for item in data) if isinstance(data, list) else ()
    return {path: marks for path, marks in pairs if os.path.isabs(path)}


def _pair(item: Json) -> tuple[str, Marks]:
    """One member of the record: a path, or a path and the kind of its text."""
    path, kind = item if isinstance(item, list) and len(item) == 2 else (item, "")
    return (path if isinstance(path, str) else ""), (SHELL if kind == KIND else MARKDOWN)


def take_out(plan: Plan, snapshots: Mapping[str, bytes | None], among: Mapping[str, Marks]) -> Plan:
    """The plan with the blocks of these files taken out, too."""
    edits = tuple(edit for path, marks in among.items() for edit in edit_of(path, snapshots.get(path), None, marks))
    return replace(plan, files=plan.files + edits)


def remember(state: State, among: Mapping[str, Marks]) -> None:
    """Note down files that get a block; it does no harm where they get none in the end."""
    known = paths(state)
    after = {**known, **among}
    with contextlib.suppress(McpconfError):
        if after != known:
            state.write_json([[path, KIND] if marks == SHELL else path for path, marks in after.items()], RECORD)
