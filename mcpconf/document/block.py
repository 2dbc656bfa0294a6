"""A block of ours in a text of somebody else's, between two lines that mark it; no other byte changes. Pure."""

from __future__ import annotations

from mcpconf.record import dataclass

BEGIN = b"<!-- mcpconf: begin -->"
END = b"<!-- mcpconf: end -->"
BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins, in which our lines would be none


class Torn(Exception):
    """Only a part of the block is there, or more than one, so nobody can tell what is ours. `line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Found:
    """Where the block is: from the first byte of its first line to the last one of its last, line break excluded."""

    start: int
    end: int
    line: int


def find(raw: bytes) -> Found | None:
    """The block in a text; None where there is none. Raises `Torn`."""
    if raw.startswith(WIDE):
        raise Torn(1, "it is UTF-16, and has to be UTF-8")
    begin: tuple[int, int] | None = None
    found: Found | None = None
    at = len(BOM) if raw.startswith(BOM) else 0
    for number, line in enumerate(raw[at:].split(b"\n"), 1):
        mark = line.strip()
        if mark == BEGIN:
            if begin or found:
                raise Torn(number, f"a second {BEGIN.decode()}")
            begin = at, number
        elif mark == END:
            if begin is None:
                raise Torn(number, f"{END.decode()} without the line that begins the block")
            found, begin = Found(begin[0], at + len(line.rstrip(b"\r")), begin[1]), None
        at += len(line) + 1
    if begin is not None:
        raise Torn(begin[1], f"{BEGIN.decode()} without the line that ends the block")
    return found


def block_of(raw: bytes | None) -> bytes | None:
    """The block with its marks, with plain line breaks; None where there is none. Raises `Torn`."""
    found = find(raw or b"")
    return None if raw is None or found is None else raw[found.start : found.end].replace(b"\r\n", b"\n")


def marked(body: str) -> bytes:
    """A block with its marks, with plain line breaks."""
    return b"\n".join((BEGIN, body.strip("\n").encode("utf-8"), END))


def put(raw: bytes | None, block: bytes) -> bytes:
    """The text with this block: in its old place, else at the end behind a blank line. Raises `Torn`."""
    text = raw or b""
    found = find(text)
    sample = text[: text.find(b"\n") + 1] if found is None else text[found.start : found.end]
    newline = b"\r\n" if b"\r\n" in sample else b"\n"
    block = block.replace(b"\n", newline)
    if found is not None:
        return text[: found.start] + block + text[found.end :]
    if text in (b"", BOM):
        return text + block + newline
    if text.endswith(b"\n"):
        return text + newline + block + newline
    return text + newline * 2 + block  # and no line break at its end, as there was none


def take(raw: bytes) -> bytes:
    """The text without its block, and without what `put` had set it off with. Raises `Torn`."""
    found = find(raw)
    if found is None:
        return raw
    before, after = raw[: found.start], raw[found.end :]
    newline = b"\r\n" if b"\r\n" in raw[found.start : found.end] else b"\n"
    if before.endswith(b"\n" + newline):
        before = before.removesuffix(newline)
    for own in (b"\r\n", b"\n"):
        if after.startswith(own):
            return before + after.removeprefix(own)
    return before.removesuffix(newline) + after
