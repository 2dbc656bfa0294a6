"""Real-life shapes of devcontainer.json: the exact bytes, what the schema says of them, and the way back."""

from __future__ import annotations

import json

import pytest

from mcpconf.document.values import parse
from mcpconf.ledger import Ledger
from mcpconf.workflow.devcontainer import plan_file
from mcpconf.workflow.devcontainer_schema import fault_of
from tests.golden.devcontainer.road import CASES, FILE, Case, bytes_after

UNFIT = {"does-not-fit"}


def says(raw: bytes | None) -> object:
    return parse((raw or b"").decode("utf-8-sig"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_written_just_so(case: Case) -> None:
    plan, _ = case.planned(case.before)

    assert not plan.conflicts
    assert bytes_after(plan, case.before) == case.after


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_second_time_changes_nothing_and_says_the_same(case: Case) -> None:
    plan, found = case.planned(case.before)

    again, found_again = case.planned(case.after, plan.ledger)

    assert not again.files
    assert found_again.members == found.members


@pytest.mark.parametrize("case", CASES, ids=str)
def test_removing_gives_back_every_byte(case: Case) -> None:
    plan, _ = case.planned(case.before)

    removed, _ = plan_file(FILE, {FILE: case.after}, plan.ledger, None)

    assert bytes_after(removed, case.after) == case.before
    assert removed.ledger == Ledger()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_result_fits_the_published_schema(case: Case) -> None:
    assert (fault_of(says(case.after)) is None) is (str(case) not in UNFIT)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_path_of_this_machine_and_no_secret_gets_into_a_tracked_file(case: Case) -> None:
    plan, found = case.planned(case.before)

    written = json.dumps(list(found.members.values()))
    assert "/home/me" not in written
    assert "secret:" not in written
    assert plan.files


def test_there_are_shapes_enough() -> None:
    assert len(CASES) >= 15


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"image": "x", "mounts": ["a"]}, None),
        ({"image": "x", "mounts": [{"target": "/x"}]}, "is not valid"),
        ({"image": "x", "runArgs": "--init"}, "is not valid"),
        ({"dockerComposeFile": "a", "service": "b"}, "is not valid"),
        ({}, None),
    ],
)
def test_the_schema_tells_what_does_not_fit(data: object, fault: str | None) -> None:
    said = fault_of(data)

    assert said is None if fault is None else said is not None
