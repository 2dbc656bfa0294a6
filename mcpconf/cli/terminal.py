"""What a stream can show, and text made fit for it: colours, characters, width.

Text is composed in colour and with all symbols; what its stream has not is taken out when it is written. So one and
the same line is right on a terminal, in a pipe and in a log, whichever of stdout and stderr it goes to.
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TextIO

COLORS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}
PLAIN = {"✓": "*", "✗": "x", "…": "~", "—": "-", "–": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "»": ">"}
PLAIN |= {"├": "|", "└": "`", "│": "|", "─": "-"}  # trees
_STYLE = re.compile(r"\033\[[0-9;]*m")
# What a terminal would obey, our own colours left out: controls, and what turns the direction of writing.
_OBEYED = re.compile(
    r"\033(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
NARROW = 20  # columns: below that nothing is cut or wrapped, it would only get worse


def styled(text: str, *styles: str) -> str:
    """Text in colour."""
    return f"\033[{';'.join(COLORS[style] for style in styles)}m{text}\033[0m" if styles else text


def bare(text: str) -> str:
    """Text without its colours."""
    return _STYLE.sub("", text)


def colored(stream: TextIO, wish: str = "auto") -> bool:
    """Whether a stream gets colours: by option, then NO_COLOR and FORCE_COLOR, then by what it is."""
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_unicode(stream: TextIO) -> bool:
    """Whether a stream shows more than ASCII. A locale that was set to C says no, whatever Python makes of it."""
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
    return (stream.encoding or "utf-8").lower().startswith("utf") and locale not in ("C", "POSIX")


def width(stream: TextIO | None) -> int | None:
    """The columns of a terminal; None where text must not be cut or wrapped."""
    if stream is None or not stream.isatty():
        return None
    import shutil

    columns = shutil.get_terminal_size().columns
    return columns if columns >= NARROW else None


def cut(text: str, columns: int) -> str:
    """Text of at most so many columns, its missing end marked."""
    return text if len(text) <= columns else text[: max(columns - 1, 0)] + "…"


def wrapped(text: str, stream: TextIO | None, first: str = "", later: str = "") -> list[str]:
    """Plain text in lines: between words on a terminal, as it is elsewhere."""
    columns = width(stream)
    if columns is None:
        return [first + text]
    import textwrap  # only what is too long waits for it

    return textwrap.wrap(
        text, columns - 1, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    ) or [first]


def fitted(text: str, stream: TextIO, wish: str = "auto") -> str:
    """Text as a stream can show it. Nothing ends a command: what an encoding lacks comes out as its nearest kin."""
    text = _OBEYED.sub(lambda found: repr(found[0])[1:-1], text)
    if not colored(stream, wish):
        text = bare(text)
    if not has_unicode(stream):
        text = "".join(PLAIN.get(char) or _nearest(char) for char in text)
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _nearest(char: str) -> str:
    if char.isascii():
        return char
    return unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode() or "?"
