"""One record for each apply, with the bytes before and after; the oldest are forgotten, blobs and all."""

from __future__ import annotations

import json
import os

import pytest

from mcpconf.commit import generation as generations
from mcpconf.commit.generation import KEPT, forget, read_all, save
from tests.commit.stage import ENTRY, NEWER, Stage, write


def test_a_generation_tells_what_was_done(stage: Stage) -> None:
    before = write(stage.path, {"mcpServers": {"theirs": ENTRY}})
    first = stage.switch({"x": ENTRY})
    second = stage.switch({"x": NEWER})
    assert (first.generation, second.generation) == (1, 2)
    one, two = read_all(stage.state)
    assert (one.id, one.command, one.context, one.profile, one.previous) == (1, "switch work", "user", "work", None)
    assert one.files[0].exact
    assert not one.undone
    assert stage.state.blob(one.files[0].before or "") == before
    assert stage.state.blob(two.files[0].after or "") == stage.path.read_bytes()
    assert one.files[0].after == two.files[0].before
    assert [(c.name, c.action, c.before is None) for c in one.changes] == [("x", "add", True)]
    assert [(c.name, c.action, c.owned_before is not None) for c in two.changes] == [("x", "update", True)]
    assert one.time < two.time


def test_a_file_that_was_not_there_has_no_blob(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    stage.switch({})
    one, two = read_all(stage.state)
    assert (one.files[0].before, two.files[0].after) == (None, None)
    assert one.files[0].after == two.files[0].before


def test_a_generation_is_read_back_as_it_was_written(stage: Stage) -> None:
    stage.switch({"x": ENTRY, "y": ENTRY})
    stage.switch({"x": NEWER})
    for one in read_all(stage.state):
        assert generations.load(json.loads(json.dumps(generations.dump(one)))) == one
    assert all(os.stat(stage.state.at("generations", name)).st_mode & 0o777 == 0o600 for name in names(stage))


def names(stage: Stage) -> list[str]:
    return sorted(os.listdir(stage.state.at("generations")))


def test_only_the_newest_are_kept_with_the_blobs_that_they_name(stage: Stage) -> None:
    for number in range(KEPT + 3):
        stage.switch({"x": {"command": f"/bin/{number}"}})
    kept = read_all(stage.state)
    assert [one.id for one in kept] == list(range(4, KEPT + 4))
    named = {blob for one in kept for file in one.files for blob in (file.before, file.after)}
    assert set(os.listdir(stage.state.at("blobs"))) == named
    assert stage.switch({}).generation == KEPT + 4


def test_nothing_to_do_makes_no_generation(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    assert stage.switch({"x": ENTRY}).generation is None
    assert len(read_all(stage.state)) == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"files": 3, "changes": []}', b"null"])
def test_a_damaged_record_is_left_out(stage: Stage, raw: bytes) -> None:
    stage.switch({"x": ENTRY})
    stage.switch({"x": NEWER})
    stage.state.write(raw, "generations", "000001.json")
    stage.state.write(raw, "generations", ".000002.json.abc.json")
    stage.state.write(raw, "generations", "README")
    assert [one.id for one in read_all(stage.state)] == [2]
    assert stage.switch({}).generation == 3


def test_without_any_record_there_is_nothing_to_read_or_forget(stage: Stage) -> None:
    assert read_all(stage.state) == ()
    forget(stage.state)
    assert not os.path.exists(stage.state.directory)
    stage.switch({"x": ENTRY})
    one = read_all(stage.state)[0]
    for name in os.listdir(stage.state.at("blobs")):
        stage.state.remove("blobs", name)
    os.rmdir(stage.state.at("blobs"))
    save(one, stage.state)
    forget(stage.state)
    assert read_all(stage.state) == (one,)
