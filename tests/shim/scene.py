"""A broker that does as the test says, and a shim as a client starts it: real sockets, a real child process."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import mcpconf
from mcpconf.broker.door import handover
from mcpconf.broker.passage import Ends

SOURCE = Path(mcpconf.__file__).parent
PATIENCE = 20.0  # seconds; nothing in these tests takes as long
GONE = "the broker went away; this request may or may not have been carried out"

INITIALIZE = (
    b'{"method":"initialize","params":{"protocolVersion":"2025-11-25",  "capabilities":{"roots":{}},'
    b'"clientInfo":{"name":"\\u0063","version":"1"}},"jsonrpc":"2.0","id":0}\n'
)
WELCOME = (
    b'{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25",'
    b'"capabilities":{"tools":{"listChanged":true},"resources":{}},"serverInfo":{"name":"s","version":"1"}}}\n'
)
INITIALIZED = b'{"jsonrpc": "2.0", "method":"notifications/initialized"}\n'
CHANGED = [f"notifications/{topic}/list_changed" for topic in ("tools", "resources")]


def request(token: str, method: str = "tools/call", text: str = "") -> bytes:
    return f'{{"jsonrpc":"2.0","id":{token},"method":"{method}","params":{{"n":[1,"{text}"]}}}}\n'.encode()


def result(token: str, text: str = "x") -> bytes:
    return f'{{"jsonrpc":"2.0","id":{token},"result":{{"t":"{text}"}}}}\n'.encode()


class Reader:
    """Lines out of a descriptor, with a deadline for each."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.held = b""

    def more(self) -> bytes:
        """A chunk; empty at the end. What a reset connection gives is its end."""
        if self.held:
            held, self.held = self.held, b""
            return held
        ready, _, _ = select.select([self.descriptor], [], [], PATIENCE)
        assert ready, f"nothing came; before it: {self.held[-300:]!r}"
        try:
            return os.read(self.descriptor, 1 << 20)
        except ConnectionResetError:
            return b""

    def line(self) -> bytes:
        """The next line with its end; what there is where the stream ends."""
        parts = [self.more()]
        while parts[-1] and b"\n" not in parts[-1]:
            parts.append(self.more())
        line, newline, self.held = b"".join(parts).partition(b"\n")
        return line + newline

    def rest(self) -> bytes:
        """All until the end."""
        return b"".join(iter(self.more, b""))

    def silent(self) -> bool:
        """Whether nothing has come."""
        return not self.held and not select.select([self.descriptor], [], [], 0)[0]


class Connection(Reader):
    """One shim, as the broker sees it."""

    def __init__(self, own: socket.socket) -> None:
        super().__init__(own.fileno())
        self.socket = own

    def say(self, *lines: bytes) -> None:
        self.socket.sendall(b"".join(lines))

    def close(self) -> None:
        self.socket.close()

    def welcome(self, preamble: bytes = b"MCPCONF1 OPEN time\n") -> Connection:
        assert self.line() == preamble
        self.say(b"OK\n")
        return self


class Passed(Connection):
    """One whose shim offers its client's descriptors: they are taken, and noted in a journal as the broker does."""

    ends: Ends | None = None

    def __init__(self, own: socket.socket) -> None:
        super().__init__(own)
        self.lock = threading.Lock()  # a broker has one thread

    def welcome(self, preamble: bytes = b"MCPCONF1 OPEN time\n") -> Connection:
        assert select.select([self.socket], [], [], PATIENCE)[0]
        line, descriptors = handover.receive(self.socket, 4096)
        if line.startswith(b"MCPCONF1 PASS"):
            assert line == preamble.replace(b"OPEN", b"PASS")
            self.ends = handover.answer(self.socket, b"OK\n", descriptors)
            assert self.ends is not None
            said = b""
            while (decided := handover.decided(said)) is None:
                said += Connection.more(self)
            if not decided.passed:
                self.ends.close()
                self.ends = None
                self.held = decided.first
            else:
                self.ends.journal.begin(decided.first)
                self.held = decided.first
                self.descriptor = self.ends.reader
            return self
        self.held = line
        assert not descriptors
        return super().welcome(preamble)

    def more(self) -> bytes:
        if self.ends is None or self.held:
            return super().more()
        assert select.select([self.descriptor], [], [], PATIENCE)[0], "nothing came"
        journal = self.ends.journal
        with self.lock:
            if journal.late:
                journal.compact(calm=False)
            return journal.heard(os.readv(self.descriptor, [journal.view[journal.at : journal.at + 65536]]))

    def say(self, *lines: bytes) -> None:
        if self.ends is None:
            super().say(*lines)
            return
        data = b"".join(lines)
        self.ends.journal.writing()
        sent = 0
        while sent < len(data):
            select.select([], [self.ends.writer], [], PATIENCE)
            sent += os.write(self.ends.writer, data[sent:])
        ended, newline, rest = data.rpartition(b"\n")
        with self.lock:
            assert not newline or self.ends.journal.told(ended + newline)
        if rest:
            self.ends.journal.writing()

    def close(self) -> None:
        if self.ends is not None:
            self.ends.close()
            self.ends = None
        super().close()


