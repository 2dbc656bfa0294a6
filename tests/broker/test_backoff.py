"""When a server that keeps crashing is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mcpconf.broker.upstream.backoff import BREAKS, LONGEST, OPEN, WINDOW, Backoff


def crashed(*times: float, chance: float = 1.0) -> Backoff:
    backoff = Backoff()
    for time in times:
        backoff.crashed(time, chance)
    return backoff


def test_after_the_first_crash_the_next_call_starts_it_at_once() -> None:
    assert crashed(100.0).delay(100.0) == 0.0


def test_each_further_crash_doubles_the_wait() -> None:
    assert [crashed(*range(count)).delay(count - 1) for count in (2, 3, 4)] == [0.25, 0.5, 1.0]


def test_chance_spreads_the_wait_over_its_second_half() -> None:
    assert crashed(0.0, 0.0, chance=0.0).delay(0.0) == 0.125


def test_a_crash_loop_opens_the_circuit_for_a_while() -> None:
    backoff = crashed(*[0.0] * BREAKS)
    assert backoff.broken(0.0)
    assert backoff.delay(0.0) == OPEN
    assert not backoff.broken(OPEN)


def test_crashes_that_lie_apart_do_not_count_together() -> None:
    assert crashed(*[place * (WINDOW + 1) for place in range(BREAKS)]).delay(WINDOW * 10) == 0.0


def test_to_be_asked_for_it_is_to_forgive() -> None:
    backoff = crashed(*[0.0] * BREAKS)
    backoff.forgive()
    assert not backoff.broken(0.0)
    assert backoff.delay(0.0) == 0.0
    assert backoff.total == BREAKS


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=20), st.floats(0, 1))
def test_nobody_waits_longer_than_the_circuit_is_open(times: list[float], chance: float) -> None:
    times = sorted(times)
    backoff = crashed(*times, chance=chance)
    assert 0.0 <= backoff.delay(times[-1]) <= max(OPEN, LONGEST) + 1e-6
