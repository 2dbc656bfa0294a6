"""How a client and a server get to know each other, in either era: which requests, and what an answer to them means.

Nothing here does IO: `call` has these conversations over pipes and `remote` over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcpconf import __version__
from mcpconf.record import dataclass, replace
from mcpconf.wire.versions import (
    CAPABILITIES_KEY,
    CLIENT_KEY,
    HANDSHAKE_VERSIONS,
    MODERN_VERSIONS,
    SERVER_KEY,
    VERSION_KEY,
)

Message = dict[str, Any]
Ask = Callable[[str, Message], Message]  # method and params in, the whole answer out
Hear = Callable[[Message], Message | None]  # a message of the server's own accord in, the answer to a request out

CLIENT = {"name": "mcpconf", "version": __version__}
NEWEST_MODERN = MODERN_VERSIONS[-1]
NEWEST_HANDSHAKE = HANDSHAKE_VERSIONS[-1]
PAGES = 100  # a server that goes on for longer is not listing tools

MODERN = "modern"
LEGACY = "legacy"


class Refusal(Exception):
    """The conversation cannot go on; the text says why, for a person to read."""


class Late(Refusal):
    """The server did not answer in time."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a server said about itself. `era` is `modern` (2026-07-28 and later) or `legacy` (`initialize`)."""

    era: str
    version: str
    name: str | None
    server_version: str | None
    instructions: str | None
    has_tools: bool


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a try of a server gave. Where it failed `error` says why, and the rest is what was known by then.

    `millis` runs from its start to the list of its tools. `stderr_tail` is the end of what it wrote to stderr, `stray`
    the first line on its stdout that was no message. None of it is redacted.
    """

    era: str | None = None
    version: str | None = None
    server_name: str | None = None
    server_version: str | None = None
    tools: tuple[str, ...] = ()
    instructions: str | None = None
    millis: int = 0
    stderr_tail: str = ""
    error: str | None = None
    stray: str = ""

    def introduced(self, known: Introduction) -> ProbeResult:
        """The same with what the server said about itself."""
        return replace(
            self,
            era=known.era,
            version=known.version,
            server_name=known.name,
            server_version=known.server_version,
            instructions=known.instructions,
        )


def request(identity: int, method: str, params: Message) -> Message:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


INITIALIZED: Message = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def envelope() -> Message:
    """The params of a modern request that has none of its own."""
    return {"_meta": {VERSION_KEY: NEWEST_MODERN, CLIENT_KEY: CLIENT, CAPABILITIES_KEY: {}}}


def handshake() -> Message:
    """The params of `initialize`. No capability is declared, so a server has nothing to ask us for."""
    return {"protocolVersion": NEWEST_HANDSHAKE, "capabilities": {}, "clientInfo": CLIENT}


def from_discover(answer: Message) -> Introduction | None:
    """What an answer to `server/discover` says, or None where it is no proof of a modern server we can talk to.

    By the specification any error but -32022 means a legacy server. We speak one modern version, so that code, too,
    leaves nothing to try but `initialize`.
    """
    result = answer.get("result")
    versions = result.get("supportedVersions") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(versions, list) or NEWEST_MODERN not in versions:
        return None
    meta = result.get("_meta")
    stamp = meta.get(SERVER_KEY) if isinstance(meta, dict) else None
    return _introduction(MODERN, NEWEST_MODERN, result, stamp or result.get("serverInfo"))


def from_initialize(answer: Message) -> Introduction:
    """What an answer to `initialize` says; raises Refusal where it is an error or makes no sense."""
    result = result_of(answer, "initialize")
    version = result.get("protocolVersion")
    if not isinstance(version, str):
        raise Refusal("its answer to initialize has no protocolVersion")
    return _introduction(LEGACY, version, result, result.get("serverInfo"))


def _introduction(era: str, version: str, result: Message, server: object) -> Introduction:
    details = server if isinstance(server, dict) else {}
    capabilities = result.get("capabilities")
    return Introduction(
        era=era,
        version=version,
        name=_text(details.get("name")),
        server_version=_text(details.get("version")),
        instructions=_text(result.get("instructions")),
        has_tools=isinstance(capabilities, dict) and "tools" in capabilities,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def result_of(answer: Message, method: str) -> Message:
    """The result in an answer; raises Refusal with the server's own words where it is an error."""
    result = answer.get("result")
    if isinstance(result, dict):
        return result
    error = answer.get("error")
    if isinstance(error, dict):
        raise Refusal(
            f"it refused {method}: {error.get('message', 'no reason given')} ({error.get('code', 'no code')})"
        )
    raise Refusal(f"its answer to {method} has neither a result nor an error")


def tool_names(ask: Ask, known: Introduction) -> tuple[str, ...]:
    """The names of all its tools; raises Refusal where it will not list them."""
    return tuple(str(tool.get("name")) for tool in all_tools(ask, known))


def all_tools(ask: Ask, known: Introduction) -> tuple[Message, ...]:
    """All its tools as it tells them, over as many pages as it has; raises Refusal where it will not list them."""
    if not known.has_tools:
        return ()
    tools: list[Message] = []
    cursor: object = None
    for _ in range(PAGES):
        params = envelope() if known.era == MODERN else {}
        if cursor is not None:
            params["cursor"] = cursor
        result = result_of(ask("tools/list", params), "tools/list")
        page = result.get("tools")
        if not isinstance(page, list):
            raise Refusal("its answer to tools/list has no tools")
        tools += [tool for tool in page if isinstance(tool, dict)]
        cursor = result.get("nextCursor")
        if cursor is None:
            return tuple(tools)
    raise Refusal(f"its list of tools has more than {PAGES} pages")


def cancelled(identity: int, reason: str) -> Message:
    """What tells a server that nobody waits for an answer any more."""
    params = {"requestId": identity, "reason": reason}
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}


def reply_to(message: Message) -> Message | None:
    """Our answer to a request of the server's: we are there, and offer nothing. None to what is no request."""
    if "id" not in message:
        return None
    answer: Message = {"jsonrpc": "2.0", "id": message["id"]}
    if message.get("method") == "ping":
        return {**answer, "result": {}}
    return {**answer, "error": {"code": -32601, "message": "mcpconf only looks at what a server offers"}}
