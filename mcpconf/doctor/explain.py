"""The page about a check: docs/doctor/ID.md, which an installation brings along."""

from __future__ import annotations

import os

from mcpconf.dirs import PACKAGE
from mcpconf.doctor.catalogue import check
from mcpconf.errors import McpconfError

PLACES = (os.path.join(PACKAGE, "_shipped", "doctor"), os.path.join(os.path.dirname(PACKAGE), "docs", "doctor"))


def page(name: str) -> str:
    """The page's Markdown. Raises `UsageError` for what is no check."""
    wanted = check(name).id
    for place in PLACES:
        try:
            with open(os.path.join(place, f"{wanted}.md"), encoding="utf-8") as stream:
                return stream.read()
        except OSError:
            continue
    raise McpconfError(f"the page about {wanted} is missing from this installation", hint="./shell/install.sh")
