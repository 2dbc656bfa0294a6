"""Random TOML texts in every layout that the language has: what `tomllib` reads from them is the oracle."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

NAMES = st.one_of(
    st.sampled_from(["servers", "env", "a", "b", "command", "x-y", "1"]),
    st.text(alphabet="ab.é \"'\\#=[]{}\n\t", max_size=4),
)
STRINGS = st.text(alphabet=st.sampled_from("ab \"'\\#=[]{},\n\té😀\u2028\x7f"), max_size=8)
SCALARS = st.one_of(
    STRINGS,
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.dates(),
    st.times().map(lambda time: time.replace(fold=0)),
    st.datetimes(),
)
ARRAYS = st.lists(SCALARS, max_size=3)


def tables(depth: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    values = st.one_of(SCALARS, ARRAYS)
    if depth:
        below = tables(depth - 1)
        values = st.one_of(values, below, st.lists(below, min_size=1, max_size=2))
    return st.dictionaries(NAMES, values, max_size=4)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A valid TOML text."""
    lines: list[str] = []
    _table(draw, (), draw(tables()), lines)
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    end = draw(st.sampled_from(["", newline, f"{newline}# the end"]))
    # Line breaks inside multi-line strings stay as they are: TOML reads both alike.
    return newline.join(lines) + end


def _table(draw: st.DrawFn, path: tuple[str, ...], table: dict[str, Any], lines: list[str]) -> None:
    later: list[tuple[str, Any]] = []
    for key, value in table.items():
        _noise(draw, lines)
        if _is_tables(value) and draw(st.booleans()):
            later.append((key, value))
        elif isinstance(value, dict) and value and draw(st.booleans()):
            later.append((key, value)) if draw(st.booleans()) else _dotted(draw, (key,), value, lines)
        else:
            lines.append(
                f"{_space(draw)}{_key(draw, key)}{_space(draw)}={_space(draw)}{_value(draw, value)}{_tail(draw)}"
            )
    for key, value in later:
        for element in value if isinstance(value, list) else [value]:
            _noise(draw, lines)
            header = f"{_space(draw)}.{_space(draw)}".join(_key(draw, part) for part in (*path, key))
            opening, closing = ("[[", "]]") if isinstance(value, list) else ("[", "]")
            lines.append(f"{_space(draw)}{opening}{_space(draw)}{header}{_space(draw)}{closing}{_tail(draw)}")
            _table(draw, (*path, key), element, lines)


def _dotted(draw: st.DrawFn, path: tuple[str, ...], table: dict[str, Any], lines: list[str]) -> None:
    for key, value in table.items():
        name = ".".join(_key(draw, part) for part in (*path, key))
        lines.append(f"{name} = {_value(draw, value)}{_tail(draw)}")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)


def _noise(draw: st.DrawFn, lines: list[str]) -> None:
    lines += draw(st.sampled_from([[], [], [""], ["# [no.table]"], ["", "  # key = '", ""]]))


def _space(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", " ", "\t"]))


def _tail(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", " ", ' # "comment"', "#="]))


def _gap(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", " ", "\n", " # ], }\n\t"]))


def _key(draw: st.DrawFn, name: str) -> str:
    if name.isascii() and name.replace("-", "").isalnum() and draw(st.booleans()):
        return name
    if not set(name) & set("'\n\t\\") and draw(st.booleans()):
        return f"'{name}'"
    return _basic(name)


def _value(draw: st.DrawFn, value: Any) -> str:
    if isinstance(value, str):
        return _string(draw, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        inner = ",".join(f"{_gap(draw)}{_value(draw, element)}{_gap(draw)}" for element in value)
        return f"[{inner}{',' if value and draw(st.booleans()) else ''}{_gap(draw)}]"
    if isinstance(value, dict):
        pairs = [f"{_key(draw, key)}{_space(draw)}={_space(draw)}{_value(draw, each)}" for key, each in value.items()]
        return "{" + ",".join(f"{_space(draw)}{pair}{_space(draw)}" for pair in pairs) + "}"
    if hasattr(value, "isoformat"):
        text: str = value.isoformat()
        return text.replace("T", draw(st.sampled_from(["T", " "])))
    return repr(value)


def _string(draw: st.DrawFn, text: str) -> str:
    styles = [_basic(text), '"""\n' + _basic(text)[1:-1].replace("\\n", "\n") + '"""']
    if "'" not in text and not set(text) & set("\n\x7f"):
        styles.append(f"'{text}'")
    if "''" not in text and "\x7f" not in text:
        styles.append(f"'''\n{text}'''")
    return draw(st.sampled_from(styles))


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
