"""A server that does as it is told: it keeps state, tells what it was sent, and holds answers back.

Started with `python -I -S`. Words: `modern` speaks both eras, `locked` the one that it is spoken to in first, `error`,
`never` and `die` are what a server of the older era does when it is asked `server/discover`. `tools=a,b` and
`resources=u,v` list such things, which say who they are.
"""

import json
import os
import sys

WORDS = set(sys.argv[1:])
LISTED = {word.partition("=")[0]: word.partition("=")[2].split(",") for word in sys.argv[1:] if "=" in word}
CAPABILITIES = {"tools": {}, **({"resources": {}} if "resources" in LISTED else {})}
VERSION = "io.modelcontextprotocol/protocolVersion"
seen = {
    "pid": os.getpid(),
    "initialize": 0,
    "cancelled": [],
    "capabilities": None,
    "state": [],
    "notes": [],
    "asked": {},
}
held = {}
locked = []  # the era that it was spoken to in first


def say(message):
    sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode() + b"\n")
    sys.stdout.buffer.flush()


def result(number, value):
    say({"id": number, "result": {"content": [], "structuredContent": value}})


def refuse(number, code, message):
    say({"id": number, "error": {"code": code, "message": message}})


def report(number, given):
    result(number, {**seen, "held": len(held), "cwd": os.getcwd(), "env": dict(os.environ)})


def store(number, given):
    seen["state"].append(given["value"])
    result(number, {"state": seen["state"]})


def big(number, given):
    say({"id": number, "result": {"structuredContent": {"size": given["size"]}, "content": ["x" * given["size"]]}})


def release(number, given):
    for one, value in list(held.items()):
        result(one, value)
    held.clear()
    result(number, {})


def note(number, given):
    say({"method": given["method"], "params": given.get("params", {})})
    result(number, {})


def ask(number, given):
    """Something of the client, whose answer `report` shows."""
    say({"id": given["id"], "method": given["method"], "params": {}})
    result(number, {})


def complain(number, given):
    os.write(2, given["text"].encode() + b"\n")
    result(number, {})


def die(number, given):
    os.write(2, given.get("text", "").encode())
    os._exit(given.get("code", 3))


TOOLS = {
    "echo": result,
    "hold": held.__setitem__,
    **{one.__name__: one for one in (report, store, big, release, note, ask, complain, die)},
}


def call(number, params):
    tool = TOOLS.get(params["name"])
    if tool is None and params["name"] in LISTED.get("tools", ()):
        result(number, {"tool": params["name"], "pid": os.getpid(), **params.get("arguments", {})})
    elif tool is None:
        refuse(number, -32602, "no such tool")
    else:
        tool(number, params.get("arguments", {}))


def hear(message):
    method, number, params = message.get("method"), message.get("id"), message.get("params") or {}
    modern = VERSION in (params.get("_meta") or {})
    if method is None:
        seen["asked"][str(number)] = message.get("result", message.get("error"))
    elif number is None:
        seen["notes"].append(method)
        if method == "notifications/cancelled":
            seen["cancelled"].append(params.get("requestId"))
            if "late" in WORDS and params.get("requestId") in held:
                result(params["requestId"], held.pop(params["requestId"]))
            if "honours" in WORDS:
                held.pop(params.get("requestId"), None)
    elif modern and not WORDS & {"modern", "locked"}:
        if "die" in WORDS:
            os.write(2, b"what is that\n")
            os._exit(4)
        if "never" not in WORDS:
            refuse(number, -32601, "no such method")
    elif "locked" in WORDS and locked not in ([], [modern]):
        refuse(number, -32022, "this server speaks another version")
    else:
        locked[:] = [modern]
        answer(method, number, params)


def answer(method, number, params):
    if method == "initialize":
        seen["initialize"] += 1
        seen["capabilities"] = params.get("capabilities")
        say(
            {
                "id": number,
                "result": {
                    "protocolVersion": params["protocolVersion"],
                    "capabilities": CAPABILITIES,
                    "serverInfo": {"name": "plain", "version": "1", "pid": os.getpid()},
                },
            }
        )
    elif method == "server/discover":
        say({"id": number, "result": {"supportedVersions": ["2026-07-28"], "capabilities": CAPABILITIES}})
    elif method == "tools/call":
        call(number, params)
    elif method == "tools/list":
        listed = [{"name": name, "inputSchema": {"type": "object"}} for name in LISTED.get("tools", ())]
        say({"id": number, "result": {"tools": listed}})
    elif method == "resources/list" and "resources" in LISTED:
        say({"id": number, "result": {"resources": [{"uri": uri, "name": uri} for uri in LISTED["resources"]]}})
    elif method == "resources/read" and params["uri"] in LISTED.get("resources", ()):
        say({"id": number, "result": {"contents": [{"uri": params["uri"], "text": str(os.getpid())}]}})
    elif method in ("ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
        seen["notes"].append(method)
        say({"id": number, "result": {}})
    else:
        refuse(number, -32601, "no such method")


for line in sys.stdin.buffer:
    hear(json.loads(line))
