"""Random documents as people and programs leave them: any white space, comments, odd numbers, duplicates."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

ODD_NUMBERS = ("1e400", "-0", "12345678901234567890", "1.0", "-0.0e-7", "9" * 5000, "1E+2")
STRINGS = ('""', '"a"', '"\\ud800"', '"\\u0000\\/"', '"\u2028é\U0001f600"', '"// no comment"', '"a,}"', '"\\"}"')
NAMES = ('"a"', '"b"', '"a b"', '"__proto__"', '"1"', '"é"', '"\\u0061"', '"env"')


@dataclass(frozen=True)
class Layout:
    """How one document is written. Every gap of the text is drawn from `gaps`."""

    newline: str
    comments: bool
    trailing: bool
    gaps: tuple[str, ...]


def layouts(*, jsonc: bool) -> st.SearchStrategy[Layout]:
    """A layout: none, spaces, tabs, or line by line, with comments and trailing commas only in JSONC."""

    def build(newline: str, base: str, comments: bool, trailing: bool) -> Layout:
        gaps = {"none": ("",), "spaces": ("", " ", "  "), "lines": (newline, newline + "  ", " ", newline + "\t")}[base]
        if comments:
            gaps += ("/* c */", f" // line {newline}", f"/*{newline}*/", f"{newline}  // own line{newline}  ")
        return Layout(newline, comments, trailing, gaps)

    flag = st.booleans() if jsonc else st.just(False)
    return st.builds(build, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["none", "spaces", "lines"]), flag, flag)


@st.composite
def values(draw: st.DrawFn, layout: Layout, depth: int = 3) -> str:
    """The text of one JSON value."""
    gap = st.sampled_from(layout.gaps)
    kind = draw(st.sampled_from(["number", "string", "word", "list", "object"] if depth else ["number", "string"]))
    if kind == "number":
        return draw(st.sampled_from(ODD_NUMBERS))
    if kind == "string":
        return draw(st.sampled_from(STRINGS))
    if kind == "word":
        return draw(st.sampled_from(["true", "false", "null"]))
    items = draw(st.lists(values(layout, depth - 1), max_size=3))
    if kind == "list":
        return sequence(draw, layout, "[", items, "]")
    return sequence(
        draw, layout, "{", [f"{draw(st.sampled_from(NAMES))}{draw(gap)}:{draw(gap)}{i}" for i in items], "}"
    )


def sequence(draw: st.DrawFn, layout: Layout, opening: str, items: list[str], closing: str) -> str:
    """Items between brackets, every gap drawn anew."""
    gap = st.sampled_from(layout.gaps)
    text = opening
    for number, item in enumerate(items):
        text += draw(gap) + item + draw(gap)
        if number < len(items) - 1 or (layout.trailing and draw(st.booleans())):
            text += ","
    return text + draw(gap) + closing


@st.composite
def documents(draw: st.DrawFn, *, jsonc: bool, pointer: tuple[str, ...] = ("mcpServers",)) -> str:
    """A document that may hold the container at `pointer`, or part of the way to it."""
    layout = draw(layouts(jsonc=jsonc))
    if draw(st.integers(0, 9)) == 0:
        bare = ["", "\n", "{}", "{}\n", " { } "] + ["// c", "/* c */\r\n"] * layout.comments
        return draw(st.sampled_from(bare))
    gap = st.sampled_from(layout.gaps)
    inner: str | None = None
    for name in reversed(pointer):
        members = [
            f"{key}{draw(gap)}:{draw(gap)}{draw(values(layout))}"
            for key in draw(st.lists(st.sampled_from(NAMES), max_size=3))
        ]
        if draw(st.integers(0, 3)):
            held = inner if inner is not None else sequence(draw, layout, "{", members, "}")
            inner = sequence(draw, layout, "{", _mixed(draw, members, f'"{name}"{draw(gap)}:{draw(gap)}{held}'), "}")
        else:
            inner = sequence(draw, layout, "{", members, "}")
    return draw(gap) + (inner or "{}") + draw(gap)


def _mixed(draw: st.DrawFn, members: list[str], ours: str) -> list[str]:
    at = draw(st.integers(0, len(members)))
    return [*members[:at], ours, *members[at:]]
