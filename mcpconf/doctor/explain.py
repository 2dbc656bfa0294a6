"""The page about a check: docs/doctor/ID.md, which an installation brings along."""

from __future__ import annotations

import os

from mcpconf.dirs import shipped
from mcpconf.doctor.catalogue import check
from mcpconf.errors import McpconfError


def page(name: str) -> str:
    """The page's Markdown. Raises `UsageError` for what is no check."""
    wanted = check(name).id
    try:
        with open(os.path.join(shipped("docs/doctor"), f"{wanted}.md"), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        said = f"the page about {wanted} is missing from this installation"
        raise McpconfError(said, hint="./shell/install.sh") from None
