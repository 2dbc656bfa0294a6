"""Messages on a pair of descriptors: a line each, read and written by whoever has time to wait."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False  # what `typing` would give, for 5 ms
if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_LIMIT = 10_000_000  # bytes; no honest request to us comes near it
CHUNK = 65536
TOO_LONG = None


def encode(answer: object) -> bytes:
    """One line of ASCII: whatever a lone surrogate or U+2028 in an id may do to a terminal, it stays one line."""
    return json.dumps(answer, separators=(",", ":")).encode("ascii") + b"\n"


def read_lines(descriptor: int, limit: int = LINE_LIMIT) -> Iterator[bytes | None]:
    """The lines of a descriptor, split on LF only and without it; None in the place of one over `limit` bytes.

    A last line without its LF is no message: stdio framing ends each with one, so it was cut short.
    """
    parts: list[bytes] = []
    size = 0
    while chunk := os.read(descriptor, CHUNK):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            parts.append(end)
            yield b"".join(parts) if size + len(end) <= limit else TOO_LONG
            parts, size = [], 0
        size += len(rest)
        if size <= limit:
            parts.append(rest)
        else:
            parts = []


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however little the pipe takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
