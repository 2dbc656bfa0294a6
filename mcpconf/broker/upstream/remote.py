"""A server behind a URL: the process that leads there, in the place of one that is the server."""

from __future__ import annotations

from mcpconf.broker.bridge.setup import Setup, dump
from mcpconf.broker.start import command
from mcpconf.broker.upstream.definition import Start
from mcpconf.errors import McpconfError
from mcpconf.extras import HTTP, has, install
from mcpconf.record import replace

_MAIN = "mcpconf.broker.bridge.main"


class NoBridge(McpconfError):
    """What leads to remote servers is not installed."""

    def __init__(self) -> None:
        super().__init__("mcpconf was installed without its extra for remote servers", hint=install("remote", HTTP))


def bridged(start: Start, setup: Setup) -> Start:
    """The bridge's process. The address and the headers stand in its first line only. Raises `NoBridge`."""
    if not has(HTTP):
        raise NoBridge
    return replace(start, argv=tuple(command((), _MAIN)), first=dump(setup))
