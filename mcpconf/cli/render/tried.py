"""Where a broker was looked for, as text."""

from __future__ import annotations

from collections.abc import Sequence

from mcpconf.cli import console
from mcpconf.cli.render.table import columns, mark, plain
from mcpconf.environment.homeward import EXPOSE, what
from mcpconf.environment.tried import Tried
from mcpconf.redact import redact

INDENT = "  "


def tried_lines(tried: Sequence[Tried], missing: Sequence[str]) -> list[str]:
    """Each address with what happened there, and below them what is missing; nothing where one answers."""
    if not tried or any(one.found for one in tried):
        return []
    rows = [[mark("error"), plain(one.address), plain(redact(what(one)), "dim")] for one in tried]
    steps = [console.hint(redact(console.visible(step)), INDENT) for step in (*missing, EXPOSE)]
    return ["The host's broker was looked for:", *columns(rows, INDENT), *steps]
