"""Small stdio servers with one habit each, run as real processes by the tests of the client side.

python stdio_server.py HABIT
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

HABIT = sys.argv[1] if len(sys.argv) > 1 else ""
VERSION = "2026-07-28"
PAGES = {None: (["one", "two"], "next"), "next": (["three"], None)}


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def result(message: dict[str, Any], **value: Any) -> None:
    send({"id": message["id"], "result": value})


def error(message: dict[str, Any], code: int, text: str) -> None:
    send({"id": message["id"], "error": {"code": code, "message": text}})


def tools(message: dict[str, Any], **more: Any) -> None:
    names, following = PAGES[message["params"].get("cursor")]
    if HABIT == "endless":
        following = "next"
    cursor = {"nextCursor": following} if following else {}
    result(message, tools=[{"name": name, "inputSchema": {}} for name in names], **cursor, **more)


def legacy(message: dict[str, Any]) -> None:
    method = message.get("method")
    if method == "initialize":
        info = {"name": "old", "version": "1.2"}
        capabilities = {} if HABIT == "toolless" else {"tools": {}}
        result(message, protocolVersion="2025-06-18", capabilities=capabilities, serverInfo=info, instructions="Ask.")
    elif method == "notifications/initialized":
        if HABIT == "curious":
            send({"id": "mine", "method": "ping"})
            send({"id": "roots", "method": "roots/list"})
            answers = [json.loads(sys.stdin.readline()) for _ in range(3)]
            sys.stderr.write(json.dumps(answers[-2:] if "method" in answers[0] else answers[:2]))
            tools(next(answer for answer in answers if "method" in answer))
    elif method == "tools/list":
        tools(message)
    elif method == "server/discover" and HABIT == "quiet":
        return
    elif "id" in message:
        error(message, -32601, "Method not found")


def modern(message: dict[str, Any]) -> None:
    method = message.get("method")
    if method == "initialize":
        error(message, -32022, "this process is locked to the modern era")
        return
    assert message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == VERSION
    stamp = {"resultType": "complete", "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "new", "version": "9"}}}
    if method == "server/discover":
        result(message, supportedVersions=[VERSION], capabilities={"tools": {}}, ttlMs=0, cacheScope="private", **stamp)
    elif method == "tools/list":
        tools(message, ttlMs=0, cacheScope="private", **stamp)


def main() -> None:
    if HABIT == "crash":
        sys.stderr.write("API_KEY is not set\n")
        sys.exit(3)
    if HABIT == "silent":
        sys.stderr.write("waiting for nobody\n")
        sys.stderr.flush()
        for _ in sys.stdin:
            pass
        return
    if HABIT == "junk":
        sys.stdout.write("Welcome to the server!\n\n[1, 2]\n")
    if HABIT in ("stubborn", "parent"):
        stay_behind()
    for line in sys.stdin:
        message = json.loads(line)
        if HABIT == "prim" and message.get("method") == "server/discover":
            sys.exit("expected initialize")
        if HABIT == "fickle" and message.get("method") == "tools/list":
            os.kill(os.getpid(), signal.SIGKILL)
        (modern if HABIT == "modern" else legacy)(message)
    if HABIT == "stubborn":
        time.sleep(600)


def stay_behind() -> None:
    """Start a grandchild that would outlive everything; the stubborn server is deaf to SIGTERM, too, and so is it."""
    if HABIT == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    sys.stderr.write(f"{os.getpid()} {child.pid}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
