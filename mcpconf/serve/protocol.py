"""The Model Context Protocol as our own server speaks it: a message in, an answer or nothing out.

Both eras are served side by side, since nothing here has state worth locking: a request whose `_meta` names a
protocol version is of the modern era (2026-07-28, stateless), any other belongs to the `initialize` handshake
(2024-11-05 to 2025-11-25). A connection remembers one thing, the version of its handshake, because only 2025-03-26
allows batches.

Nothing heavy is imported, `typing` included: a client waits for this server at each of its starts.
"""

from __future__ import annotations

from mcpconf import __version__
from mcpconf.wire.versions import (
    BATCH_VERSION,
    CAPABILITIES_KEY,
    HANDSHAKE_VERSIONS,
    MODERN_VERSIONS,
    SERVER_KEY,
    VERSION_KEY,
)

TYPE_CHECKING = False  # what `typing` would give, for 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from mcpconf.serve.tools import Tool

    Message = dict[str, Any]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
UNSUPPORTED_VERSION = -32022

SERVER = {"name": "mcpconf", "title": "mcpconf", "version": __version__}
CAPABILITIES: Mapping[str, object] = {"tools": {}}
INSTRUCTIONS = (
    "mcpconf writes one named profile of MCP servers into every Claude client. These tools only read: `status` says "
    "which profile is active and whether each client is in step with it, `env` where this machine or container "
    "thinks it is and why, `profiles` what could be switched to, `diff` what a switch would change, `doctor` what is "
    "wrong and what mends it. Use them to find out why an MCP server is missing or fails. To change something, the "
    "user runs `mcpconf switch NAME` in a shell."
)
# The catalogue is fixed for a release, and the same for everybody.
FRESHNESS = {"ttlMs": 3_600_000, "cacheScope": "public"}


class ProtocolError(Exception):
    """A request that gets a JSON-RPC error for an answer."""

    def __init__(self, code: int, message: str, data: Message | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Session:
    """What one connection is: the tools it is offered, and the version its handshake agreed on."""

    __slots__ = ("tools", "version")

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self.tools = tools
        self.version: str | None = None


def handle(message: object, session: Session) -> Message | list[Message] | None:
    """The answer to one decoded line: an object, a list for a batch, or None where none is due."""
    if not isinstance(message, list):
        return _handle_one(message, session)
    if session.version != BATCH_VERSION:
        return error(None, INVALID_REQUEST, "batches exist only in protocol version 2025-03-26")
    if not message:
        return error(None, INVALID_REQUEST, "the batch is empty")
    return [answer for item in message if (answer := _handle_one(item, session)) is not None] or None


def error(identity: object, code: int, message: str, data: Message | None = None) -> Message:
    """A JSON-RPC error. Without a usable id there is no `id` member: MCP's schema has it optional, never null."""
    body: Message = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    answer: Message = {"jsonrpc": "2.0"}
    if _is_id(identity):
        answer["id"] = identity
    answer["error"] = body
    return answer


def _is_id(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _handle_one(message: object, session: Session) -> Message | None:
    if not isinstance(message, dict):
        return error(None, INVALID_REQUEST, "a message is a JSON object")
    identity, method = message.get("id"), message.get("method")
    if "method" not in message and ("result" in message or "error" in message):
        return None  # an answer, though nothing was asked: there is nobody to tell
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str):
        return error(identity, INVALID_REQUEST, 'a request has "jsonrpc": "2.0" and a "method"')
    if "id" not in message:
        return None  # a notification is never answered, and none of them changes anything here
    if not _is_id(identity):
        return error(None, INVALID_REQUEST, "an id is a string or an integer")
    try:
        return {"jsonrpc": "2.0", "id": identity, "result": _result(method, message.get("params"), session)}
    except ProtocolError as problem:
        return error(identity, problem.code, str(problem), problem.data)


def _result(method: str, params: object, session: Session) -> Message:
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_PARAMS, "params is an object")
    meta = params.get("_meta")
    if method == "server/discover" or (isinstance(meta, dict) and VERSION_KEY in meta):
        _check_envelope(meta)
        return _modern(_find(MODERN, method)(params, session))
    return _find(HANDSHAKE, method)(params, session)


def _find(methods: Mapping[str, Method], name: str) -> Method:
    if name not in methods:
        raise ProtocolError(METHOD_NOT_FOUND, f"no method {name}")
    return methods[name]


def _check_envelope(meta: object) -> None:
    """Refuse a modern request whose `_meta` lacks what 2026-07-28 requires, or names a version we do not speak."""
    if not isinstance(meta, dict) or VERSION_KEY not in meta or CAPABILITIES_KEY not in meta:
        raise ProtocolError(INVALID_PARAMS, f"params._meta needs {VERSION_KEY} and {CAPABILITIES_KEY}")
    requested = meta[VERSION_KEY]
    if not isinstance(requested, str):
        raise ProtocolError(INVALID_PARAMS, f"{VERSION_KEY} is a string")
    if requested not in MODERN_VERSIONS:
        data = {"supported": list(MODERN_VERSIONS), "requested": requested}
        raise ProtocolError(UNSUPPORTED_VERSION, f"protocol version {requested} is not supported", data)


def _modern(result: Message) -> Message:
    return {"resultType": "complete", **result, "_meta": {SERVER_KEY: SERVER}}


def _discover(_params: Message, _session: Session) -> Message:
    return {
        "supportedVersions": list(MODERN_VERSIONS),
        "capabilities": CAPABILITIES,
        "instructions": INSTRUCTIONS,
        **FRESHNESS,
    }


def _initialize(params: Message, session: Session) -> Message:
    requested = params.get("protocolVersion")
    if not isinstance(requested, str):
        raise ProtocolError(INVALID_PARAMS, "initialize needs a protocolVersion")
    session.version = requested if requested in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1]
    return {
        "protocolVersion": session.version,
        "capabilities": CAPABILITIES,
        "serverInfo": SERVER,
        "instructions": INSTRUCTIONS,
    }


def _ping(_params: Message, _session: Session) -> Message:
    return {}


def _list_tools(params: Message, session: Session) -> Message:
    if params.get("cursor") is not None:
        raise ProtocolError(INVALID_PARAMS, "there is one page of tools, so no cursor is valid")
    return {"tools": [tool.listing() for tool in session.tools.values()]}


def _list_tools_fresh(params: Message, session: Session) -> Message:
    return {**_list_tools(params, session), **FRESHNESS}


def _call_tool(params: Message, session: Session) -> Message:
    name, arguments = params.get("name"), params.get("arguments")
    tool = session.tools.get(name) if isinstance(name, str) else None
    if tool is None:
        raise ProtocolError(INVALID_PARAMS, f"no tool {name!r}; there are {', '.join(session.tools)}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise ProtocolError(INVALID_PARAMS, "arguments is an object")
    return tool.call(arguments)


if TYPE_CHECKING:
    Method = Callable[[Message, Session], Message]

HANDSHAKE: Mapping[str, Method] = {
    "initialize": _initialize,
    "ping": _ping,
    "tools/list": _list_tools,
    "tools/call": _call_tool,
}
MODERN: Mapping[str, Method] = {
    "server/discover": _discover,
    "tools/list": _list_tools_fresh,
    "tools/call": _call_tool,
}
