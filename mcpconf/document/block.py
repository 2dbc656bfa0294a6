"""A block of ours in a text of somebody else's, between two lines that mark it; no other byte changes. Pure."""

from __future__ import annotations

from mcpconf.record import dataclass

BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins, in which our lines would be none


@dataclass(frozen=True, slots=True)
class Marks:
    """The lines that mark a block in one kind of text.

    `of_shell`: the block's lines end in LF alone, whatever the text's do (`fi\\r` ends no `if`), and the last one
    ends: installers append to such files with `>>`. That the text before it did not end then has to be remembered, by
    a space behind the first mark.
    """

    begin: bytes
    end: bytes
    of_shell: bool = False


MARKDOWN = Marks(b"<!-- mcpconf: begin -->", b"<!-- mcpconf: end -->")
SHELL = Marks(b"# mcpconf: begin", b"# mcpconf: end", of_shell=True)
JOINED = b" "


class Torn(Exception):
    """Only a part of the block is there, or more than one, so nobody can tell what is ours. `line` counts from 1.

    `hint`: what mends it, where it is not the lines that mark the block.
    """

    def __init__(self, line: int, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.line = line
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Found:
    """Where the block is: from the first byte of its first line to the last one of its last, line break excluded.

    `joined`: the text before it had no line break at its end (of a shell's text only; see `Marks`).
    """

    start: int
    end: int
    line: int
    joined: bool = False


def find(raw: bytes, marks: Marks = MARKDOWN) -> Found | None:
    """The block in a text; None where there is none. Raises `Torn`."""
    if raw.startswith(WIDE):
        raise Torn(1, "it is UTF-16, and has to be UTF-8", "save it again as UTF-8")
    begin: tuple[int, int] | None = None
    found: Found | None = None
    at = len(BOM) if raw.startswith(BOM) else 0
    for number, line in enumerate(raw[at:].split(b"\n"), 1):
        mark = line.strip()
        if mark == marks.begin:
            if begin or found:
                raise Torn(number, f"a second {marks.begin.decode()}")
            begin = at, number
        elif mark == marks.end:
            if begin is None:
                raise Torn(number, f"{marks.end.decode()} without the line that begins the block")
            first = raw[begin[0] :].partition(b"\n")[0].rstrip(b"\r")
            joined = marks.of_shell and first.endswith(marks.begin + JOINED)
            found, begin = Found(begin[0], at + len(line.rstrip(b"\r")), begin[1], joined), None
        at += len(line) + 1
    if begin is not None:
        raise Torn(begin[1], f"{marks.begin.decode()} without the line that ends the block")
    return found


def block_of(raw: bytes | None, marks: Marks = MARKDOWN) -> bytes | None:
    """The block with its marks, with plain line breaks; None where there is none. Raises `Torn`."""
    found = find(raw or b"", marks)
    if raw is None or found is None:
        return None
    block = raw[found.start : found.end].replace(b"\r\n", b"\n")
    return block.replace(marks.begin + JOINED, marks.begin, 1) if found.joined else block


def marked(body: str, marks: Marks = MARKDOWN) -> bytes:
    """A block with its marks, with plain line breaks."""
    return b"\n".join((marks.begin, body.strip("\n").encode("utf-8"), marks.end))


def put(raw: bytes | None, block: bytes, marks: Marks = MARKDOWN) -> bytes:
    """The text with this block: in its old place, else at the end behind a blank line. Raises `Torn`."""
    text = raw or b""
    found = find(text, marks)
    if marks.of_shell:
        return _put_for_shell(text, block, marks, found)
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


def _put_for_shell(text: bytes, block: bytes, marks: Marks, found: Found | None) -> bytes:
    bare = text in (b"", BOM)
    if found.joined if found is not None else not bare and not text.endswith(b"\n"):
        block = block.replace(marks.begin, marks.begin + JOINED, 1)
    if found is not None:
        return text[: found.start] + block + text[found.end :]
    return text + (b"" if bare else b"\n") + block + b"\n"


def take(raw: bytes, marks: Marks = MARKDOWN) -> bytes:
    """The text without its block, and without what `put` had set it off with. Raises `Torn`."""
    found = find(raw, marks)
    if found is None:
        return raw
    before, after = raw[: found.start], raw[found.end :]
    newline = b"\r\n" if b"\r\n" in raw[found.start : found.end] else b"\n"
    own = next((own for own in (b"\r\n", b"\n") if after.startswith(own)), b"")
    rest = after.removeprefix(own)
    if found.joined:
        return before + rest if rest else before.removesuffix(b"\n")  # what was appended since needs its own line
    if before.endswith(b"\n" + newline):
        before = before.removesuffix(newline)
    return (before if own or marks.of_shell else before.removesuffix(newline)) + rest
