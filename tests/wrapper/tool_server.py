"""A server with a tool for each thing that can happen to who calls one, run as a real process.

python -IS tool_server.py HABIT

HABIT is `legacy` (sessions), `modern` (2026-07-28 alone), or a bad one of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HABIT = sys.argv[1]
TEXT = 'Grüße 👋 "quoted" \\ back\\n\u0007\u001b[31mred\u009b0m\ttab\r\nend'
TOOLS: list[dict[str, Any]] = [
    {
        "name": "add",
        "description": 'Adds, "exactly" {so}.\nMore of it.',
        "inputSchema": {"type": "object", "properties": {"a": {}, "b": {"id": 1}, "as": {}}, "required": ["a", "b"]},
    },
    {"name": "no\nline", "inputSchema": {"type": "object"}},
    {"name": "echo", "description": " \n Says it\tagain ", "inputSchema": {"properties": {'q"ö': {}}}},
]
BIG = 12345678901234567890
META = "io.modelcontextprotocol/"


def send(**message: Any) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=HABIT != "modern") + "\n")
    sys.stdout.flush()


def receive() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    message = json.loads(line)
    assert isinstance(message, dict)
    return message


def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if name == "echo":
        return {"content": [{"type": "text", "text": json.dumps(arguments)}], "structuredContent": {"not": "shown"}}
    if name == "text":
        return {"content": [{"text": TEXT, "type": "text"}, {"type": "image", "data": "AA==", "mimeType": "image/png"}]}
    if name == "structured":
        return {"content": [], "structuredContent": {"sum": BIG}}
    if name == "fail":
        return {"content": [{"type": "text", "text": "it went wrong"}], "isError": True}
    if name == "long":
        return {"content": [{"type": "text", "text": 'a"b\\c\n' * 4000}]}
    if name == "ask":
        return {"resultType": "input_required", "inputRequests": {}}
    if name == "place":
        status = Path("/proc/self/status")
        ignored = [line for line in status.read_text().splitlines() if "SigIgn" in line] if status.exists() else []
        seen = {"env": dict(os.environ), "open": os.listdir("/dev/fd")[:-1], "argv": sys.argv, "ignored": ignored}
        return {"content": [{"type": "text", "text": json.dumps(seen)}]}
    return unruly(name)


def unruly(name: str) -> dict[str, Any]:
    if name == "die":
        sys.stderr.write("the last words\x1b[31m\n")
        sys.exit(3)
    if name == "hang":
        child = subprocess.Popen(["sleep", "1000"])
        Path(os.environ["MARK"]).write_text(f"{os.getpid()} {child.pid}\n")
        time.sleep(1000)
    if name == "wait":
        Path(os.environ["MARK"]).write_text(f"{os.getpid()}\n")
        receive()
    if name == "bom":
        for _ in range(1000):
            send(method="notifications/progress", params={"id": 3})
        sys.stdout.write("\ufeff")
        return {"content": [{"type": "text", "text": "a\n\n"}]}
    if name in ("deep", "array"):
        found: Any = [1]
        for _ in range(600 if name == "deep" else 0):
            found = [found]
        return {"content": found} if name == "deep" else found
    if name == "curious":
        answers = []
        for identity, method in (
            ("p", "ping"),
            (12345678901234567890, "roots/list"),
            ('s\\"', "sampling/createMessage"),
        ):
            send(id=identity, method=method, params={"id": 3})
            answers.append(receive())
        send(method="notifications/message", params={"id": 3, "result": {}})
        print("no message at all")
        return {"content": [{"type": "text", "text": json.dumps(answers)}]}
    raise KeyError(name)


def answer(message: dict[str, Any], result: dict[str, Any]) -> None:
    send(id=message["id"], result=result)


def page(params: dict[str, Any]) -> dict[str, Any]:
    at = int(params.get("cursor", "0"))
    following = {"nextCursor": str(at + 2)} if at + 2 < len(TOOLS) else {}
    return {"tools": TOOLS[at : at + 2], **following}


def serve(message: dict[str, Any]) -> None:
    method, params = message["method"], message.get("params", {})
    if HABIT == "modern" and method != "initialize":
        assert params["_meta"][META + "protocolVersion"] == "2026-07-28", message
        assert params["_meta"][META + "clientCapabilities"] == {}
    if method == "initialize" and HABIT == "modern":
        send(id=message["id"], error={"code": -32022, "message": "Unsupported"})
    elif method == "initialize":
        answer(
            message, {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "t", "version": "1"}}
        )
    elif method == "server/discover" and HABIT == "modern":
        answer(message, {"supportedVersions": ["2026-07-28"]})
    elif method == "tools/list":
        answer(message, page(params))
    elif method == "tools/call":
        try:
            answer(message, call(params["name"], params["arguments"]))
        except KeyError as error:
            send(id=message["id"], error={"code": -32602, "message": f"Unknown tool: {error}"})
    elif "id" in message:
        send(id=message["id"], error={"code": -32601, "message": "Method not found"})


def main() -> None:
    sys.stderr.write("a server's chatter\n")
    if HABIT == "crash":
        sys.exit(4)
    if HABIT == "deaf":
        time.sleep(1000)
    if HABIT == "unstartable":
        refusal = {"code": -32603, "message": "mcpconf: x: \x1bno way", "data": {"mcpconf": "not started"}}
        send(id=receive()["id"], error=refusal)
    if HABIT == "refuse":
        send(id=receive()["id"], error={"code": 1, "message": "not today"})
    while True:
        serve(receive())


main()
