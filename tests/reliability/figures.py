"""How large a campaign is, and where its counts go."""

from __future__ import annotations

import json
import os
from pathlib import Path

FULL = os.environ.get("MCPCONF_CAMPAIGN") == "full"
DIRECTORY = os.environ.get("MCPCONF_FIGURES")  # read now: no test sees our variables


SHARE = 40  # of the cases of a campaign, a run in CI takes each of this many; and a twentieth of its turns


def size(full: int) -> int:
    """How often to try: all of it in a long run, else a twentieth, but once at least."""
    return full if FULL else max(1, full // 20)


def every(count: int) -> range:
    """Which of `count` cases to take: all, or each fortieth."""
    return range(0, count, 1 if FULL else SHARE)


def record(name: str, part: str = "", **numbers: float | str) -> None:
    """Add counts to the figures of a campaign; parts of one may run in several processes."""
    if not DIRECTORY:
        return
    place = Path(DIRECTORY, name)
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{part or 'all'}.json").write_text(json.dumps({"full": FULL, **numbers}) + "\n")
