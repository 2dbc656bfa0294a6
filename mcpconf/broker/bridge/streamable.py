"""The Streamable HTTP transport of both eras: with a session and a stream for the server's own messages (2025-03-26 to
2025-11-25), and without (2026-07-28), where each request stands alone.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
"""

from __future__ import annotations

import asyncio
import contextlib

from mcpconf.broker.bridge.calls import LISTEN, Call, Calls
from mcpconf.broker.bridge.message import CANCELLED, ended, flat, forgotten, rpc_error
from mcpconf.broker.bridge.mirror import Mirror
from mcpconf.broker.bridge.stream import Stream
from mcpconf.broker.bridge.web import ELSEWHERE, EVENTS, Answer, Cursor, Problem, Web, within
from mcpconf.wire.envelope import Envelope, Kind, read

ACCEPT = f"application/json, {EVENTS}"
JSON = ("application/json", "")
SESSION = "mcp-session-id"
MISMATCH = b"-32020"  # HeaderMismatch
HELLO = 60.0  # seconds for the answer to a first question
NOTE = 30.0  # seconds for a notification to be taken
AFTER = 5.0  # seconds that the server has to end a request which was cancelled
LEFTOVER = 1.0  # seconds for a stream to end behind its answer, so that its connection can be used again
MOMENT = 0.5
GOODBYE = 1.0
FIRST = ("initialize", "server/discover")
INITIALIZED = "notifications/initialized"


