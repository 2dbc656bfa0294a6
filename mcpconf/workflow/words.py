"""Names for shells to complete, in a text file that they read by themselves: no program need be started at a TAB.

A line has a section, `=` and whose words they are, and the words with spaces between them, tabs between the three:
`servers` of a profile, `tools` of a server, `secrets` (their names, never a value). It is a cache.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping

from mcpconf.errors import McpconfError
from mcpconf.workflow.app import App

FILE = "words"
LINES = 500
WORDS = 1000  # of one line
# A shell puts a word on the line as it is: what it could act on is left out, here and by the shells' scripts again.
_HARMLESS = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]{0,127}")

Known = Mapping[tuple[str, str], tuple[str, ...]]  # by section and whose they are


def load(raw: bytes | None) -> Known:
    """Read the file; lines that make no sense are left out."""
    found = {}
    for line in (raw or b"").decode("ascii", "replace").split("\n"):
        section, *rest = line.split("\t")
        if len(rest) == 2 and rest[0].startswith("="):
            found[section, rest[0][1:]] = tuple(rest[1].split())
    return found


def dump(known: Known) -> bytes:
    """The file's bytes: the newest lines, and no word that a shell could act on."""
    kept = [(key, tuple(filter(_HARMLESS.fullmatch, words))[:WORDS]) for key, words in list(known.items())[-LINES:]]
    lines = (f"{section}\t={whose}\t{' '.join(words)}\n" for (section, whose), words in kept)
    return "".join(line for line in lines if line.isascii() and line.count("\n") == 1).encode("ascii")


def note(app: App, section: str, words: Mapping[str, Iterable[str]]) -> None:
    """Have these words in a section, by whose they are. Writes only what is new, and only into a directory of ours."""
    with contextlib.suppress(McpconfError):
        raw = app.state.read(FILE)
        known = load(raw)
        after = dump({**known, **{(section, whose): tuple(found) for whose, found in words.items()}})
        if after != (raw or b"") and app.system.is_dir(app.dirs.state):
            app.state.write(after, FILE)
