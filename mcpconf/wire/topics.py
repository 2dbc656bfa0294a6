"""`resources/subscribe` by many clients on one process: counted by URI, the server hears of the first and the last."""

from __future__ import annotations

from mcpconf.wire.answers import PARAMS, empty
from mcpconf.wire.client import Client, Pending
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.pending import PROGRESS, Book

URI = ("params", "uri")
BOUNDS = ("/", "?", "#")


class Topic:
    """A URI that somebody wants to hear of."""

    __slots__ = ("busy", "token", "upstream", "waiting", "wanted")

    def __init__(self, token: str) -> None:
        self.token = token  # the URI as the first client wrote it
        self.wanted: dict[int, Client] = {}
        self.upstream = False  # whether the server says that we are subscribed
        self.busy = False  # whether we have asked it something
        self.waiting: list[tuple[Pending, Envelope]] = []


class Topics:
    """Who wants to hear of what."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.by_uri: dict[str, Topic] = {}

    def subscribe(self, one: Pending, envelope: Envelope) -> None:
        """A client wants to hear of a URI."""
        uri, token = envelope.word(*URI), envelope.token(*URI)
        envelope.at(*META, PROGRESS)  # refuses what can't be forwarded before anything is noted
        limits = self._book.limits
        if uri is None or token is None:
            self._book.forward(one, envelope)
        elif len(token) > limits.token:
            self._book.fail(one, PARAMS, f"a URI of more than {limits.token} characters")
        elif uri not in one.client.subscriptions and len(one.client.subscriptions) >= limits.subscriptions:
            self._book.fail(one, PARAMS, f"more than {limits.subscriptions} subscriptions")
        else:
            self._want(self.by_uri.setdefault(uri, Topic(token)), uri, one, envelope)

    def unsubscribe(self, one: Pending, envelope: Envelope) -> None:
        """A client has heard enough."""
        uri = envelope.word(*URI)
        topic = None if uri is None else self.by_uri.get(uri)
        if topic is None or uri is None:
            self._book.forward(one, envelope)
            return
        self._book.answer(one, empty(one.token))
        self._unwant(one.client, uri)

    def updated(self, envelope: Envelope) -> None:
        """A resource changed, or one below it: specification, server/resources, subscriptions."""
        uri = envelope.word(*URI) or ""
        topic = self.by_uri.get(uri)
        topics = [topic] if topic else [below for above, below in self.by_uri.items() if _is_below(uri, above)]
        clients = {number for one in topics for number in one.wanted}
        line = envelope.text.encode()
        for number in sorted(clients):
            self._book.to_client(number, line)
        if not clients:
            self._book.log("an update of a resource that nobody is subscribed to was dropped")

    def abandoned(self, one: Pending) -> None:
        """A client does not wait for the answer to its subscribe any more."""
        topic = self.by_uri.get(one.note or "") if one.method == "resources/subscribe" else None
        if topic is None or one.note is None:
            return
        others = [other for other, _ in topic.waiting if other.client is one.client and self._book.alive(other)]
        if not others:
            self._unwant(one.client, one.note)

    def left(self, client: Client) -> None:
        """A client is gone."""
        for uri in sorted(client.subscriptions):
            self._unwant(client, uri)

    def died(self) -> None:
        """The server is gone. What it never confirmed has been answered with an error."""
        for uri, topic in list(self.by_uri.items()):
            for one, _ in topic.waiting:
                topic.wanted.pop(one.client.id, None)
                one.client.subscriptions.discard(uri)
            topic.upstream = topic.busy = False
            topic.waiting = []
            if not topic.wanted:
                del self.by_uri[uri]

    def revived(self) -> None:
        """A new process has to be subscribed anew."""
        for uri, topic in list(self.by_uri.items()):
            self._settle(uri, topic)

    def _want(self, topic: Topic, uri: str, one: Pending, envelope: Envelope) -> None:
        topic.wanted[one.client.id] = one.client
        one.client.subscriptions.add(uri)
        if topic.upstream and not topic.busy:
            self._book.answer(one, empty(one.token))
        else:
            one.note = uri
            topic.waiting.append((one, envelope))
            self._settle(uri, topic)

    def _unwant(self, client: Client, uri: str) -> None:
        client.subscriptions.discard(uri)
        topic = self.by_uri.get(uri)
        if topic is not None:
            topic.wanted.pop(client.id, None)
            topic.waiting = [entry for entry in topic.waiting if self._book.alive(entry[0])]  # else they pile up
            self._settle(uri, topic)

    def _settle(self, uri: str, topic: Topic) -> None:
        """Ask the server for what is wanted, one question at a time."""
        if topic.busy:
            return
        if bool(topic.wanted) == topic.upstream:
            if not topic.wanted:
                self._drop(uri, topic)
        elif self._book.ready:
            topic.busy = True
            self._ask(uri, topic, bool(topic.wanted))

    def _drop(self, uri: str, topic: Topic) -> None:
        """Nobody wants it, and the server knows. Who asked for it and then took that back is answered, too."""
        for one, _ in topic.waiting:
            if self._book.alive(one):
                self._book.answer(one, empty(one.token))
        self.by_uri.pop(uri, None)

    def _ask(self, uri: str, topic: Topic, on: bool) -> None:
        def heard(answer: Envelope) -> None:
            self._heard(uri, topic, on, answer)

        living = [envelope for one, envelope in topic.waiting if self._book.alive(one)]
        if not on or not living:
            verb = "subscribe" if on else "unsubscribe"
            self._book.own(f"resources/{verb}", f'{{"uri":{topic.token}}}', heard)
            return
        first, number = living[0], self._book.number()
        self._book.expect(number, heard)
        line = first.replaced((first.id_span, number), (first.at(*META, PROGRESS), number))
        self._book.to_server(line.encode())

    def _heard(self, uri: str, topic: Topic, on: bool, answer: Envelope) -> None:
        topic.busy = False
        topic.upstream = on and not answer.failed
        if on:
            waiting, topic.waiting = topic.waiting, []
            for one, _ in waiting:
                if self._book.alive(one):
                    self._book.answered(one, answer)
        if on and answer.failed:
            for client in topic.wanted.values():
                client.subscriptions.discard(uri)
            topic.wanted.clear()
        self._settle(uri, topic)


def _is_below(uri: str, above: str) -> bool:
    return uri.startswith(above) and (above.endswith(BOUNDS) or uri[len(above) : len(above) + 1] in BOUNDS)
