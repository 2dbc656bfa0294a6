"""Streamable HTTP to stdio, so that the official conformance suite, which knows only HTTP, can meet a stdio server.

    python -m tests.conformance.adapter COMMAND [ARGUMENT...]

prints its port, then serves until its stdin ends. A legacy session has a process of its own; stateless requests share
one, or more where an id is under way already. Payloads pass byte for byte.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from tests.conformance.child import META, Ask, Child, Lines
from tests.conformance.http import Reply, Request, serve

SESSION = "mcp-session-id"
# The status that Streamable HTTP of 2026-07-28 wants beside an error: no such method, and the reserved codes.
STATUS = {-32601: 404, -32700: 400, -32600: 400, -32602: 400, -32020: 400, -32021: 400, -32022: 400}

# A process locks itself to the era of its first request, and some checks begin with a request that is wrong on
# purpose. So we begin as a client on stdio does.
DISCOVER = {
    "jsonrpc": "2.0",
    "id": "adapter",
    "method": "server/discover",
    "params": {"_meta": {META + "protocolVersion": "2026-07-28", META + "clientCapabilities": {}}},
}


class Adapter:
    """The processes and whom they serve."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._sessions: dict[str, Child] = {}
        # By whether it is the new era's.
        self._stateless: dict[bool, list[Child]] = {False: [], True: []}

    async def __call__(self, request: Request, reply: Reply) -> None:
        if request.method == "POST":
            await self._post(request, reply)
        elif request.method == "GET":
            await self._get(request, reply)
        elif request.method == "DELETE":
            child = self._sessions.pop(request.headers.get(SESSION, ""), None)
            await reply.whole(200 if child else 404)
            if child:
                await child.stop()
        else:
            await reply.whole(405)

    async def stop(self) -> None:
        """End every process."""
        children = [*self._sessions.values(), *self._stateless[False], *self._stateless[True]]
        await asyncio.gather(*(child.stop() for child in children))

    async def _post(self, request: Request, reply: Reply) -> None:
        try:
            message = json.loads(request.body)
        except ValueError:
            await reply.whole(400, error(None, -32700, "not JSON"))
            return
        wrong = mismatch(request, message)
        if wrong:
            await reply.whole(400, error(message.get("id"), -32020, wrong))
            return
        session, child = await self._child(request, message)
        if child is None:
            await reply.whole(404, error(message.get("id"), -32600, "no such session"))
        elif "id" in message and "method" in message:
            await Exchange(child, reply, session).run(Ask(message), request.body)
        else:
            child.send(request.body)
            await reply.whole(202)

    async def _child(self, request: Request, message: dict[str, Any]) -> tuple[str, Child | None]:
        """The session's process, or one that serves stateless requests, with the session's name."""
        session = request.headers.get(SESSION, "")
        if session:
            return session, self._sessions.get(session)
        modern = version_of(message) is not None or request.headers.get("mcp-protocol-version", "") >= "2026"
        if message.get("method") == "initialize" and not modern:
            session = uuid.uuid4().hex
            self._sessions[session] = await Child.start(self._command)
            return session, self._sessions[session]
        pool, key = self._stateless[modern], json.dumps(message.get("id"))
        for child in pool:
            if not child.busy_with(key):
                return "", child
        child = await Child.start(self._command)
        pool.append(child)
        if modern:
            child.ask(Ask(DISCOVER), json.dumps(DISCOVER).encode())
        return "", child

    async def _get(self, request: Request, reply: Reply) -> None:
        child = self._sessions.get(request.headers.get(SESSION, ""))
        if child is None:
            await reply.whole(405)
            return
        await reply.start()
        gone = asyncio.create_task(reply.gone())
        while (line := await first(child.unasked, gone)) is not None:
            await reply.event(line)
        gone.cancel()


class Exchange:
    """One request on its way: back goes the answer as JSON where it comes alone, else a stream of all that belongs to
    the request."""

    def __init__(self, child: Child, reply: Reply, session: str) -> None:
        self._child, self._reply, self._session = child, reply, session
        self._headers = {"Mcp-Session-Id": session} if session else {}

    async def run(self, ask: Ask, body: bytes) -> None:
        """Until the answer was sent, or the client or the process has gone."""
        self._child.ask(ask, body)
        gone = asyncio.create_task(self._reply.gone())
        try:
            while await self._step(ask, gone):
                pass
        finally:
            gone.cancel()

    async def _step(self, ask: Ask, gone: asyncio.Task[None]) -> bool:
        """Pass one message on; is there more to come?"""
        line = await first(ask.lines, gone)
        if gone.done():
            self._abandon(ask)
            return False
        if line is None:
            if not self._reply.streaming:
                await self._reply.whole(502)
            return False
        last = ask.answered and ask.lines.empty()
        if last and not self._reply.streaming:
            await self._reply.whole(200 if self._session else status_of(line), line, self._headers)
            return False
        if not self._reply.streaming:
            await self._reply.start(self._headers)
        await self._reply.event(line)
        return not last

    def _abandon(self, ask: Ask) -> None:
        """In the stateless era a closed connection cancels its request; on stdio that is a message."""
        self._child.forget(ask)
        if not self._session:
            message = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": ask.id}}
            self._child.send(json.dumps(message).encode())


async def first(lines: Lines, gone: asyncio.Task[None]) -> bytes | None:
    """The next line; or None, where there is none to come or the client has gone before it."""
    line = asyncio.create_task(lines.get())
    await asyncio.wait({line, gone}, return_when=asyncio.FIRST_COMPLETED)
    if line.done():
        return line.result()
    line.cancel()
    return None


def version_of(message: dict[str, Any]) -> object:
    """The version that a stateless request names; None where it names none."""
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta.get(META + "protocolVersion") if isinstance(meta, dict) else None


def mismatch(request: Request, message: dict[str, Any]) -> str:
    """What headers and body disagree about, in the stateless era; '' where they agree."""
    version, params = version_of(message), message.get("params") or {}
    if version is None or "id" not in message:
        return ""
    named = params.get("uri" if message["method"] == "resources/read" else "name")
    wanted = {"mcp-protocol-version": version, "mcp-method": message["method"]}
    if message["method"] in ("tools/call", "prompts/get", "resources/read"):
        wanted["mcp-name"] = named
    wrong = [name for name, value in wanted.items() if request.headers.get(name) != value]
    return f"{wrong[0]} is not what the body says" if wrong else ""


def status_of(line: bytes) -> int:
    """The HTTP status of a stateless answer."""
    return STATUS.get(json.loads(line).get("error", {}).get("code"), 200)


def error(identity: object, code: int, text: str) -> bytes:
    """A JSON-RPC error of the adapter's own."""
    return json.dumps({"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": text}}).encode()


async def main(command: Sequence[str]) -> None:
    adapter = Adapter(command)
    server = await serve(adapter, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    await adapter.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
