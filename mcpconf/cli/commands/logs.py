"""`mcpconf logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.tailing import Count, Follow, show
from mcpconf.workflow.logs import find_log

app = new_app()


@app.command()
def logs(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="A server of the active profile, or of the broker.")],
    follow: Follow = False,
    lines: Count = 50,
) -> int:
    """Show what a server says: the broker's log of it, else its client's.

    Exit 1 where no log of it is kept; then it says what can be done instead.
    """
    found = find_log(console.app(), server)
    for line in note_lines(found.notes):
        console.tell(line)
    return 1 if found.path is None else show(found.path, follow=follow, lines=lines)