class Broker:
    """Listens on a unix socket, or on TCP."""

    def __init__(self, address: Path | None = None, kind: type[Connection] = Connection) -> None:
        self.address = address
        self.kind = kind
        self.made: list[Connection] = []
        self.listener: socket.socket | None = None
        self.listen()

    def listen(self) -> None:
        if self.address is None:
            self.listener = socket.create_server(("127.0.0.1", 0))
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.address.unlink(missing_ok=True)
            self.listener.bind(f"/proc/self/fd/{self._directory()}/{self.address.name}")
            self.listener.listen()
        self.listener.settimeout(PATIENCE)

    def _directory(self) -> int:
        assert self.address is not None
        self.opened = os.open(self.address.parent, os.O_RDONLY | os.O_DIRECTORY)
        return self.opened

    @property
    def port(self) -> int:
        assert self.listener is not None
        port: int = self.listener.getsockname()[1]
        return port

    def accept(self) -> Connection:
        assert self.listener is not None
        connection = self.kind(self.listener.accept()[0])
        self.made.append(connection)
        return connection

    def stop(self, leave_socket: bool = False) -> None:
        """As a clean stop does; or as a crash, which leaves the socket's file."""
        if self.listener is not None:
            self.listener.close()
            self.listener = None
            if self.address is not None:
                os.close(self.opened)
                if not leave_socket:
                    self.address.unlink()
        for connection in self.made:
            connection.close()


class Place:
    """A directory as `switch` leaves it: the shim and its settings. The broker's socket is in it too."""

    def __init__(self, path: Path, passes: bool = False) -> None:
        self.path = path
        self.passes = passes  # whether the client's descriptors may be passed
        self.socket = path / "broker.sock"
        self.shim = path / "shim.py"
        shutil.copyfile(SOURCE / "shim_start.py", self.shim)
        shutil.copyfile(SOURCE / "shim.py", path / "mcpconf_shim.py")
        self.configure()

    def configure(self, *start: str, **values: object) -> None:
        lines = {"directory": str(self.path), "hold": 10, "retry": 0.05, "pass": int(self.passes), **values}
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        (self.path / "shim.conf").write_text(text + "".join(f"start={word}\n" for word in start))


class Client(Reader):
    """The shim's parent: what Claude is."""

    def __init__(self, *command: str, stdout: int = subprocess.PIPE, stdin: int = subprocess.PIPE, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", *command],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, **env},
        )
        super().__init__(self.process.stdout.fileno() if self.process.stdout else -1)

    def say(self, *lines: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(lines))

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.line())
        return found

    def error(self) -> tuple[object, str]:
        """The id and the message of an error that comes next."""
        found = self.json()
        assert found["jsonrpc"] == "2.0"
        assert found["error"]["code"] == -32603
        return found["id"], found["error"]["message"].removeprefix("mcpconf: ")

    def code(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def stderr(self) -> Reader:
        assert self.process.stderr is not None
        return Reader(self.process.stderr.fileno())

    def complaints(self) -> str:
        return self.stderr.rest().decode()

    def stop(self) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.kill()
        self.process.wait()


def meet(client: Client, broker: Broker) -> Connection:
    """A session that has begun: greeted, and the handshake of MCP is done."""
    client.say(INITIALIZE)
    connection = broker.accept().welcome()
    assert connection.line() == INITIALIZE
    connection.say(WELCOME)
    assert client.line() == WELCOME
    client.say(INITIALIZED)
    assert connection.line() == INITIALIZED
    return connection


def resume(client: Client, broker: Broker) -> Connection:
    """The same session with another broker."""
    connection = broker.accept().welcome()
    assert connection.line() == INITIALIZE
    connection.say(WELCOME)
    assert connection.line() == INITIALIZED
    assert [client.json()["method"] for _ in CHANGED] == CHANGED
    return connection


def until(condition: Any, what: str) -> None:
    """Poll with a deadline."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def has_ended(process: int) -> bool:
    """Whether there is no such process, not even one to be reaped."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(word) for word in found.split()]


def interrupt(client: Client, number: int = signal.SIGINT) -> int:
    client.process.send_signal(number)
    return client.code()
