"""The transport of 2024-11-05, HTTP+SSE: one stream by GET for all that the server says, and POSTs to where it says.

https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
"""

from __future__ import annotations

import asyncio
import contextlib

import httpx2

from mcpconf.broker.bridge.calls import Call, Calls
from mcpconf.broker.bridge.message import CANCELLED
from mcpconf.broker.bridge.web import EVENTS, Answer, Cursor, Problem, Web, within
from mcpconf.wire.answers import UNKNOWN_METHOD, failure
from mcpconf.wire.envelope import Envelope, Kind

START = 30.0  # seconds for the stream to begin and to name the address for messages
NOTE = 30.0
AFTER = 5.0  # seconds that the server has to end a request which was cancelled
HEADERS = {"Accept": "*/*", "Content-Type": "application/json"}


class OldSse:
    """A server that is a stream: when that ends, so does the process, and the next one begins anew."""

    def __init__(self, web: Web, calls: Calls) -> None:
        self._web = web
        self._calls = calls
        self._address: asyncio.Future[httpx2.URL] = asyncio.get_running_loop().create_future()
        self._in_order = asyncio.Lock()
        calls.spawn(self._stream())

    # -- from the broker

    async def take(self, message: Envelope) -> None:
        """Send a message on its way."""
        if message.kind is Kind.REQUEST and message.modern:
            words = "HTTP+SSE is of a protocol version with initialize"
            await self._calls.ports.write(failure(message.id, UNKNOWN_METHOD, words))
            return
        await asyncio.shield(self._address)
        if message.kind is Kind.REQUEST:
            await self._calls.begin(message, lambda call: self._ask(call, message))
            return
        if message.method == CANCELLED:
            self._cancel(message)
        await self._note(message)

    async def settle(self) -> None:
        """Nothing is on its way that was not waited for."""

    async def close(self) -> None:
        """There is nothing to give back: the stream's end is the session's."""

    async def _ask(self, call: Call, request: Envelope) -> None:
        try:
            await self._post(request)
            async with within(self._web.patience):
                await call.settled.wait()
        except Problem as problem:
            await self._calls.fail(call, str(problem))

    async def _note(self, message: Envelope) -> None:
        async with self._in_order:
            try:
                await self._post(message, patience=NOTE)
            except Problem as problem:
                self._calls.complain(f"{message.method or 'an answer'} was not taken: {problem}")

    async def _post(self, message: Envelope, patience: float | None = None) -> None:
        content, url = message.text.encode(), self._address.result()
        async with self._web.ask("POST", HEADERS, content, url=url, patience=patience) as answer:
            if not answer.good:
                raise answer.refusal(await answer.beginning())

    def _cancel(self, message: Envelope) -> None:
        call = self._calls.open.get(message.token("params", "requestId") or "")
        if call is not None and call.task is not None:
            call.cancelled = True
            asyncio.get_running_loop().call_later(AFTER if call.sent else 0, call.task.cancel)

    # -- from the server

    async def _stream(self) -> None:
        words = "the server closed its stream"
        try:
            async with self._web.ask("GET", {"Accept": EVENTS}, patience=START, silent=True) as answer:
                if not answer.good:
                    raise answer.refusal(await answer.beginning())
                if answer.kind != EVENTS:
                    raise Problem(f"the server answered with {answer.kind!r}, which is no stream of events")
                await self._follow(answer)
        except Problem as problem:
            words = str(problem)
        self._calls.ports.end(words)

    async def _follow(self, answer: Answer) -> None:
        async with contextlib.aclosing(answer.named_events(Cursor())) as events:
            async with within(START):
                async for name, data in events:
                    if name == "endpoint":
                        self._address.set_result(self._endpoint(data))
                        break
            async for name, data in events:
                if name == "message" and data:
                    await self._calls.deliver(data)

    def _endpoint(self, data: bytes) -> httpx2.URL:
        """The address for messages. Raises `Problem` for one elsewhere, which the headers are not for."""
        try:
            url = self._web.url.join(data.decode())
        except (httpx2.InvalidURL, ValueError):
            raise Problem("the server names an address for messages that is none") from None
        if not self._web.is_own(url):
            raise Problem("the server names an address for messages that is another server's")
        return url
