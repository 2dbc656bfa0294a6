"""The picture of `mcpconf doctor`: a tree from each client over its route to each server."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from mcpconf.cli import console, terminal
from mcpconf.cli.render.doctor import shown
from mcpconf.cli.render.table import symbol
from mcpconf.doctor.finding import Level
from mcpconf.doctor.picture import Leaf

SIGNS = {Level.OK: "ok", Level.INFO: "none", Level.WARNING: "warn", Level.ERROR: "error", Level.SKIPPED: "none"}
ROUTES = {"own": "written by hand", "url": "called by URL", "profile": "no client has it"}
COLUMNS = 80
NAME = 24  # columns that a server's name may take


def tree_lines(leaves: Sequence[Leaf], home: str) -> list[str]:
    """The tree; every line fits a terminal's width, or 80 columns."""
    room = (terminal.width(sys.stdout) or COLUMNS + 1) - 1
    width = min(max((len(shown(one.server, home)) for one in leaves), default=0), NAME)
    lines: list[str] = []
    for _, branch in groupby(leaves, key=lambda one: (one.title, one.scope, one.path)):
        lines += _client(list(branch), home, room, width)
    return lines


def _client(leaves: Sequence[Leaf], home: str, room: int, width: int) -> Iterator[str]:
    first = leaves[0]
    title = f"{first.title} ({first.scope})" if first.scope else first.title
    path = terminal.cut(shown(first.path, home), max(room - len(title) - 2, 0))
    yield f"{console.paint(title, 'bold')}  {console.paint(path, 'dim')}".rstrip()
    routes = [(route, list(those)) for route, those in groupby(leaves, key=lambda one: one.route)]
    for number, (route, those) in enumerate(routes, 1):
        last = number == len(routes)
        yield f"{'└─' if last else '├─'} {console.paint(ROUTES.get(route, route), 'cyan')}"
        for at, leaf in enumerate(those, 1):
            stem = ("   " if last else "│  ") + ("└─ " if at == len(those) else "├─ ")
            yield _leaf(leaf, stem, home, room, width)


def _leaf(one: Leaf, stem: str, home: str, room: int, width: int) -> str:
    name = terminal.cut(shown(one.server, home), width)
    padded = name + " " * (width - len(name))
    told = terminal.cut(_told(one, home), max(room - len(stem) - 2 - width - 2, 0))
    color = {Level.ERROR: ("red",), Level.WARNING: ("yellow",)}.get(one.level, ("dim",))
    return f"{stem}{symbol(SIGNS[one.level])} {console.paint(padded, 'bold')}  {console.paint(told, *color)}".rstrip()


def _told(one: Leaf, home: str) -> str:
    """Time, era and tools of a server that works; the reason of one that does not."""
    if one.reason or one.seconds is None:
        return shown(one.reason, home)
    warm = "" if one.warm is None else f", then {one.warm:.2f} s"
    count = f"{one.tools} tool{'' if one.tools == 1 else 's'}"
    return f"{one.seconds:.2f} s{warm}  {one.era} {shown(one.version or '', home)}  {count}"
