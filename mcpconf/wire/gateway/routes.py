"""Which server a request is for: by the name of a tool or prompt, by a URI, or by a task."""

from __future__ import annotations

import json
from collections.abc import Callable

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INVALID, PARAMS, UNKNOWN_METHOD
from mcpconf.wire.envelope import Envelope
from mcpconf.wire.gateway.catalogue import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Kind
from mcpconf.wire.gateway.desk import Desk
from mcpconf.wire.gateway.leg import Flight, Leg
from mcpconf.wire.gateway.listens import LISTEN, Listens
from mcpconf.wire.gateway.lists import Lists
from mcpconf.wire.gateway.opening import Opening
from mcpconf.wire.gateway.templates import matches
from mcpconf.wire.members import members

URIS = (RESOURCES, TEMPLATES)
TASKS = 1024  # whose servers are remembered
SEARCH = 20.0  # seconds that a request waits for the one server that may have what it names, and is still starting


class Routes:
    """Sends requests on, once it is known where to."""

    def __init__(self, desk: Desk, lists: Lists, listens: Listens, opening: Opening) -> None:
        self._desk = desk
        self._lists = lists
        self._listens = listens
        self._opening = opening
        self.tasks: dict[str, int] = {}
        self.by_method: dict[str, Callable[[Flight], None]] = {
            "tools/call": lambda flight: self._named(flight, TOOLS, ("params", "name")),
            "prompts/get": lambda flight: self._named(flight, PROMPTS, ("params", "name")),
            "resources/read": lambda flight: self._located(flight, ("params", "uri")),
            "resources/subscribe": self._subscribe,
            "resources/unsubscribe": self._subscribe,
            "completion/complete": self._complete,
            "tasks/get": self._task,
            "tasks/result": self._task,
            "tasks/cancel": self._task,
            LISTEN: self._listen,
        }

    def other(self, flight: Flight) -> None:
        """A method that nothing is known of goes to the only server, or to none."""
        only = self._only()
        if only is None or flight.method == "tasks/list":
            self._desk.fail(flight, UNKNOWN_METHOD, f"a gateway to several servers has no {flight.method}")
        else:
            self._send(flight, only)

    # -- names

    def _named(self, flight: Flight, kind: Kind, path: tuple[str, ...], until: float | None = None) -> None:
        if _is_riddle(flight.envelope, path):
            self._desk.fail(flight, INVALID, "a name in params is one of the protocol's in other letters")
            return
        name, place = flight.envelope.word(*path), flight.envelope.at(*path)
        found = None if name is None else self._lists.owner(kind, name)
        if found is None and self._waits((kind,), until, lambda until: self._named(flight, kind, path, until)):
            return
        only = self._only()
        if found is None and name is not None and only is not None:
            found = only, name
        if found is None or place is None:
            self._desk.fail(flight, PARAMS, f"no server of this gateway has {kind.member[:-1]} {name!r}")
            return
        leg, own = found
        if not self._lists.passes(leg, kind, own):
            self._desk.fail(flight, PARAMS, f"the profile does not let clients call {name!r}")
            return
        if own != name:
            flight.edits = ((place, json.dumps(own)),)
        flight.task = kind is TOOLS and flight.envelope.at("params", "task") is not None
        self._send(flight, leg)

    def _waits(self, kinds: tuple[Kind, ...], until: float | None, then: Callable[[float], None]) -> bool:
        """Whether `then` is done later, since more lists are to come: all of them soon, or one after the other.

        An error would be final for who asked, while a list that comes late is only announced.
        """
        if until is None:
            until = self._desk.now() + SEARCH
            if not self._lists.missing(kinds):
                return False
            self._lists.collect(kinds, lambda: then(until), fresh=False)
            return True
        return self._lists.search(kinds, until, lambda: then(until))

    def _complete(self, flight: Flight) -> None:
        """A prompt's argument is completed by who has the prompt, a URI's by who has the template."""
        if flight.envelope.word("params", "ref", "type") == "ref/resource":
            self._located(flight, ("params", "ref", "uri"))
        else:
            self._named(flight, PROMPTS, ("params", "ref", "name"))

    # -- URIs

    def _located(
        self,
        flight: Flight,
        path: tuple[str, ...],
        then: Callable[[Leg], None] | None = None,
        until: float | None = None,
    ) -> None:
        uri = flight.envelope.word(*path)
        leg = None if uri is None else self._with_uri(uri)
        if leg is None and self._waits(URIS, until, lambda until: self._located(flight, path, then, until)):
            return
        leg = leg or self._only_with_resources()
        if leg is None:
            text = f"no server of this gateway lists {uri!r}, and it can't be told which of them could have it"
            self._desk.fail(flight, PARAMS, text)
        elif then is not None:
            then(leg)
        else:
            self._send(flight, leg)

    def _with_uri(self, uri: str) -> Leg | None:
        """Who listed it, else whose template it could come of: the first by name."""
        legs = sorted(self._desk.legs.values(), key=lambda leg: leg.name)
        listed = (leg for leg in legs if uri in leg.keys(RESOURCES) or uri in leg.keys(TEMPLATES))
        formed = (leg for leg in legs if any(matches(one, uri) for one in leg.keys(TEMPLATES)))
        return next(listed, None) or next(formed, None)

    def _only_with_resources(self) -> Leg | None:
        having = [leg for leg in self._desk.legs.values() if leg.has(RESOURCES)]
        return having[0] if len(having) == 1 else self._only()

    def _subscribe(self, flight: Flight) -> None:
        self._located(flight, ("params", "uri"), lambda leg: self._subscribed(flight, leg))

    def _subscribed(self, flight: Flight, leg: Leg) -> None:
        if leg.era is Era.LEGACY:
            self._send(flight, leg)
            return
        uri = flight.envelope.word("params", "uri") or ""
        if self._listens.subscribed(uri, leg, on=flight.method == "resources/subscribe"):
            self._desk.result(flight, "")
        else:
            self._desk.fail(flight, PARAMS, f"more than {self._desk.limits.subscriptions} subscriptions")

    def _listen(self, flight: Flight, again: bool = True) -> None:
        listen = self._listens.read(flight)
        if listen is None:
            return
        for uri in listen.uris:
            listen.uris[uri] = self._with_uri(uri) or self._only_with_resources()
        if again and None in listen.uris.values() and self._lists.missing(URIS):
            self._lists.collect(URIS, lambda: self._listen(flight, again=False), fresh=False)
        else:
            self._listens.begin(listen)

    # -- tasks

    def made(self, task: str, leg: Leg) -> None:
        """A server has begun a task."""
        self.tasks.pop(task, None)
        self.tasks[task] = leg.number
        if len(self.tasks) > TASKS:
            del self.tasks[next(iter(self.tasks))]

    def _task(self, flight: Flight) -> None:
        leg = self._desk.legs.get(self.tasks.get(flight.envelope.word("params", "taskId") or "", -1)) or self._only()
        if leg is None:
            self._desk.fail(flight, PARAMS, "this client has no such task")
        else:
            self._send(flight, leg)

    # -- on its way

    def _send(self, flight: Flight, leg: Leg) -> None:
        """To a server that is down, a request is a reason to try it again."""
        if not flight.open:
            return
        self._opening.open(leg)
        self._desk.send(flight, leg)

    def _only(self) -> Leg | None:
        legs = self._desk.legs
        return next(iter(legs.values())) if len(legs) == 1 else None


def _is_riddle(envelope: Envelope, path: tuple[str, ...]) -> bool:
    """Whether a server that reads names without regard to case (Go's) could find another name than we do: it would
    call what the profile doesn't let it."""
    above = envelope.spans.get(path[0]) if len(path) == 2 else envelope.at(*path[:-1])
    if above is None or envelope.text[above.start] != "{":
        return False
    return any(name != path[-1] and name.casefold() == path[-1] for name in members(envelope.text, above.start))
