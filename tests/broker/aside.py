"""A shim that steps aside for a real broker, and what is said to it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.broker.kit import Broker, until
from tests.shim.scene import Client as Shim
from tests.shim.scene import Place

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
READY = b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
CHANGED = "notifications/tools/list_changed"
Start = Callable[..., Shim]


def ask(number: Any, method: str, params: Any) -> bytes:
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def call(number: Any, tool: str, **arguments: Any) -> bytes:
    return ask(number, "tools/call", {"name": tool, "arguments": arguments})


def greet(shim: Shim) -> None:
    shim.say(ask(0, "initialize", HELLO))
    assert "result" in shim.json()
    shim.say(READY)


@contextlib.contextmanager
def shims(place: Path, broker: Broker, hold: float = 5) -> Iterator[Start]:
    """What starts one; all that it has started end."""
    place.mkdir()
    settings = Place(place, passes=True)
    settings.configure(directory=broker.paths.directory, hold=hold)
    made: list[Shim] = []

    def run(server: str = "plain", **more: Any) -> Shim:
        made.append(Shim(str(settings.shim), server, **more))
        return made[-1]

    yield run
    for one in made:
        one.stop()
    until(lambda: not broker.ask("status")["clients"])
