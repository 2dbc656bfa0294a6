"""What stands in the Markdown of this repository: its pages, blocks, inline code, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(\s*)```([\w-]*)")
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMENT = re.compile(r"\s{2,}#\s.*$|^\s*#\s.*$")


class Block(NamedTuple):
    """A fenced block: where it begins, its language, its lines."""

    page: str
    line: int
    language: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


class Step(NamedTuple):
    """A command of a console block, and what is shown below it."""

    page: str
    line: int
    command: str
    shown: tuple[str, ...]


@cache
def pages() -> tuple[str, ...]:
    """The pages that people read, by their path."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return tuple(sorted(str(path.relative_to(ROOT)) for path in found))


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    begun: tuple[int, str, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(text_of(page).splitlines(), 1):
        fence = FENCE.match(line)
        if begun is None and fence:
            begun, lines = (number, fence[2], fence[1]), []
        elif begun is not None and fence and not fence[2]:
            yield Block(page, begun[0], begun[1], tuple(lines))
            begun = None
        elif begun is not None:
            lines.append(line.removeprefix(begun[2]))
    assert begun is None, f"{page}:{begun and begun[0]}: a block without an end"


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block: lines behind `$ `, or all lines where there is none of those."""
    marked = any(line.startswith("$ ") for line in block.lines)
    found: list[tuple[int, str, list[str]]] = []
    going_on = False
    for number, line in enumerate(block.lines, block.line + 1):
        if going_on:
            at, command, shown = found[-1]
            found[-1] = (at, f"{command.removesuffix(chr(92))}{line.strip()}", shown)
        elif line.startswith("$ ") or (not marked and line.strip()):
            found.append((number, COMMENT.sub("", line.removeprefix("$ ")).strip(), []))
        elif marked and found and line.strip():
            found[-1][2].append(line)
        going_on = bool(found) and found[-1][1].endswith("\\")
    return (Step(block.page, at, command, tuple(shown)) for at, command, shown in found if command)


def prose(page: str) -> Iterator[tuple[int, str]]:
    """The lines outside of blocks, with their numbers."""
    inside = False
    for number, line in enumerate(text_of(page).splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def inline(page: str) -> Iterator[tuple[int, str]]:
    """Inline code, also where it goes on in the next line; with the line that it begins in."""
    lines = list(prose(page))
    joined = "\n".join(line for _, line in lines)
    numbers = [number for number, _ in lines]
    for match in CODE.finditer(joined):
        yield numbers[joined.count("\n", 0, match.start())], match[1].replace("\n", " ").replace("\\|", "|")


def links(page: str) -> Iterator[tuple[int, str]]:
    """Where links lead."""
    for number, line in prose(page):
        for match in LINK.finditer(CODE.sub("", line)):
            yield number, match[1]


@cache
def anchors(page: str) -> frozenset[str]:
    """What can stand behind `#`: headings as GitHub names them."""
    found: dict[str, int] = {}
    names = set()
    for _, line in prose(page):
        if re.match(r"#{1,6} ", line):
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line.lstrip("# ")).replace("`", "").strip().lower()
            name = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
            names.add(f"{name}-{found[name]}" if name in found else name)
            found[name] = found.get(name, 0) + 1
    return frozenset(names)
