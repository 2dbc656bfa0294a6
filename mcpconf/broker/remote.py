"""A server behind a URL: the process that leads there, in the place of one that is the server."""

from __future__ import annotations

from importlib.util import find_spec

from mcpconf.broker.bridge.setup import Setup, dump
from mcpconf.broker.definition import Start
from mcpconf.broker.start import command
from mcpconf.errors import McpconfError
from mcpconf.extras import install
from mcpconf.record import replace

LIBRARY = "httpx2"
_MAIN = "mcpconf.broker.bridge.main"


class NoBridge(McpconfError):
    """What leads to remote servers is not installed."""

    def __init__(self) -> None:
        super().__init__("mcpconf was installed without its extra for remote servers", hint=install("remote", LIBRARY))


def is_installed() -> bool:
    """Whether the extra for remote servers is there."""
    return find_spec(LIBRARY) is not None


def bridged(start: Start, setup: Setup) -> Start:
    """The bridge's process. The address and the headers stand in its first line only. Raises `NoBridge`."""
    if not is_installed():
        raise NoBridge
    return replace(start, argv=tuple(command((), _MAIN)), first=dump(setup))
