"""Put, replace or take one member of one object; every function gives the whole new text.

Removing undoes inserting: what is inserted always stands after the last member (or alone), so taking it away takes
the separator before it. Comments are never ours and always stay.
"""

from __future__ import annotations

from mcpconf.document.scan import Member, Object
from mcpconf.document.style import Style, line_indent
from mcpconf.document.walk import Dialect, skip_comment

_BLANK = " \t\r\n"


def _after_comments(text: str, start: int, end: int) -> int:
    """The index after the last comment between two indices that hold nothing but trivia."""
    at = last = start
    while at < end:
        if text[at] in _BLANK:
            at += 1
            continue
        at = last = skip_comment(text, at)
    return last


def _after_line_comment(text: str, at: int, separator: str, dialect: Dialect) -> int:
    """The index after comments that follow on the same line, which speak of what stands before them."""
    while dialect.comments:
        start = _first_solid(text, at, len(text), " \t")
        end = skip_comment(text, start)
        # A separator without a line end would put what follows a `//` comment into it.
        swallows = text.startswith("//", start) and "\n" not in separator
        if end == start or "\n" in text[start:end] or swallows:
            break
        at = end
    return at


def _separator(text: str, obj: Object, style: Style) -> str:
    """The white space that the object's owner puts before a member."""
    last = obj.members[-1]
    before = obj.members[-2].comma if len(obj.members) > 1 else obj.start
    gap = text[_after_comments(text, before + 1, last.start) : last.start]
    line_end = gap.rfind("\n")
    if line_end < 0:
        alone = len(obj.members) == 1
        return (style.comma[1:] if alone and not gap else gap) or ""
    newline = "\r\n" if gap[line_end - 1 : line_end] == "\r" else "\n"
    return newline + gap[line_end + 1 :]


def layout_in(text: str, obj: Object, style: Style) -> tuple[Style, str]:
    """The style and the indentation of members in this object."""
    if obj.members:
        separator = _separator(text, obj, style)
        if "\n" not in separator:
            return style.on_one_line(), ""
        newline = "\r\n" if "\r\n" in separator else "\n"
        # A member written on one line in a file of many lines still tells that lines are in use here.
        return Style(newline, style.unit, style.colon, style.comma), separator.lstrip("\r\n")
    return style, line_indent(text, obj.start) + style.unit


def insert(text: str, obj: Object, member: str, style: Style, dialect: Dialect) -> str:
    """Append a rendered member (`"name": value`) to an object."""
    if not obj.members:
        return _insert_first(text, obj, member, style)
    separator = _separator(text, obj, style)
    last = obj.members[-1]
    if last.comma >= 0:
        # The owner ends the last member with a comma, and so do we.
        at = _after_line_comment(text, last.comma + 1, separator, dialect)
        return text[:at] + separator + member + "," + text[at:]
    at = _after_line_comment(text, last.end, separator, dialect)
    return text[: last.end] + "," + text[last.end : at] + separator + member + text[at:]


def _insert_first(text: str, obj: Object, member: str, style: Style) -> str:
    """The first member of an empty object. What stood in it, white space too, stays in front or behind."""
    inner = text[obj.start + 1 : obj.end - 1]
    head, tail = "", inner
    if style.newline is not None:
        indent = style.newline + line_indent(text, obj.start)
        solid = inner.strip(_BLANK) != ""
        head = ("" if solid or "\n" in inner else inner) + indent + style.unit
        tail = inner if solid or "\n" in inner else indent
    return text[: obj.start + 1] + head + member + tail + text[obj.end - 1 :]


def replace(text: str, member: Member, value: str) -> str:
    """Put another rendered value in the place of a member's own."""
    return text[: member.value] + value + text[member.end :]


def remove(text: str, obj: Object, index: int, inner: str) -> str:
    """Take a member away. `inner` is the white space that an object left empty gets back."""
    member = obj.members[index]
    if index > 0:
        return _remove_after_another(text, obj.members[index - 1], member)
    if len(obj.members) > 1:
        # The object was empty when we came, so what leads up to the first member is ours.
        start = _after_comments(text, obj.start + 1, member.start)
        # The owner's own blank, which we had put the first line end behind.
        start += len(inner) if inner and "\n" not in inner and text.startswith(inner, start, member.start) else 0
        return text[:start] + text[member.comma + 1 :]
    return _remove_only(text, obj, member, inner)


def _remove_after_another(text: str, before: Member, member: Member) -> str:
    start = _after_comments(text, before.comma + 1, member.start)
    if member.comma >= 0:
        # Our comma goes, the one before us now ends the member before us.
        tail = text[member.end : member.comma] + text[member.comma + 1 :]
        return text[:start] + tail
    return text[: before.comma] + text[before.comma + 1 : start] + text[member.end :]


def _remove_only(text: str, obj: Object, member: Member, inner: str) -> str:
    head_end = _after_comments(text, obj.start + 1, member.start)
    end = member.comma + 1 if member.comma >= 0 else member.end
    middle = text[member.end : member.comma] if member.comma >= 0 else ""
    head, tail = text[obj.start + 1 : head_end], middle + text[end : obj.end - 1]
    if not (head + tail).strip(_BLANK):
        head, tail = "", inner
    return text[: obj.start + 1] + head + tail + text[obj.end - 1 :]


def _first_solid(text: str, start: int, end: int, blank: str = _BLANK) -> int:
    """The index of the first character between two indices that is not white space."""
    while start < end and text[start] in blank:
        start += 1
    return start
