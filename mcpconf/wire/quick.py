"""Telling whose answer a long line is without parsing it: 0.1 ms instead of 30 for a megabyte.

Encoders put the id of a response before its result (pydantic, Go, Rust) or last (JavaScript), with nothing but
`jsonrpc` beside it. Both places can be told exactly in a line that is an object: before the first value nothing is
nested, and after the last quote nothing is a string. All else is declined. What stands between is not looked at, so a
line that is broken there goes to the client that asked, as it would through a pipe.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_VERSION = rb'"jsonrpc"_:_"2\.0"'
_ID = rb'"id"_:_(0|[1-9][0-9]*)'
_ANSWER = rb'"(?:result|error)"_:'
_ANY_ID = rb'"id"_:_(-?(?:0|[1-9][0-9]*)|"[^"\\\x00-\x1f]*")'
_NAME = re.compile(rb'"id"')  # searched for, it is found in half the time of bytes.find
_ESCAPED = re.compile(rb"\\u006")  # and this in a quarter, where there are many backslashes
_REACH = 256  # bytes at the end that are looked at


def _pattern(text: bytes) -> re.Pattern[bytes]:
    return re.compile(text.replace(b"_", rb"[ \t\r]*"))


_FRONT = _pattern(rb"_\{_(?:" + _VERSION + rb"_,_)?" + _ID + rb"_,_(?:" + _VERSION + rb"_,_)?" + _ANSWER)
_OTHER = _pattern(rb"_\{_(?:" + _VERSION + rb"_,_)?" + _ANSWER)
_BACK = _pattern(rb",_" + _ID + rb"_(?:,_" + _VERSION + rb"_)?\}_\Z")
_HEAD = _pattern(rb"_\{_(?:" + _VERSION + rb"_,_)?" + _ANY_ID + rb"_,")
_TAIL = _pattern(rb",_" + _ANY_ID + rb"_(?:,_" + _VERSION + rb"_)?\}_\Z")
_METHOD = _pattern(rb'_\{_(?:(?:"jsonrpc"|"id")_:_[^,{\[]{1,300},_)*"method"_:')
_LATE_METHOD = _pattern(rb'\},_"method"_:_"[^"\\]*"')


class Answer(NamedTuple):
    """A response to the broker's request `id`; `start` and `end` say where the id stands, in bytes."""

    id: str
    start: int
    end: int


def answer(line: bytes) -> Answer | None:
    """Whose answer a line is, or None when only a parser can tell."""
    # \u0069 and \u0064 would be a name `id` that is written with escapes. One byte is found much sooner than four.
    if (b"\\" in line and _ESCAPED.search(line)) or not _is_text(line):
        return None
    found = _FRONT.match(line)
    if found:
        start, end, after = found.start(1), found.end(1), found.end()
        twice = _NAME.search(line, after) is not None
        return None if twice or not line.rstrip(b" \t\r").endswith(b"}") else Answer(found[1].decode(), start, end)
    if not _OTHER.match(line):
        return None
    reach = max(0, len(line) - _REACH)
    found = _BACK.search(line, reach)
    first = _NAME.search(line)
    if found is None or first is None or first.start() < reach or _NAME.search(line, first.end()):
        return None
    return Answer(found[1].decode(), found.start(1), found.end(1))


def _is_text(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Remains(NamedTuple):
    """What can be told of a message that could not be read: perhaps its id, and whether it asks or answers."""

    id: str | None
    asks: bool


def remains(head: bytes, tail: bytes) -> Remains:
    """A guess, from the first and last bytes of a message, good enough to answer it with an error."""
    asks = bool(_METHOD.match(head) or _LATE_METHOD.search(tail))
    found = _HEAD.match(head) or _TAIL.search(tail)
    return Remains(found[1].decode("utf-8", "replace") if found else None, asks)
