"""A server of the Python SDK with every era, for tests: run by the SDK's own environment, on stdio."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult

server = MCPServer(name="sdk")
calls: list[str] = []
cancelled: list[str] = []


@server.tool()
def count() -> str:
    """How often this process was asked: what state is."""
    calls.append("")
    return str(len(calls))


@server.tool()
def pid() -> str:
    """Which process this is."""
    return str(os.getpid())


@server.tool()
async def slow(name: str, steps: int, ctx: Context) -> str:
    """Takes a twentieth of a second a step, and says so."""
    try:
        for step in range(steps):
            await ctx.report_progress(progress=step + 1, total=steps, message=name)
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        cancelled.append(name)
        raise
    return f"{name} is done"


@server.tool()
def who_was_cancelled() -> str:
    """The names of the calls of `slow` that were."""
    return ",".join(cancelled)


@server.tool()
async def ask(question: str, ctx: Context) -> str | InputRequiredResult:
    """Asks the client's user, in the way of the version without sessions."""
    for answer in (ctx.input_responses or {}).values():
        return f"{question}: {getattr(answer, 'content', None)}"
    schema: dict[str, Any] = {"type": "object", "properties": {"say": {"type": "string"}}}
    form = ElicitRequestFormParams(message=question, requested_schema=schema)
    return InputRequiredResult(input_requests={"it": ElicitRequest(params=form)}, request_state=question)


@server.tool()
async def change(ctx: Context) -> str:
    """Says that the list of tools has changed."""
    await ctx.notify_tools_changed()
    return "changed"


@server.tool()
async def touch(uri: str, ctx: Context) -> str:
    """Says that a resource has changed."""
    await ctx.notify_resource_updated(uri)
    return "touched"


@server.tool()
async def log(name: str, ctx: Context) -> str:
    """Logs a line within the call."""
    await ctx.info(name)
    return "logged"


@server.resource("test://one")
def one() -> str:
    """A resource."""
    return "one"


if __name__ == "__main__":
    server.run()
