"""The requests that wait for an answer, and the lines that go back: each request is answered once, whatever happens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from mcpconf.broker.bridge.message import answered, concealed, own, sorry
from mcpconf.broker.bridge.ports import Ports
from mcpconf.wire.answers import INVALID, failure
from mcpconf.wire.envelope import Envelope
from mcpconf.wire.members import Malformed

ROOM = 64  # requests under way at the server; what is beyond that waits
STREAMS = 512  # subscriptions, which are under way for ever
WAITING = 1024  # requests that may wait
LISTEN = "subscriptions/listen"
Ask = Callable[["Call"], Awaitable[None]]


class Call:
    """A request. `modern`: it is of the era without sessions."""

    __slots__ = ("answered", "cancelled", "method", "modern", "sent", "settled", "task", "token")

    def __init__(self, request: Envelope) -> None:
        self.token = request.id or ""
        self.method = request.method or ""
        self.modern = request.modern
        self.answered = False
        self.cancelled = False
        self.sent = False
        self.settled = asyncio.Event()  # set when it is answered
        self.task: asyncio.Task[None] | None = None


class Calls:
    """The book of them. `on_answer` hears of each answer before it goes out."""

    def __init__(self, ports: Ports, hidden: tuple[str, ...]) -> None:
        self.ports = ports
        self.open: dict[str, Call] = {}
        self.spoken = False  # whether the server has said anything that is a message
        self.on_answer: Callable[[Call, bytes], None] = lambda _call, _line: None
        self._hidden = hidden
        self._room = asyncio.Semaphore(ROOM)
        self._streams = asyncio.Semaphore(STREAMS)
        self._tasks: set[asyncio.Task[None]] = set()

    # -- from the broker

    async def begin(self, request: Envelope, ask: Ask) -> None:
        """Run `ask` for a request as soon as there is room. It raises whatever ends in `fail`, or answers."""
        call = Call(request)
        before = self.open.get(call.token)
        if before is not None and not before.answered:
            await self.ports.write(failure(call.token, INVALID, "a request of this id is not answered yet"))
        elif len(self.open) >= WAITING:
            await self.ports.write(sorry(call.token, f"{WAITING} requests wait for this server already"))
        else:
            self.open[call.token] = call
            call.task = self.spawn(self._run(call, ask))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that is ended with the process."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, call: Call, ask: Ask) -> None:
        try:
            async with self._streams if call.method == LISTEN else self._room:
                call.sent = True
                await ask(call)
        except Exception as error:  # whatever it is, somebody waits
            self.complain(f"{call.method}: {type(error).__name__}: {error}")
            await self.fail(call, f"the bridge to the server failed: {type(error).__name__}")
        finally:
            if self.open.get(call.token) is call:
                del self.open[call.token]

    # -- from the server

    async def deliver(self, line: bytes, call: Call | None = None) -> None:
        """Pass on a message that came on the stream of `call`, or on one of no request."""
        try:
            token = answered(line)
        except Malformed as error:
            self.complain(f"{len(line)} bytes that are no message were dropped: {error}")
            return
        self.spoken = True
        if call is not None and token not in self.open:
            mended = own(line, call.token)
            if mended is not None:
                line, token = mended, call.token
        found = self.open.get(token) if token is not None else None
        if found is not None:
            found.answered = True
            found.settled.set()
            self.on_answer(found, line)
        await self.ports.write(line)

    async def fail(self, call: Call, words: str) -> None:
        """Say that a request came to nothing, unless it was answered or nobody waits for it."""
        if not call.answered and not call.cancelled:
            call.answered = True
            await self.ports.write(sorry(call.token, words))

    def complain(self, words: str) -> None:
        """A line for the server's log."""
        sys.stderr.write(concealed(words, self._hidden) + "\n")
        sys.stderr.flush()

    # -- the end

    async def close(self) -> None:
        """End all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
