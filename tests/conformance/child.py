"""A stdio server behind the adapter: a line for each message, and every answer to the one who asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

META = "io.modelcontextprotocol/"
LIMIT = 1 << 26

Lines = asyncio.Queue[bytes | None]


class Ask:
    """A request that waits for its answer; `lines` gets all that belongs to it, the answer last."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.id = message["id"]
        self.key = json.dumps(message["id"])
        params = message.get("params")
        meta = params.get("_meta") if isinstance(params, dict) else None
        self.token = meta.get("progressToken") if isinstance(meta, dict) else None
        self.listens = message["method"] == "subscriptions/listen"
        self.lines: Lines = asyncio.Queue()
        self.answered = False


class Child:
    """One process. Messages are read only to see whom they concern; what goes in and out are the bytes themselves."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asks: dict[str, Ask] = {}
        self.unasked: Lines = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, command: Sequence[str]) -> Child:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=LIMIT)
        return cls(process)

    def busy_with(self, key: str) -> bool:
        """Is a request with this id under way?"""
        return key in self._asks

    def ask(self, ask: Ask, line: bytes) -> None:
        """Send a request; its answer will be found in `ask.lines`, or None there once the process has gone."""
        if self._reading.done():
            ask.lines.put_nowait(None)
            return
        self._asks[ask.key] = ask
        self.send(line)

    def send(self, line: bytes) -> None:
        """Send a message that has no answer."""
        assert self._process.stdin
        # A line feed in JSON can only be white space between tokens.
        self._process.stdin.write(line.replace(b"\n", b" ") + b"\n")

    def forget(self, ask: Ask) -> None:
        """Who asked has gone."""
        self._asks.pop(ask.key, None)

    async def stop(self) -> None:
        """Close its input, as a client does, and wait."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            self._deliver(line.rstrip(b"\r\n"))
        for ask in self._asks.values():
            ask.lines.put_nowait(None)
        self.unasked.put_nowait(None)

    def _deliver(self, line: bytes) -> None:
        message = json.loads(line)
        if "method" not in message:
            ask = self._asks.pop(json.dumps(message.get("id")), None)
            if ask:
                ask.answered = True
                ask.lines.put_nowait(line)
            return
        ask = self._concerned(message.get("params") or {})
        (ask.lines if ask else self.unasked).put_nowait(line)

    def _concerned(self, params: dict[str, Any]) -> Ask | None:
        """The request that a notification or a server's request belongs to, as far as stdio lets one know."""
        subscription = (params.get("_meta") or {}).get(META + "subscriptionId")
        if subscription is not None:
            return self._asks.get(json.dumps(subscription))
        waiting = [ask for ask in self._asks.values() if not ask.listens]
        token = params.get("progressToken")
        of_token = [ask for ask in waiting if token is not None and ask.token == token]
        found = of_token or waiting
        return found[-1] if found else None
