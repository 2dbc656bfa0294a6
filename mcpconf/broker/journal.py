"""What a client whose descriptors were passed has said and been told: shared memory that its shim keeps.

The shim sleeps while the broker reads and writes the client's own pipes. When the broker is killed, the shim reads here
what was under way (`mcpconf.shim.replay`), so that nobody waits for an answer that can't come.

The client's bytes are read straight into the log, so that no kill can come between reading and noting. What it is told
is noted once it is out. The log ends at its first NUL, so that no length has to be kept true:

    bytes of the client's  \\x01 lines that it was told \\x02  bytes of the client's ...

`\\x03` stands in a line that was told for what was left out of its middle, and in what the client said for a long
beginning of its last line. JSON has none of these bytes; where the client says one nevertheless, it becomes a `?`.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os

BANK = 1 << 19  # bytes of each of two logs: one is made anew in the other, and counts when it is whole
PAGE = mmap.PAGESIZE
# The header stands before the second log, which is the one that lasts: one page is all that most clients take.
CURRENT, WRITING = BANK, BANK + 1  # which log counts, 0 before the first; whether a line may be half out
FIRST = 0, BANK + 16  # where the two begin
CHUNK = 65_536  # bytes of the client's to read at once
SHORT = 1024  # bytes of a line that is noted whole
ENDS = 512  # of either end of a longer one
SOON = 3000  # bytes of the log after which it is begun anew, if nothing is in flight
LATE = 32_768  # and if something is
FULL = BANK - 2 * CHUNK
ROOM = BANK - 16  # of either log
HANDSHAKE = b"initialize"
MARKS = bytes(range(4))
_HARMLESS = bytes.maketrans(MARKS, b"????")


class Journal:
    """The memory, and where its log ends. Raises OSError where the system can't give any."""

    __slots__ = ("_base", "_first", "_last", "_late", "_map", "at", "file", "look", "view")

    def __init__(self) -> None:
        self.file = os.memfd_create("mcpconf", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.file, 2 * BANK)
            # Without the seals, who has it could cut it off, which would kill us at the next access (SIGBUS).
            fcntl.fcntl(self.file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            self._map = mmap.mmap(self.file, 2 * BANK)
        except BaseException:
            os.close(self.file)
            raise
        self.view = memoryview(self._map)
        self._first = 0  # where the log begins
        self._last = 0  # where its room ends
        self._late = 0  # where it is too long
        self._base = -1  # where its handshake ends; -1 where other things stand before that
        self.at = 0  # where it ends
        self.look = 0  # where it is to be looked after

    def shared(self) -> None:
        """It was sent: our own descriptor of it is needed no more."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def close(self) -> None:
        self.shared()
        self.view.release()
        self._map.close()

    # -- notes

    def begin(self, log: bytes, base: int = -1) -> None:
        """Have this be the log. Who reads it meanwhile finds the old or the new one."""
        old, stop = self._first, self.at
        bank = 2 if self._map[CURRENT] == 1 else 1
        first = FIRST[bank - 1]
        self.view[first : first + len(log)] = log
        self._map[CURRENT] = bank
        if bank == 2:  # its first page is given back as well
            self._wipe(0, stop, given_back=True)
        elif stop:
            self._wipe(old, stop)
        self._first, self._last = first, bank * BANK
        self._base = base if base < 0 else first + base
        self.at = first + len(log)
        self.look = self.at + SOON
        self._late = self.at + LATE

    def heard(self, count: int) -> bytes:
        """The bytes that were just read from the client to the end of the log."""
        start, self.at = self.at, self.at + count
        data = self._map[start : self.at]
        if b"\0" in data or b"\1" in data or b"\3" in data:
            self.view[start : self.at] = data.translate(_HARMLESS)
        return data

    def writing(self) -> None:
        """Something is about to be written to the client."""
        self._map[WRITING] = 1

    def told(self, data: bytes) -> bool:
        """These lines are out, whole. Whether they could be noted: there must be room."""
        if len(data) > SHORT:
            data = noted(data)
        if b"\2" in data or b"\1" in data or b"\0" in data:
            data = data.translate(_HARMLESS)
        start, stop = self.at, self.at + len(data) + 2
        if stop >= self._last:
            return False
        self.view[start:stop] = b"\1%b\2" % data
        self.at = stop
        self._map[WRITING] = 0
        return True

    # -- room

    @property
    def late(self) -> bool:
        """Whether it is long, though something is in flight."""
        return self.at >= self._late

    @property
    def full(self) -> bool:
        """Whether there may soon be no room for another read, and what it leads to."""
        return self.at - self._first > FULL

    def put_off(self) -> None:
        """Look again when more has come."""
        self.look = self.at + SOON

    def rewind(self) -> bool:
        """Go back to the handshake, which is for when nothing is in flight; False where it may have changed."""
        if self._base < 0 or self._map.find(HANDSHAKE, self._base, self.at) >= 0:
            return False
        self._wipe(self._base, self.at)
        self.at = self._base
        self.look = self.at + SOON
        return True

    def compact(self, calm: bool) -> None:
        """Make the log anew, with what still counts. `calm`: nothing is in flight, whatever the log says."""
        from mcpconf.shim import Book, Framer, digest, replay  # few clients ever need it

        book, framer = Book(), Framer()
        replay(self._map[self._first : self.at], framer, book)
        log = digest(framer, book, calm).translate(None, b"\0")
        if len(log) > ROOM:  # thousands of the shortest requests, which are longer here; `full` stops who says them
            log = log[: log.rfind(b"\n", 0, ROOM) + 1]
        self.begin(log, len(log) if calm else -1)

    def _wipe(self, start: int, stop: int, given_back: bool = False) -> None:
        """Clear the end of a log, its first byte first, so that it ends there at once. Many pages are given back."""
        if start >= stop:
            return
        self._map[start] = 0
        edge = min(stop, -(-start // PAGE) * PAGE)
        self.view[start:edge] = bytes(edge - start)
        if edge < stop:
            length = -(-(stop - edge) // PAGE) * PAGE
            if length <= PAGE and not given_back:
                self.view[edge:stop] = bytes(stop - edge)
                return
            with contextlib.suppress(OSError):
                self._map.madvise(mmap.MADV_REMOVE, edge, length)
                return
            self.view[edge:stop] = bytes(stop - edge)


def noted(lines: bytes) -> bytes:
    """Whole lines as they are noted."""
    if lines.find(b"\n") == len(lines) - 1 > SHORT:  # one of many megabytes need not be copied for it
        return lines[:ENDS] + b"\3" + lines[-ENDS - 1 :]
    return b"\n".join(map(ends, lines.split(b"\n")))


def ends(line: bytes) -> bytes:
    """A line as it is noted: of a long one, both its ends."""
    return line if len(line) <= SHORT else line[:ENDS] + b"\3" + line[-ENDS:]
