"""What a killed run left half written reads as it was before, until the next commit puts that back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mcpconf.commit import journal
from mcpconf.commit.reading import read_all
from tests.commit.stage import ENTRY, Stage, in_child, servers, write


def torn(stage: Stage) -> tuple[bytes, bytes]:
    """Die in the middle of an overwrite; the bytes before it, and what stands in the file now."""
    old = write(stage.path, {"pad": "." * 5000, "mcpServers": {}})
    os.link(stage.path, stage.home / "second-name")

    def act() -> None:
        def die_halfway(descriptor: int, data: bytes) -> None:
            os.pwrite(descriptor, data[: len(old) + 20], 0)
            os._exit(7)

        journal._fill = die_halfway
        stage.switch({"x": ENTRY, "long": {"command": "c" * 6000}})

    assert in_child(act) == 7
    return old, stage.path.read_bytes()


def test_a_half_written_file_reads_as_before_and_is_not_touched(stage: Stage) -> None:
    old, now = torn(stage)
    path = str(stage.path)
    assert now != old
    assert read_all([path], stage.clock, stage.state.journals)[path].raw == old
    assert stage.path.read_bytes() == now


def test_a_journal_says_nothing_of_what_another_wrote_since(stage: Stage) -> None:
    torn(stage)
    theirs = write(stage.path, {"theirs": 1})
    assert read_all([str(stage.path)], stage.clock, stage.state.journals)[str(stage.path)].raw == theirs


def test_a_file_that_went_meanwhile_is_no_file(stage: Stage) -> None:
    torn(stage)
    stage.path.unlink()
    assert read_all([str(stage.path)], stage.clock, stage.state.journals)[str(stage.path)].raw is None


@pytest.mark.parametrize("raw", [None, b"", b"{}", b"[" * 100])
def test_no_journal_and_a_damaged_one_change_nothing(stage: Stage, raw: bytes | None) -> None:
    written = write(stage.path, {"a": 1})
    if raw is not None:
        write(Path(stage.state.journals) / "x.journal", raw)
        write(Path(stage.state.journals) / "y.journal.new", raw)
    assert read_all([str(stage.path)], stage.clock, stage.state.journals)[str(stage.path)].raw == written


def test_the_next_commit_mends_it_and_goes_on(stage: Stage) -> None:
    torn(stage)
    done = stage.switch({"y": ENTRY})
    assert servers(stage.path) == {"y": ENTRY}
    assert done.recovered == (str(stage.path),)
    assert json.loads(stage.path.read_bytes())["pad"] == "." * 5000
