"""A multiplexer with clients and a server that a test plays."""

from __future__ import annotations

import json
from typing import Any

from mcpconf.wire.actions import Action, Drop, Elsewhere, Era, Limits, Log, ToClient, ToServer
from mcpconf.wire.lines import Overlong
from mcpconf.wire.mux import Mux
from mcpconf.wire.versions import VERSION_KEY

LATEST = "2025-11-25"
WELCOME = '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"%s","capabilities":{},"serverInfo":{"name":"s"}}}'
INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}'


def hello(token: str = "0", version: str = LATEST, capabilities: str = '{"sampling":{}}') -> str:
    params = f'{{"protocolVersion":"{version}","capabilities":{capabilities},"clientInfo":{{"name":"c"}}}}'
    return f'{{"jsonrpc":"2.0","id":{token},"method":"initialize","params":{params}}}'


def call(token: str, method: str = "tools/call", params: str = '{"name":"t"}') -> str:
    return f'{{"jsonrpc":"2.0","id":{token},"method":"{method}","params":{params}}}'


def notice(method: str, params: str = "{}") -> str:
    return f'{{"jsonrpc":"2.0","method":"{method}","params":{params}}}'


def result(token: str, value: str = "{}") -> str:
    return f'{{"jsonrpc":"2.0","id":{token},"result":{value}}}'


def refusal(token: str, code: int = -32000) -> str:
    return f'{{"jsonrpc":"2.0","id":{token},"error":{{"code":{code},"message":"no"}}}}'


def meta(more: str = "") -> str:
    """Params of the era without sessions."""
    return f'{{"_meta":{{"{VERSION_KEY}":"2026-07-28"{more}}}}}'


class Scene:
    """What went where. `said`, `told` and `logs` are emptied by being read."""

    def __init__(self, era: Era = Era.LEGACY, limits: Limits | None = None, **options: Any) -> None:
        self.mux = Mux(era, limits, **options)
        self._server: list[str] = []
        self._clients: dict[int, list[str]] = {}
        self.logs: list[str] = []
        self.dropped: list[Drop] = []
        self.elsewhere: list[Elsewhere] = []

    def do(self, actions: list[Action]) -> None:
        for one in actions:
            match one:
                case ToClient(client, line):
                    assert client in self._clients, f"a line for a client that is not there: {line!r}"
                    self._clients[client].append(line.decode())
                case ToServer(line):
                    self._server.append(line.decode())
                case Log(text):
                    self.logs.append(text)
                case Drop():
                    self.dropped.append(one)
                    del self._clients[one.client]
                case Elsewhere():
                    self.elsewhere.append(one)
                    del self._clients[one.client]

    def connect(self, *clients: int) -> None:
        for client in clients:
            self._clients[client] = []
            self.do(self.mux.connect(client))

    def leave(self, client: int) -> None:
        del self._clients[client]
        self.do(self.mux.disconnect(client))

    def say(self, client: int, *lines: str | bytes | Overlong) -> None:
        for line in lines:
            self.do(self.mux.from_client(client, line.encode() if isinstance(line, str) else line))

    def serve(self, *lines: str | bytes | Overlong) -> None:
        for line in lines:
            self.do(self.mux.from_server(line.encode() if isinstance(line, str) else line))

    def up(self) -> None:
        self.do(self.mux.server_ready())

    def die(self, words: str = "Segmentation fault") -> None:
        self.do(self.mux.server_died(words))

    def heard(self) -> list[str]:
        """What the server was told since the last time."""
        lines, self._server = self._server, []
        return lines

    def got(self, client: int) -> list[str]:
        """What a client was told since the last time."""
        lines, self._clients[client] = self._clients[client], []
        return lines

    def asked(self, client: int, line: str) -> str:
        """The id under which the server gets a client's request, which must be all that it gets."""
        self.say(client, line)
        (heard,) = self.heard()
        return str(json.loads(heard)["id"])

    def left_over(self) -> dict[str, int]:
        """What the multiplexer still remembers."""
        return {name: size for name, size in self.mux.sizes().items() if size}


def legacy(*clients: int, version: str = LATEST, limits: Limits | None = None, **options: Any) -> Scene:
    """A process that is greeted, and clients that are."""
    scene = Scene(Era.LEGACY, limits, **options)
    scene.up()
    for client in clients:
        join(scene, client, version)
    scene.heard()
    return scene


def join(scene: Scene, client: int, version: str = LATEST) -> None:
    scene.connect(client)
    scene.say(client, hello(version=version))
    for line in scene.heard():
        if '"initialize"' in line:
            scene.serve(WELCOME % (json.loads(line)["id"], version))
    scene.say(client, INITIALIZED)
    scene.got(client)


def modern(*clients: int, limits: Limits | None = None) -> Scene:
    scene = Scene(Era.MODERN, limits)
    scene.up()
    scene.connect(*clients)
    return scene


def code(line: str) -> int:
    return int(json.loads(line)["error"]["code"])
