"""Where the members of an object stand in a text.

Values that are not ours are skipped by the C scanner of the standard library, which also proves that
they are strict JSON. Only a value that it can't take (with comments, where the dialect allows them, or nested
beyond the interpreter's recursion limit) is walked token by token, by `walk.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from mcpconf.document.fault import COMMA, END, NAME, OBJECT, Fault, lines_of
from mcpconf.document.walk import UNREADABLE, Dialect, expected, scan_string, skip_strict, skip_trivia, walk_value
from mcpconf.record import dataclass

STRICT = Dialect()
JSONC = Dialect(comments=True, trailing_commas=True)
KEPT = 4  # texts
TOLD = 4  # lines of a name that stands more than once

# How the last step of a pointer says what it leads to, where that is no plain object: the items of an array, and named
# commands, which may be one command without a name. No path and no name of a member has a NUL in it.
ITEMS = "\0[]"
COMMANDS = "\0{}"
_CLOSERS = {"{": "}", "[": "]"}

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Member:
    """One `"name": value` of an object; all numbers are indices into the text. `comma` is -1 where none follows.

    Of an array it is an item, whose name is what it says: a string's value, the text of anything else.
    """

    name: str
    start: int
    key_end: int
    value: int
    end: int
    comma: int


@dataclass(frozen=True, slots=True)
class Object:
    """The span of an object or an array, brackets included, and its members in the order of the text."""

    start: int
    end: int
    members: tuple[Member, ...]

    def named(self, name: str) -> tuple[Member, ...]:
        """All members of that name: more than one where the text repeats it."""
        return tuple(member for member in self.members if member.name == name)


def _skip_value(text: str, at: int, dialect: Dialect) -> int:
    """The index after the value that starts at `at`. Raises `Fault` where there is none."""
    try:
        return skip_strict(text, at)[1]
    except UNREADABLE:
        # The walker also takes what the dialect allows beyond JSON, and calls what it does not by its name.
        return walk_value(text, at, dialect)


def _trivia(text: str, at: int, dialect: Dialect) -> int:
    if dialect.comments:
        return skip_trivia(text, at, dialect)
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # an empty match always succeeds


def _key(text: str, at: int, dialect: Dialect) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        raise expected(NAME, text, at, dialect)
    try:
        return scan_string(text, at + 1, True)
    except json.JSONDecodeError as error:
        raise Fault(f"broken string: {error.msg.lower()}", error.pos) from None


def scan_object(text: str, at: int, dialect: Dialect) -> Object:
    """Scan the object, or the array, whose bracket stands at `at`."""
    members: list[Member] = []
    closer = _CLOSERS[text[at]]
    is_array = closer == "]"
    i = _trivia(text, at + 1, dialect)
    while text[i : i + 1] != closer:
        member, i = _item(text, i, dialect) if is_array else _member(text, i, dialect)
        members.append(member)
        if member.comma < 0:
            break
        if text[i : i + 1] == closer and not dialect.trailing_commas:
            raise Fault("trailing comma, which is not allowed in this file", member.comma, hint=COMMA)
    if text[i : i + 1] != closer:
        raise expected(f"',' or '{closer}'", text, i, dialect)
    return Object(at, i + 1, tuple(members))


def _member(text: str, at: int, dialect: Dialect) -> tuple[Member, int]:
    name, key_end = _key(text, at, dialect)
    i = _trivia(text, key_end, dialect)
    if text[i : i + 1] != ":":
        raise expected("':'", text, i, dialect)
    value = _trivia(text, i + 1, dialect)
    end = _skip_value(text, value, dialect)
    comma, i = _comma(text, end, dialect)
    return Member(name, at, key_end, value, end, comma), i


def _item(text: str, at: int, dialect: Dialect) -> tuple[Member, int]:
    end = _skip_value(text, at, dialect)
    name = scan_string(text, at + 1, True)[0] if text[at] == '"' else text[at:end]
    comma, i = _comma(text, end, dialect)
    return Member(name, at, at, at, end, comma), i


def _comma(text: str, end: int, dialect: Dialect) -> tuple[int, int]:
    """Where the comma behind a value stands (-1: nowhere), and the index of what comes next."""
    i = _trivia(text, end, dialect)
    comma = -1
    if text[i : i + 1] == ",":
        comma = i
        i = _trivia(text, i + 1, dialect)
    return comma, i


def scan(text: str, dialect: Dialect) -> Object | None:
    """Scan a whole document whose top level is an object; None where the text is only white space.

    Raises `Fault` for anything that the client would refuse or reset.
    """
    found = _judged(text, dialect)
    if isinstance(found, Fault):
        raise Fault(found.message, found.position, hint=found.hint)
    return found


@lru_cache(maxsize=KEPT)
def _judged(text: str, dialect: Dialect) -> Object | Fault | None:
    """Remembered for the last few texts, a fault as well: of all questions to a large file the first costs a pass."""
    try:
        return _scan(text, dialect)
    except Fault as fault:
        return fault.with_traceback(None)


def _scan(text: str, dialect: Dialect) -> Object | None:
    at = _trivia(text, 0, dialect)
    if at == len(text):
        return None
    if text[at] != "{":
        walk_value(text, at, dialect)
        raise Fault("the top level is not an object", at, hint=OBJECT)
    root = scan_object(text, at, dialect)
    end = _trivia(text, root.end, dialect)
    if end != len(text):
        raise expected(END, text, end, dialect)
    return root


_scan_inner = lru_cache(maxsize=KEPT)(scan_object)


def objects_along(text: str, dialect: Dialect, path: tuple[str, ...]) -> tuple[Object, ...]:
    """The objects along `path` that are there, the root first; none in a text of white space.

    Raises `Fault` as `scan` does, and where a member on the way stands twice (which one a client reads is
    anybody's guess) or is no object. A command without a name counts as not there.
    """
    root = scan(text, dialect)
    found = [] if root is None else [root]
    for step in path if found else ():
        name, kind = step_of(step)
        member = only(text, found[-1], name)
        if member is None:
            break
        opening = kind[1] if kind else "{"
        if text[member.value] != opening:
            if kind == COMMANDS:
                break
            raise _not_this(name, opening, member.value)
        found.append(_scan_inner(text, member.value, dialect))
    return tuple(found)


def step_of(step: str) -> tuple[str, str]:
    """A step of a pointer: the member's name, and `ITEMS` or `COMMANDS` where it leads to such."""
    name, mark, _ = step.partition("\0")
    return name, step[len(name) :] if mark else ""


def _not_this(name: str, opening: str, position: int) -> Fault:
    what, empty = ("array", "[]") if opening == "[" else ("object", "{}")
    return Fault(f'"{name}" is not an {what}', position, hint=f'write {empty} there: "{name}": {empty}')


def only(text: str, obj: Object, name: str) -> Member | None:
    """The one member of that name; None where there is none. Raises `Fault` where the text repeats it."""
    named = obj.named(name)
    if len(named) > 1:
        raise repetition(named, tuple(lines_of(text, (member.start for member in named))))
    return named[0] if named else None


def repetition(members: Sequence[Member], lines: Sequence[int]) -> Fault:
    """The fault of members that have one name: it tells their lines, and stands at the second one."""
    told = [str(line) for line in lines[:TOLD]] + ([f"{len(lines) - TOLD} more"] if len(lines) > TOLD else [])
    times = "twice" if len(members) == 2 else f"{len(members)} times"
    return Fault(
        f'"{members[0].name}" stands {times}, in lines {" and ".join(told)}',
        members[1].start,
        hint="merge them by hand into one",
    )
