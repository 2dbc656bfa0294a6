"""How a shim passes its client's descriptors: `PASS`, with them; `OK`, with the journal; then what it decides.

    shim:    MCPCONF1 PASS time          [stdin, stdout]
    broker:  OK                          [the journal], or without it: what came can't be used, and all is as after OPEN
    shim:    GO 53                       and 53 bytes that its client has said meanwhile; or
    shim:    RELAY                       and all is as after OPEN

Before `GO` nothing of the client's is read: a shim that has lost its patience, or is killed, has lost nothing else.
"""

from __future__ import annotations

import array
import contextlib
import socket
from collections.abc import Sequence

from mcpconf.broker.passage import Ends, ends, give_back
from mcpconf.record import dataclass

COUNT = 2
SPACE = socket.CMSG_SPACE(COUNT * array.array("i").itemsize)
FLAGS = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
HELD = 65_536  # bytes that a client may have said before
GO, RELAY = b"GO ", b"RELAY\n"


@dataclass(frozen=True, slots=True)
class Decided:
    """The shim's word. `first` came with it."""

    passed: bool
    first: bytes


def receive(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """What came, and the descriptors that came with it; more than two are dropped by the system."""
    data, ancillary, _, _ = connection.recvmsg(size, SPACE, FLAGS)
    found = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % found.itemsize])
    return data, found.tolist()


def answer(connection: socket.socket, yes: bytes, descriptors: Sequence[int]) -> Ends | None:
    """Say yes, with a journal if these descriptors can be used; else they are closed. Raises OSError."""
    found = ends(descriptors)
    if found is None:
        connection.send(yes)
        return None
    rights = array.array("i", [found.journal.file])
    try:
        connection.sendmsg([yes], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    except OSError:
        found.close()
        raise
    found.journal.shared()
    return found


def decided(said: bytes) -> Decided | None:
    """What the shim wants, once all of it is there. Raises ValueError for what is nothing of that."""
    if said.startswith(RELAY):
        return Decided(False, said[len(RELAY) :])
    word, newline, first = said.partition(b"\n")
    if not newline:
        if len(word) < len(RELAY) + 4 and (GO.startswith(said[:3]) or RELAY.startswith(said)):
            return None
        raise ValueError("neither GO nor RELAY")
    count = word.removeprefix(GO)
    if not word.startswith(GO) or not count.isdigit() or len(count) > 5 or int(count) > HELD:
        raise ValueError("neither GO nor RELAY")
    if len(first) > int(count):
        raise ValueError("more than was told")
    return Decided(True, first) if len(first) == int(count) else None


def hang_up(connection: socket.socket, end: Ends | None, descriptors: list[int]) -> None:
    """Close all of it."""
    connection.close()
    give_back(descriptors)
    descriptors.clear()
    if end is not None:
        with contextlib.suppress(OSError):
            end.close()
