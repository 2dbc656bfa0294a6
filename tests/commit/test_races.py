"""Other writers on the same file: nobody's entry is lost, and success is claimed only for what lasts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpconf.commit import transaction
from mcpconf.commit.generation import read_all
from mcpconf.commit.state import State
from mcpconf.commit.transaction import OVERTAKEN, UNDONE
from mcpconf.errors import McpconfError, Refused
from mcpconf.plan import Action, Foreign, Policy, Reason
from tests.commit.stage import ENTRY, NEWER, Stage, add, replacing, servers, write

THEIRS = {"command": "/bin/theirs"}


def test_a_write_between_our_reading_and_ours_is_planned_again(stage: Stage) -> None:
    write(stage.path, {"mcpServers": {}})
    stage.before_write = [lambda: add(stage.path, "theirs", THEIRS)]
    done = stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"theirs": THEIRS, "x": ENTRY}
    assert done.attempts == 2
    one = read_all(stage.state)[0]
    assert one.files[0].exact, "the old bytes are what the other writer left"
    assert "theirs" in str(stage.state.blob(one.files[0].before or ""))
    stage.switch({})
    assert servers(stage.path) == {"theirs": THEIRS}


def test_a_write_at_the_last_moment_before_the_rename_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    write(stage.path, {"mcpServers": {}})
    real, done = os.fsync, []

    def meanwhile(descriptor: int) -> None:
        real(descriptor)
        if not done and ".claude.json.mcpconf-" in os.readlink(f"/proc/self/fd/{descriptor}"):
            done.append(True)
            add(stage.path, "theirs", THEIRS)

    monkeypatch.setattr(os, "fsync", meanwhile)
    assert stage.switch({"x": ENTRY}).attempts == 2
    assert servers(stage.path) == {"theirs": THEIRS, "x": ENTRY}


def test_a_file_that_appears_while_we_make_it_keeps_its_content(stage: Stage) -> None:
    stage.before_write = [lambda: add(stage.path, "theirs", THEIRS)]
    stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"theirs": THEIRS, "x": ENTRY}
    stage.switch({})
    assert servers(stage.path) == {"theirs": THEIRS}, "and the file is not ours to remove"


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_writer_that_overwrites_us_is_noticed_and_repaired(stage: Stage, moment: int) -> None:
    stale = json.dumps({"mcpServers": {"theirs": THEIRS}}).encode()
    write(stage.path, {"mcpServers": {}})
    stage.clock.acts[moment] = lambda: replacing(stage.path, stale)
    done = stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"theirs": THEIRS, "x": ENTRY}
    assert (done.attempts, stage.owned(), stage.leftovers()) == (2, {"x"}, [])
    assert not read_all(stage.state)[0].files[0].exact


def test_a_writer_that_puts_our_older_entry_back_is_repaired(stage: Stage) -> None:
    write(stage.path, {"theme": "dark"})
    stage.switch({"x": ENTRY})
    stale = stage.path.read_bytes()
    stage.clock.acts[len(stage.clock.slept) + 1] = lambda: replacing(stage.path, stale)
    done = stage.switch({"x": NEWER})
    assert servers(stage.path) == {"x": NEWER}
    assert (done.attempts, done.plan.conflicts) == (2, ())
    assert [change.action for change in done.plan.changes] == [Action.UPDATE]


def test_a_writer_that_puts_a_removed_entry_back_is_repaired(stage: Stage) -> None:
    before = write(stage.path, {"theme": "dark"})
    stage.switch({"x": ENTRY})
    stale = stage.path.read_bytes()
    stage.clock.acts[len(stage.clock.slept) + 1] = lambda: replacing(stage.path, stale)
    done = stage.switch({})
    assert (stage.path.read_bytes(), done.attempts, stage.owned()) == (before, 2, set())


def test_a_removed_entry_that_flickers_between_two_attempts_is_ours_still(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(stage.path, {"mcpServers": {"theirs": THEIRS}})
    stage.switch({"x": ENTRY, "gone": ENTRY})
    stale = stage.path.read_bytes()
    stage.clock.acts = {1 + len(stage.clock.slept): lambda: replacing(stage.path, stale)}
    real = transaction.absorb_pending
    calls = []

    def flicker(state: State) -> None:
        calls.append(stage.path.read_bytes())
        if len(calls) == 2:
            data = json.loads(stale)
            del data["mcpServers"]["gone"]
            replacing(stage.path, json.dumps(data).encode())
        real(state)
        if len(calls) == 2:
            replacing(stage.path, stale)

    monkeypatch.setattr(transaction, "absorb_pending", flicker)
    done = stage.switch({"x": ENTRY})
    assert (set(servers(stage.path)), stage.owned(), done.attempts) == ({"theirs", "x"}, {"x"}, 2)


def test_a_writer_that_puts_an_adopted_entry_back_is_repaired(stage: Stage) -> None:
    stale = write(stage.path, {"mcpServers": {"x": THEIRS}})
    stage.clock.acts[1] = lambda: replacing(stage.path, stale)
    done = stage.switch({"x": ENTRY}, policy=Policy(Foreign.ADOPT))
    assert (servers(stage.path), done.attempts) == ({"x": ENTRY}, 2)
    assert [change.action for change in done.plan.changes] == [Action.ADOPT]
    stage.switch({})
    assert stage.path.read_bytes() == stale


def test_a_writer_that_puts_a_file_of_ours_back_is_repaired(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    stale = stage.path.read_bytes()
    stage.clock.acts[len(stage.clock.slept) + 2] = lambda: replacing(stage.path, stale)
    stage.switch({})
    assert not stage.path.exists()


def test_a_writer_that_keeps_ours_and_adds_its_own_needs_no_repair(stage: Stage) -> None:
    write(stage.path, {})
    for moment in (1, 2):
        stage.clock.acts[moment] = lambda moment=moment: add(stage.path, f"theirs{moment}", THEIRS)  # type: ignore[misc]
    done = stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"x": ENTRY, "theirs1": THEIRS, "theirs2": THEIRS}
    assert done.attempts == 1


def test_a_writer_that_lays_the_file_out_anew_needs_no_repair(stage: Stage) -> None:
    write(stage.path, b'{"a":1}')
    stage.clock.acts[1] = lambda: replacing(stage.path, json.dumps(json.loads(stage.path.read_bytes())).encode())
    assert stage.switch({"x": ENTRY}).attempts == 1


def test_a_truncation_while_we_verify_is_waited_for(stage: Stage) -> None:
    write(stage.path, {})
    whole: list[bytes] = []

    def truncate() -> None:
        whole.append(stage.path.read_bytes())
        stage.path.write_bytes(b"")

    stage.clock.acts[1] = truncate
    stage.clock.acts[3] = lambda: (stage.path.write_bytes(whole[0]), None)[1]
    assert stage.switch({"x": ENTRY}).attempts == 1
    assert servers(stage.path) == {"x": ENTRY}


def test_a_foreign_entry_of_our_name_that_replaces_ours_is_refused_and_not_claimed(stage: Stage) -> None:
    write(stage.path, {"theme": 1})
    stage.clock.acts[1] = lambda: replacing(stage.path, json.dumps({"mcpServers": {"x": THEIRS}}).encode())
    with pytest.raises(Refused, match="already has a 'x'") as caught:
        stage.switch({"x": ENTRY})
    assert "nothing was changed" not in str(caught.value), "we did write before"
    assert (servers(stage.path), stage.owned()) == ({"x": THEIRS}, set())


def test_an_edit_of_ours_by_another_is_told_and_not_claimed(stage: Stage) -> None:
    stage.switch({"x": ENTRY, "y": ENTRY})
    stage.clock.acts[len(stage.clock.slept) + 1] = lambda: add(stage.path, "x", THEIRS)
    done = stage.switch({"x": NEWER, "y": NEWER})
    assert servers(stage.path) == {"x": THEIRS, "y": NEWER}
    assert [change.name for change in done.plan.changes] == ["y"]
    assert [(c.name, c.reason) for c in done.plan.conflicts] == [("x", Reason.EDITED)]
    assert stage.owned() == {"x", "y"}


@pytest.mark.parametrize("exists", [True, False])
def test_a_writer_that_never_stops_is_an_error_and_keeps_its_own(stage: Stage, exists: bool) -> None:
    stale = json.dumps({"mcpServers": {"theirs": THEIRS}}).encode()
    if exists:
        write(stage.path, stale)
    stage.clock.always = lambda: replacing(stage.path, stale)
    with pytest.raises(McpconfError, match="keeps writing the same files; what mcpconf writes does not last") as caught:
        stage.switch({"x": ENTRY})
    assert caught.value.exit_code == 1
    assert stage.path.read_bytes() == stale
    assert (stage.plans, stage.owned(), read_all(stage.state)) == (2 * UNDONE, set(), ())
    stage.clock.always = None
    stage.switch({"x": ENTRY})
    assert (servers(stage.path), stage.owned(), stage.leftovers()) == ({"theirs": THEIRS, "x": ENTRY}, {"x"}, [])


def test_a_writer_between_every_reading_and_writing_is_an_error_too(stage: Stage) -> None:
    write(stage.path, {"mcpServers": {}})
    stage.before_write = [
        lambda number=number: add(stage.path, f"t{number}", THEIRS)  # type: ignore[misc]
        for number in range(OVERTAKEN)
    ]
    with pytest.raises(McpconfError, match="keeps writing"):
        stage.switch({"x": ENTRY})
    assert set(servers(stage.path)) == {f"t{number}" for number in range(OVERTAKEN)}


def remove(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def wipe(path: Path) -> None:
    replacing(path, b"{}")


def link(path: Path) -> None:
    real = path.with_name("real.json")
    path.rename(real)
    path.symlink_to(real)


@pytest.mark.parametrize("act", [remove, wipe, link, empty])
@pytest.mark.parametrize("moment", [0, 1, 3])
def test_whatever_happens_to_the_file_ours_is_in_it_in_the_end(
    stage: Stage, act: Callable[[Path], None], moment: int
) -> None:
    write(stage.path, {"mcpServers": {}})
    if moment:
        stage.clock.acts[moment] = lambda: act(stage.path)
    else:
        stage.before_write = [lambda: act(stage.path)]
    stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"x": ENTRY}
    assert (stage.owned(), stage.leftovers()) == ({"x"}, [])
    assert stage.path.is_symlink() is (act is link)


def test_two_files_of_which_one_changes_are_both_planned_again(stage: Stage) -> None:
    first, second = stage.home / "first.json", stage.home / "second.json"
    before = write(first, {})
    write(second, {})
    seen: list[bytes] = []
    stage.before_write = [lambda: add(second, "theirs", THEIRS), lambda: seen.append(first.read_bytes())]
    done = stage.commit(stage.want({"x": ENTRY}, first), stage.want({"x": ENTRY}, second))
    assert seen == [before], "the first was taken back"
    assert (servers(first), servers(second)) == ({"x": ENTRY}, {"theirs": THEIRS, "x": ENTRY})
    assert done.attempts == 2
