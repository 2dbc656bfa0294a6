"""Servers that do not do what they should. Name -> what makes it so, and what says so."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cli.conftest import World

HABITS = str(Path(__file__).parent / "habits.py")
INFO = {"name": "w", "version": "1"}
OPEN: list[ThreadingHTTPServer] = []  # which stay until the tests are over


def habit(*words: str, **more: Any) -> dict[str, Any]:
    """An entry of a server with a habit."""
    return {"type": "stdio", "command": sys.executable, "args": [HABITS, *words], **more}


def entries(world: World, **servers: Any) -> None:
    world.claude.write_text(json.dumps({"mcpServers": servers}, indent=2))
    world.claude.chmod(0o600)


def listening(status: int, body: bytes = b"") -> str:
    """The URL of a web server that answers all the same."""
    return _web(lambda _: (status, body))


def web_server() -> str:
    """The URL of an MCP server."""
    return _web(_answer)


def _answer(said: bytes) -> tuple[int, bytes]:
    message = json.loads(said)
    if "id" not in message:
        return 202, b""
    results = {
        "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": INFO},
        "tools/list": {"tools": [{"name": "one", "inputSchema": {"type": "object"}}]},
    }
    result = results.get(message["method"])
    told = {"result": result} if result else {"error": {"code": -32601, "message": "Method not found"}}
    return 200, json.dumps({"jsonrpc": "2.0", "id": message["id"], **told}).encode()


def _web(answer: Callable[[bytes], tuple[int, bytes]]) -> str:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    OPEN.append(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/mcp"


def with_habit(name: str) -> Any:
    def build(home: Path, world: World) -> None:
        entries(world, it=habit(name))

    return build


def silent(home: Path, world: World) -> None:
    world.patch.setenv("MCP_TIMEOUT", "600")
    entries(world, it=habit("silent"))


def echo(home: Path, world: World) -> None:
    entries(world, it={"type": "stdio", "command": "/bin/cat"})


def at_once(home: Path, world: World) -> None:
    entries(world, it={"type": "stdio", "command": "/bin/true"})


def nobody_listens(home: Path, world: World) -> None:
    entries(world, it={"type": "http", "url": "http://127.0.0.1:9/mcp"})


def not_found(home: Path, world: World) -> None:
    entries(world, it={"type": "http", "url": listening(404)})


def web_page(home: Path, world: World) -> None:
    entries(world, it={"type": "http", "url": listening(200, b"<html>hello</html>")})


def login(home: Path, world: World) -> None:
    entries(world, it={"type": "http", "url": listening(401)})


def old_token(home: Path, world: World) -> None:
    headers = {"Authorization": "Bearer ${OLD_TOKEN}"}
    world.patch.setenv("OLD_TOKEN", "abcdef123456")
    entries(world, it={"type": "http", "url": listening(401), "headers": headers})


def no_secret(home: Path, world: World) -> None:
    world.profile("mine", f'[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n')
    world("switch", "mine")
    text = f'[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\nclients = ["claude-desktop"]\n'
    world.profile("mine", text + 'env = { A = "secret:NEVER_SET" }\n')


def failed_before(home: Path, world: World) -> None:
    """Claude Code's own log says that it failed, and it works."""
    entries(world, it=habit())
    here = re.sub(r"[^A-Za-z0-9]", "-", str(Path.cwd()))
    log = home / ".cache/claude-cli-nodejs" / here / "mcp-logs-it" / "2026-11-23T23-26-54-599Z.jsonl"
    log.parent.mkdir(parents=True)
    said = [
        {"debug": "Starting connection with timeout of 30000ms"},
        {"error": "Server stderr: no database\n"},
        {"error": "Connection failed (CONNECTION_CLOSED): Connection closed"},
    ]
    stamp = {"timestamp": "2026-11-23T23:26:55.390Z"}
    log.write_text("".join(json.dumps(one | stamp) + "\n" for one in said))


BROKEN = {
    "it crashes": (with_habit("crash"), "MC703"),
    "it ends at once": (at_once, "MC703"),
    "it is silent": (silent, "MC704"),
    "it refuses": (with_habit("refuse"), "MC705"),
    "it is no server": (echo, "MC705"),
    "a web page": (web_page, "MC705"),
    "it does not say who it is": (with_habit("nameless"), "MC705"),
    "an odd version": (with_habit("odd"), "MC706"),
    "it hides its tools": (with_habit("toolless"), "MC707"),
    "nobody listens": (nobody_listens, "MC708"),
    "another web server": (not_found, "MC708"),
    "a refused token": (old_token, "MC709"),
    "it wants a login": (login, "MC709"),
    "it talks on stdout": (with_habit("noise"), "MC711"),
    "no tools": (with_habit("none"), "MC712"),
    "very many tools": (with_habit("many"), "MC713"),
    "a long name": (with_habit("long"), "MC714"),
    "two of one name": (with_habit("twice"), "MC715"),
    "it failed before": (failed_before, "MC717"),
}


def well(home: Path, world: World) -> None:
    entries(world, it=habit(), other=habit(env={"PLAIN": "x"}))


def of_a_profile(home: Path, world: World) -> None:
    world.profile("mine", f'[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n')
    world("switch", "mine")
    world.claude.chmod(0o600)


def without_broker(home: Path, world: World) -> None:
    """A profile that wants the broker, which the first client starts."""
    world.profile(
        "mine", f'[broker]\nautostart = true\n[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n'
    )
    world("switch", "mine")
    world.claude.chmod(0o600)


def by_url(home: Path, world: World) -> None:
    entries(world, it={"type": "http", "url": web_server()})


HEALTHY = {
    "servers that work": well,
    "called by URL": by_url,
    "of a profile": of_a_profile,
    "the broker is yet to be started": without_broker,
}
