"""`mcpconf status`."""

from __future__ import annotations

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.status import status_lines
from mcpconf.workflow.report import contexts_report
from mcpconf.workflow.status import status as find_status

app = new_app()


@app.command()
def status(json: options.Json = False) -> int:
    """Show the active profile, and whether each client's file is in step with it.

    Exit 1 where a file has drifted, or cannot be read.
    """
    world = console.app()
    contexts = find_status(world)
    if json:
        console.as_json("status", contexts_report(contexts, world.system.home))
    for line in [] if json else status_lines(contexts, world.system.home):
        console.data(line)
    if not contexts and not json:
        console.tell("no profile is active; try: mcpconf init")
    return 0 if all(one.in_step for one in contexts) else 1
