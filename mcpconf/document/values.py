"""What a document with comments says, as values: for reading only, since a value knows nothing of the text."""

from __future__ import annotations

import json
import re

from mcpconf.model import Json

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMA = re.compile(rf"({_STRING})|,(?=[ \t\r\n]*[}}\]])")


def parse(text: str) -> Json:
    """The value of a JSONC text; an empty object where it holds none. Raises ValueError or RecursionError.

    Whoever calls it has scanned the text, so that what is wrong with it was said with its place.
    """
    plain = _COMMA.sub(_kept, _COMMENT.sub(_kept, text))
    return json.loads(plain, parse_int=_number) if plain.strip() else {}


def _kept(found: re.Match[str]) -> str:
    # A comment parts what stands on its two sides, so a blank stays; a comma too many leaves nothing behind.
    return found[1] if found[1] is not None else "" if found[0] == "," else " "


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 1000 else float("inf")
