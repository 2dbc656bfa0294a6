"""What can't be noted down is taken back: the exit code and the sentence tell what stands in the files."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mcpconf.commit.disk import Unwritable, refusal
from mcpconf.commit.files import Files
from mcpconf.commit.generation import read_all
from mcpconf.commit.snapshot import Changed
from mcpconf.commit.state import State
from mcpconf.commit.transaction import commit
from mcpconf.errors import McpconfError
from mcpconf.record import replace
from tests.commit.stage import ENTRY, NEWER, Stage, add, servers, write

FULL = OSError(errno.ENOSPC, "No space left on device")


def full_for(monkeypatch: pytest.MonkeyPatch, part: str, times: int = 1) -> None:
    """The disk of our state has no room for one of our files, so often."""
    real, left = State.write, [part] * times

    def write_state(self: State, data: bytes, *names: str) -> None:
        if part in "/".join(names) and left and left.pop():
            raise Unwritable("/".join(names), "the disk is full", hint="free some space")
        real(self, data, *names)

    monkeypatch.setattr(State, "write", write_state)


@pytest.mark.parametrize("part", ["blobs", "pending", "ledger", "generations"])
def test_a_record_that_finds_no_room_takes_the_change_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    write(stage.path, {"theme": "dark"})
    stage.switch({"x": ENTRY})
    before = stage.path.read_bytes()
    with monkeypatch.context() as full:
        full_for(full, part)
        with pytest.raises(Unwritable, match="the disk is full; nothing was changed"):
            stage.switch({"x": NEWER, "y": ENTRY})
    assert stage.path.read_bytes() == before
    assert [one.id for one in read_all(stage.state)] == [1]
    stage.switch({"x": NEWER})
    assert (servers(stage.path), stage.owned(), stage.leftovers()) == ({"x": NEWER}, {"x"}, [])


def test_a_ledger_that_can_not_be_put_back_either_is_mended_by_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(stage.path, {"theme": "dark"})
    stage.switch({"x": ENTRY})
    with monkeypatch.context() as full:
        full_for(full, "generations")
        real = State.write
        calls = []

        def no_second_ledger(self: State, data: bytes, *names: str) -> None:
            calls.append(names)
            if names == ("ledger.json",) and calls.count(names) == 2:
                raise Unwritable("ledger.json", "the disk is full")
            real(self, data, *names)

        full.setattr(State, "write", no_second_ledger)
        with pytest.raises(Unwritable, match="nothing was changed"):
            stage.switch({"y": ENTRY})
    assert servers(stage.path) == {"x": ENTRY}
    stage.switch({})
    assert stage.path.read_bytes() == write(stage.home / "other.json", {"theme": "dark"})


def test_what_can_not_be_taken_back_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    write(stage.path, {"theme": "dark"})
    with monkeypatch.context() as full:
        full_for(full, "ledger")
        real = Files._one

        def no_way_back(self: Files, edit: object, seen: object, after: bytes | None) -> None:
            if after == b'{\n  "theme": "dark"\n}':
                raise McpconfError("no room here either")
            real(self, edit, seen, after)  # type: ignore[arg-type]

        full.setattr(Files, "_one", no_way_back)
        with pytest.raises(Unwritable, match=r"what stands in .*claude\.json is new already, and the next command"):
            stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"x": ENTRY}
    stage.switch({"x": ENTRY})
    assert (stage.owned(), stage.leftovers()) == ({"x"}, [])


def test_another_writer_since_keeps_its_work(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    write(stage.path, {"mcpServers": {}})

    def theirs_then_full(number: int | None) -> int | None:
        add(stage.path, "theirs")
        raise Unwritable("active", "the disk is full")

    request = replace(stage.request([stage.want({"x": ENTRY})]), note=theirs_then_full)
    with stage.state.locked(), pytest.raises(Unwritable):
        commit(request, stage.state, stage.clock)
    assert set(servers(stage.path)) == {"theirs", "x"}
    assert read_all(stage.state) == ()


def test_a_file_that_changes_while_it_is_taken_back_is_theirs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    write(stage.path, {"mcpServers": {}})
    with monkeypatch.context() as full:
        full_for(full, "ledger")
        real, calls = Files._one, []

        def changed(self: Files, edit: object, seen: object, after: bytes | None) -> None:
            calls.append(after)
            if len(calls) == 2:
                raise Changed
            real(self, edit, seen, after)  # type: ignore[arg-type]

        full.setattr(Files, "_one", changed)
        with pytest.raises(Unwritable, match="nothing was changed"):
            stage.switch({"x": ENTRY})


def test_the_way_out_of_a_full_disk_is_told(home: Path) -> None:
    assert refusal(str(home), FULL).hint == "free some space and run the command again"
