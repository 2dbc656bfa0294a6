"""As much of an HTTP/1.1 server as the conformance suite needs: one request a connection, JSON or an event stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Request(NamedTuple):
    """What one connection asks; header names are in lower case."""

    method: str
    headers: Mapping[str, str]
    body: bytes


class Reply:
    """The answer on one connection: `whole` once, or `start` and then `event`s."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.streaming = False

    async def whole(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """An answer of a known length."""
        kind = {"Content-Type": "application/json"} if body else {}
        await self._head(status, {**kind, "Content-Length": str(len(body)), **(headers or {})})
        await self._write(body)

    async def start(self, headers: Mapping[str, str] | None = None) -> None:
        """The head of an event stream, which ends with the connection."""
        self.streaming = True
        kind = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        await self._head(200, {**kind, **(headers or {})})

    async def event(self, line: bytes) -> None:
        """One message, byte for byte."""
        await self._write(b"event: message\ndata: " + line + b"\n\n")

    async def gone(self) -> None:
        """Wait until the peer has closed its side; it sends nothing more on this connection."""
        await self._reader.read(1)

    async def _head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} .", "Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
        await self._write("\r\n".join([*lines, "", ""]).encode())

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


Handler = Callable[[Request, Reply], Awaitable[None]]


async def serve(handle: Handler, port: int) -> asyncio.Server:
    """Listen on loopback; every request that is well formed and names this machine goes to `handle`."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request, reply = await _read(reader), Reply(reader, writer)
            if _foreign(request.headers):
                await reply.whole(403)
            else:
                await handle(request, reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", port, limit=1 << 26)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(head[0].split(" ")[0], headers, body)


def _foreign(headers: Mapping[str, str]) -> bool:
    """DNS rebinding: a browser page that got itself an address of this machine still sends its own name."""
    origin = headers.get("origin", "//localhost").split("//")[-1]
    return any(name.rpartition(":")[0] not in LOCAL and name not in LOCAL for name in (headers.get("host", ""), origin))
