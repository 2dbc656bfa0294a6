"""`mcpconf tools --claude-md`: print the paragraph, write it into a CLAUDE.md, or take it out again."""

from __future__ import annotations

import os

from mcpconf.cli import console
from mcpconf.cli.render.paragraph import paragraph
from mcpconf.cli.render.table import symbol
from mcpconf.client.project import find_project
from mcpconf.document.block import marked
from mcpconf.use.toolbox import Toolbox
from mcpconf.workflow.app import App
from mcpconf.workflow.blocks import write_block
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.learnt import learnt

FILE = "CLAUDE.md"


def tell(world: App, profile: str, found: tuple[Toolbox, ...], *, write: bool, file: str | None) -> int:
    """Print the paragraph for these servers, or `write` it."""
    for one in found:
        if one.error is not None:
            console.tell(f"{symbol('warn')} {one.server} does not tell its tools: {console.visible(one.error)}")
    text = paragraph(profile, found, learnt(world), _links(world, found))
    if not write:
        console.data(text.rstrip("\n"))
        return 0
    path = _path(world, file)
    changed = write_block(world, path, marked(text), "tools --claude-md --write")
    shown = tilde(path, world.system.home)
    console.tell(f"{symbol('ok')} {shown} has the paragraph{'' if changed else ' already'}")
    return 0


def remove(world: App, file: str | None) -> int:
    """Take the paragraph out."""
    path = _path(world, file)
    changed = write_block(world, path, None, "tools --claude-md --remove")
    shown = tilde(path, world.system.home)
    console.tell(f"{symbol('ok')} {shown} has {'no such paragraph any more' if changed else 'no such paragraph'}")
    return 0


def _path(world: App, file: str | None) -> str:
    base = find_project(world.place).root if file is None else world.system.cwd
    return os.path.normpath(os.path.join(base, FILE if file is None else file))


def _links(world: App, found: tuple[Toolbox, ...]) -> dict[str, str]:
    """The wrapper's links that are there, by server, with `~` for the home."""
    paths = {one.server: os.path.join(world.dirs.wrapper, f"mcp-{one.server}") for one in found}
    return {name: tilde(path, world.system.home) for name, path in paths.items() if world.system.exists(path)}
