"""`mcpconf history`."""

from __future__ import annotations

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.history import generation_line
from mcpconf.commit.generation import read_all
from mcpconf.workflow.report import history_report

app = new_app()


@app.command()
def history(json: options.Json = False) -> int:
    """List the changes made so far, newest last. `mcpconf undo` takes the last one back."""
    generations = read_all(console.app().state)
    if json:
        console.as_json("history", history_report(generations))
        return 0
    for one in generations:
        console.data(generation_line(one))
    if not generations:
        console.tell("nothing was changed so far")
    return 0
