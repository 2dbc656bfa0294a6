"""Where the members of a JSON object stand in a text, so that a token can be replaced and nothing else is touched.

A payload is never written anew: encoders corrupt big integers, refuse lone surrogates and turn 1e400 into Infinity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from json import decoder
from typing import NamedTuple, NoReturn

# The C scanners: (text, index after the quote, strict) -> (string, index after it), (text, index) -> (value, index).
scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]
_SPACE = re.compile(r"[ \t\n\r]*")
_NAME = re.compile(r'[ \t\n\r]*"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
_AFTER = re.compile(r"[ \t\n\r]*[,}]")


class Malformed(ValueError):
    """Text that is no strict JSON, or an object that could be read in two ways."""


def refuse_constant(name: str) -> NoReturn:
    """What Python's reader takes and JSON hasn't: NaN and the infinities."""
    raise ValueError(f"{name} is not JSON")


# bool: a number of 5,000 digits is JSON, and int() refuses it. What is built is thrown away.
_DECODER = json.JSONDecoder(parse_int=bool, parse_float=bool, parse_constant=refuse_constant)
_skip: Callable[[str, int], tuple[object, int]] = _DECODER.scan_once  # type: ignore[attr-defined]


# Go's encoding/json matches names without regard to case, and the last one wins: an `ID` beside an `id` would be one
# message to the broker and another one to the server. These are the names by which clients are kept apart.
TOP = frozenset({"jsonrpc", "id", "method", "params", "result", "error"})
INNER = frozenset({"_meta", "requestId", "progressToken", "taskId", "task", "uri", "level"})
_FOLDED = {names: frozenset(map(str.casefold, names)) for names in (TOP, INNER)}


def disguised(names: Iterable[str], known: frozenset[str]) -> bool:
    """Whether one of these names is a known one in other letters; `known` is `TOP` or `INNER`."""
    folded = _FOLDED[known]
    return any(name not in known and name.casefold() in folded for name in names)


class Span(NamedTuple):
    """From `start` to `end` (behind it), in characters of the text. A tuple: one is made for every member read."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def _past_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def members(text: str, at: int = 0) -> dict[str, Span]:
    """The values of the object that begins at `at`, by name. Raises `Malformed`, also for a name that comes twice."""
    try:
        found, _ = _object(text, _past_space(text, at))
    except (ValueError, StopIteration, IndexError, RecursionError) as error:
        raise Malformed(str(error) or "not JSON") from None
    return found


def document(text: str) -> dict[str, Span]:
    """The members of a text that is one object and nothing else. Raises `Malformed`."""
    try:
        found, end = _object(text, _past_space(text, 0))
    except (ValueError, StopIteration, IndexError, RecursionError) as error:
        raise Malformed(str(error) or "not JSON") from None
    if _past_space(text, end) != len(text):
        raise Malformed("something follows the object")
    return found


def _object(text: str, at: int) -> tuple[dict[str, Span], int]:
    if text[at] != "{":
        raise Malformed("no object")
    found: dict[str, Span] = {}
    end = _past_space(text, at + 1)
    if text[end] == "}":
        return found, end + 1
    at += 1
    while True:
        plain = _NAME.match(text, at)
        name, start = (plain[1], plain.end()) if plain else _odd_name(text, at)
        end = _skip(text, start)[1]
        if name in found:
            raise Malformed(f"{name!r} comes twice")
        found[name] = Span(start, end)
        after = _AFTER.match(text, end)
        if after is None:
            raise Malformed("a comma is missing")
        at = after.end()
        if text[at - 1] == "}":
            return found, at


def _odd_name(text: str, at: int) -> tuple[str, int]:
    """A name with escapes in it, and where its value begins."""
    at = _past_space(text, at)
    if text[at] != '"':
        raise Malformed("a name is missing")
    name, at = scan_string(text, at + 1, True)
    at = _past_space(text, at)
    if text[at] != ":":
        raise Malformed("a colon is missing")
    return name, _past_space(text, at + 1)


def elements(text: str, at: int = 0) -> tuple[Span, ...]:
    """The values of the array that begins at `at`. Raises `Malformed`."""
    found: list[Span] = []
    try:
        at = _past_space(text, at)
        if text[at] != "[":
            raise Malformed("no array")
        at = _past_space(text, at + 1)
        if text[at] == "]":
            return ()
        while True:
            _, end = _skip(text, at)
            found.append(Span(at, end))
            at = _past_space(text, end)
            if text[at] == "]":
                return tuple(found)
            if text[at] != ",":
                raise Malformed("a comma is missing")
            at = _past_space(text, at + 1)
    except (ValueError, StopIteration, IndexError, RecursionError) as error:
        raise Malformed(str(error) or "not JSON") from None


def inside(text: str, spans: Mapping[str, Span], *names: str) -> Span | None:
    """The value at a path of names below some members; None where there is none, or no object on the way."""
    found: Mapping[str, Span] = spans
    for name in names[:-1]:
        span = found.get(name)
        if span is None or text[span.start] != "{":
            return None
        found = members(text, span.start)
    return found.get(names[-1])


def string(text: str, span: Span | None) -> str | None:
    """The value of a span that is a JSON string; None for anything else."""
    if span is None or text[span.start] != '"':
        return None
    return scan_string(text, span.start + 1, True)[0]


def spliced(text: str, edits: Iterable[tuple[Span, str]]) -> str:
    """The text with other text at some spans, which do not overlap."""
    parts, done = [], 0
    for span, new in sorted(edits, key=lambda edit: edit[0].start):
        parts += [text[done : span.start], new]
        done = span.end
    return "".join([*parts, text[done:]])
