"""A real broker as a child process, the servers that it knows, and raw clients that say and hear lines.

Whoever uses it finds out at the end whether anything was left behind: processes, sockets, or a traceback.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from mcpconf.broker.claim import start_token
from mcpconf.broker.control import ask
from mcpconf.broker.place import Paths, connect
from mcpconf.broker.upstream.orphans import MARK, below, marked

ROOT = Path(__file__).resolve().parents[2]
SERVERS = Path(__file__).parent / "servers"
BOOT = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from mcpconf.broker.main import main; sys.exit(main(sys.argv[1:]))"
)
PYTHON = (sys.executable, "-I", "-S")
PATIENCE = 10.0  # seconds: a test that waits longer than this hangs
VERSION = "2025-11-25"
MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
END = b'{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}'
T = TypeVar("T")


def until(what: Callable[[], T], seconds: float = PATIENCE, why: str = "") -> T:
    """Ask until it is so; gives what was found. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, why or f"after {seconds} s still {found!r}"
        time.sleep(0.005)


class Gone(AssertionError):
    """The other end closed the connection where a line was waited for."""


class Client:
    """A connection that says and hears lines. It reads nothing that it is not asked to."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.held = b""
        self.aside: list[Any] = []  # notifications and the server's requests that came before an answer
        self.last = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    # -- lines

    def send(self, *messages: Any) -> None:
        """Say them: bytes are a line as it is, anything else is JSON."""
        lines = [one if isinstance(one, bytes) else json.dumps(one, separators=(",", ":")).encode() for one in messages]
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(b"".join(line + b"\n" for line in lines))

    def raw(self, data: bytes) -> None:
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(data)

    def fill(self, line: bytes, calm: float = 0.3) -> bytes:
        """Send this line again and again until nobody takes any more for a while; gives what is left of the last."""
        self.socket.setblocking(False)
        sent = 0
        while select.select([], [self.socket], [], calm)[1]:
            with contextlib.suppress(BlockingIOError):
                sent += self.socket.send(line[sent % len(line) :])
        return line[sent % len(line) :] if sent % len(line) else b""

    def line(self, seconds: float = PATIENCE) -> bytes:
        """The next line. Raises `Gone` where none comes any more, and fails after `seconds`."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.held:
            left = deadline - time.monotonic()
            assert left > 0, f"no line within {seconds} s; held: {self.held[:200]!r}"
            if select.select([self.socket], [], [], left)[0]:
                try:
                    piece = self.socket.recv(1_048_576)
                except ConnectionError:
                    piece = b""
                if not piece:
                    raise Gone(f"the connection was closed; held: {self.held[:200]!r}")
                self.held += piece
        line, _, self.held = self.held.partition(b"\n")
        return line

    def hear(self, seconds: float = PATIENCE) -> Any:
        """The next message."""
        return json.loads(self.line(seconds))

    def ended(self, seconds: float = PATIENCE) -> list[bytes]:
        """What comes until the other end closes."""
        lines = []
        deadline = time.monotonic() + seconds
        while True:
            try:
                lines.append(self.line(max(0.01, deadline - time.monotonic())))
            except Gone:
                return lines

    def silent(self) -> bool:
        """Whether nothing has come."""
        return not self.held and not select.select([self.socket], [], [], 0)[0]

    # -- MCP

    def post(self, method: str, params: Any = None, number: Any = None) -> Any:
        """Send a request and give its id."""
        self.last += 1
        number = self.last if number is None else number
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})
        return number

    def answer(self, number: Any, seconds: float = PATIENCE) -> Any:
        """The answer to this id, which may have come before another one; other messages are put `aside`."""
        deadline = time.monotonic() + seconds
        for message in self.aside:
            if _answers(message, number):
                self.aside.remove(message)
                return message
        while True:
            message = self.hear(max(0.01, deadline - time.monotonic()))
            if _answers(message, number):
                return message
            self.aside.append(message)

    def request(self, method: str, params: Any = None, number: Any = None, seconds: float = PATIENCE) -> Any:
        """Ask and wait for the answer."""
        return self.answer(self.post(method, params, number), seconds)

    def note(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def greet(self, version: str = VERSION, capabilities: Any = None, seconds: float = PATIENCE) -> Any:
        """Shake hands; the result of `initialize`."""
        hello = {
            "protocolVersion": version,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        found = self.request("initialize", hello, seconds=seconds)
        assert "result" in found, found
        self.note("notifications/initialized")
        return found["result"]

    def call(self, tool: str, seconds: float = PATIENCE, number: Any = None, **arguments: Any) -> Any:
        """Call a tool of the scripted server and give what it says, or an error as it is."""
        return said(self.request("tools/call", {"name": tool, "arguments": arguments}, number, seconds))

    def modern(self, method: str, params: Any = None, number: Any = None, seconds: float = PATIENCE) -> Any:
        """Ask as 2026-07-28 does."""
        return self.request(method, {**(params or {}), "_meta": META}, number, seconds)

    def modern_call(self, tool: str, seconds: float = PATIENCE, **arguments: Any) -> Any:
        return said(self.modern("tools/call", {"name": tool, "arguments": arguments}, seconds=seconds))


def _answers(message: Any, number: Any) -> bool:
    if not isinstance(message, dict) or "method" in message or message.get("id") != number:
        return False
    assert type(message["id"]) is type(number)
    return True


def said(message: Any) -> Any:
    """What a tool said."""
    if "error" in message:
        return {"error": message["error"]}
    return message["result"]["structuredContent"]


class Broker:
    """A broker in a directory of its own. `start` it; `end` stops it and looks for what it left."""

    def __init__(self, base: Path, *words: str, env: dict[str, str] | None = None) -> None:
        self.base = base
        self.program: tuple[str, ...] = (*PYTHON, "-c", BOOT)
        self.words = words
        self.env = env or {}
        self.config = base / "c"
        self.servers = self.config / "data/broker/servers"
        self.servers.mkdir(parents=True)
        self.logs = self.config / "state/broker"
        self.stderr = base / "stderr"
        self.clients: list[Client] = []
        self.popens: list[subprocess.Popen[bytes]] = []
        self.popen: subprocess.Popen[bytes] | None = None
        self.paths = Paths(str(self.config / "state/run"))
        self.wrapper: tuple[str, ...] = ()  # what starts it
        self.seen: set[tuple[int, str | None]] = set()  # processes that were met, by their number and start

    # -- what it knows

    def define(self, name: str, *argv: str, **fields: Any) -> None:
        """Write a server's definition; without a command the scripted server."""
        command, *args = argv or scripted()
        given = {"version": 1, "name": name, "command": command, "args": args, "spare": 0, **fields}
        beside = self.servers / f"{name}.new"
        beside.write_text(json.dumps(given))
        beside.replace(self.servers / f"{name}.json")

    # -- its life

    def spawn(self, pass_fds: tuple[int, ...] = ()) -> tuple[subprocess.Popen[bytes], int]:
        """Start it, and give the descriptor on which it says that it is ready."""
        reader, writer = os.pipe()
        words = ("--config-dir", str(self.config), "--ready-fd", str(writer), *self.words)
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.base), **self.env}
        with self.stderr.open("ab") as stderr:
            popen = subprocess.Popen(
                [*self.wrapper, *self.program, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=environ,
                cwd=self.base,
                start_new_session=True,
                pass_fds=(writer, *pass_fds),
            )
        os.close(writer)
        self.popens.append(popen)
        return popen, reader

    def start(self, pass_fds: tuple[int, ...] = ()) -> Broker:
        self.popen, reader = self.spawn(pass_fds)
        line = told(reader)
        assert line == b"ready\n", (line, self.errors())
        return self

    @property
    def supervisor(self) -> int:
        assert self.popen is not None
        return self.popen.pid

    @property
    def pid(self) -> int:
        """The process that serves."""
        return int(self.ask("ping")["pid"])

    def ask(self, do: str, **more: Any) -> Any:
        return ask(self.paths.socket, {"do": do, **more}, PATIENCE)

    def server(self, name: str) -> Any:
        """What `status` says of a server."""
        return next(one for one in self.ask("status")["servers"] if one["name"] == name)

    def processes(self, name: str) -> list[int]:
        return [one["pid"] for one in self.server(name)["processes"]]

    def stop(self) -> int:
        """Have it end, and wait for that; its exit code."""
        assert self.popen is not None
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(15)

    def left(self) -> list[int]:
        """Processes of any broker that was started here."""
        found = set()
        for popen in self.popens:
            found |= {*below(popen.pid), *marked(MARK, f"{popen.pid}-")}
            if popen.poll() is None:
                found.add(popen.pid)
        self.seen |= {(pid, start_token(pid)) for pid in found}
        return sorted(pid for pid, token in self.seen if alive(pid) and start_token(pid) == token)

    def end(self) -> None:
        """Stop it, and assert that nothing is left."""
        for client in self.clients:
            client.close()
        try:
            for popen in self.popens:
                if popen.poll() is None:
                    popen.send_signal(signal.SIGTERM)
                    popen.wait(15)
            until(lambda: not self.left(), why=f"left: {self.left()}")
        finally:
            for pid in self.left():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for popen in self.popens:
                popen.wait(15)
        assert self.lying() == [], self.lying()
        assert "Traceback" not in self.errors(), self.errors()
        assert "Traceback" not in self.log(), self.log()

    def lying(self) -> list[str]:
        """Sockets, and the state file."""
        directory = Path(self.paths.directory)
        found = [*directory.glob("*.sock"), *directory.glob("*.json*")] if directory.is_dir() else []
        return sorted(one.name for one in found)

    def errors(self) -> str:
        return self.stderr.read_text(errors="replace") if self.stderr.exists() else ""

    def log(self, server: str | None = None) -> str:
        path = self.logs / (f"logs/{server}.log" if server else "broker.log")
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, pid: int) -> None:
        """End a process of this broker's."""
        assert pid in self.left()
        os.kill(pid, signal.SIGKILL)

    # -- clients

    def connect(self, path: str | None = None) -> Client:
        client = Client(connect(path or self.paths.socket, PATIENCE))
        self.clients.append(client)
        return client

    def open(self, name: str, project: str | None = None, *, ok: bool = True) -> Client:
        """A client that names its server."""
        client = self.connect()
        client.raw(f"MCPCONF1 OPEN {name}{' ' + project if project else ''}\n".encode())
        if ok:
            line = client.line()
            assert line == b"OK", line
        return client

    def door(self, name: str) -> Client:
        """A client that comes to a server's own socket."""
        return self.connect(self.paths.server(name))


