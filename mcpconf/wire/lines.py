"""Newline-delimited messages out of chunks of any size.

MCP specification, stdio transport: messages are delimited by newlines and contain none. Split on that byte alone:
U+2028 and U+0085 are legal inside a JSON string.
"""

from __future__ import annotations

from mcpconf.record import dataclass

BOM = b"\xef\xbb\xbf"
KEPT = 512  # bytes of either end of a line that is too long
SMALL = 4096  # bytes of a piece that is not kept by itself: an object for every two bytes takes twenty times their room


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line beyond the limit was dropped; `size` bytes of it, its newline included where it came.

    Its first and last bytes are kept, where the id of a message mostly stands, so that it can be answered.
    """

    size: int
    head: bytes = b""
    tail: bytes = b""


def unbroken(line: bytes | Overlong) -> bytes | Overlong:
    """A line of a client's without carriage returns, which JSON has between tokens only.

    Python's text files, Java, C# and Node's readline take one for the end of a line, so that a server of theirs would
    hear whole messages, with any id, from within one of a client's. A space means the same.
    """
    return line.replace(b"\r", b" ") if isinstance(line, bytes) and b"\r" in line else line


class Lines:
    """Collects chunks and gives the lines that they complete. Memory is bounded by `limit` bytes and one chunk."""

    __slots__ = ("_fresh", "_head", "_limit", "_parts", "_size", "_skipped", "_tail")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes | bytearray] = []
        self._size = 0
        self._skipped = 0  # bytes of a line that is too long, while its end has not come
        self._head = self._tail = b""
        self._fresh = True

    def feed(self, chunk: bytes) -> list[bytes | Overlong]:
        """The lines that end in this chunk, without their ends; blank ones are left out."""
        if self._is_one_line(chunk):
            return [chunk[:-1]]
        found: list[bytes | Overlong] = []
        if b"\n" not in chunk:  # a piece of a long line need not be copied
            self._hold(chunk)
            return found
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._hold(piece)
            self._close(found, 1)
        self._hold(rest)
        return found

    def _is_one_line(self, chunk: bytes) -> bool:
        """Whether it is what most chunks are, a line and nothing before or behind it, to be given as it came."""
        size = len(chunk) - 1
        return (
            chunk.find(b"\n") == size <= self._limit
            and not (self._size or self._skipped or self._fresh)
            and chunk[-2:-1] > b" "  # so that it is not blank, and ends with no carriage return
        )

    def end(self) -> list[bytes | Overlong]:
        """The last line, where the stream ended without a newline."""
        found: list[bytes | Overlong] = []
        if self._size or self._skipped:
            self._close(found, 0)
        return found

    def _hold(self, piece: bytes) -> None:
        if not piece:
            return
        if self._skipped:
            self._skip(piece)
        elif self._size + len(piece) > self._limit:
            held, self._parts, self._size = self._parts, [], 0
            for one in [*held, piece]:
                self._skip(one)
        else:
            last = self._parts[-1] if self._parts else None
            if len(piece) >= SMALL or last is None:
                self._parts.append(piece)
            elif isinstance(last, bytearray):
                last += piece
            else:
                self._parts.append(bytearray(piece))
            self._size += len(piece)

    def _skip(self, piece: bytes | bytearray) -> None:
        self._skipped += len(piece)
        self._head = (self._head + piece[:KEPT])[:KEPT] if len(self._head) < KEPT else self._head
        self._tail = (self._tail + piece[-KEPT:])[-KEPT:]

    def _close(self, found: list[bytes | Overlong], newline: int) -> None:
        if self._skipped:
            found.append(Overlong(self._skipped + newline, self._head, self._tail.removesuffix(b"\r")))
            self._skipped, self._head, self._tail = 0, b"", b""
        else:
            first = self._parts[0] if len(self._parts) == 1 else None
            line = first if isinstance(first, bytes) else b"".join(self._parts)
            self._parts, self._size = [], 0
            if self._fresh:
                line = line.removeprefix(BOM)
            line = line.removesuffix(b"\r")
            if line.strip(b" \t\r"):
                found.append(line)
        self._fresh = False
