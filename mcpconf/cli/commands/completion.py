"""`mcpconf completion SHELL`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mcpconf.cli import console
from mcpconf.cli.catalogue import new_app
from mcpconf.dirs import shipped
from mcpconf.errors import UsageError

app = new_app()
FILES = {
    "bash": "mcpconf.bash",
    "zsh": "mcpconf.zsh",
    "fish": "mcpconf.fish",
    "powershell": "mcpconf.ps1",
    "direnv": "mcpconf-direnv.sh",
}


@app.command()
def completion(
    shell: Annotated[
        str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell; direnv: its `use mcpconf`.")
    ],
) -> int:
    """Print what a shell has to read to complete mcpconf's commands, to keep it where you like.

    mcpconf dotfiles install puts it in its place.
    """
    if shell not in FILES:
        raise UsageError(f"there is nothing for a shell called {shell!r}", hint=f"one of: {', '.join(FILES)}")
    with open(os.path.join(shipped("shell"), FILES[shell]), encoding="utf-8") as stream:
        console.data(stream.read().removesuffix("\n"))
    return 0
