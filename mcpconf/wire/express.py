"""The common messages, read in a fraction of the time: whole, strict and exact, or not at all.

Encoders put a message's id before the method or the result (Go, Rust, most by hand), or last (JavaScript, Python). In
a text that is one object these two places can be told without its spans: before the first value nothing is nested, and
what one closing brace follows is at the top. The C scanner checks the text and tells the names at the top, so that one
which comes twice is found here as elsewhere. What is unusual is declined, and read by `envelope`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from mcpconf.wire.members import INNER, TOP, disguised, refuse_constant

# What may change a message more than its id, or make it a rule's: the reader with spans has to look. A backslash and a
# `u00` could spell any of them, one and a slash the first part of the last.
_PROGRESS, _TASK, _ESCAPE, _SUBSCRIPTION = b'"progressToken"', b'"task"', b"\\u00", b"subscriptionId"
_TOKEN = rb'(-?(?:0|[1-9][0-9]{0,18})|"[^"\\\x00-\x1f]{0,200}")'
_VERSION = rb'"jsonrpc" ?: ?"2\.0" ?, ?'
_FRONT = re.compile(rb"\{ ?(?:" + _VERSION + rb')?"id" ?: ?' + _TOKEN + rb" ?,")
_BACK = re.compile(rb', ?"id" ?: ?' + _TOKEN + rb" ?\}\Z")
_REACH = 240  # bytes at the end that can hold an id
# Objects become lists of pairs. bool: a number of 5,000 digits is JSON, and int() refuses it.
_scan: Callable[[str, int], tuple[list[tuple[str, object]], int]] = json.JSONDecoder(
    object_pairs_hook=list, parse_int=bool, parse_float=bool, parse_constant=refuse_constant
).scan_once  # type: ignore[attr-defined]


class Express(NamedTuple):
    """A message of one id at the top, whose token stands from `start` to `end`, in bytes; `top` are its members."""

    token: str
    start: int
    end: int
    top: Mapping[str, object]


def read(line: bytes) -> Express | None:
    """The message, or None where it takes more to know what it is."""
    place = _FRONT.match(line) or _BACK.search(line, max(0, len(line) - _REACH))
    if place is None:
        return None
    try:
        text = line.decode()
        pairs, end = _scan(text, 0)
        top = dict(pairs)
    except (ValueError, TypeError, StopIteration, RecursionError):
        return None
    if end != len(text) or len(top) != len(pairs) or text[0] != "{":
        return None
    if not top.keys() <= TOP and disguised(top, TOP):
        return None
    return Express(place[1].decode(), place.start(1), place.end(1), top)


def request(line: bytes) -> tuple[Express, str] | None:
    """A request and its method, where nothing but its id has to change."""
    if _PROGRESS in line or _TASK in line or _ESCAPE in line or _SUBSCRIPTION in line:
        return None
    found = read(line)
    if found is None:
        return None
    method = found.top.get("method")
    if type(method) is not str or "result" in found.top or "error" in found.top:
        return None
    params = _inside(found.top.get("params"))
    if params is None or _inside(params.get("_meta")) is None:
        return None
    return found, method


_NOTHING: Mapping[str, object] = {}
_harmless: set[str] = set()  # names that were looked at, since the same ones come again and again
MOST = 4096


def _inside(value: object) -> Mapping[str, object] | None:
    """The members of an object, none of anything else; None where a name comes twice, or is one of the protocol's in
    other letters."""
    if type(value) is not list or not value or type(value[0]) is not tuple:
        return _NOTHING
    found = dict(value)
    if len(found) != len(value):
        return None
    if not found.keys() <= _harmless:
        if disguised(found, INNER):
            return None
        if len(_harmless) < MOST:
            _harmless.update(name for name in found if len(name) < 64)
    return found


def response(line: bytes) -> Express | None:
    """A response. Its id may be that of any request."""
    found = read(line)
    if found is None or "method" in found.top or not ("result" in found.top or "error" in found.top):
        return None
    return found


def has(top: Mapping[str, object], *names: str) -> bool:
    """Whether there is a value at a path of names below the top. What comes twice there is not decided here."""
    value: object = top
    for name in names:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            found = [one for key, one in value if key == name]
        elif isinstance(value, Mapping):
            found = [value[name]] if name in value else []
        else:
            return False
        if len(found) != 1:
            return False
        value = found[0]
    return True