class Streamable:
    """A server behind one address."""

    def __init__(self, web: Web, calls: Calls) -> None:
        self._web = web
        self._calls = calls
        self._mirror = Mirror()
        self._session: str | None = None
        self._version: str | None = None  # that the handshake has agreed on
        self._stream: asyncio.Task[None] | None = None
        self._in_order = asyncio.Lock()
        calls.on_answer = self._answered

    # -- from the broker

    async def take(self, message: Envelope) -> None:
        """Send a message on its way. What has to come before the next one is waited for."""
        if message.kind is Kind.REQUEST:
            await self._calls.begin(message, lambda call: self._ask(call, message))
        elif message.method == CANCELLED:
            self._cancel(message)
        elif message.method == INITIALIZED:
            await self._note(message)
            self._listen()
        else:
            self._calls.spawn(self._note(message))

    async def settle(self) -> None:
        """Wait a moment for notifications that are on their way: the broker has said them, and then ended."""
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOMENT), self._in_order:
                pass

    async def close(self) -> None:
        """Give the session back."""
        if self._session is not None:
            with contextlib.suppress(Problem):
                async with self._web.ask("DELETE", self._headers(), patience=GOODBYE):
                    pass

    # -- requests

    async def _ask(self, call: Call, request: Envelope) -> None:
        if call.method == "initialize":
            self._forget()
        cursor = Cursor()
        first = min(HELLO, self._web.patience) if call.method in FIRST else None
        try:
            async with within(first):
                await self._post(call, request, cursor)
            if not call.answered and not call.cancelled:
                await self._ended(call, cursor)
        except Problem as problem:
            if call.method == "server/discover" and not (problem.reached or self._calls.spoken):
                # An error would say that the server is of the other era, and that would be believed for long.
                self._calls.ports.end(str(problem))
            await self._calls.fail(call, str(problem))

    async def _post(self, call: Call, request: Envelope, cursor: Cursor, *, again: bool = True) -> None:
        headers = self._headers(request)
        silent = call.method == LISTEN
        async with self._web.ask("POST", headers, request.text.encode(), silent=silent) as answer:
            if answer.good:
                if call.method == "initialize":
                    self._session = answer.headers.get(SESSION)
                await self._read(call, answer, cursor)
                return
            body = await answer.beginning()
        if again and call.modern and call.method == "tools/call" and MISMATCH in body:
            await self._learn(request)
            await self._post(call, request, cursor, again=False)
            return
        await self._refused(call, answer, body, with_session=SESSION in headers)

    async def _read(self, call: Call, answer: Answer, cursor: Cursor) -> None:
        if answer.kind == EVENTS:
            await self._follow(call, answer, cursor)
        elif answer.kind in JSON or answer.kind.endswith("+json"):
            line = flat(await answer.body())
            if line:
                await self._calls.deliver(line, call)
            if not call.answered and not call.cancelled:
                raise Problem(f"the server gave no answer to this request (HTTP {answer.status})", reached=True)
        else:
            problem = answer.refusal(await answer.beginning())
            raise Problem(f"{problem} (as {answer.kind!r}, which is no answer)", reached=True)

    async def _follow(self, call: Call, answer: Answer, cursor: Cursor) -> None:
        """Read a stream until the answer has come, or no more comes."""
        try:
            async with contextlib.aclosing(answer.events(cursor)) as lines:
                async for line in lines:
                    await self._calls.deliver(line, call)
                    if call.answered:
                        break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LEFTOVER):
                        async for line in lines:
                            await self._calls.deliver(line, call)
        except Problem as problem:
            if not call.answered and (call.modern or not cursor.id):
                raise
            if not call.answered:
                self._calls.complain(f"{call.method}: {problem}")

    async def _ended(self, call: Call, cursor: Cursor) -> None:
        """The stream of a request has ended too early."""
        if call.modern and call.method == LISTEN and cursor.moved:
            call.answered = True
            await self._calls.ports.write(ended(call.token))
        elif call.modern or not cursor.id:
            raise Problem("the server's answer broke off", reached=True)
        else:
            await self._streamed(cursor, call).resume()

    async def _refused(self, call: Call, answer: Answer, body: bytes, *, with_session: bool) -> None:
        if with_session and forgotten(answer.status, body):
            self._calls.ports.end(f"the server has ended the session (HTTP {answer.status})")
        error = rpc_error(body)
        if error is None or answer.status in (401, 403) or (call.method in FIRST and answer.status in ELSEWHERE):
            raise answer.refusal(body)
        await self._calls.deliver(error, call)

    async def _learn(self, request: Envelope) -> None:
        """Ask for the tools ourselves: their schemas say which arguments stand in headers, and nobody has listed them.

        The specification's way out where a header is missing; the server has not begun with the call.
        """
        meta = request.token("params", "_meta")
        text = f'{{"jsonrpc":"2.0","id":"mcpconf-tools","method":"tools/list","params":{{"_meta":{meta}}}}}'
        listing = read(text.encode())
        async with self._web.ask("POST", self._headers(listing), text.encode(), patience=HELLO) as answer:
            if answer.kind != EVENTS:
                self._mirror.learn(flat(await answer.body()))
                return
            async with contextlib.aclosing(answer.events(Cursor())) as lines:
                async for line in lines:
                    if b'"mcpconf-tools"' in line:
                        self._mirror.learn(line)
                        return

    # -- all else that is said

    async def _note(self, message: Envelope) -> None:
        """Post a notification or an answer to the server's own request; one after the other."""
        name = message.method or "an answer"
        async with self._in_order:
            try:
                headers = self._headers(message)
                async with self._web.ask("POST", headers, message.text.encode(), patience=NOTE) as answer:
                    body = b"" if answer.good else await answer.beginning()
            except Problem as problem:
                self._calls.complain(f"{name} was not delivered: {problem}")
                return
        if answer.good:
            return
        if SESSION in headers and forgotten(answer.status, body):
            self._calls.ports.end(f"the server has ended the session (HTTP {answer.status})")
        self._calls.complain(f"{name} was not taken: {answer.refusal(body)}")

    def _cancel(self, message: Envelope) -> None:
        """Tell the server, by the message or, without sessions, by closing the stream of the request."""
        call = self._calls.open.get(message.token("params", "requestId") or "")
        if call is None or call.task is None or call.cancelled:
            return
        call.cancelled = True
        if call.modern or not call.sent:
            call.task.cancel()
            return
        self._calls.spawn(self._note(message))
        asyncio.get_running_loop().call_later(AFTER, call.task.cancel)

    # -- the session

    def _headers(self, message: Envelope | None = None) -> dict[str, str]:
        """What goes with a message, or with a request for a stream."""
        headers = {"Accept": ACCEPT if message else EVENTS}
        if message is not None:
            headers["Content-Type"] = "application/json"
            if message.kind is Kind.REQUEST and message.modern:
                return headers | self._mirror.headers(message)
        if message is not None and message.method == "initialize":
            return headers
        if self._version is not None:
            headers["MCP-Protocol-Version"] = self._version
        if self._session is not None:
            headers[SESSION] = self._session
        return headers

    def _answered(self, call: Call, line: bytes) -> None:
        if call.method == "initialize":
            self._version = read(line).word("result", "protocolVersion")
        elif call.method == "tools/list" and call.modern:
            self._mirror.learn(line)

    def _forget(self) -> None:
        """A new handshake begins."""
        self._session = self._version = None
        if self._stream is not None:
            self._stream.cancel()

    def _listen(self) -> None:
        if self._stream is None or self._stream.done():
            self._stream = self._calls.spawn(self._streamed(Cursor()).listen())

    def _streamed(self, cursor: Cursor, call: Call | None = None) -> Stream:
        return Stream(self._web, self._calls, self._headers, cursor, call)
