"""A remote server for tests, on real sockets: it does as a test's script says. And the bridge as a child process."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mcpconf.broker.bridge.setup import Setup, dump
from mcpconf.broker.start import command

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
PATIENCE = 15.0
JSON, SSE = "application/json", "text/event-stream"


class Exchange:
    """One HTTP request, and what is answered to it."""

    def __init__(self, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        self.method = handler.command
        self.path = handler.path
        self.headers = handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self._handler = handler
        self._closing = closing

    @property
    def message(self) -> Any:
        return json.loads(self.body)

    def reply(self, status: int, body: bytes | Any = b"", kind: str | None = JSON, **headers: str) -> None:
        """An answer at once; what is not bytes is JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._begin(status, kind if content else None, {**headers, "Content-Length": str(len(content))})
        self._handler.wfile.write(content)

    def result(self, result: Any, **headers: str) -> None:
        self.reply(200, answer(self.message["id"], result), **headers)

    def stream(self, status: int = 200, kind: str = SSE, **headers: str) -> Exchange:
        """Begin an answer in chunks."""
        self._begin(status, kind, {**headers, "Transfer-Encoding": "chunked"})
        return self

    def chunk(self, data: bytes) -> None:
        if data:
            self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, message: Any = None, **fields: str) -> None:
        """An event of a stream; `message` is its data."""
        lines = [f"{name}: {value}" for name, value in fields.items()]
        if message is not None:
            data = message if isinstance(message, str) else json.dumps(message)
            lines += [f"data: {line}" for line in data.split("\n")]
        self.chunk(("\n".join(lines) + "\n\n").encode())

    def end(self) -> None:
        """The stream's proper end."""
        self._handler.wfile.write(b"0\r\n\r\n")

    def hang_up(self) -> None:
        """The connection's end, in the middle of whatever."""
        self._handler.close_connection = True
        with contextlib.suppress(OSError):
            self._handler.connection.shutdown(socket.SHUT_RDWR)

    def gone(self, seconds: float = PATIENCE) -> bool:
        """Wait until the other end closes the connection."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._closing.is_set():
            if select.select([self._handler.connection], [], [], 0.05)[0]:
                try:
                    return self._handler.connection.recv(1, socket.MSG_PEEK) == b""
                except OSError:
                    return True
        return False

    def _begin(self, status: int, kind: str | None, headers: Mapping[str, str]) -> None:
        self._handler.send_response(status)
        if kind is not None:
            self._handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()


Script = Callable[[Exchange], None]


class Remote:
    """An HTTP server. `seen` has the requests in the order in which they came; `script` may be changed at any time."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.seen: queue.Queue[Exchange] = queue.Queue()
        self.trouble: list[BaseException] = []
        self.closing = threading.Event()
        remote = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 0
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                remote._serve(self)

            do_GET = do_DELETE = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.origin = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.origin}/mcp"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        exchange = Exchange(handler, self.closing)
        self.seen.put(exchange)
        try:
            self.script(exchange)
        except OSError:
            handler.close_connection = True  # the other end is gone
        except BaseException as error:
            self.trouble.append(error)
            exchange.hang_up()

    def next(self, method: str = "POST", said: str | None = None) -> Exchange:
        """The next request by this HTTP method, and with this MCP method where one is given; others are passed over."""
        deadline = time.monotonic() + PATIENCE
        while True:
            one = self.seen.get(timeout=max(0.01, deadline - time.monotonic()))
            if one.method == method and (said is None or one.message.get("method") == said):
                return one

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE)
        assert not self.trouble, self.trouble


def answer(token: Any, result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": token, "result": result}


def note(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def session(then: Script, name: str = "s1", listen: Script | None = None, version: str = "2025-11-25") -> Script:
    """A server of the era with sessions: the handshake, and `then` for all other POSTs."""

    def script(exchange: Exchange) -> None:
        if exchange.method == "DELETE":
            exchange.reply(200)
        elif exchange.method == "GET":
            (listen or (lambda one: one.reply(405)))(exchange)
        elif exchange.message.get("method") == "initialize":
            exchange.result({"protocolVersion": version, "capabilities": {}}, Mcp_Session_Id=name)
        elif "id" not in exchange.message or "method" not in exchange.message:
            exchange.reply(202)
        else:
            then(exchange)

    return script


class Bridge:
    """The bridge, started as the broker starts it."""

    def __init__(self, url: str, transport: str = "http", env: Mapping[str, str] | None = None, **more: Any) -> None:
        self.popen = subprocess.Popen(
            command((), "mcpconf.broker.bridge.main"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], **(env or {})},
            bufsize=0,
        )
        self.held = b""
        self.last = 0
        self.complaints = b""
        self.raw(dump(Setup(url=url, transport=transport, **more)) + b"\n")

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> int:
        """Close its stdin; its exit code."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        if self.popen.returncode is not None:
            return self.popen.returncode
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.close()
        try:
            self.complaints += self.popen.stderr.read()
            code = self.popen.wait(PATIENCE)
        finally:
            self.popen.kill()
            self.popen.wait()
            self.popen.stdout.close()
            self.popen.stderr.close()
        assert b"Traceback" not in self.complaints, self.complaints.decode()
        return code

    def raw(self, data: bytes) -> None:
        assert self.popen.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.popen.stdin.write(view) :]

    def say(self, *messages: Any) -> None:
        for one in messages:
            self.raw((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n")

    def line(self, seconds: float = PATIENCE) -> bytes:
        """The next line that it says; empty where it says no more."""
        assert self.popen.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self.held:
            left = deadline - time.monotonic()
            assert left > 0, f"no line; held: {self.held[:200]!r}"
            if select.select([self.popen.stdout], [], [], left)[0]:
                piece = os.read(self.popen.stdout.fileno(), 1_048_576)
                if not piece:
                    return b""
                self.held += piece
        line, _, self.held = self.held.partition(b"\n")
        return line

    def hear(self) -> Any:
        line = self.line()
        assert line, self.end()
        return json.loads(line)

    def post(self, method: str, params: Any = None, token: Any = None) -> Any:
        """Send a request, and give its id."""
        self.last += 1
        token = self.last if token is None else token
        self.say({"jsonrpc": "2.0", "id": token, "method": method, "params": params or {}})
        return token

    def ask(self, method: str, params: Any = None, token: Any = None) -> Any:
        """Send a request; the next message, which has to be its answer."""
        token = self.post(method, params, token)
        found = self.hear()
        assert found.get("id") == token, found
        return found

    def modern(self, method: str, params: Any = None) -> Any:
        return self.ask(method, {**(params or {}), "_meta": META})

    def greet(self) -> Any:
        """Shake hands, as a client of the era with sessions does."""
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        found = self.ask("initialize", hello)
        self.say(note("notifications/initialized"))
        return found

    def words(self, method: str = "tools/list", params: Any = None) -> str:
        """What it says of a request that fails."""
        found = self.ask(method, params)
        assert found["error"]["code"] == -32603, found
        return str(found["error"]["message"])


@contextlib.contextmanager
def pair(script: Script, **more: Any) -> Iterator[tuple[Remote, Bridge]]:
    """A server and a bridge to it."""
    with Remote(script) as remote, Bridge(remote.url, **more) as bridge:
        yield remote, bridge
