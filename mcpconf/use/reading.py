"""A line of a server's as a message, as Claude Code reads it. An answer that can't be read is an error, no silence."""

from __future__ import annotations

import json
import math
import re
from typing import Any

EDGE = 200  # bytes of either end of a line, where its id stands
UNREADABLE = -32700
_ID = re.compile(rb'"id"\s*:\s*(\d{1,9})\s*[,}]')


def message(line: bytes) -> dict[str, Any] | None:
    """The message; None for what is none. Bytes that are no UTF-8 become U+FFFD, and numbers too large for us null."""
    try:
        found = json.loads(line.decode("utf-8-sig", "replace"), parse_float=_number, parse_constant=_nothing)
    except (ValueError, RecursionError) as error:
        return _unreadable(line, "it is nested too deeply" if isinstance(error, RecursionError) else str(error))
    return found if isinstance(found, dict) else None


def _number(text: str) -> float | None:
    found = float(text)
    return found if math.isfinite(found) else None


def _nothing(_: str) -> None:
    """NaN and Infinity are no JSON, and would make ours none."""


def _unreadable(line: bytes, why: str) -> dict[str, Any] | None:
    """The error in the place of an answer; None where it may be none. Nobody is to wait for another one in vain."""
    head, tail = line[:EDGE], line[-EDGE:]
    found = _ID.search(head) or _ID.search(tail)
    if found is None or not head.lstrip().startswith(b"{") or b'"method"' in head:
        return None
    error = {"code": UNREADABLE, "message": f"its answer can't be read: {why}"}
    return {"jsonrpc": "2.0", "id": int(found[1]), "error": error}
