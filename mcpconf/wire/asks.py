"""Requests from the server. It was told that we can do nothing, so none should come; where one does, it belongs to
the client for which the server is at work, if that can only be one. It is never shown to two."""

from __future__ import annotations

from mcpconf.wire.answers import INTERNAL, cancelled, empty, failure
from mcpconf.wire.client import Client
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.pending import PROGRESS, Book


class Ask:
    """A request of the server that a client has not answered yet."""

    __slots__ = ("client", "progress", "token")

    def __init__(self, client: int, token: str, progress: str | None) -> None:
        self.client = client
        self.token = token
        self.progress = progress


class Asks:
    """What the server has asked whom."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.open: dict[str, Ask] = {}

    def asked(self, envelope: Envelope, client: Client | None) -> None:
        """The server asks something, of this client if it can only be one."""
        token = envelope.id or "null"
        if envelope.method == "ping":  # it asks whether we are there, and we are
            self._book.to_server(empty(token))
        elif client is None:
            self._refuse(token, "it can't be told which of several clients this is for")
        elif self._count(client) >= self._book.limits.asked or len(token) > self._book.limits.token:
            self._refuse(token, "this client has too much to answer")
        else:
            number = self._book.number()
            self.open[number] = Ask(client.id, token, envelope.token(*META, PROGRESS))
            self._book.to_client(client.id, envelope.replaced((envelope.id_span, number)).encode())

    def answered(self, client: Client, envelope: Envelope) -> None:
        """A client's answer, which goes back if it was asked."""
        ask = self.open.get(envelope.id or "")
        if ask is None or ask.client != client.id:
            self._book.log(f"client {client.id}: an answer to what it was not asked was dropped")
            return
        del self.open[envelope.id or ""]
        self._book.to_server(envelope.replaced((envelope.id_span, ask.token)).encode())

    def refused(self, client: Client, number: str, message: str) -> bool:
        """A client's answer could not be read. Gives whether it was one."""
        ask = self.open.get(number)
        if ask is None or ask.client != client.id:
            return False
        del self.open[number]
        self._refuse(ask.token, message)
        return True

    def await_answer(self, client: int) -> bool:
        """Whether it was asked something."""
        return any(ask.client == client for ask in self.open.values())

    def withdrawn(self, envelope: Envelope) -> None:
        """The server does not want the answer any more."""
        token = envelope.token("params", "requestId")
        for number, ask in list(self.open.items()):
            if ask.token == token:
                del self.open[number]
                place = envelope.at("params", "requestId")
                self._book.to_client(ask.client, envelope.replaced((place, number)).encode())

    def progressed(self, client: Client, envelope: Envelope) -> None:
        """A client tells how far it is with what it was asked."""
        token = envelope.token("params", PROGRESS)
        if token is not None and any(a.client == client.id and a.progress == token for a in self.open.values()):
            self._book.to_server(envelope.text.encode())
        else:
            self._book.log(f"client {client.id}: progress of what it was not asked was dropped")

    def left(self, client: Client) -> None:
        """A client is gone, and will not answer."""
        for number, ask in list(self.open.items()):
            if ask.client == client.id:
                del self.open[number]
                self._refuse(ask.token, "the client disconnected")

    def died(self) -> None:
        """Nobody waits for the answers."""
        for number, ask in self.open.items():
            self._book.to_client(ask.client, cancelled(number, "the server ended"))
        self.open.clear()

    def _count(self, client: Client) -> int:
        return sum(ask.client == client.id for ask in self.open.values())

    def _refuse(self, token: str, message: str) -> None:
        self._book.to_server(failure(token, INTERNAL, message))
