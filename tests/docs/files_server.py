"""A stdio server with the tools that the documentation's examples name; it tells what it is called with."""

from __future__ import annotations

import json
import sys
from typing import Any

STRING = {"type": "string"}
TOOLS = [
    {
        "name": "read_text_file",
        "description": "Read a file.",
        "inputSchema": {
            "type": "object",
            "properties": {"path": STRING, "head": {"type": "integer"}},
            "required": ["path"],
        },
    },
    {
        "name": "create_issue",
        "description": "Create a new issue",
        "inputSchema": {
            "type": "object",
            "properties": {
                "owner": STRING,
                "repo": STRING,
                "title": STRING,
                "body": STRING,
                "labels": {"type": "array"},
            },
            "required": ["owner", "repo", "title"],
        },
    },
]


def answer(method: str, params: dict[str, Any]) -> Any:
    if method == "initialize":
        server = {"name": "docs", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": json.dumps(params["arguments"], sort_keys=True)}]}
    return {}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        known = message["method"] in ("initialize", "ping", "tools/list", "tools/call")
        error = {"error": {"code": -32601, "message": "no such method"}}
        result = {"result": answer(message["method"], message.get("params", {}))} if known else error
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **result}), flush=True)
