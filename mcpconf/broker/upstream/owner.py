"""Whose a container is: a label that names the process which watches over it, so that nobody else's is removed.

A process is told by its number and its start, on Linux within one boot and one namespace of process numbers (by the
start of the first process there): another container on this machine, which speaks to the same engine, has others.
"""

from __future__ import annotations

import os
import socket
import sys

from mcpconf.broker.claim import start_token


def owner_of(pid: int) -> str | None:
    """The label's value for a process; None where it could not be told from another one later."""
    place = _place()
    token = start_token(pid) if sys.platform == "linux" else "-"
    return None if place is None or token is None else f"{place}/{pid}/{token}"


def is_gone(owner: str) -> bool:
    """Whether that process is gone. False where this can't be told from here."""
    where, _, rest = owner.rpartition("/")
    where, _, number = where.rpartition("/")
    if where != _place() or not number.isascii() or not number.isdigit():
        return False
    if sys.platform != "linux":
        return not _is_there(int(number))
    return start_token(int(number)) != rest or _is_dead(int(number))


def _place() -> str | None:
    """What numbers of processes are told apart by: `BOOT/START`, or `HOST/-` where there is one namespace only."""
    if sys.platform != "linux":
        return f"{socket.gethostname()}/-"
    first = start_token(1)
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            boot = stream.read().strip()
    except (OSError, ValueError):
        return None
    return f"{boot}/{first}" if boot and first is not None else None


def _is_dead(pid: int) -> bool:
    """Whether a process has ended, and only waits for its parent to notice."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except (OSError, IndexError):
        return True


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
