"""Every golden case: the exact bytes, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpconf.client.table import CLIENTS
from mcpconf.errors import Located
from mcpconf.ledger import Ledger
from mcpconf.model import Scope
from tests.golden.road import CASES, Case, bytes_after

WRITTEN = [case for case in CASES if "refused" not in case.said]
REFUSED = [case for case in CASES if "refused" in case.said]


def parsed(raw: bytes | None) -> Any:
    """The values of a file, numbers as they are written; what is empty or not there holds nothing."""
    text = (raw or b"").decode("utf-8-sig")
    return json.loads(text, parse_int=str, parse_float=str) if text.strip() else {}


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_a_profile_is_written_just_so(case: Case) -> None:
    plan = case.plan(case.before, case.entries(), Ledger())

    assert not plan.conflicts
    assert bytes_after(plan, case.before) == case.after


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_removing_gives_back_every_byte(case: Case) -> None:
    added = case.plan(case.before, case.entries(), Ledger())

    removed = case.plan(case.after, {}, added.ledger)

    assert bytes_after(removed, case.after) == case.before
    assert not any(record.members for record in removed.ledger.files.values())


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_doing_it_again_changes_nothing(case: Case) -> None:
    added = case.plan(case.before, case.entries(), Ledger())

    assert not case.plan(case.after, case.entries(), added.ledger).files


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_only_our_members_are_new(case: Case) -> None:
    before, after = parsed(case.before), parsed(case.after)

    at = after
    for name in case.target.pointer[:-1]:
        at = at[name]
    ours = at[case.target.pointer[-1]]
    for name, entry in case.entries().items():
        assert json.loads(json.dumps(entry), parse_int=str) == ours.pop(name)
    assert _without_empty(after, case) == _without_empty(before, case)


def _without_empty(value: Any, case: Case) -> Any:
    """The same without the containers on our way that hold nothing."""
    trail = [value]
    for name in case.target.pointer:
        trail.append(trail[-1].get(name, {}))
    for above, name, at in reversed(list(zip(trail, case.target.pointer, trail[1:], strict=False))):
        if at == {}:
            above.pop(name, None)
    return value


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_no_secret_and_no_path_of_this_machine_gets_where_it_may_not(case: Case) -> None:
    text = json.dumps(case.entries())

    assert "secret:" not in text
    if case.target.portable:
        assert "/home/me" not in text
    if not case.spec.expands:
        assert "${" not in text.replace("${MCPCONF_HEADER_", "")


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_a_client_would_reset_or_refuse_is_left_alone(case: Case) -> None:
    with pytest.raises(Located) as caught:
        case.plan(case.before, case.entries(), Ledger())

    assert str(caught.value) == f"{case.said['path']}:{case.said['refused']}; nothing was changed"
    assert case.after is None


def test_every_client_and_scope_has_its_cases() -> None:
    assert {case.path.parent.name for case in CASES} == {spec.id for spec in CLIENTS}
    assert {case.said.get("scope", "user") for case in CASES} == set(Scope)
    assert len(WRITTEN) >= 20
    assert all(case.said["says"] for case in CASES)
