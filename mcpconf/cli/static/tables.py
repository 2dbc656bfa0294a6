"""The tree of commands in the words of each shell, and its place in the scripts that ship.

A script holds what is made here between two lines that say so; everything else of it is written by hand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from mcpconf.cli.static.tree import Line, Tree

BEGIN = "# --- made by python -m mcpconf.cli.static: begin"
END = "# --- made by python -m mcpconf.cli.static: end"
PROMPT = "mcpconf-prompt.sh"
SCRIPTS = ("mcpconf.bash", "mcpconf.zsh", "mcpconf.fish", "mcpconf.ps1")


def filled(script: str, tree: Tree, directory: str) -> str:
    """A script with today's commands in it. `directory` has the scripts; what the prompt does is in two of them."""
    with open(os.path.join(directory, script), encoding="utf-8") as stream:
        before, _, rest = stream.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{_TABLES[os.path.splitext(script)[1]](tree, directory)}{END}{after}"


def _posix(tree: Tree, directory: str) -> str:
    """For bash and zsh: a function that sets a variable, and the prompt's functions, which are needed here, too."""
    with open(os.path.join(directory, PROMPT), encoding="utf-8") as stream:
        functions = [line for line in stream if not line.startswith("#")]
    body = "".join(f"    {quoted(key)}) _mcpconf_lines={quoted(text)} ;;\n" for key, text in _texts(tree))
    table = f"_mcpconf_table() {{\n  case $1 in\n{body}    *) _mcpconf_lines= ;;\n  esac\n}}\n"
    return "".join(functions).strip("\n") + "\n\n" + table


def _fish(tree: Tree, directory: str) -> str:  # noqa: ARG001  every shell's is called so
    body = "".join(
        f"        case {_fish_quoted(key)}\n            string split \\n -- {_fish_quoted(text)}\n"
        for key, text in _texts(tree)
    )
    return f'function __mcpconf_table\n    switch "$argv[1]"\n{body}    end\nend\n'


def _powershell(tree: Tree, directory: str) -> str:  # noqa: ARG001
    body = "".join(f"    {_powershell_quoted(key)} = {_powershell_quoted(text)}\n" for key, text in _texts(tree))
    return f"$global:McpconfTable = @{{\n{body}}}\n"


def _texts(tree: Tree) -> Iterator[tuple[str, str]]:
    for key, lines in tree.items():
        yield key, "\n".join(map(_line, lines))


def _line(line: Line) -> str:
    return f"{line.word}\t{line.kind}\t{line.text}"


def quoted(text: str) -> str:
    """A word in which a POSIX shell expands nothing."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_TABLES: dict[str, Callable[[Tree, str], str]] = {
    ".bash": _posix,
    ".zsh": _posix,
    ".fish": _fish,
    ".ps1": _powershell,
}
