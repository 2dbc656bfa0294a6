"""A small stdio server with one habit, run as a real process: python habits.py HABIT [WORD]."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

HABIT = sys.argv[1] if len(sys.argv) > 1 else ""
WORD = sys.argv[2] if len(sys.argv) > 2 else ""
NAMES = {
    "none": [],
    "many": [f"tool{number}" for number in range(130)],
    "long": ["a_tool_with_a_very_long_name_that_goes_on_and_on_and_on_for_ever"],
    "twice": ["get time", "get_time"],
}


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def answer(message: dict[str, Any]) -> None:
    method = message.get("method")
    if HABIT == "refuse":
        send({"id": message["id"], "error": {"code": -32000, "message": "the licence has run out"}})
    elif method == "initialize":
        version = "1999-01-01" if HABIT == "odd" else "2025-06-18"
        info = {"name": "h"} if HABIT == "nameless" else {"name": "h", "version": "1"}
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
        send({"id": message["id"], "result": result})
    elif method == "tools/list" and HABIT not in ("toolless", "odd"):
        tools = [{"name": name, "inputSchema": {"type": "object"}} for name in NAMES.get(HABIT, ["one"])]
        send({"id": message["id"], "result": {"tools": tools}})
    elif method == "tools/list":
        send({"id": message["id"], "error": {"code": -32603, "message": "no database"}})
    else:
        send({"id": message["id"], "error": {"code": -32601, "message": "Method not found"}})


def main() -> None:
    if HABIT == "crash":
        sys.exit(f"Error: DATABASE_URL is not set {WORD}")
    if HABIT == "leak":  # it says back all that it was given
        sys.stderr.write(f"{sys.argv[1:]}\n{dict(os.environ)}\n")
        print(f"token {os.environ.get('PLAIN')}", flush=True)
        sys.exit(1)
    if HABIT == "noise":
        print("Server is starting...", flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        if HABIT != "silent" and "id" in message:
            answer(message)


main()
