"""`mcpconf serve`, reached with options; without any it starts in `cli.main`, before typer is imported."""

from __future__ import annotations

from mcpconf.cli.catalogue import new_app

app = new_app()


@app.command()
def serve() -> int:
    """Run mcpconf's own MCP server on stdin and stdout.

    Four tools that only read: status, env, profiles, diff. A client starts it; by hand there is nothing to see.
    """
    from mcpconf.serve.server import main

    return main()
