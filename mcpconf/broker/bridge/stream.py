"""A stream that is asked for by GET: the server's own messages, or the rest of an answer that broke off.

Of the versions with sessions only. A stream whose events have ids is taken up again where it ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from mcpconf.broker.bridge.calls import Call, Calls
from mcpconf.broker.bridge.message import forgotten
from mcpconf.broker.bridge.web import EVENTS, Answer, Cursor, Problem, Web

FIRST = 1.0  # seconds before a stream is asked for again; doubled each time that it brings nothing
LONGEST = 60.0
TRIES = 6  # that an answer is asked for without success
PATIENCE = 30.0  # seconds for a stream to begin
LATER = frozenset({408, 425, 429})  # what is no refusal for good, besides all from 500


class Stream:
    """One stream, over any number of connections."""

    def __init__(
        self, web: Web, calls: Calls, headers: Callable[[], dict[str, str]], cursor: Cursor, call: Call | None
    ) -> None:
        """`call` is the request whose answer is to come; `cursor` says how far it was read."""
        self._web = web
        self._calls = calls
        self._headers = headers
        self._cursor = cursor
        self._call = call
        self._opened = call is not None  # whether the server has ever given it
        self._wait = FIRST

    async def listen(self) -> None:
        """Pass on what the server says by itself, until the process ends or the server gives no such stream."""
        while True:
            try:
                if not await self._open():
                    return
            except Problem as problem:
                self._calls.complain(f"the stream of the server's own messages: {problem}")
            await self._pause()

    async def resume(self) -> None:
        """Read on until the answer has come. Raises `Problem` where it does not."""
        failed = 0
        while not self._finished:
            await self._pause()
            try:
                if not await self._open():
                    raise Problem("the server's answer broke off, and it does not give the rest", reached=True)
                failed = 0
            except Problem as problem:
                failed += 1
                if problem.reached or failed >= TRIES:
                    raise

    @property
    def _finished(self) -> bool:
        return self._call is not None and (self._call.answered or self._call.cancelled)

    async def _open(self) -> bool:
        """Read it for as long as it lasts; False where the server has none. Raises `Problem`."""
        headers = self._headers()
        if self._cursor.id:
            headers["Last-Event-ID"] = self._cursor.id
        async with self._web.ask("GET", headers, patience=min(PATIENCE, self._web.patience)) as answer:
            if not answer.good:
                return await self._refused(answer)
            if answer.kind != EVENTS:
                return False
            self._opened = True
            await self._follow(answer)
        return True

    async def _follow(self, answer: Answer) -> None:
        async with contextlib.aclosing(answer.events(self._cursor)) as lines:
            async for line in lines:
                await self._calls.deliver(line, self._call)
                if self._finished:
                    return

    async def _refused(self, answer: Answer) -> bool:
        body = await answer.beginning()
        # A server without such streams may say 404, so that this means the session only where there was one.
        if self._opened and forgotten(answer.status, body):
            self._calls.ports.end(f"the server has ended the session (HTTP {answer.status})")
        if answer.status >= 500 or answer.status in LATER:
            raise Problem(str(answer.refusal(body)))
        return False

    async def _pause(self) -> None:
        if self._cursor.moved:
            self._wait = FIRST
        await asyncio.sleep(self._wait if self._cursor.retry is None else self._cursor.retry)
        if not self._cursor.moved:
            self._wait = min(self._wait * 2, LONGEST)
        self._cursor.moved = False
