"""Being started by systemd: sockets that it opened already (sd_listen_fds(3)), and telling it (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

FIRST = 3  # SD_LISTEN_FDS_START


def given_directory(environ: Mapping[str, str]) -> str | None:
    """Where the socket lies that was handed over to this process: all else of the broker's belongs beside it."""
    if environ.get("LISTEN_PID") != str(os.getpid()) or environ.get("LISTEN_FDS", "") in ("", "0"):
        return None
    try:
        with socket.socket(fileno=os.dup(FIRST)) as listening:
            name = listening.getsockname() if listening.family == socket.AF_UNIX else ""
    except OSError:
        return None
    path = os.fsdecode(name)
    return os.path.dirname(path) if os.path.isabs(path) else None


def inherited(environ: Mapping[str, str]) -> list[socket.socket]:
    """The unix sockets that were handed over to this process, or to its parent on its behalf."""
    if environ.get("LISTEN_PID") not in (str(os.getpid()), str(os.getppid())):
        return []
    count = environ.get("LISTEN_FDS", "")
    found = []
    for descriptor in range(FIRST, FIRST + (int(count) if count.isascii() and count.isdigit() else 0)):
        try:
            listening = socket.socket(fileno=descriptor)
        except OSError:  # the variables are of another time: this is a file of somebody's, or nothing
            break
        listening.set_inheritable(False)
        if listening.family == socket.AF_UNIX and listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.append(listening)
        else:
            listening.close()
    return found


class Notifier:
    """Tells the service manager how far we are; nobody, where there is none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")

    def tell(self, state: str) -> None:
        """Send one state. The main process is our parent, which ends last, and cleans up after us (`supervisor`)."""
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.sendto(f"{state}\nMAINPID={os.getppid()}".encode(), address)
