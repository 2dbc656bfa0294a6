"""`mcpconf current`."""

from __future__ import annotations

import os

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.workflow.here import current as find_current
from mcpconf.workflow.outer import inside

app = new_app()


@app.command()
def current(json: options.Json = False) -> int:
    """Print the name of the active profile; exit 1 where none is active."""
    name = inside(os.environ) or find_current(console.app())
    if json:
        console.as_json("current", {"profile": name})
    elif name is not None:
        console.data(name)
    else:
        console.tell("no profile is active; try: mcpconf init")
    return 0 if name is not None else 1
