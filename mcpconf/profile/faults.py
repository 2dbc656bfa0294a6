"""From what is wrong in a profile's text to sentences with a place: `file:line:column: what, and what was meant`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mcpconf.errors import Located
from mcpconf.profile.locate import Index, KeyPath, Spot, position
from mcpconf.record import dataclass

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

# What pydantic calls an error -> what a person would say.
_WORDS: Mapping[str, str] = {
    "string_type": "must be a string",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "list_type": "must be a list, as in [ ... ]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "literal_error": "must be one of {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "mcpconf": "{reason}",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where (from 1), and its sentence."""

    line: int
    column: int
    message: str


def _place(fault: Fault) -> tuple[int, int, str]:
    return fault.line, fault.column, fault.message


class Invalid(Located):
    """A profile that cannot be used, with everything that is wrong in it: the first fault leads."""

    def __init__(self, path: str, faults: Iterable[Fault], *, hint: str | None = None) -> None:
        self.faults = tuple(sorted(faults, key=_place))
        first, *others = self.faults
        more = [f"{path}:{fault.line}:{fault.column}: {fault.message}" for fault in others]
        message = "\n".join([first.message, *more])
        super().__init__(path, message, line=first.line, column=first.column, hint=hint)


def syntax_fault(text: str, reason: str) -> Fault:
    """A tomllib error as a fault; `reason` is the error's text, which ends in its place."""
    match = _TOML_PLACE.search(reason)
    message = f"not valid TOML: {_TOML_PLACE.sub('', reason)}"
    if match and match[1]:
        return Fault(int(match[1]), int(match[2]), message)
    return Fault(*position(text, len(text)), message)


def faults(text: str, errors: Iterable[Mapping[str, Any]], keys: Mapping[str, Sequence[str]]) -> tuple[Fault, ...]:
    """pydantic's errors on a TOML text as faults, in the text's order.

    `keys` are the known keys of each table, by the table's kind: `profile`, `server`, `container`, `tools`, `route`.
    """
    index = Index(text)
    return tuple(sorted((_fault(index, error, keys) for error in errors), key=_place))


def at_key(text: str, path: KeyPath, message: str) -> Fault:
    """A fault at the key of a path, or at the nearest table around it."""
    return Fault(*position(text, Index(text).nearest(path).key), message)


def at_value(text: str, path: KeyPath, message: str) -> Fault:
    """A fault at the value of a path."""
    return Fault(*position(text, Index(text).nearest(path).value), message)


def _fault(index: Index, error: Mapping[str, Any], keys: Mapping[str, Sequence[str]]) -> Fault:
    kind, path = error["type"], tuple(error["loc"])
    of_key = bool(path) and path[-1] == "[key]"
    if of_key:
        path = path[:-1]
    spot = index.nearest(path)
    if kind == "extra_forbidden":
        return Fault(*position(index.text, spot.key), _unknown(path, keys))
    context = {**error.get("ctx", {}), "msg": error["msg"]}
    message = _WORDS.get(kind, "{msg}").format_map(context) + _quotes(kind, path)
    offset = spot.key if of_key else _inside(index.text, spot, context.get("offset", 0))
    # Some of our own sentences begin with the name or value that they are about.
    return Fault(*position(index.text, offset), message if message[0] == "'" else f"{_dotted(path)} {message}")


def _inside(text: str, spot: Spot, offset: int) -> int:
    """The place of a string's character, where the string is written so that it can be counted out."""
    written = text[spot.value : spot.end]
    plain = len(written) > 1 and written[0] in "\"'" and written[1] != written[0]
    return spot.value + 1 + offset if offset and plain and "\\" not in written else spot.value


def _unknown(path: KeyPath, keys: Mapping[str, Sequence[str]]) -> str:
    import difflib

    known = keys[_kind(path[:-1])]
    close = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.6)
    if close:
        return f'unknown key "{path[-1]}"; did you mean "{close[0]}"?'
    return f'unknown key "{path[-1]}"; there are {", ".join(known)}'


def _kind(table: KeyPath) -> str:
    if not table:
        return "profile"
    if table[0] == "servers":
        return "server" if len(table) == 2 else str(table[2])
    return str(table[-1])


def _dotted(path: KeyPath) -> str:
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _quotes(kind: str, path: KeyPath) -> str:
    if kind == "string_type" and len(path) > 1 and path[-2] in ("env", "headers"):
        return f': put it in quotes, as in {path[-1]} = "8080"'
    return ""
