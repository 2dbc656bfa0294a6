"""Processes that servers left behind, found by their parents or by a mark in the environment they were given.

Linux only: elsewhere neither is to be had, and the end of a server's group is all there is.
"""

from __future__ import annotations

import contextlib
import os
import signal

MARK = "MCPCONF_UPSTREAM"  # its value is the broker's process id, a full stop, and a number
ROUNDS = 20  # one that forks without end is met with this many, and then left to the next


def marked(name: str, prefix: str) -> list[int]:
    """The processes that have a variable of this name whose value begins so; zombies have no environment."""
    wanted = b"\0" + os.fsencode(f"{name}={prefix}")
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as stream:
            if wanted in b"\0" + stream.read():
                found.append(pid)
    return found


def below(ancestor: int) -> list[int]:
    """The living descendants of a process."""
    parents = {pid: parent for pid in _pids() if (parent := _parent(pid))}
    found: list[int] = []
    layer = {ancestor}
    while layer:
        layer = {pid for pid, parent in parents.items() if parent in layer}
        found += layer
    return found


def end_orphans(prefix: str) -> int:
    """Kill those whose mark begins so; how many there were."""
    count = 0
    for _ in range(ROUNDS):
        found = marked(MARK, prefix)
        if not found:
            break
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        count += len(found)
    return count


def _pids() -> list[int]:
    try:
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and int(entry) != os.getpid()]
    except OSError:
        return []


def _parent(pid: int) -> int | None:
    """Its parent; None for a zombie, or one that is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            state, parent, *_ = stream.read().rpartition(b")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state == b"Z" else int(parent)
