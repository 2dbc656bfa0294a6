"""Two clients with a gateway each to the same servers, and anything happening in any order.

Whatever happens: a client hears answers to its own requests alone, each once, from the server that it meant, with its
own arguments; no id is changed; names are unique and stay their server's; and nothing is remembered in the end.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from mcpconf.wire.actions import Era
from mcpconf.wire.gateway.catalogue import TOOLS
from mcpconf.wire.gateway.names import LONGEST, Names

from .town import META, House, Town, listed, tools

NAMES = ("read", "write", "b__read", "x" * 70)
IDS = st.one_of(st.integers(0, 3), st.sampled_from(["1", "a", "\u00fc"]))


class Gateways(RuleBasedStateMachine):
    asked = Bundle("asked")

    @initialize(
        eras=st.lists(
            st.sampled_from([(Era.LEGACY,), (Era.MODERN,), (Era.MODERN, Era.LEGACY)]), min_size=2, max_size=3
        ),
        had=st.data(),
    )
    def begin(self, eras: list[tuple[Era, ...]], had: Any) -> None:
        some = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
        self.town = Town(*(House("abc"[n], eras=its, tools=tools(*had.draw(some))) for n, its in enumerate(eras)))
        self.people = [self.town.person(), self.town.person()]
        self.people[0].greet()
        self.people[1].modern("server/discover")
        self.open: list[dict[tuple[str, str], tuple[str, str, int]]] = [{}, {}]  # by id and tag: whose, which, the tag
        self.owners: list[dict[str, tuple[str, str]]] = [{}, {}]
        self.tags = 0
        for who in (0, 1):
            self.list_them(who)

    @rule(who=st.integers(0, 1))
    def list_them(self, who: int) -> None:
        person = self.people[who]
        self.tags += 1
        number = f"list{self.tags}"
        meta = {"_meta": META} if who else {}
        person.say({"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": meta})
        self.town.wait(1.6)
        (found,) = [message for message in self.drain(who) if message.get("id") == number]
        names = listed(found["result"])
        assert len(set(names)) == len(names)
        there = {house.name: house for house in self.town.houses.values() if house.up}
        own = [f"{name}:{one['name']}" for name, house in there.items() for one in house.has["tools"]]
        assert len(names) <= len(own)
        for shown in names:
            leg, key = person.gateway._lists._told[TOOLS][shown]
            house = person.names[leg]
            assert any(one["name"] == key for one in self.town.houses[house].has["tools"])
            self.owners[who][shown] = house, key

    @rule(calls=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20), IDS), min_size=1, max_size=4), target=asked)
    def call(self, calls: list[tuple[int, int, Any]]) -> Any:
        return [self.call_one(*one) for one in calls][-1]

    def call_one(self, who: int, pick: int, number: Any) -> Any:
        known = sorted(self.owners[who])
        if not known:
            return None
        shown = known[pick % len(known)]
        house, key = self.owners[who][shown]
        self.tags += 1
        token = json.dumps(number)
        self.open[who][token, str(self.tags)] = house, key, self.tags
        params = {"name": shown, "arguments": {"tag": self.tags}, **({"_meta": META} if who else {})}
        self.people[who].say({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
        self.drain(who)
        return who, number

    @rule(name=st.sampled_from("abc"))
    def answer(self, name: str) -> None:
        house = self.town.houses.get(name)
        if house is not None and any(m["method"] == "tools/call" for _, m in house.held):
            self.town.release(name)
        for who in (0, 1):
            self.drain(who)

    @rule(one=consumes(asked))
    def cancel(self, one: Any) -> None:
        if one is None:
            return
        who, number = one
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}
        self.people[who].say(note)
        gone = [key for key in self.open[who] if key[0] == json.dumps(number)]
        for key in gone:
            del self.open[who][key]

    @rule(name=st.sampled_from("abc"))
    def end(self, name: str) -> None:
        if name in self.town.houses:
            self.town.die(name)
        for who in (0, 1):
            self.drain(who)

    @rule(name=st.sampled_from("abc"), had=st.lists(st.sampled_from(NAMES), unique=True))
    def begin_again(self, name: str, had: list[str]) -> None:
        house = self.town.houses.get(name)
        if house is not None and not house.up:
            house.has["tools"] = tools(*had)
            self.town.revive(name)
            self.town.wait(31)

    @rule(seconds=st.sampled_from([0.1, 2.0]))
    def wait(self, seconds: float) -> None:
        self.town.wait(seconds)

    @precondition(lambda self: hasattr(self, "town"))
    @invariant()
    def nothing_is_astray(self) -> None:
        for who in (0, 1):
            self.drain(who)

    def drain(self, who: int) -> list[Any]:
        """Look at all that a client heard."""
        found = self.people[who].heard()
        for message in found:
            if "method" in message:
                assert message["method"] == "notifications/tools/list_changed"
                continue
            token = json.dumps(message["id"])
            mine = {key: one for key, one in self.open[who].items() if key[0] == token}
            if "result" in message and "from" in message["result"]:
                asked = message["result"]["asked"]
                key = token, str(asked["arguments"]["tag"])
                assert self.open[who].pop(key) == (message["result"]["from"], asked["name"], asked["arguments"]["tag"])
            elif "error" in message and mine:
                # Of those that share an id it is one whose server is down: no other answers with an error.
                down = [key for key, one in mine.items() if not self.town.houses[one[0]].up]
                assert down, message
                del self.open[who][down[0]]
        return found

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        for house in self.town.houses.values():
            self.town.die(house.name)
        for who, person in enumerate(self.people):
            self.drain(who)
            sizes = person.gateway.sizes()
            assert (sizes["flights"], sizes["asked"], sizes["waiting"]) == (0, 0, 0), sizes
            assert self.open[who] == {}


TestGateways = Gateways.TestCase
TestGateways.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


# -- names


def _names(had: dict[str, list[str]]) -> dict[tuple[str, str], str | None]:
    servers = dict(enumerate(sorted(had)))
    names = Names(servers, {number: had[name] for number, name in servers.items()})
    return {(name, one): names.shown((n, one)) for n, name in servers.items() for one in had[name]}


def test_names_that_are_made_are_short_unique_and_without_colons() -> None:
    had = {
        "a": ["x", "y" * 64, "b__x", "_x"],
        "a_": ["x", "y" * 64],
        "b": ["x", "x:1", "a__x"],
        "c.1234abcd": ["x", "x:1"],
        "s" * 64: ["x", "z"],
    }
    shown = _names(had)
    assert None not in shown.values()
    assert len(set(shown.values())) == len(shown)
    made = [name for (_, own), name in shown.items() if name != own and name is not None]
    assert all(len(name) <= LONGEST for name in made)
    assert not any(":" in name for name in made)


def test_names_do_not_depend_on_the_order() -> None:
    had = {"a": ["x", "y"], "b": ["x", "z"], "c": ["x"]}
    assert _names(had) == _names(dict(reversed(had.items())))
    assert _names({name: list(reversed(its)) for name, its in had.items()}) == _names(had)


def test_a_tool_that_is_called_like_another_s_made_name_does_not_take_its_place() -> None:
    plain = _names({"a": ["x"], "b": ["x"]})
    forged = _names({"a": ["x"], "b": ["x"], "evil": ["a__x"]})
    assert plain["a", "x"] == "a__x"
    assert forged["evil", "a__x"] == "a__x"
    again = str(forged["a", "x"])
    assert again.startswith("a__x_")
    worse = _names({"a": ["x"], "b": ["x"], "evil": ["a__x", again]})
    assert worse["a", "x"] == again
    assert worse["evil", again] not in (again, None)
