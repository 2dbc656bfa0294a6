"""Where the process begins and ends."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Any

from mcpconf.broker.bridge.calls import Calls
from mcpconf.broker.bridge.old_sse import OldSse
from mcpconf.broker.bridge.ports import Ports
from mcpconf.broker.bridge.setup import Setup, load
from mcpconf.broker.bridge.streamable import Streamable
from mcpconf.broker.bridge.web import Web
from mcpconf.wire.answers import PARSE, failure
from mcpconf.wire.envelope import read
from mcpconf.wire.members import Malformed

CHUNK = 65_536
LIMIT = 1_000_000  # bytes of the first line


def main(_argv: Sequence[str]) -> int:
    """Serve until stdin ends; 1 where the server or the way to it is at fault."""
    try:
        line, rest = _first_line()
        setup = load(line)
        return asyncio.run(_serve(setup, rest))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _first_line() -> tuple[bytes, bytes]:
    held = b""
    while b"\n" not in held:
        piece = os.read(0, CHUNK)
        if not piece or len(held) > LIMIT:
            raise ValueError("it was not told where the server is")
        held += piece
    line, _, rest = held.partition(b"\n")
    return line, rest


async def _serve(setup: Setup, rest: bytes) -> int:
    web = Web(setup)
    ports = Ports(asyncio.get_running_loop())
    calls = Calls(ports, web.hidden)
    remote = (Streamable if setup.transport == "http" else OldSse)(web, calls)
    ports.start(rest)
    reading = asyncio.create_task(_read(ports, remote))
    ends: tuple[asyncio.Future[Any], ...] = (reading, ports.over)
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    words = ports.over.result() if ports.over.done() else ""
    if reading.done() and reading.exception() is not None:
        words = f"the bridge failed: {reading.exception()!r}"
    reading.cancel()
    if not words:
        await remote.settle()
    if words:
        calls.complain(words)
    await calls.close()
    if not words:
        await remote.close()
    await ports.finish()
    await web.close()
    return 1 if words else 0


async def _read(ports: Ports, remote: Streamable | OldSse) -> None:
    async for line in ports.lines():
        try:
            message = read(line)
        except Malformed as error:
            await ports.write(failure(None, PARSE, str(error)))
            continue
        await remote.take(message)
