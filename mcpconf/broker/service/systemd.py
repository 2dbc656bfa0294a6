"""The broker as units of systemd's for one user: a socket that is there from the login on, and what it starts."""

from __future__ import annotations

import os

from mcpconf.broker.service.told import MARK, NAME, Told

SERVICE, SOCKET = f"{NAME}.service", f"{NAME}.socket"
ENV = "/usr/bin/env"  # becomes what stands behind it
UNSAFE = frozenset("\"'\\")  # what systemd takes in no program's name, however it is quoted (string_is_safe)
WANTS = "sockets.target.wants"  # what `systemctl --user enable` would make, for [Install]'s WantedBy


def files(told: Told, directory: str) -> dict[str, bytes]:
    """The unit files by path."""
    return {
        os.path.join(directory, SERVICE): _service(told).encode("utf-8", "surrogateescape"),
        os.path.join(directory, SOCKET): _socket(told).encode("utf-8", "surrogateescape"),
    }


def links(directory: str) -> dict[str, str]:
    """The links that have the socket opened when the user logs in, and where they lead."""
    return {os.path.join(directory, WANTS, SOCKET): os.path.join(directory, SOCKET)}


def _socket(told: Told) -> str:
    at = f"%t/{_percent(told.socket)}" if told.in_session else _percent(told.socket)
    return f"""\
# {MARK}
[Unit]
Description=Socket of the mcpconf broker

[Socket]
ListenStream={at}
SocketMode=0600
DirectoryMode=0700
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""


def _service(told: Told) -> str:
    # No UMask: the broker's own is 0077 anyway, and its servers are to write files as their user does.
    # NotifyAccess: the one that serves is a child of the process that systemd started (it leaves nothing behind).
    program, *words = (ENV, *told.program) if UNSAFE.intersection(told.program[0]) else told.program
    command = " ".join([_quoted(program), *(_quoted(word.replace("$", "$$")) for word in words)])
    variables = {"PATH": told.path, **told.variables}
    environment = "\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in variables.items())
    return f"""\
# {MARK}
[Unit]
Description=mcpconf broker: MCP servers that outlive their clients
Requires={SOCKET}
After={SOCKET}

[Service]
Type=notify
NotifyAccess=all
ExecStart={command} broker run
{environment}
Restart=on-failure
RestartSec=1
KillMode=mixed
TimeoutStopSec=30

[Install]
Also={SOCKET}
"""


def _quoted(text: str) -> str:
    """A word for systemd (systemd.syntax(7)); plain ones stay as they are, for people to read."""
    escaped = _percent(text).replace("\\", "\\\\").replace('"', '\\"')
    plain = escaped == text and not any(letter.isspace() or letter in "';" for letter in text)
    return text if plain else f'"{escaped}"'


def _percent(text: str) -> str:
    return text.replace("%", "%%")
