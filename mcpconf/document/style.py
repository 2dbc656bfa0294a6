"""How a file is laid out, so that what we add looks as if its owner had written it."""

from __future__ import annotations

import json

from mcpconf.document.scan import Object
from mcpconf.model import Json
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """The layout of new text. `newline` is None in a file that stands on one line."""

    newline: str | None = "\n"
    unit: str = "  "
    colon: str = ": "
    comma: str = ", "

    def on_one_line(self) -> Style:
        """The same, for a place that is written on one line."""
        return Style(None, self.unit, self.colon, self.comma)


def line_indent(text: str, at: int) -> str:
    """The white space that starts the line of an index."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _gap_style(text: str, root: Object) -> Style:
    first = root.members[0]
    colon = ": " if text[first.value - 1] in " \t" else ":"
    comma = ", " if colon == ": " else ","
    gap = text[root.start + 1 : first.start]
    if "\n" not in gap:
        return Style(None, "  ", colon, comma)
    newline = "\r\n" if "\r\n" in gap else "\n"
    unit = line_indent(text, first.start).removeprefix(line_indent(text, root.start))
    return Style(newline, unit, colon, comma)


def style_of(text: str, root: Object | None) -> Style:
    """Read the style off a document: the first member's line tells indentation, line ends and spacing."""
    if root is not None and root.members:
        return _gap_style(text, root)
    return Style("\r\n" if "\r\n" in text else "\n")


def render(value: Json, style: Style, indent: str) -> str:
    """A JSON value as text, its first line unindented and every other one behind `indent`."""
    separators = (style.comma if style.newline is None else ",", style.colon)
    layout = None if style.newline is None else style.unit
    text = json.dumps(value, ensure_ascii=False, indent=layout, separators=separators, allow_nan=False)
    if not _encodable(text):
        text = json.dumps(value, indent=layout, separators=separators, allow_nan=False)
    # No JSON string holds a raw line end, so every one in the text is layout.
    return text if style.newline is None else text.replace("\n", style.newline + indent)


def _encodable(text: str) -> bool:
    """False for lone surrogates, which UTF-8 can't carry but a JSON escape can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
