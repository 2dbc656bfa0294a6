"""Aligned columns, and the symbols that stand in front of a line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from mcpconf.cli import console, terminal

# (symbol, colour); `terminal.PLAIN` has what stands for them where there is only ASCII
SYMBOLS = {
    "ok": ("✓", "green"),
    "add": ("+", "green"),
    "change": ("~", "yellow"),
    "remove": ("-", "red"),
    "warn": ("!", "yellow"),
    "error": ("✗", "red"),
    "none": (" ", "dim"),
}
GAP = "  "
LEAST = 12  # columns that a cell keeps when its table is too wide
Cell = tuple[str, tuple[str, ...]]


def mark(name: str) -> Cell:
    """A symbol as a cell."""
    text, color = SYMBOLS[name]
    return text, (color,)


def symbol(name: str) -> str:
    """A symbol in its colour, to stand before a line."""
    return console.paint(*SYMBOLS[name])


def plain(text: str, *styles: str) -> Cell:
    """A cell."""
    return one_line(text), styles


def one_line(text: str) -> str:
    """Text that somebody else wrote as a part of a line of ours: it can't start one of its own."""
    return console.visible(text).replace("\n", " ").replace("\t", " ")


def columns(rows: Sequence[Sequence[Cell]], indent: str = "  ", stream: TextIO | None = None) -> list[str]:
    """Rows of (text, styles) cells, padded to the widest of each column but the last.

    They go to `stream` (stdout, where None); on a terminal the widest columns are cut until a row fits.
    """
    count = max((len(row) for row in rows), default=0)
    widths = [max((len(row[i][0]) for row in rows if len(row) > i), default=0) for i in range(count)]
    limit = terminal.width(stream or sys.stdout)
    if limit is not None:
        widths = _shrunk(widths, limit - len(indent) - len(GAP) * (count - 1))
    return [(indent + GAP.join(_cells(row, widths))).rstrip() for row in rows]


def _shrunk(widths: Sequence[int], room: int) -> list[int]:
    """The widths with the widest ones cut, one after the other, until all fit or none can give any more."""
    out = list(widths)
    for i in sorted(range(len(out)), key=lambda i: -out[i]):
        over = sum(out) - room
        if over > 0:
            out[i] = min(out[i], max(LEAST, out[i] - over))
    return out


def _cells(row: Sequence[Cell], widths: Sequence[int]) -> list[str]:
    cells = []
    for i, (text, styles) in enumerate(row):
        shown = terminal.cut(text, widths[i])
        padding = " " * (widths[i] - len(shown)) if i < len(row) - 1 else ""
        cells.append((console.paint(shown, *styles) if shown else "") + padding)
    return cells
