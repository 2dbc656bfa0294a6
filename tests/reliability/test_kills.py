"""kill -9 at any moment: no torn file, no lost neighbour, and the next command goes on from there."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.reliability import figures
from tests.reliability.place import CLIENT_FILE, Place

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]


def killed(place: Place, delay: float, *argv: str) -> int | None:
    """Run a command and kill it after so many seconds; its exit code where it was faster."""
    process = place.start(*argv)
    try:
        process.communicate(timeout=delay)
        return process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None


@pytest.mark.parametrize(("names", "full"), [(1, 800), (2, 200)], ids=["swapped", "in place"])
def test_kills_at_random_moments_harm_nothing(names: int, full: int, tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    place.furnish()
    place.must("switch", "two")
    if names == 2:
        os.link(place.file, place.home / "second-name")
    versions = {"two": place.file.read_bytes()}
    began = time.monotonic()
    place.must("switch", "one")
    usual = time.monotonic() - began
    versions["one"] = place.file.read_bytes()

    dice = random.Random(20261123)
    wrong, kills, journals, target = [], 0, 0, "one"
    for turn in range(figures.size(full) * 3):  # some are done before the blow falls
        if kills == figures.size(full):
            break
        target = ("two", "one")[turn % 2]
        code = killed(place, dice.uniform(0.0, usual), "switch", target)
        kills += code is None
        unfinished = any((place.state / "journals").glob("*.journal"))
        journals += unfinished
        raw = place.file.read_bytes()
        if raw not in versions.values() and not unfinished:
            wrong.append(f"kill {turn}: torn: {raw[:200]!r}")
        if code is not None and (code, raw) != (0, versions[target]):
            wrong.append(f"run {turn}: ended with {code}, and its entries are not there")
        if unfinished and (place.run("switch", target).code, place.file.read_bytes()) != (0, versions[target]):
            wrong.append(f"kill {turn}: the next run did not mend it")
    figures.record("kills", str(names), way=("swap", "in place")[names - 1], kills=kills, violations=len(wrong))
    assert not wrong, "\n".join(wrong)
    assert kills == figures.size(full)
    place.must("switch", target)
    place.must("uninstall", "--yes")
    assert place.file.read_bytes() == CLIENT_FILE
    assert place.leftovers() == []
