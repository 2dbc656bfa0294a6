"""A commit from reading to verification: all files or none, and success only for what was read back."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpconf.commit import exchange, journal, transaction
from mcpconf.commit.generation import read_all
from mcpconf.commit.snapshot import SETTLE
from mcpconf.errors import Located, McpconfError, Refused
from mcpconf.model import Scope
from mcpconf.plan import Action, Foreign, Policy, Reason
from mcpconf.record import replace
from tests.commit.stage import ENTRY, NEWER, Stage, add, replacing, servers, write

THEIRS = {"command": "/bin/theirs"}


def failing(monkeypatch: pytest.MonkeyPatch, name: str, when: Callable[..., bool], number: int = errno.ENOSPC) -> None:
    real = getattr(os, name)

    def call(*arguments: Any, **more: Any) -> Any:
        if when(*arguments):
            raise OSError(number, os.strerror(number))
        return real(*arguments, **more)

    monkeypatch.setattr(os, name, call)


def test_a_switch_writes_verifies_and_tells(stage: Stage) -> None:
    write(stage.path, {"mcpServers": {"other": THEIRS}}, 0o640)
    done = stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"other": THEIRS, "x": ENTRY}
    assert (done.generation, done.attempts, done.recovered) == (1, 1, ())
    assert [change.action for change in done.plan.changes] == [Action.ADD]
    assert stage.owned() == {"x"}
    assert stage.clock.slept == pytest.approx([0.02, 0.08, 0.2])
    assert stage.path.stat().st_mode & 0o777 == 0o640
    assert stage.leftovers() == []


def test_removing_gives_the_old_bytes_back(stage: Stage) -> None:
    before = write(stage.path, b'{ "mcpServers" : { } ,\n"n":1e400}')
    stage.switch({"x": ENTRY, "y": ENTRY})
    stage.switch({})
    assert stage.path.read_bytes() == before
    assert (stage.owned(), stage.leftovers()) == (set(), [])


def test_nothing_to_do_writes_nothing(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    ledger, status = stage.state.read("ledger.json"), stage.path.stat()
    stage.clock.slept.clear()
    again = stage.switch({"x": ENTRY})
    assert (again.generation, again.plan.files, stage.clock.slept) == (None, (), [])
    assert stage.state.read("ledger.json") == ledger
    assert (stage.path.stat().st_mtime_ns, stage.path.stat().st_ino) == (status.st_mtime_ns, status.st_ino)


def test_adopting_what_is_there_just_so_changes_only_the_ledger(stage: Stage) -> None:
    before = write(stage.path, {"mcpServers": {"x": ENTRY}})
    done = stage.switch({"x": ENTRY}, policy=Policy(Foreign.ADOPT))
    assert (done.generation, stage.owned(), stage.path.read_bytes()) == (None, {"x"}, before)


def test_a_new_file_and_its_directories_come_and_go(stage: Stage) -> None:
    path = stage.home / ".config/Claude/desktop.json"
    stage.commit(stage.want({"x": ENTRY}, path, lock=False))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [(stage.home / name).stat().st_mode & 0o777 for name in (".config", ".config/Claude")] == [0o700, 0o700]
    stage.commit(stage.want({}, path, lock=False))
    assert not (stage.home / ".config").exists()


def test_a_directory_of_ours_that_others_use_stays(stage: Stage) -> None:
    path = stage.home / ".config/Claude/desktop.json"
    stage.commit(stage.want({"x": ENTRY}, path))
    write(stage.home / ".config/theirs", b"")
    stage.commit(stage.want({}, path))
    assert sorted(os.listdir(stage.home / ".config")) == ["theirs"]


def test_a_file_of_ours_that_its_owner_linked_elsewhere_is_emptied_and_not_removed(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    real = stage.home / "dotfiles/claude.json"
    real.parent.mkdir()
    stage.path.rename(real)
    stage.path.symlink_to(real)
    stage.switch({})
    assert (stage.path.is_symlink(), real.read_bytes()) == (True, b"{}\n")


def test_a_foreign_entry_stops_everything(stage: Stage) -> None:
    before = write(stage.path, {"mcpServers": {"x": THEIRS}})
    other = stage.home / "other.json"
    with pytest.raises(Refused, match=r"claude\.json:3: claude-code \(user\) already has a 'x'") as caught:
        stage.commit(stage.want({"x": ENTRY}, other), stage.want({"x": ENTRY}))
    assert str(caught.value).endswith("\nnothing was changed")
    assert (caught.value.exit_code, caught.value.hint) == (
        4,
        "--adopt takes them over, --keep leaves them as they are",
    )
    assert (stage.path.read_bytes(), other.exists(), stage.owned()) == (before, False, set())


def test_an_unparsable_file_is_given_time_and_then_refused(stage: Stage) -> None:
    before = write(stage.path, b'{"mcpServers": {')
    with pytest.raises(Located, match=r"claude\.json:1:17: the file ends where"):
        stage.switch({"x": ENTRY})
    assert sum(stage.clock.slept) == pytest.approx(SETTLE, abs=0.06)
    assert (stage.path.read_bytes(), stage.leftovers()) == (before, [])


def test_a_comment_is_refused_at_once(stage: Stage) -> None:
    before = write(stage.path, b"{} // mine")
    with pytest.raises(Located, match="a comment is not allowed in this file"):
        stage.switch({"x": ENTRY})
    assert (stage.path.read_bytes(), stage.clock.slept) == (before, [])


def test_a_truncation_in_flight_is_waited_for(stage: Stage) -> None:
    write(stage.path, b"")
    stage.clock.acts[2] = lambda: add_later(stage.path)
    stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"theirs": THEIRS, "x": ENTRY}


def add_later(path: Path) -> None:
    path.write_bytes(json.dumps({"mcpServers": {"theirs": THEIRS}}).encode())


def test_the_lock_of_the_client_is_held_only_around_the_write(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    write(stage.path, {})
    lock = stage.home / ".claude.json.lock"
    held: list[bool] = []
    for module, name in ((os, "replace"), (exchange, "exchange")):
        real = getattr(module, name)

        def look(source: str, target: str, real: Any = real) -> Any:
            held.append(lock.is_dir())
            return real(source, target)

        monkeypatch.setattr(module, name, look)
    stage.before_write = [lambda: held.append(lock.exists())]
    stage.switch({"x": ENTRY})
    # planning; our own backups and pending record; the client's file; our ledger and the generation
    assert held.count(True) == 1
    assert 2 <= held.index(True) < len(held) - 2
    assert not lock.exists()


def test_a_held_lock_of_the_client_does_not_stop_us(stage: Stage) -> None:
    write(stage.path, {})
    lock = stage.home / ".claude.json.lock"
    lock.mkdir()
    os.utime(lock, (stage.clock.time, stage.clock.time))
    stage.switch({"x": ENTRY})
    assert servers(stage.path) == {"x": ENTRY}
    assert lock.is_dir()


def two_files(stage: Stage) -> tuple[Path, Path, Callable[..., Any]]:
    first, second = stage.home / "a/first.json", stage.home / "b/second.json"

    def go(entries: dict[str, Any] | None = None) -> Any:
        wanted = {"x": ENTRY} if entries is None else entries
        return stage.commit(stage.want(wanted, first), stage.want(wanted, second))

    return first, second, go


@pytest.mark.parametrize("exists", [True, False])
def test_where_the_second_file_fails_the_first_is_as_it_was(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    first, second, go = two_files(stage)
    if exists:
        before = write(first, {"mcpServers": {"other": THEIRS}}, 0o640)
    (stage.home / "b").mkdir()
    with monkeypatch.context() as full:
        failing(full, "open", lambda name, flags, *_: "b/.second" in str(name) and bool(flags & os.O_CREAT))
        with pytest.raises(McpconfError, match=r"second\.json can't be written"):
            go()
    assert first.exists() is exists
    assert not exists or (first.read_bytes(), first.stat().st_mode & 0o777) == (before, 0o640)
    assert (stage.home / "a").exists() is exists, "directories that were made go too"
    assert not second.exists()
    assert stage.leftovers() == [".local/state/mcpconf/pending.json"]
    go()
    assert (servers(second), stage.owned(first), stage.owned(second)) == ({"x": ENTRY}, {"x"}, {"x"})
    assert stage.leftovers() == []


def test_a_first_file_that_somebody_wrote_meanwhile_is_theirs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, go = two_files(stage)
    write(first, {})
    write(second, {})

    def meanwhile(name: Any, flags: int, *_: Any) -> bool:
        if "b/.second" not in str(name):
            return False
        if "theirs" not in servers(first):
            add(first, "theirs", THEIRS)
        return True

    with monkeypatch.context() as full:
        failing(full, "open", meanwhile)
        with pytest.raises(McpconfError, match="the disk is full"):
            go()
    assert servers(first) == {"x": ENTRY, "theirs": THEIRS}
    go({})
    assert servers(first) == {"theirs": THEIRS}, "the next run knows what of it is ours"


def test_a_removal_is_taken_back_as_well(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, go = two_files(stage)
    go()
    before = first.read_bytes()
    with monkeypatch.context() as broken:
        failing(broken, "rename", lambda name, _: str(name) == str(second), errno.EIO)
        with pytest.raises(McpconfError, match="Input/output error"):
            go({})
    assert first.read_bytes() == before
    assert (stage.owned(first), stage.owned(second)) == ({"x"}, {"x"})
    go({})
    assert (first.exists(), second.exists()) == (False, False)


def test_where_taking_back_fails_the_next_run_knows_what_stands(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, go = two_files(stage)
    write(first, {})
    (stage.home / "b").mkdir()
    calls = []

    def broken(name: Any, flags: int, *_: Any) -> bool:
        created = bool(flags & os.O_CREAT) and (".first" in str(name) or ".second" in str(name))
        calls.extend([name] * created)
        return created and len(calls) > 1

    with monkeypatch.context() as full:
        failing(full, "open", broken)
        with pytest.raises(McpconfError, match=r"second\.json"):
            go()
    assert servers(first) == {"x": ENTRY}
    go()
    assert (stage.owned(first), servers(second)) == ({"x"}, {"x": ENTRY})


def test_an_interruption_takes_back_what_was_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, go = two_files(stage)
    before = write(first, {})
    real = os.link

    def interrupt(source: str, target: str) -> None:
        if target == str(second):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "link", interrupt)
    with pytest.raises(KeyboardInterrupt):
        go()
    assert first.read_bytes() == before
    assert not (stage.home / "b").exists()


def test_two_scopes_of_one_file_are_one_write(stage: Stage) -> None:
    write(stage.path, {})
    done = stage.commit(stage.want({"x": ENTRY}), stage.want({"y": ENTRY}, scope=Scope.LOCAL))
    assert len(done.plan.files) == 1
    assert stage.owned() == {"x", "y"}
    stage.commit(stage.want({}, scope=Scope.LOCAL))
    assert (stage.owned(), json.loads(stage.path.read_bytes())) == ({"x"}, {"mcpServers": {"x": ENTRY}})


def test_an_entry_edited_by_hand_is_kept_and_told(stage: Stage) -> None:
    stage.switch({"x": ENTRY, "y": ENTRY})
    add(stage.path, "x", THEIRS)
    done = stage.switch({"x": NEWER, "y": NEWER})
    assert [(c.name, c.reason) for c in done.plan.conflicts] == [("x", Reason.EDITED)]
    assert servers(stage.path) == {"x": THEIRS, "y": NEWER}
    stage.switch({"x": NEWER, "y": NEWER}, policy=Policy(force=True))
    assert servers(stage.path) == {"x": NEWER, "y": NEWER}


def test_a_commit_that_is_not_to_be_recorded_makes_no_generation(stage: Stage) -> None:
    request = replace(stage.request([stage.want({"x": ENTRY})]), record=False)
    with stage.state.locked():
        done = transaction.commit(request, stage.state, stage.clock)
    assert (done.generation, read_all(stage.state), stage.owned()) == (None, (), {"x"})


def test_a_damaged_ledger_stops_before_anything_is_written(stage: Stage) -> None:
    before = write(stage.path, {})
    stage.state.write(b"{", "ledger.json")
    with pytest.raises(McpconfError, match="is damaged"):
        stage.switch({"x": ENTRY})
    stage.state.write(b'{"version": 99}', "ledger.json")
    with pytest.raises(McpconfError, match="newer mcpconf"):
        stage.switch({"x": ENTRY})
    assert stage.path.read_bytes() == before


def test_an_overwrite_that_a_crash_left_is_mended_first(stage: Stage) -> None:
    old = write(stage.path, {"mcpServers": {"other": THEIRS}})
    journal._keep(journal._Entry(str(stage.path), old, b"{" + b" " * len(old) + b"}"), stage.state.journals)
    stage.path.write_bytes(b"{   " + old[4:])
    done = stage.switch({"x": ENTRY})
    assert done.recovered == (str(stage.path),)
    assert servers(stage.path) == {"other": THEIRS, "x": ENTRY}


def test_a_file_that_is_replaced_by_something_else_while_we_verify_is_an_error(stage: Stage) -> None:
    write(stage.path, {})

    def directory() -> None:
        stage.path.unlink()
        stage.path.mkdir()

    stage.clock.acts[1] = directory
    with pytest.raises(Located, match="is a directory"):
        stage.switch({"x": ENTRY})
    stage.path.rmdir()
    replacing(stage.path, b'{"mcpServers": {}}')
    stage.switch({"x": ENTRY})
    assert (servers(stage.path), stage.owned()) == ({"x": ENTRY}, {"x"})
