"""What answers in the place of a broker, and says of itself what a test wants it to say."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path
from typing import Any

from mcpconf import __version__
from mcpconf.broker.place import Paths, short
from mcpconf.dirs import find_dirs
from mcpconf.system import RealSystem
from mcpconf.workflow.app import App

OPEN: list[socket.socket] = []  # which stay until the tests are over


def directory() -> Path:
    """The socket directory of the home that is set; made as a broker makes it."""
    system = RealSystem()
    path = Path(App(system, find_dirs(system)).runtime)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def server(name: str, **more: Any) -> dict[str, Any]:
    """A server as a broker tells of it."""
    usual = {"project": None, "pool": "session", "state": "idle", "error": None, "requests": 3, "restarts": 0}
    return {"name": name, **usual, "p50": 1.0, "p99": 2.0, "processes": [], **more}


def broker(**said: Any) -> None:
    """Have one answer."""
    about = {
        "version": __version__,
        "pid": 4,
        "uptime": 1.0,
        "listeners": [],
        "plain": [],
        "clients": [],
        "servers": [],
    }
    listening = socket.socket(socket.AF_UNIX)
    with short(Paths(str(directory())).socket) as path:
        listening.bind(path)
    listening.listen()
    OPEN.append(listening)
    answer = json.dumps({"ok": True, **about, **said}).encode()
    threading.Thread(target=_serve, args=(listening, answer), daemon=True).start()


def _serve(listening: socket.socket, answer: bytes) -> None:
    while True:
        connection, _ = listening.accept()
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            if b"CONTROL" in lines.readline():
                lines.readline()
                connection.sendall(b"OK\n" + answer + b"\n")
            else:
                connection.sendall(b"OK\n")
