"""A stdio server whose tools each do one thing that a caller must cope with.

python -I -S tool_server.py legacy|modern|both
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

ERA = sys.argv[1] if len(sys.argv) > 1 else "legacy"
VERSION = "2026-07-28"
KEY = "io.modelcontextprotocol/protocolVersion"
seen: dict[str, Any] = {"calls": 0, "notes": [], "answers": {}}


def text(*parts: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": part} for part in parts], **more}


def typed(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), **more}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
FAR = {"$ref": "http://127.0.0.1:9/schema.json"}
SCHEMAS: dict[str, Any] = {
    "echo": typed({"text": {**STRING, "description": "What to say."}, "times": {**INTEGER, "default": 1}}, "text"),
    "types": typed(
        {
            "s": STRING,
            "i": INTEGER,
            "n": {"type": "number"},
            "b": {"type": "boolean"},
            "a": {"type": "array", "items": STRING},
            "o": {"type": "object"},
            "maybe": {"anyOf": [STRING, {"type": "null"}]},
            "either": {"$ref": "#/$defs/size"},
            "level": {"enum": [1, 2, 3]},
            "any": {},
        },
        **{"$defs": {"size": {"type": ["integer", "null"]}}},
    ),
    "open": typed({"a": STRING}, additionalProperties=True),
    "far": typed({"a": FAR}),
    "broken": {"type": "object", "properties": {"a": {"type": 7}}},
}
NAMES = (
    *("echo", "types", "open", "far", "broken", "count", "report", "fail", "refuse", "several", "image", "structured"),
    *("nothing", "big", "escapes", "secret", "ask", "progress", "never", "die", "surrogate"),
)


def image() -> dict[str, Any]:
    link = {"type": "resource_link", "uri": "file:///a", "name": "a"}
    held = {"type": "resource", "resource": {"uri": "x:y", "text": "inside"}}
    return {"content": [{"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}, link, held]}


def result_of(name: str, given: dict[str, Any]) -> dict[str, Any]:
    seen["calls"] += 1
    plain = {
        "echo": lambda: text(*[given.get("text", "")] * given.get("times", 1)),
        "count": lambda: text(str(seen["calls"])),
        "report": lambda: text(json.dumps({**seen, "cwd": os.getcwd(), "pid": os.getpid()})),
        "fail": lambda: text("it went wrong", isError=True),
        "several": lambda: text("one", "two"),
        "image": image,
        "structured": lambda: {"content": [], "structuredContent": {"a": [1]}},
        "nothing": lambda: {"content": []},
        "big": lambda: text("x" * 10_000_000),
        "escapes": lambda: text("\033[2J\033]0;owned\a\u202eback\r\nnext \u00fc"),
        "secret": lambda: text(os.environ.get("TOOL_KEY", "")),
        "surrogate": lambda: text("a\ud800b"),
    }
    return plain.get(name, lambda: text(json.dumps(given, sort_keys=True)))()


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def call(message: dict[str, Any], stamp: dict[str, Any]) -> None:
    params, number = message["params"], message["id"]
    name, given = params["name"], params.get("arguments") or {}
    if name == "die":
        sys.stderr.write("out of memory\n")
        sys.stderr.flush()
        os._exit(3)
    if name == "never":
        if "MARK" in os.environ:
            open(os.environ["MARK"] + ".called", "w").close()
        return
    if name == "refuse":
        send({"id": number, "error": {"code": -32602, "message": "not today"}})
        return
    if name == "ask" and stamp and "inputResponses" not in params:
        asked = {"who": {"method": "elicitation/create", "params": {"message": "Who are you?"}}}
        send({"id": number, "result": {"resultType": "input_required", "inputRequests": asked, "requestState": "s"}})
        return
    if name == "ask" and stamp:
        send(
            {"id": number, "result": {**text(json.dumps([params["inputResponses"], params["requestState"]])), **stamp}}
        )
        return
    if name == "ask":
        for at, method in enumerate(("elicitation/create", "roots/list", "sampling/createMessage", "ping")):
            send({"id": f"q{at}", "method": method, "params": {"message": "Who are\nyou?"}})
        seen["asking"] = number
        return
    token = params.get("_meta", {}).get("progressToken")
    if name == "progress" and token is not None:
        for done in (1, 2):
            note = {"progressToken": token, "progress": done, "total": 2, "message": f"step {done}\033[2J"}
            send({"method": "notifications/progress", "params": note})
    send({"id": number, "result": {**result_of(name, given), **stamp}})


def answered(message: dict[str, Any]) -> None:
    seen["answers"][message["id"]] = message.get("result", message.get("error", {}).get("code"))
    if len(seen["answers"]) == 4:
        send({"id": seen["asking"], "result": text(json.dumps(seen["answers"]))})


def tools(message: dict[str, Any], stamp: dict[str, Any]) -> None:
    at = int(message["params"].get("cursor") or 0)
    page = [
        {"name": name, "description": f"Does {name}.\nAnd more.", "inputSchema": SCHEMAS.get(name, {"type": "object"})}
        for name in NAMES[at : at + 8]
    ]
    more = {"nextCursor": str(at + 8)} if at + 8 < len(NAMES) else {}
    send({"id": message["id"], "result": {"tools": page, **more, **stamp}})


def hear(message: dict[str, Any]) -> None:
    method, number = message.get("method"), message.get("id")
    modern = KEY in message.get("params", {}).get("_meta", {}) and ERA != "legacy"
    stamp = {"resultType": "complete"} if modern else {}
    fresh = {**stamp, "ttlMs": 0, "cacheScope": "private"} if modern else {}
    if method is None:
        answered(message)
    elif number is None:
        seen["notes"].append(message)
        if method == "notifications/cancelled" and "MARK" in os.environ:
            with open(os.environ["MARK"], "a", encoding="utf-8") as stream:
                stream.write(json.dumps(message["params"]) + "\n")
    elif method == "initialize" and ERA != "modern":
        info = {"name": "tools", "version": "1"}
        send(
            {
                "id": number,
                "result": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info},
            }
        )
    elif method == "server/discover" and modern:
        send({"id": number, "result": {"supportedVersions": [VERSION], "capabilities": {"tools": {}}, **fresh}})
    elif method == "tools/list":
        tools(message, fresh)
    elif method == "tools/call":
        call(message, stamp)
    elif method == "ping":
        send({"id": number, "result": {}})
    else:
        send({"id": number, "error": {"code": -32601, "message": "Method not found"}})


for line in sys.stdin:
    hear(json.loads(line))
