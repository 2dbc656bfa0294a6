"""The list of checks: what scripts, pages and people name them by."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from mcpconf.doctor.catalogue import CHECKS
from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Group
from tests.doctor.setups_page import PAGE, page

PAGES = Path(__file__).resolve().parents[2] / "docs/doctor"
README = PAGES / "README.md"


def test_ids_are_unique_ascend_and_belong_to_their_group() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    for group in Group:
        mine = [check.id for check in CHECKS if check.group is group]
        assert mine == sorted(mine)
        assert len({one[:-2] for one in mine}) <= 1  # the last two digits count within a group
    assert all(re.fullmatch(r"MC\d{3}", one) for one in ids)


def test_every_check_has_a_page_and_every_page_a_check() -> None:
    pages = {path.stem for path in PAGES.glob("MC*.md")}
    assert pages == {check.id for check in CHECKS}


def test_a_page_says_what_it_means_and_what_to_do() -> None:
    for check in CHECKS:
        text = (PAGES / f"{check.id}.md").read_text()
        assert text.startswith(f"# {check.id}: "), check.id
        for heading in ("## What was seen", "## Why it matters", "## What to do"):
            assert heading in text, (check.id, heading)


def test_a_title_is_what_is_true_where_nothing_was_found() -> None:
    for check in CHECKS:
        assert not check.title.endswith("."), check.id
        assert len(check.title) <= 70, check.id


def test_the_table_lists_every_check() -> None:
    """docs/doctor/README.md is what people search; it is made of the catalogue by hand, and held to it here."""
    rows = re.findall(r"^\| \[(MC\d{3})\]\(MC\d{3}\.md\) \| (\w+) \| (.+?) \| (\w+) \|$", README.read_text(), re.M)
    assert [row[:3] for row in rows] == [(one.id, str(one.group), one.title) for one in in_order()]
    assert {row[3] for row in rows} <= {"error", "warning", "info"}


def in_order() -> list[Check]:
    """By their groups, as they are shown."""
    return [check for group in Group for check in CHECKS if check.group is group]


def test_a_level_in_the_table_is_the_one_that_is_raised() -> None:
    """Read from the checks' own source, where each says its levels."""
    levels = dict(re.findall(r"^\| \[(MC\d{3})\].+\| (\w+) \|$", README.read_text(), re.M))
    for check in CHECKS:
        source = inspect.getsource(check.judge) if inspect.isfunction(check.judge) else ""
        raised = set(re.findall(r"Level\.([A-Z]+)", source))
        if raised:  # else a function beside it says so
            assert levels[check.id].upper() in raised, (check.id, raised)


def test_the_page_of_set_ups_lists_all_of_them() -> None:
    assert PAGE.read_text() == page(), "python -m tests.doctor.setups_page"
