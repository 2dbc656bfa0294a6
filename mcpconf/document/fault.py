"""What is wrong with a text, and where."""

from __future__ import annotations


class Fault(Exception):
    """The text can't be edited safely. `position` is an index into the text it was raised for.

    The document floor knows no file names; whoever knows one turns this into a `Located`.
    """

    def __init__(self, message: str, position: int, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


def line_column(text: str, position: int) -> tuple[int, int]:
    """1-based line and column of an index, lines ended by `\\n`."""
    start = text.rfind("\n", 0, position) + 1
    return text.count("\n", 0, position) + 1, position - start + 1
