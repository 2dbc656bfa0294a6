"""A raw MCP client: it sends what it is told to, keeps all that comes, and answers what a server asks of it."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

Message = dict[str, Any]
PATIENCE = 30.0
LEGACY = "2025-11-25"
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"


class Client:
    """One connection: through a process (the shim, or a server itself) or to a unix socket."""

    def __init__(self, *, argv: Sequence[str] = (), path: str = "") -> None:
        self.all: list[Message] = []  # in the order in which they came
        self.answers_to: dict[str, Callable[[Message], Any]] = {}  # a server's request by method -> its result
        self._news = threading.Condition()
        self._next = 0
        self._ended = False
        self._process: subprocess.Popen[bytes] | None = None
        if argv:
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=nothing)
            self._up = cast(BinaryIO, self._process.stdin)
            self._down = cast(BinaryIO, self._process.stdout)
        else:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(path)
            self._up = cast(BinaryIO, self._socket.makefile("wb"))
            self._down = cast(BinaryIO, self._socket.makefile("rb"))
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- what it says

    def write(self, message: Message) -> None:
        """Send one message as it is."""
        self._up.write(json.dumps(message).encode() + b"\n")
        self._up.flush()

    def note(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, identity: object = None, **params: Any) -> object:
        """Send a request, and give its id; ids count from 0 as all clients' do."""
        if identity is None:
            identity, self._next = self._next, self._next + 1
        self.write({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})
        return identity

    def request(self, method: str, **params: Any) -> Any:
        """Send a request and wait for its result. Raises `AssertionError` with the error that comes instead."""
        answer = self.answer(self.ask(method, **params))
        assert "result" in answer, answer
        return answer["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool gives, as text."""
        return text(self.request("tools/call", name=tool, arguments=arguments))

    def initialize(self, capabilities: Message | None = None) -> Any:
        """Shake hands as clients of the versions with sessions do."""
        info = {"name": "raw", "version": "1"}
        hello = self.request("initialize", protocolVersion=LEGACY, capabilities=capabilities or {}, clientInfo=info)
        self.note("notifications/initialized")
        return hello

    # -- what it hears

    def answer(self, identity: object) -> Message:
        """The first answer with this id, types told apart."""
        return self.answers(identity, 1)[0]

    def answers(self, identity: object, count: int) -> list[Message]:
        """So many answers with this id."""
        key = json.dumps(identity)
        return self.wait(lambda one: "method" not in one and json.dumps(one.get("id")) == key, count)

    def told(self, method: str, count: int = 1) -> list[Message]:
        """The parameters of so many notifications."""
        found = self.wait(lambda one: one.get("method") == method and "id" not in one, count)
        return [one.get("params", {}) for one in found]

    def wait(self, wanted: Callable[[Message], bool], count: int = 1) -> list[Message]:
        """The messages that are wanted, as soon as there are so many of them."""

        def found() -> list[Message]:
            return [one for one in self.all if wanted(one)]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count or self._ended, PATIENCE)
            assert len(found()) >= count, f"heard only {self.all[-5:]}"
            return found()

    def heard(self, method: str) -> list[Message]:
        """The notifications and requests of this method so far."""
        with self._news:
            return [one for one in self.all if one.get("method") == method]

    def all_answers(self) -> list[Message]:
        """Every answer so far."""
        with self._news:
            return [one for one in self.all if "method" not in one]

    def ended(self) -> None:
        """Wait until nothing more can come."""
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive()

    # -- the end

    def close(self) -> None:
        """Close the input, and wait for the end of the output."""
        try:
            self._up.close()
            if self._process is None:
                self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side was quicker
        self._finish()

    def kill(self) -> None:
        """End without a word, as a client that dies does."""
        if self._process is not None:
            self._process.kill()
        else:
            self._socket.shutdown(socket.SHUT_RDWR)
        self._finish()

    def _finish(self) -> None:
        self.ended()
        self._down.close()
        if self._process is not None:
            self._process.wait(PATIENCE)
            if not self._up.closed:
                self._up.close()
        else:
            self._up.close()
            self._socket.close()

    def _read(self) -> None:
        for line in self._down:
            message = json.loads(line)
            with self._news:
                self.all.append(message)
                self._news.notify_all()
            if "method" in message and "id" in message and message["method"] in self.answers_to:
                result = self.answers_to[message["method"]](message)
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": result})
        with self._news:
            self._ended = True
            self._news.notify_all()


class Modern(Client):
    """A client of the version without sessions: every request says who asks."""

    def __init__(self, *, argv: Sequence[str] = (), path: str = "") -> None:
        self.capabilities: Message = {}
        super().__init__(argv=argv, path=path)

    def ask(self, method: str, identity: object = None, **params: Any) -> object:
        who = {META + "protocolVersion": MODERN, META + "clientCapabilities": self.capabilities}
        meta = who | params.pop("_meta", {})
        return super().ask(method, identity, **params, _meta=meta)


def text(result: Any) -> str:
    """What a tool's result says."""
    return str(result["content"][0]["text"])
