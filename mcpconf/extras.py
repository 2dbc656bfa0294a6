"""The parts of mcpconf that are installed on demand."""

from __future__ import annotations

import os
import sys

HTTP = "httpx2"  # the extra `remote`


def has(package: str) -> bool:
    """Whether it can be imported."""
    from importlib.util import find_spec

    return find_spec(package) is not None


def install(extra: str, package: str) -> str:
    """The command that adds an extra, which is one package, to the installation that runs now."""
    # The broker runs without the site module, which would tell the prefix: there the interpreter's path does.
    place = sys.prefix + os.sep, sys.executable
    if any(f"{os.sep}pipx{os.sep}" in path for path in place):
        return f"pipx inject mcpconf {package}"
    if any(f"{os.sep}uv{os.sep}tools{os.sep}" in path for path in place):
        return f"uv tool install 'mcpconf[{extra}]'"
    return f"{sys.executable} -m pip install {package}"
