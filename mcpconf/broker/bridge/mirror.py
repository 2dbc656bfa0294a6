"""What Streamable HTTP of 2026-07-28 wants said in headers besides, taken from the message itself. Pure.

https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http, Request Metadata. A tool can
have some of its arguments mirrored too, by `x-mcp-header` in its schema: those schemas are read as lists of tools pass.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.versions import VERSION_KEY

MARK = b"x-mcp-header"
TOOLS = 4096  # that are remembered
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?|")
Path = tuple[str, ...]
Headers = dict[str, str]


class Mirror:
    """The headers of requests, and what is known of the tools."""

    def __init__(self) -> None:
        self._tools: dict[str, Mapping[str, Path]] = {}

    def headers(self, request: Envelope) -> Headers:
        """What goes with a request that names its version."""
        method = request.method or ""
        found = {"MCP-Protocol-Version": request.word(*META, VERSION_KEY) or "", "Mcp-Method": method}
        name = request.word("params", _NAMED[method]) if method in _NAMED else None
        if name is not None:
            found["Mcp-Name"] = encoded(name)
            if method == "tools/call":
                found |= self._arguments(request, self._tools.get(name, {}))
        return found

    def learn(self, line: bytes) -> None:
        """Read the answer to a `tools/list`."""
        if MARK not in line and not self._tools:
            return
        try:
            tools = json.loads(line)["result"]["tools"]
            for tool in tools:
                self._tools.pop(tool["name"], None)
                found = dict(_marked(tool.get("inputSchema")))
                if found and len(self._tools) < TOOLS:
                    self._tools[tool["name"]] = found
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return  # whoever asked for it will see for itself

    def _arguments(self, request: Envelope, places: Mapping[str, Path]) -> Headers:
        token = request.token("params", "arguments") if places else None
        if token is None:
            return {}
        arguments = json.loads(token, parse_float=str)
        values = ((name, _text(_at(arguments, path))) for name, path in places.items())
        return {f"Mcp-Param-{name}": encoded(value) for name, value in values if value is not None}


def encoded(value: str) -> str:
    """A value as a header can carry it."""
    if _PLAIN.fullmatch(value) and not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    return f"=?base64?{base64.b64encode(value.encode('utf-8', 'replace')).decode('ascii')}?="


def _marked(schema: Any, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """The header's name and the place of each argument that is marked, through `properties` alone."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    for name, one in properties.items() if isinstance(properties, dict) else ():
        if not isinstance(one, dict):
            continue
        header = one.get("x-mcp-header")
        if isinstance(header, str) and _TOKEN.fullmatch(header):
            yield header, (*path, name)
        yield from _marked(one, (*path, name))


def _at(arguments: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(arguments, dict):
            return None
        arguments = arguments.get(name)
    return arguments


def _text(value: Any) -> str | None:
    """A value in words; None for what is not there or can't be said in a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int)) else None
