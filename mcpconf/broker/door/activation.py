"""Being started by systemd: sockets that it opened already (sd_listen_fds(3)), and telling it (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

FIRST = 3  # SD_LISTEN_FDS_START


def inherited(environ: Mapping[str, str]) -> list[socket.socket]:
    """The unix sockets that were handed over to this process, or to its parent on its behalf."""
    if environ.get("LISTEN_PID") not in (str(os.getpid()), str(os.getppid())):
        return []
    count = environ.get("LISTEN_FDS", "")
    found = []
    for descriptor in range(FIRST, FIRST + (int(count) if count.isdigit() else 0)):
        listening = socket.socket(fileno=descriptor)
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
        """Send one state, with the process that it is true of."""
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.sendto(f"{state}\nMAINPID={os.getpid()}".encode(), address)
