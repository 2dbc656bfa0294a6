"""`logging/setLevel` is one for the whole process: the server has the most verbose one, each client sees its own."""

from __future__ import annotations

from mcpconf.wire.client import Client, Pending
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.pending import PROGRESS, Book

# RFC 5424's, from the most verbose one on: the MCP specification, server/utilities/logging.
LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
USUAL = "info"


class Levels:
    """The level of each client, and the server's."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.by_client: dict[int, str] = {}
        self._upstream: str | None = None  # None while nobody has set one

    def asked(self, one: Pending, envelope: Envelope) -> None:
        """A client wants a level; the server is told the lowest that anyone wants."""
        level = envelope.word("params", "level")
        if level not in LEVELS or level is None:
            self._book.forward(one, envelope)
            return
        envelope.at(*META, PROGRESS)  # refuses what can't be forwarded before anything is noted
        one.note = self.by_client.get(one.client.id)
        one.reads = True
        self.by_client[one.client.id] = level
        self._upstream = self._lowest()
        self._book.forward(one, envelope, (envelope.at("params", "level"), f'"{self._upstream}"'))

    def answered(self, one: Pending, envelope: Envelope) -> None:
        """A level that the server refused is not there."""
        if not envelope.failed or one.method != "logging/setLevel":
            return
        if one.note is None:
            self.by_client.pop(one.client.id, None)
        else:
            self.by_client[one.client.id] = one.note
        self._upstream = self._lowest()

    def left(self, client: Client) -> None:
        """A client is gone, and its level with it."""
        if self.by_client.pop(client.id, None) is not None:
            level = self._lowest() or USUAL
            if self._book.ready and level != self._upstream:
                self._tell(level)
            self._upstream = level if self.by_client else None

    def revived(self) -> None:
        """A new process knows nothing of it."""
        level = self._lowest()
        if level is not None:
            self._tell(level)

    def passes(self, client: Client, envelope: Envelope) -> bool:
        """Whether a client wants to see a message. One that set no level sees the usual ones once another has."""
        level = envelope.word("params", "level")
        wanted = self.by_client.get(client.id) or (USUAL if self._upstream else LEVELS[0])
        return level not in LEVELS or level is None or LEVELS.index(level) >= LEVELS.index(wanted)

    def _lowest(self) -> str | None:
        return min(self.by_client.values(), key=LEVELS.index, default=None)

    def _tell(self, level: str) -> None:
        self._book.own("logging/setLevel", f'{{"level":"{level}"}}')
