"""`mcpconf serve`, reached with options; without any it starts in `cli.main`, before typer is imported."""

from __future__ import annotations

import os

from mcpconf.cli import console
from mcpconf.cli.catalogue import new_app

app = new_app()


@app.command()
def serve() -> int:
    """Run mcpconf's own MCP server on stdin and stdout.

    Four tools that only read: status, env, profiles, diff. A client starts it; by hand there is nothing to see.
    """
    from mcpconf.serve.server import main

    # Its tools read the environment, as they do where a client starts it.
    for variable, value in (("MCPCONF_CONFIG_DIR", console.settings.config_dir), ("MCPCONF_ENV", console.settings.env)):
        if value:
            os.environ[variable] = value
    return main()
