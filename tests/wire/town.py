"""Servers that a test plays, each behind its multiplexers, and clients with a gateway to all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcpconf.wire.actions import Action as MuxAction
from mcpconf.wire.actions import Era, Limits, Log
from mcpconf.wire.actions import ToClient as MuxToClient
from mcpconf.wire.actions import ToServer as MuxToServer
from mcpconf.wire.gateway.actions import AskEra, Enter, Learned, Leave, ToClient, ToServer
from mcpconf.wire.gateway.gateway import Gateway
from mcpconf.wire.gateway.leg import Leg
from mcpconf.wire.gateway.names import ALL, Filter
from mcpconf.wire.gateway.offers import UNKNOWN, Known
from mcpconf.wire.mux import Mux
from mcpconf.wire.versions import SUBSCRIPTION_KEY, VERSION_KEY

INFO = '{"name":"mcpconf","version":"0"}'
META = {VERSION_KEY: "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
LISTS = {"tools": "tools", "prompts": "prompts", "resources": "resources", "resources/templates": "resourceTemplates"}


class House:
    """One server: it answers by itself but for `tools/call`, which it holds until it is told to answer."""

    def __init__(self, name: str, *, eras: Sequence[Era] = (Era.LEGACY,), shared: bool = True, **has: Any) -> None:
        self.name = name
        self.eras = eras
        self.has: dict[str, Any] = has  # `tools`, `prompts`, `resources`, `resourceTemplates`: lists of objects
        self.capabilities: dict[str, Any] = {key: {} for key in ("tools", "prompts", "resources") if key in has}
        self.held: list[tuple[Era, dict[str, Any]]] = []
        self.heard: list[tuple[Era, dict[str, Any]]] = []
        self.up = True
        self.page = 1000
        self.shared = shared
        self.mute: set[str] = set()  # methods that it does not answer
        self.muxes = {era: Mux(era) for era in Era}
        self.clients: dict[tuple[Era, int], Person] = {}

    def answer(self, era: Era, message: dict[str, Any]) -> dict[str, Any] | None:
        """What it says to a request, None for what it holds."""
        method, params = message["method"], message.get("params") or {}
        if method in self.mute or method == "subscriptions/listen":
            self.held.append((era, message))
            return None
        if method == "initialize":
            if Era.LEGACY not in self.eras:
                return {"error": {"code": -32022, "message": "another era"}}
            return {"result": {"protocolVersion": params["protocolVersion"], "capabilities": self.capabilities}}
        if method == "server/discover":
            return {"result": {"supportedVersions": ["2026-07-28"], "capabilities": self.capabilities}}
        what = LISTS.get(method.removesuffix("/list"))
        if what is not None and method.endswith("/list"):
            return {"result": self.listed(what, params)}
        if method in ("tools/call", "prompts/get", "resources/read"):
            self.held.append((era, message))
            return None
        return {"result": {}}

    def listed(self, what: str, params: Mapping[str, Any]) -> dict[str, Any]:
        start = int(params.get("cursor", "0"))
        found = self.has.get(what, [])
        more = {"nextCursor": str(start + self.page)} if start + self.page < len(found) else {}
        return {what: found[start : start + self.page], **more}


class Person:
    """A client and its gateway."""

    def __init__(
        self,
        town: Town,
        number: int,
        filters: Mapping[str, Filter],
        known: Mapping[str, Known],
        limits: Limits | None = None,
    ) -> None:
        self.number = number
        self.town = town
        names = sorted(town.houses)
        legs = [Leg(n, name, known.get(name, UNKNOWN), filters.get(name, ALL)) for n, name in enumerate(names)]
        self.names = names
        self.gateway = Gateway(legs, lambda: town.now, INFO, limits)
        self.eras: dict[int, Era] = {}
        self.got: list[str] = []
        self.logs: list[str] = []
        self.learned: dict[str, Known] = {}
        self.probed = 0

    def say(self, *messages: Any) -> None:
        for one in messages:
            line = one if isinstance(one, bytes) else (one if isinstance(one, str) else json.dumps(one)).encode()
            self.do(self.gateway.from_client(line))

    def do(self, actions: Sequence[Any]) -> None:
        for one in actions:
            match one:
                case ToClient(line):
                    self.got.append(line.decode())
                case ToServer(server, line):
                    self.town.to_house(self, server, line)
                case Enter(server, era):
                    self.eras[server] = era
                    self.town.enter(self, server, era)
                case Leave(server):
                    self.town.leave(self, server)
                case AskEra(server, _):
                    self.probed += 1
                    house = self.town.houses[self.names[server]]
                    era = None if not house.up else Era.MODERN if Era.MODERN in house.eras else Era.LEGACY
                    self.town.later.append((self, server, era))
                case Learned(server, known):
                    self.learned[self.names[server]] = known
                case Log(text):
                    self.logs.append(text)
        self.town.settle()

    def heard(self) -> list[Any]:
        """What it was told since the last time."""
        found, self.got = self.got, []
        return [json.loads(line) for line in found]

    def ask(self, method: str, params: Any = None, number: Any = 1) -> Any:
        """Ask and give the answer, which must be all that comes."""
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})
        found = self.heard()
        assert len(found) == 1, found
        assert found[0]["id"] == number
        return found[0].get("result", found[0].get("error"))

    def modern(self, method: str, params: Any = None, number: Any = 1) -> Any:
        return self.ask(method, {**(params or {}), "_meta": META}, number)

    def greet(self, version: str = "2025-11-25", **capabilities: Any) -> Any:
        hello = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": {"name": "t", "version": "1"}}
        found = self.ask("initialize", hello, "hello")
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return found

    def tick(self) -> None:
        self.do(self.gateway.tick())


class Town:
    """All of them. `now` is the clock; what servers say is worked off by `settle`."""

    def __init__(self, *houses: House) -> None:
        self.houses = {house.name: house for house in houses}
        self.people: list[Person] = []
        self.now = 0.0
        self.later: list[tuple[Person, int, Era | None]] = []
        self._out: list[tuple[House, Era, bytes]] = []
        self._busy = False
        for house in houses:
            for era, mux in house.muxes.items():
                self.perform(house, era, mux.server_ready())

    def person(
        self,
        filters: Mapping[str, Filter] | None = None,
        known: Mapping[str, Known] | None = None,
        limits: Limits | None = None,
    ) -> Person:
        one = Person(self, len(self.people), filters or {}, known or {}, limits)
        self.people.append(one)
        return one

    def enter(self, person: Person, server: int, era: Era) -> None:
        house = self.houses[person.names[server]]
        house.clients[era, person.number] = person
        self.perform(house, era, house.muxes[era].connect(person.number))

    def leave(self, person: Person, server: int) -> None:
        house = self.houses[person.names[server]]
        for era in Era:
            if house.clients.pop((era, person.number), None) is not None:
                self.perform(house, era, house.muxes[era].disconnect(person.number))

    def to_house(self, person: Person, server: int, line: bytes) -> None:
        house, era = self.houses[person.names[server]], person.eras[server]
        if not house.up:
            house.muxes[era].server_died("gone")
        self.perform(house, era, house.muxes[era].from_client(person.number, line))
        if not house.up:
            self.perform(house, era, house.muxes[era].server_died("it can't be started"))

    def perform(self, house: House, era: Era, actions: Sequence[MuxAction]) -> None:
        for one in actions:
            if isinstance(one, MuxToServer):
                self._out.append((house, era, one.line))
            elif isinstance(one, MuxToClient):
                person = house.clients.get((era, one.client))
                if person is not None:
                    person.do(person.gateway.from_server(person.names.index(house.name), one.line))

    def settle(self) -> None:
        """Have the servers answer what they were told."""
        if self._busy:
            return
        self._busy = True
        while self._out or self.later:
            if self.later:
                person, server, era = self.later.pop(0)
                person.do(person.gateway.judged(server, era, "it can't be started"))
                continue
            house, era, line = self._out.pop(0)
            message = json.loads(line)
            house.heard.append((era, message))
            if "method" in message and "id" in message and house.up:
                said = house.answer(era, message)
                if said is not None:
                    self.say(house, era, {"jsonrpc": "2.0", "id": message["id"], **said})
        self._busy = False

    def say(self, house: House, era: Era, message: Any) -> None:
        """A server says something."""
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.perform(house, era, house.muxes[era].from_server(line))
        self.settle()

    def release(self, name: str, result: Any = None) -> dict[str, Any]:
        """Have a server answer the first of what it holds; gives the request."""
        house = self.houses[name]
        message = self.holds(name)
        era = next(era for era, one in house.held if one is message)
        house.held.remove((era, message))
        said = {"from": name, "asked": message["params"]} if result is None else result
        self.say(house, era, {"jsonrpc": "2.0", "id": message["id"], "result": said})
        return message

    def holds(self, name: str) -> dict[str, Any]:
        """The first request that a server has not answered."""
        return next(one for _, one in self.houses[name].held if one["method"] != "subscriptions/listen")

    def changed(self, name: str, what: str = "tools") -> None:
        """A server says that a list has changed, to whoever listens."""
        house = self.houses[name]
        self.say(house, Era.LEGACY, {"jsonrpc": "2.0", "method": f"notifications/{what}/list_changed"})
        for era, message in list(house.held):
            if message["method"] == "subscriptions/listen":
                meta = {"_meta": {SUBSCRIPTION_KEY: message["id"]}}
                self.say(house, era, {"jsonrpc": "2.0", "method": f"notifications/{what}/list_changed", "params": meta})

    def die(self, name: str) -> None:
        """A server ends, and can't be started."""
        house = self.houses[name]
        house.up = False
        house.held.clear()
        for era, mux in house.muxes.items():
            self.perform(house, era, mux.server_died("it ended"))
        self.settle()

    def revive(self, name: str) -> None:
        house = self.houses[name]
        house.up = True
        for era, mux in house.muxes.items():
            self.perform(house, era, mux.server_ready())
        self.settle()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        for one in self.people:
            one.tick()


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object"}, **more}


def tools(*names: str) -> list[dict[str, Any]]:
    return [tool(name) for name in names]


def listed(result: Mapping[str, Any], what: str = "tools", key: str = "name") -> list[str]:
    return [one[key] for one in result[what]]
