"""What is wrong with a text, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

NAME = "a name in double quotes"
END = "the end of the file"
COMMA = "remove this comma: none may stand before a closing } or ]"
OBJECT = 'put one JSON object in its place, {} if nothing is to be kept; clients read { "mcpServers": { ... } }'


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


def lines_of(text: str, positions: Iterable[int]) -> Iterator[int]:
    """The lines of indices that ascend. Asked one by one, 200,000 of them would cost minutes."""
    line, counted = 1, 0
    for position in positions:
        line += text.count("\n", counted, position)
        counted = position
        yield line


def mend(wanted: str, text: str, at: int) -> str | None:
    """What a person does about anything but `wanted` at `at`; None where the message says it all."""
    found = text[at : at + 1]
    if not found:
        return "write the end that is missing: every { needs its } and every [ its ]"
    if found == ",":
        return "remove this comma: nothing stands before it"
    if wanted == NAME:
        # A name without quotes is often the beginning of an object that was never finished.
        close = ", and close every { with a }" if text.count("{") > text.count("}") else ""
        return f'write names in double quotes, as in {{"name": "value"}}{close}'
    if wanted == END:
        return "remove what stands behind the last }"
    if wanted.startswith("',' or") and found == '"':
        return "put a comma between this and what stands before it"
    return None
