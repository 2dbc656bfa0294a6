"""What `dotfiles install` made goes again: only while it is what was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mcpconf.commit.state import State, blob_name
from mcpconf.commit.steps import Link, unlink_step
from mcpconf.document.block import SHELL, block_of
from mcpconf.dotfiles.rc import SHELLS, block
from mcpconf.errors import Located
from mcpconf.ledger import FileRecord
from mcpconf.model import Note
from mcpconf.plan import FileEdit
from mcpconf.record import replace
from mcpconf.workflow import blocks
from mcpconf.workflow.dotfiles.record import Record, is_ours, load_or_none

Snapshots = Mapping[str, bytes | None]


def known(state: State) -> Record:
    """What may be there of ours."""
    return load_or_none(state) or Record()


def rc_paths(state: State) -> tuple[str, ...]:
    """The rc files that were given a block."""
    return tuple(path for path, marks in blocks.paths(state).items() if marks == SHELL)


def block_edits(paths: tuple[str, ...], snapshots: Snapshots, record: Record) -> Iterator[FileEdit]:
    """The blocks taken out. Raises `Located` for a torn one."""
    for path in paths:
        for edit in blocks.edit_of(path, snapshots.get(path), None, SHELL):
            yield with_made(edit, record)


def with_made(edit: FileEdit, record: Record) -> FileEdit:
    """The edit that takes a block out, with the directories that go with its file; one that was not made stays."""
    if edit.after is not None:
        return edit
    if edit.path not in record.made:
        return replace(edit, after=b"")
    made = FileRecord(created=True, made=record.made[edit.path])
    return replace(edit, record=made, known=made)


def copy_edits(snapshots: Snapshots, record: Record) -> Iterator[FileEdit]:
    """The copies removed that are still what was written."""
    for path, made in record.files.items():
        raw = snapshots.get(path)
        if raw is not None and is_ours(path, made, blob_name(raw)):
            kept = FileRecord(created=True, made=made.above)
            yield FileEdit(path, raw, None, (), kept, kept)


def links(record: Record) -> tuple[Link, ...]:
    """The links that are still those that were made."""
    found = (unlink_step(path, made.target, made.above) for path, made in record.links.items())
    return tuple(step for step in found if step is not None)


def edited(snapshots: Snapshots, record: Record) -> tuple[Note, ...]:
    """What is not what was made any more, and stays."""
    return tuple(
        Note(f"{path} was edited since mcpconf copied it, and stays")
        for path, made in record.files.items()
        if (raw := snapshots.get(path)) is not None and not is_ours(path, made, blob_name(raw))
    )


def removed(raw: bytes | None) -> str:
    """What is said of a block that goes: it may hold lines that somebody wrote between its marks."""
    if block_of(raw, SHELL) in [block(shell) for shell in SHELLS]:
        return "block removed"
    return "block removed, which was not as mcpconf writes it (mcpconf undo brings it back)"


def torn(error: Located) -> str:
    """What is said of a file whose block can't be taken out."""
    return str(error).removesuffix("; nothing was changed").removeprefix(error.path).lstrip(" :")
