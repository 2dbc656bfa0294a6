"""Cuts and pastes in a valid TOML text, by whole lines, in the text's own line breaks."""

from __future__ import annotations

import re

from mcpconf.profile.locate import Index, KeyPath, Statement

_COMMENTS = re.compile(r"(?:[ \t]*#[^\n]*(?:\n|\Z))+")
_BLANK_LINE = re.compile(r"[ \t]*\r?\n")
_BLANK_END = re.compile(r"(?<=\n)(?:[ \t]*\r?\n)+\Z")


def after_servers(text: str) -> int:
    """The offset of the line where a further server belongs: behind the last one, else the end."""
    ends = [statement.end for statement in Index(text).statements if statement.path[0] == "servers"]
    if not ends:
        return len(text)
    at = _line_end(text, ends[-1])
    comments = _COMMENTS.match(text, at)
    # Comments right below a server are its own, unless they stand right above something else.
    if comments and (comments.end() == len(text) or _BLANK_LINE.match(text, comments.end())):
        return comments.end()
    return at


def paste(text: str, at: int, block: str) -> str:
    """The text with a block of lines at the beginning of a line, set off by one blank line on either side."""
    before, after = text[:at], text[at:]
    if before and not before.endswith("\n"):
        before += "\n"
    gap = "\n" if before and not _BLANK_END.search(before) else ""
    behind = "\n" if after and not _BLANK_LINE.match(after) else ""
    newline = _newline(text)
    if before.endswith("\n") and newline == "\r\n" and not before.endswith("\r\n"):
        before = before[:-1] + newline
    return before + (gap + block + behind).replace("\n", newline) + after


def cut_out(text: str, path: KeyPath) -> str:
    """The text without the lines that define anything under a path, and without what stands between them."""
    kept, at = "", 0
    for first, last in _runs(Index(text).statements, path):
        kept += text[at : _line_start(text, first.start)]
        at = _line_end(text, last.end)
        if at == len(text) or _BLANK_LINE.match(text, at):
            kept = _BLANK_END.sub("", kept)  # one blank line is enough between what is left
    return kept + text[at:]


def put_key(text: str, table: KeyPath, key: str, value: str) -> str:
    """The text with `key = value` in a table: in place of its value, else right below the table's header."""
    index = Index(text)
    spot = index.spots.get((*table, key))
    if spot is not None:
        return text[: spot.value] + value + text[spot.end :]
    line = f"{key} = {value}{_newline(text)}"
    inside = [statement for statement in index.statements if statement.path[: len(table)] == table]
    headers = [statement for statement in inside if statement.header]
    if not headers:
        return text
    for statement in headers:
        if statement.path == table:
            at = _line_end(text, statement.end)
            gap = "" if text[:at].endswith("\n") else _newline(text)
            return text[:at] + gap + line + text[at:]
    # Only `[table.below]` is there: the table's own header goes above it.
    at = headers[0].start
    name = text[at + 1 : index.spots[headers[0].path[: len(table) + 1]].key].rstrip(" \t.")
    return f"{text[:at]}[{name}]{_newline(text)}{line}{_newline(text)}{text[at:]}"


def _runs(statements: list[Statement], path: KeyPath) -> list[tuple[Statement, Statement]]:
    """First and last of each unbroken series of statements under a path."""
    runs: list[tuple[Statement, Statement]] = []
    joined = False
    for statement in statements:
        inside = statement.path[: len(path)] == path
        if inside:
            runs.append((runs.pop()[0] if joined else statement, statement))
        joined = inside
    return runs


def _line_start(text: str, offset: int) -> int:
    start = text.rfind("\n", 0, offset) + 1
    return start + text.startswith("\ufeff", start)  # a byte order mark belongs to the file, not to its first line


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def _newline(text: str) -> str:
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