def scripted(*words: str) -> tuple[str, ...]:
    """How to start the scripted server."""
    return (*PYTHON, str(SERVERS / "plain.py"), *words)


def bad(kind: str, *words: str) -> tuple[str, ...]:
    """How to start one that misbehaves."""
    return (*PYTHON, str(SERVERS / "bad.py"), kind, *words)


def told(reader: int, seconds: float = PATIENCE) -> bytes:
    """What a broker says when it is ready, or can't be."""
    held = b""
    try:
        while not held.endswith(b"\n"):
            assert select.select([reader], [], [], seconds)[0], "it never says that it is ready"
            piece = os.read(reader, 4096)
            if not piece:
                break
            held += piece
    finally:
        os.close(reader)
    return held


def alive(pid: int) -> bool:
    """Whether a process is there, and is more than a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] != b"Z"


def descriptors(pid: int) -> int:
    """How many there are, without those of logs: one for each server that had something to say."""
    found = 0
    for one in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found += not os.readlink(f"/proc/{pid}/fd/{one}").endswith(".log")
    return found


def resident(pid: int) -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class Good:
    """A client that calls a good server again and again, and fails where an answer takes more than two seconds."""

    LONGEST = 2.0

    def __init__(self, client: Client) -> None:
        self.client = client
        self.worst = 0.0
        self.calls = 0
        self.trouble: BaseException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Good:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE)
        if self.trouble is not None:
            raise self.trouble
        assert self.calls > 0
        assert self.worst < self.LONGEST

    def _run(self) -> None:
        try:
            while True:
                began = time.monotonic()
                assert self.client.call("echo", 3 * self.LONGEST, say=self.calls) == {"say": self.calls}
                self.worst = max(self.worst, time.monotonic() - began)
                self.calls += 1
                if self._over.wait(0.01):
                    return
        except BaseException as error:  # told where somebody waits for it
            self.trouble = error


@contextlib.contextmanager
def as_before(broker: Broker, grown: int = 16_000_000) -> Iterator[None]:
    """What happens in here leaves the broker with the descriptors, processes and memory that it had."""
    pid = broker.pid
    until(lambda: calm(broker), why="it was busy before")
    before = holdings(broker, pid)
    yield
    until(
        lambda: all(now <= then for now, then in zip(holdings(broker, pid)[:2], before[:2], strict=True)),
        why=f"descriptors and processes were {before[:2]} and stay",
    )
    after = holdings(broker, pid)
    assert after[2] - before[2] < grown, f"grew by {after[2] - before[2]} bytes"


def holdings(broker: Broker, pid: int) -> tuple[int, int, int]:
    """The descriptors, the number of processes, the bytes of memory."""
    return descriptors(pid), len(broker.left()), resident(pid)


def calm(broker: Broker) -> bool:
    """Whether all processes are those of good clients, and no other one is about to end."""
    known = [(one, server["name"]) for server in broker.ask("status")["servers"] for one in server["processes"]]
    return len(broker.left()) == 3 + len(known) and all(name == "plain" for _, name in known)
