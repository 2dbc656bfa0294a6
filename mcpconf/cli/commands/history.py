"""`mcpconf history`."""

from __future__ import annotations

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.history import generation_lines
from mcpconf.commit.generation import read_all
from mcpconf.workflow.report import history_report

app = new_app()


@app.command()
def history(json: options.Json = False) -> int:
    """List the changes made so far, newest last. `mcpconf undo` takes the last one back."""
    world = console.app()
    generations = read_all(world.state)
    if json:
        console.as_json("history", history_report(generations, world.system.home))
        return 0
    for line in generation_lines(generations):
        console.data(line)
    if not generations:
        console.tell("nothing was changed so far")
    return 0
