"""`initialize`, once for a process: the first client's, without its capabilities; the others get a copy of the answer.

A server accepts a second `initialize` without a word, and from then on the first client sees what the second one can
do. So none is ever sent to a process that has had one.
"""

from __future__ import annotations

from collections.abc import Callable

from mcpconf.wire.actions import Drop, Elsewhere
from mcpconf.wire.answers import INITIALIZED, INTERNAL, INVALID, PARAMS
from mcpconf.wire.client import Client, Pending
from mcpconf.wire.envelope import META, Envelope, of_text
from mcpconf.wire.pending import PROGRESS, Book

VERSION = ("params", "protocolVersion")


class Handshake:
    """One process's handshake, and those who wait for it."""

    def __init__(self, book: Book, opened: Callable[[], None]) -> None:
        self._book = book
        self._opened = opened  # to be called when messages may go to the server
        self._hello: Envelope | None = None  # what the server is told, also after it died
        self._asked: str | None = None  # the version in it
        self._result: Envelope | None = None
        self._version: str | None = None  # the version that the server chose
        self._waiting: list[tuple[Pending, Envelope, str]] = []

    @property
    def done(self) -> bool:
        """Whether the server has answered; the next client hears the same."""
        return self._result is not None

    def offered(self, capability: str) -> bool:
        """Whether the server was told that its client can do this."""
        return self._hello is not None and self._hello.at("params", "capabilities", capability) is not None

    def prepare(self, envelope: Envelope) -> None:
        """Greet the server before anyone is there, in the words of a client that was here before."""
        version = envelope.word(*VERSION)
        if version is not None:
            self._first(envelope, version)

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a process."""
        return any(self._book.alive(one) for one, _, _ in self._waiting)

    def asked(self, one: Pending, envelope: Envelope) -> None:
        """A client says `initialize`."""
        version = envelope.word(*VERSION)
        client = one.client
        if version is None or len(version) > self._book.limits.token:
            self._book.fail(one, PARAMS, "initialize needs a protocolVersion")
        elif one.batch is not None:
            self._book.fail(one, INVALID, "initialize can't be part of a batch")
        elif client.version is not None and version not in (client.version, self._asked):
            self._book.fail(one, INVALID, f"this session speaks {client.version} already")
        elif self._book.exclusive and self._asked is not None and version not in (self._asked, self._version):
            # A second one before the first was answered: moved elsewhere, the client would share a process.
            self._book.fail(one, INVALID, f"this session has asked for {self._asked} already")
        elif self._result is not None:
            self._greet(one, envelope, version)
        else:
            self._waiting.append((one, envelope, version))
            self._first(envelope, version)

    def begin(self) -> None:
        """The server is up: greet it, if there is anything to greet it with."""
        if self._hello is not None:
            number = self._book.number()
            self._book.expect(number, self._answered)
            self._book.to_server(self._hello.replaced((self._hello.id_span, number)).encode())

    def _answered(self, envelope: Envelope) -> None:
        version = envelope.word("result", "protocolVersion")
        if envelope.failed or version is None:
            self._refused(envelope)
            return
        if self._version not in (None, version):
            self._changed(version)
        self._result, self._version = envelope, version
        self._book.to_server(INITIALIZED)
        for one, hello, wanted in self._living():
            if self._book.alive(one):  # a client may have asked twice, and be gone by now
                self._greet(one, hello, wanted)
        self._opened()

    def left(self, client: Client) -> None:
        """A client is gone; the handshake that it began goes on for the others."""
        self._waiting = [entry for entry in self._waiting if entry[0].client is not client]

    def died(self) -> None:
        """The process ended. What it said stays true for the next one, which is greeted in the same words."""
        self._waiting = []
        if self._result is None:
            self._hello = self._asked = None

    def _first(self, envelope: Envelope, version: str) -> None:
        if self._hello is not None:
            return
        # A progress token of the client's must not look like one of ours.
        edits = [(envelope.at(*META, PROGRESS), '"initialize"')]
        if not self._book.exclusive:
            edits.append((envelope.at("params", "capabilities"), "{}"))
        self._hello, self._asked = of_text(envelope.replaced(*edits)), version
        if self._book.up:
            self.begin()

    def _living(self) -> list[tuple[Pending, Envelope, str]]:
        waiting, self._waiting = self._waiting, []
        return [entry for entry in waiting if self._book.alive(entry[0])]

    def _greet(self, one: Pending, hello: Envelope, version: str) -> None:
        """Answer from what the server said, or send the client to another process."""
        if self._result is None or version not in (self._asked, self._version):
            self._elsewhere(one.client, hello, version)
            return
        one.client.version = self._version
        self._book.answered(one, self._result)

    def _elsewhere(self, client: Client, hello: Envelope, version: str) -> None:
        lines = [hello.text, *(envelope.text for envelope, _ in client.parked)]
        self._book.leave(client)
        self._book.out.append(Elsewhere(client.id, version, tuple(line.encode() for line in lines)))

    def _refused(self, envelope: Envelope) -> None:
        """The server does not want to. A process that had clients before it died has no use for them now."""
        for one, _, _ in self._living():
            if envelope.failed:
                self._book.answered(one, envelope)
            else:
                self._book.fail(one, INTERNAL, "the server answered initialize without a protocolVersion")
        self._hello = self._asked = self._result = self._version = None
        for client in list(self._book.clients.values()):
            if client.version is not None:
                self._drop(client, "the server refused the handshake after it was restarted")
            for _, parked in self._book.unpark(client):
                if parked is not None:
                    self._book.fail(parked, INTERNAL, "the server refused the handshake")

    def _changed(self, version: str) -> None:
        for client in list(self._book.clients.values()):
            if client.version is not None:
                self._drop(client, f"the server speaks {version} since it was restarted")

    def _drop(self, client: Client, why: str) -> None:
        for one in list(client.in_flight.values()):
            self._book.fail(one, INTERNAL, why)
        self._book.leave(client)
        self._book.out.append(Drop(client.id, why))
