"""Where things stand in a TOML text: the line and column of any key or value.

`tomllib` gives values without places. This scanner gives places without values: it goes over a text that tomllib
has already accepted, so that it need not know the rules, only where a token ends.
"""

from __future__ import annotations

import re

from mcpconf.record import dataclass

KeyPath = tuple[str | int, ...]  # keys, and the indexes of arrays and arrays of tables

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_ATOM = re.compile(r"[^\s,\]}#]+(?: [0-9][^\s,\]}#]*)?")  # a date and its time may have one space between them


@dataclass(frozen=True, slots=True)
class Spot:
    """Offsets of a key and of what it names; `end` is behind the value. A table's value is where its key is."""

    key: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One `[header]` or `key = value`, with the full path that it defines. `end` is behind its last character."""

    path: KeyPath
    start: int
    end: int
    header: bool


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class Index:
    """The places in one TOML text. The text must be valid TOML, else the places mean nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spots: dict[KeyPath, Spot] = {}
        self.statements: list[Statement] = []
        self._arrays: dict[KeyPath, int] = {}  # arrays of tables, with the index of their last element
        self._read()

    def nearest(self, path: KeyPath) -> Spot:
        """The spot of a path, or of the nearest table around it that is written down; else the text's beginning."""
        for length in range(len(path), 0, -1):
            spot = self.spots.get(path[:length])
            if spot is not None:
                return spot
        return Spot(0, 0, 0)

    def _read(self) -> None:
        table: KeyPath = ()
        at = self._skip(_BLANK, 1 if self.text.startswith("\ufeff") else 0)
        while at < len(self.text):
            if self.text[at] == "[":
                table, at = self._header(at)
            else:
                at = self._pair(table, at, statement=True)
            at = self._skip(_BLANK, at)

    def _skip(self, what: re.Pattern[str], at: int) -> int:
        match = what.match(self.text, at)
        return match.end() if match else at

    def _header(self, start: int) -> tuple[KeyPath, int]:
        brackets = 2 if self.text.startswith("[[", start) else 1
        keys, at = self._keys(start + brackets)
        path: KeyPath = ()
        for number, (name, offset) in enumerate(keys, 1):
            path = (*path, name)
            self._note(path, Spot(offset, offset, at))
            if brackets == 2 and number == len(keys):
                self._arrays[path] = self._arrays.get(path, -1) + 1
            if path in self._arrays:
                path = (*path, self._arrays[path])
                self._note(path, Spot(offset, offset, at))
        self.statements.append(Statement(path, start, at + brackets, header=True))
        return path, at + brackets

    def _pair(self, table: KeyPath, start: int, *, statement: bool) -> int:
        keys, at = self._keys(start)
        value = self._skip(_SPACE, at + 1)  # behind the equals sign
        path = (*table, *(name for name, _ in keys))
        for length, (_, offset) in enumerate(keys, len(table) + 1):
            self._note(path[:length], Spot(offset, value if length == len(path) else offset, value))
        end = self._value(path, value)
        self.spots[path] = Spot(keys[-1][1], value, end)
        if statement:
            self.statements.append(Statement(path, start, end, header=False))
        return end

    def _note(self, path: KeyPath, spot: Spot) -> None:
        self.spots.setdefault(path, spot)

    def _keys(self, at: int) -> tuple[list[tuple[str, int]], int]:
        """The parts of a dotted key with their offsets, and where the character after them is."""
        keys: list[tuple[str, int]] = []
        while True:
            at = self._skip(_SPACE, at)
            end = self._skip(_STRING if self.text[at] in "\"'" else _BARE, at)
            keys.append((_name(self.text[at:end]), at))
            at = self._skip(_SPACE, end)
            if self.text[at] != ".":
                return keys, at
            at += 1

    def _value(self, path: KeyPath, at: int) -> int:
        first = self.text[at]
        if first == "[":
            return self._array(path, at)
        if first == "{":
            return self._inline(path, at)
        return self._skip(_STRING if first in "\"'" else _ATOM, at)

    def _array(self, path: KeyPath, start: int) -> int:
        at, number = self._skip(_BLANK, start + 1), 0
        while self.text[at] != "]":
            element = (*path, number)
            end = self._value(element, at)
            self.spots[element] = Spot(at, at, end)
            at, number = self._next(end), number + 1
        return at + 1

    def _inline(self, path: KeyPath, start: int) -> int:
        at = self._skip(_BLANK, start + 1)
        while self.text[at] != "}":
            at = self._next(self._pair(path, at, statement=False))
        return at + 1

    def _next(self, at: int) -> int:
        at = self._skip(_BLANK, at)
        return self._skip(_BLANK, at + 1) if self.text[at] == "," else at


def _name(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    if token[0] != '"' or "\\" not in token:
        return token.strip('"')
    import tomllib

    (name,) = tomllib.loads(f"{token} = 0")
    return name
