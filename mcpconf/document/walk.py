"""The slow, patient scanner: comments, trailing commas, any nesting, and the best error messages.

Iterative, so that two thousand open brackets cost a list and not a stack. It goes token by token only around what is
odd: a file of many megabytes that was broken off must not take a minute to be refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from json import decoder
from typing import NoReturn

from mcpconf.document.fault import COMMA, NAME, Fault, mend
from mcpconf.record import dataclass

# The C scanner for one string: (text, index after the quote, strict) -> (value, index after the closing quote).
scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LINE_COMMENT = re.compile(r"//[^\n]*")
_WORD = re.compile(r"-?[A-Za-z_][A-Za-z0-9_]*")
_CLOSER = {"{": "}", "[": "]"}
TRIES = 8  # of the C scanner's that may fail within one value: each can cost a pass over what is left
DEEPEST = 200_000  # levels: far more than anybody means, and few enough to be walked in seconds


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


# bool, since a number of 5,000 digits is valid JSON and int() refuses it; nothing of what is built here is used.
_DECODER = json.JSONDecoder(parse_int=bool, parse_float=bool, parse_constant=_refuse_constant)
# The C scanner for one strict value: (text, its index) -> (anything, the index after it). Raises UNREADABLE.
skip_strict: Callable[[str, int], tuple[object, int]] = _DECODER.scan_once  # type: ignore[attr-defined]
UNREADABLE = (ValueError, StopIteration, RecursionError)

# Plain values, and plain names with plain values, each with the comma behind it; never the last one, which may have
# a comma too many.
_VALUE = rf'(?:"[^"\\\x00-\x1f]*"|{_NUMBER.pattern}|true|false|null)[ \t\n\r]*,[ \t\n\r]*(?=[^ \t\n\r\]}}/])'
_RUN = {"[": rf"(?:{_VALUE})*+", "{": rf'(?:"[^"\\\x00-\x1f]*"[ \t\n\r]*:[ \t\n\r]*{_VALUE})*+'}


@cache
def _run(bracket: str) -> re.Pattern[str]:
    """Compiled when it is first needed, which for a healthy file is never."""
    return re.compile(_RUN[bracket])


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a file may hold beyond strict JSON. Both Claude clients are strict: Claude Code resets other files."""

    comments: bool = False
    trailing_commas: bool = False


def skip_comment(text: str, at: int) -> int:
    """The index after the comment at `at`; `at` itself where none starts there."""
    if text.startswith("//", at):
        end = _LINE_COMMENT.match(text, at).end()  # type: ignore[union-attr]
        # The carriage return belongs to the line's end, as the newline does.
        return end - 1 if text[end - 1] == "\r" else end
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        if end < 0:
            raise Fault("comment without an end", at)
        return end + 2
    return at


def skip_trivia(text: str, at: int, dialect: Dialect) -> int:
    """The index after white space and, where the dialect has them, comments."""
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        end = skip_comment(text, at) if dialect.comments else at
        if end == at:
            return at
        at = end


def expected(what: str, text: str, at: int, dialect: Dialect) -> Fault:
    """The fault for anything but `what` at `at`, in words that name what stands there."""
    rest = text[at : at + 2]
    if not rest:
        return Fault(f"the file ends where {what} is expected", at, hint=mend(what, text, at))
    if rest in ("//", "/*") or rest[0] == "#":
        where = "this kind of" if dialect.comments else "a"
        return Fault(f"{where} comment is not allowed in this file", at, hint="remove the comment")
    word = _WORD.match(text, at)
    if word and word.group() in ("NaN", "Infinity", "-Infinity", "undefined"):
        return Fault(f"{word.group()} is no JSON value", at, hint="write a number in its place, or null")
    if rest[0] == "'":
        hint = "write double quotes in the place of single ones"
        return Fault(f"expected {what}: JSON strings stand in double quotes", at, hint=hint)
    return Fault(f"expected {what}, found {rest[0]!r}", at, hint=mend(what, text, at))


def walk_string(text: str, at: int) -> int:
    """The index after the string at `at`."""
    try:
        return scan_string(text, at + 1, True)[1]
    except json.JSONDecodeError as error:
        raise Fault(f"broken string: {error.msg.lower()}", error.pos) from None


def _scalar(text: str, at: int, dialect: Dialect) -> int:
    if text[at : at + 1] == '"':
        return walk_string(text, at)
    number = _NUMBER.match(text, at)
    if number:
        return number.end()
    for word in ("true", "false", "null"):
        if text.startswith(word, at):
            return at + len(word)
    raise expected("a value", text, at, dialect)


def _walk_key(text: str, at: int, dialect: Dialect) -> int:
    """From a name to the start of its value."""
    if text[at : at + 1] != '"':
        raise expected(NAME, text, at, dialect)
    at = skip_trivia(text, walk_string(text, at), dialect)
    if text[at : at + 1] != ":":
        raise expected("':'", text, at, dialect)
    return skip_trivia(text, at + 1, dialect)


def walk_value(text: str, at: int, dialect: Dialect) -> int:
    """The index after the value at `at`. Raises `Fault` at the first thing that the dialect does not allow."""
    open_: list[str] = []
    tries = TRIES
    while True:
        bracket = text[at : at + 1]
        if bracket not in _CLOSER:
            at = _scalar(text, at, dialect)
        elif open_ and tries and (end := _end_of_strict(text, at)):
            at = end
        else:
            if len(open_) == DEEPEST:
                raise Fault(f"nested more than {DEEPEST:,} levels deep", at)
            tries -= 1 if open_ and tries else 0
            at = skip_trivia(text, at + 1, dialect)
            if text[at : at + 1] != _CLOSER[bracket]:
                open_.append(bracket)
                at = _next_value(text, at, bracket, dialect)
                continue
            at += 1
        at, more = _after_value(text, at, dialect, open_)
        if not more:
            return at


def _end_of_strict(text: str, at: int) -> int:
    """The index after a value of strict JSON; 0 for any other."""
    try:
        return skip_strict(text, at)[1]
    except UNREADABLE:
        return 0


def _next_value(text: str, at: int, bracket: str, dialect: Dialect) -> int:
    """From behind a bracket or a comma to the next value that is not a plain one."""
    at = skip_trivia(text, _run(bracket).match(text, at).end(), dialect)  # type: ignore[union-attr]
    return _walk_key(text, at, dialect) if bracket == "{" else at


def _after_value(text: str, at: int, dialect: Dialect, open_: list[str]) -> tuple[int, bool]:
    """Close what ends here; True where another value starts at the index given back."""
    while open_:
        bracket = open_[-1]
        at = skip_trivia(text, at, dialect)
        if text[at : at + 1] == ",":
            comma = at
            at = skip_trivia(text, at + 1, dialect)
            if text[at : at + 1] != _CLOSER[bracket]:
                return _next_value(text, at, bracket, dialect), True
            if not dialect.trailing_commas:
                raise Fault("trailing comma, which is not allowed in this file", comma, hint=COMMA)
        if text[at : at + 1] != _CLOSER[bracket]:
            raise expected(f"',' or '{_CLOSER[bracket]}'", text, at, dialect)
        open_.pop()
        at += 1
    return at, False
