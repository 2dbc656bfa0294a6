"""What set-ups need to be right but for the one thing that they are about: a server that answers, a stand-in for
docker, something that listens."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.cli.conftest import World

SERVER = Path(__file__).resolve().parents[1] / "broker/servers/plain.py"
SERVES = f"exec {sys.executable} -I -S {SERVER}"
LASTS = 8.0  # seconds: a listener of a set-up has nobody who would close it
DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DESKTOP = '{"os":"Docker Desktop","security":[],"version":"29.1.0"}'
LINUX = '{"os":"Debian GNU/Linux 12","security":["name=seccomp"],"version":"29.1.0"}'
RAW = b'{"jsonrpc":"2.0","id":"mcpconf-probe","result":{}}\n'
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


def program(world: World, name: str, script: str = SERVES) -> Path:
    """A script on PATH, by default a server that answers."""
    path = world.home.parent / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return path


def docker(world: World, answers: Mapping[str, str] | None = None, info: str = DESKTOP) -> Path:
    """A stand-in for docker on PATH. `answers` are shell commands by how docker's words begin; whatever is run by it is
    a server that answers."""
    given = dict(answers or {})
    usual = {
        "version": "echo 29.1.0",
        "info": f"echo '{info}'",
        "network inspect": "echo docker0",
        "image inspect": "echo -",
        "ps": ":",
        "mcp version": "echo v0.40.0",
        "mcp profile": "echo '[]'",
        "mcp gateway": SERVES,
        "run": SERVES,
    }
    cases = "".join(f'  "{words}"*) {does};;\n' for words, does in (given | (usual | given)).items())
    return program(world, "docker", f'case "$*" in\n{cases}  *) echo "unknown" >&2; exit 1;;\nesac')


def says(message: str) -> str:
    """A command that complains, and fails."""
    return f"echo '{message}' >&2; exit 1"


def listener(answer: bytes, address: str = "127.0.0.1") -> int:
    """Something that gives everybody the same answer, for a while; its port."""
    server = socket.create_server((address, 0))
    server.settimeout(LASTS)

    def serve() -> None:
        with server:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(LASTS)
                    connection.recv(65536)
                    connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


def free_port() -> int:
    """One at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
