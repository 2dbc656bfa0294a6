"""A file that a killed run left half written: every command goes on from there, none asks the user to mend it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.reliability.place import Place


def parses(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Profile `two` was active, and the run that was to make `one` active died in the middle of the client's file."""
    place = Place(tmp_path / "place")
    place.furnish()
    os.link(place.file, place.home / "second-name")
    place.must("switch", "one")
    one = place.file.read_bytes()
    place.must("switch", "two")
    two = place.file.read_bytes()
    halves = (one[:at] + two[at:].ljust(len(one) - at, b"\0") for at in range(100, len(two)))
    journal = place.state / "journals/x.journal"
    journal.parent.mkdir(exist_ok=True)
    header = {"path": str(place.file), "old": len(two), "after": len(one)}
    journal.write_bytes(json.dumps(header).encode() + b"\n" + two + one)
    with place.file.open("r+b") as stream:
        stream.write(next(half for half in halves if not parses(half)))
    return place


WRITING = ["switch one", "switch two", "undo", "uninstall --yes", "server add x -- /bin/cat", "init --yes"]


@pytest.mark.parametrize("line", WRITING)
def test_a_command_that_writes_puts_the_old_content_back_first(place: Place, line: str) -> None:
    done = place.run(*line.split())
    assert (done.code, done.disgrace) == (0, "")
    assert "theirs" in place.servers()
    assert place.leftovers() == []
    assert (place.home / "second-name").samefile(place.file)


@pytest.mark.parametrize("line", ["status", "diff one", "switch one --dry-run", "switch two --check"])
def test_a_command_that_only_reads_judges_by_the_old_content_and_writes_nothing(place: Place, line: str) -> None:
    torn = place.file.read_bytes()
    done = place.run(*line.split())
    assert (done.code, done.disgrace) == (0, "")
    assert place.file.read_bytes() == torn
