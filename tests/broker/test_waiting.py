"""The book of those who have proved nothing yet: bounded, and nobody is locked out for good."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mcpconf.broker.door.waiting import LIMIT, PATIENCE, Waiting


def test_one_too_many_drops_the_one_that_has_waited_longest() -> None:
    waiting = Waiting[int]()
    assert [waiting.add(number, 0.0) for number in range(LIMIT)] == [None] * LIMIT
    assert waiting.add(LIMIT, 1.0) == 0
    assert waiting.add(LIMIT + 1, 1.0) == 1
    assert len(waiting) == LIMIT


def test_who_was_admitted_is_not_dropped() -> None:
    waiting = Waiting[str](limit=2)
    waiting.add("a", 0.0)
    waiting.add("b", 0.0)
    assert waiting.remove("a")
    assert not waiting.remove("a")
    assert waiting.add("c", 0.0) is None
    assert waiting.add("d", 0.0) == "b"


def test_time_runs_out_for_each_in_its_turn() -> None:
    waiting = Waiting[str]()
    assert waiting.next_deadline() is None
    waiting.add("a", 10.0)
    waiting.add("b", 12.0)
    assert waiting.next_deadline() == 10.0 + PATIENCE
    assert waiting.overdue(14.9) == []
    assert waiting.overdue(15.0) == ["a"]
    assert waiting.next_deadline() == 17.0
    assert waiting.overdue(100.0) == ["b"]
    assert waiting.next_deadline() is None


def test_a_connection_that_sends_a_byte_now_and_then_gets_no_more_time() -> None:
    """Slow loris: what it sends does not come here, so its deadline stays."""
    waiting = Waiting[str]()
    waiting.add("loris", 0.0)
    due = waiting.next_deadline()
    for second in range(5):
        waiting.add(f"other {second}", float(second))
    assert waiting.next_deadline() == due
    assert waiting.overdue(5.0) == ["loris", "other 0"]


@pytest.mark.parametrize("idle", [0, 63, 64, 200, 10_000])
def test_a_good_client_gets_in_whatever_number_idles(idle: int) -> None:
    waiting = Waiting[str]()
    for number in range(idle):
        waiting.add(f"idle {number}", 0.0)
    waiting.add("good", 0.1)
    assert waiting.remove("good")
    assert len(waiting) <= LIMIT


@given(st.integers(0, 200))
def test_a_good_client_that_takes_a_while_survives_as_many_as_the_limit_less_one(flood: int) -> None:
    """What the rule promises: between a good client's connect and its proof, fewer than LIMIT others may come."""
    waiting = Waiting[str]()
    waiting.add("good", 0.0)
    for number in range(flood):
        waiting.add(f"flood {number}", 0.0)
    assert waiting.remove("good") is (flood < LIMIT)


def test_who_floods_crowds_out_itself() -> None:
    waiting = Waiting[str](limit=4)
    waiting.add("good", 0.0, "10.0.0.2")
    waiting.add("by unix", 0.0)
    dropped = [waiting.add(f"flood {number}", 0.0, "10.0.0.3") for number in range(100)]
    assert dropped == [None, None, *(f"flood {number}" for number in range(98))]
    assert waiting.remove("good")
    assert waiting.remove("by unix")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_an_address_that_has_less_than_its_share_loses_nobody(steps: list[tuple[str, bool]]) -> None:
    """Three addresses and room for six: who has two or fewer waiting keeps them, whatever the others do."""
    waiting = Waiting[tuple[str, int]](limit=6)
    here: list[tuple[str, int]] = []
    for number, (origin, goes) in enumerate(steps):
        mine = [one for one in here if one[0] == origin]
        if goes and mine:
            here.remove(mine[0])
            assert waiting.remove(mine[0])
            continue
        here.append((origin, number))
        dropped = waiting.add((origin, number), 0.0, origin)
        if dropped is not None:
            assert sum(one[0] == dropped[0] for one in here) > 2
            here.remove(dropped)
        assert len(waiting) == len(here) <= 6


class Book(RuleBasedStateMachine):
    """Against a plain list of (connection, deadline)."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = Waiting[int](limit=3, patience=5.0)
        self.model: list[tuple[int, float]] = []
        self.now = 0.0
        self.last = 0

    @rule(later=st.floats(0, 4))
    def time_passes(self, later: float) -> None:
        self.now += later

    @rule()
    def one_comes(self) -> None:
        self.last += 1
        self.model.append((self.last, self.now + 5.0))
        dropped = self.model.pop(0)[0] if len(self.model) > 3 else None
        assert self.waiting.add(self.last, self.now) == dropped

    @rule(number=st.integers(0, 6))
    def one_goes(self, number: int) -> None:
        connection = self.last - number
        known = [one for one in self.model if one[0] == connection]
        self.model = [one for one in self.model if one[0] != connection]
        assert self.waiting.remove(connection) is bool(known)

    @rule()
    def it_is_looked_through(self) -> None:
        due = [one for one in self.model if one[1] <= self.now]
        self.model = [one for one in self.model if one[1] > self.now]
        assert self.waiting.overdue(self.now) == [one[0] for one in due]

    @invariant()
    def they_agree(self) -> None:
        assert len(self.waiting) == len(self.model) <= 3
        assert self.waiting.next_deadline() == min((one[1] for one in self.model), default=None)


TestBook = Book.TestCase
TestBook.settings = settings(max_examples=100, deadline=None)
