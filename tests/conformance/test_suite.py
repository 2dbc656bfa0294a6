"""What counts as lost between two runs of the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.suite import Check, lost

ONE, OTHER = Check("a", "x", 1), Check("a", "y", 1)


def runs(*results: Mapping[Check, bool]) -> list[Check]:
    """What is lost, where the suite gives these results one after the other."""
    coming = iter(results)
    return lost({ONE: True, OTHER: True}, lambda: next(coming))


def test_what_fails_or_is_missing_each_time_is_lost() -> None:
    assert runs({ONE: False, OTHER: True}, {OTHER: True}) == [ONE]


def test_what_fails_once_is_not() -> None:
    assert runs({ONE: False, OTHER: True}, {ONE: True, OTHER: False}) == []


def test_what_passes_is_not_run_again() -> None:
    assert runs({ONE: True, OTHER: True}) == []
