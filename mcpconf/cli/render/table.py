"""Aligned columns, and the symbols that stand in front of a line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mcpconf.cli import console

# (symbol, symbol where the terminal knows ASCII only, colour)
SYMBOLS = {
    "ok": ("✓", "ok", "green"),
    "add": ("+", "+", "green"),
    "change": ("~", "~", "yellow"),
    "remove": ("-", "-", "red"),
    "warn": ("!", "!", "yellow"),
    "error": ("✗", "x", "red"),
    "none": (" ", " ", "dim"),
}
Cell = tuple[str, tuple[str, ...]]


def mark(name: str) -> Cell:
    """A symbol as a cell, one that the output's encoding has."""
    unicode, ascii_, color = SYMBOLS[name]
    encoding = (sys.stdout.encoding or "ascii").lower()
    return (unicode if encoding.startswith("utf") else ascii_), (color,)


def symbol(name: str) -> str:
    """A symbol in its colour, to stand before a line."""
    text, styles = mark(name)
    return console.paint(text, *styles)


def columns(rows: Sequence[Sequence[Cell]], indent: str = "  ") -> list[str]:
    """Rows of (text, styles) cells, padded to the widest of each column but the last."""
    if not rows:
        return []
    count = max(len(row) for row in rows)
    widths = [max((len(row[i][0]) for row in rows if len(row) > i), default=0) for i in range(count)]
    return [indent + "  ".join(_cells(row, widths)).rstrip() for row in rows]


def _cells(row: Sequence[Cell], widths: Sequence[int]) -> list[str]:
    cells = []
    for i, (text, styles) in enumerate(row):
        padding = " " * (widths[i] - len(text)) if i < len(row) - 1 else ""
        cells.append(console.paint(console.visible(text), *styles) + padding)
    return cells


def plain(text: str, *styles: str) -> Cell:
    """A cell."""
    return text, styles
