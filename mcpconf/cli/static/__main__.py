"""`python -m mcpconf.cli.static`: writes today's commands into the shell scripts of this checkout."""

from __future__ import annotations

import os

from mcpconf.cli.static.tables import SCRIPTS, filled
from mcpconf.cli.static.tree import tree
from mcpconf.dirs import shipped


def main() -> None:
    """Fill in every script."""
    directory, commands = shipped("shell"), tree()
    for script in SCRIPTS:
        text = filled(script, commands, directory)
        with open(os.path.join(directory, script), "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)


if __name__ == "__main__":
    main()
