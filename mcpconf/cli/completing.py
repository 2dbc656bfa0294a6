"""What a shell completes `mcpconf tools` and `mcpconf call` with: a word a line. Reads files only, starts nothing."""

from __future__ import annotations

from collections.abc import Sequence

from mcpconf.cli import console
from mcpconf.errors import McpconfError


def complete(words: Sequence[str]) -> int:
    """`__complete servers`, or `__complete tools SERVER`; says nothing where nothing is known, and never fails."""
    try:
        for word in _found(words):
            if _harmless(word):
                console.data(word)
    except McpconfError:
        return 0
    return 0


def _harmless(word: str) -> bool:
    """Names come from servers: bash carries out a `$(...)` in `compgen -W`, and a shell puts the word on the line."""
    plain = word.translate(str.maketrans("", "", "_.-/"))
    return plain.isascii() and plain.isalnum() and not word.startswith("-")


def _found(words: Sequence[str]) -> Sequence[str]:
    from mcpconf.workflow.in_use import in_use
    from mcpconf.workflow.learnt import learnt

    world = console.app()
    if list(words) == ["servers"]:
        return [server.name for server in in_use(world).servers]
    if len(words) == 2 and words[0] == "tools":
        return learnt(world).get(words[1], ())
    return ()
