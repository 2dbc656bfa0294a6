"""A server with thirty tools, by the official SDK or in plain Python: `thirty_tools.py NUMBER [--plain]`."""

from __future__ import annotations

import json
import sys

COUNT = 30


def described(number: int, tool: int) -> str:
    return f"Tool {tool} of server {number}: looks up something by its name, and says what was found."


def by_the_sdk(number: int) -> None:
    from mcp.server.mcpserver import MCPServer

    server = MCPServer(f"thirty{number}")
    for tool in range(COUNT):

        def look(name: str, limit: int = 10) -> str:
            return f"{name} {limit}"

        server.add_tool(look, name=f"s{number}_t{tool}", description=described(number, tool))
    server.run("stdio")


def in_plain_python(number: int) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "limit": {"type": "integer"}}}
    tools = [
        {"name": f"s{number}_t{tool}", "description": described(number, tool), "inputSchema": schema}
        for tool in range(COUNT)
    ]
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "t", "version": "1"},
    }
    results = {"initialize": hello, "tools/list": {"tools": tools}}
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            found = results.get(message["method"])
            what = {"result": found} if found else {"error": {"code": -32601, "message": "no such method"}}
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **what}), flush=True)


if __name__ == "__main__":
    (in_plain_python if "--plain" in sys.argv else by_the_sdk)(int(sys.argv[1]))
