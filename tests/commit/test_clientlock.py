"""Claude Code's own lock: a directory, held for milliseconds, and never relied on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mcpconf.commit.clientlock import PATIENCE, STALE, client_lock, release_dead
from tests.commit.stage import ENTRY, Clock, Stage, in_child, write


@pytest.fixture
def lock(home: Path) -> Path:
    return home / ".claude.json.lock"


def aged(path: Path, clock: Clock, seconds: float) -> None:
    os.utime(path, (clock.time - seconds, clock.time - seconds))


def test_it_is_a_directory_while_held_and_gone_afterwards(lock: Path) -> None:
    clock = Clock()
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert held
        assert lock.is_dir()
        assert lock.stat().st_mode & 0o777 == 0o700
    assert not lock.exists()
    assert clock.slept == []


def test_it_is_given_back_when_the_write_fails(lock: Path) -> None:
    clock = Clock()
    with pytest.raises(ZeroDivisionError), client_lock(str(lock), now=clock.now, sleep=clock.sleep):
        raise ZeroDivisionError
    assert not lock.exists()


def test_without_a_path_there_is_nothing_to_hold() -> None:
    with client_lock(None, now=Clock().now, sleep=Clock().sleep) as held:
        assert not held


def test_one_that_is_let_go_in_time_is_taken(lock: Path) -> None:
    clock = Clock()
    lock.mkdir()
    aged(lock, clock, 1)
    clock.acts[3] = lock.rmdir
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert held
    assert len(clock.slept) == 3


def test_one_that_is_held_is_waited_for_briefly_and_left_alone(lock: Path) -> None:
    clock = Clock()
    lock.mkdir()
    aged(lock, clock, STALE / 2)
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert not held
    assert lock.is_dir(), "another program's lock is its own to remove"
    assert sum(clock.slept) == pytest.approx(PATIENCE, abs=0.02)


@pytest.mark.parametrize("age", [STALE + 1, -STALE - 1, -86400 * 365], ids=["stale", "future", "far future"])
def test_one_that_nobody_can_hold_any_more_is_taken_over(lock: Path, age: float) -> None:
    clock = Clock()
    lock.mkdir()
    aged(lock, clock, age)
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert held
    assert not lock.exists()
    assert clock.slept == []


@pytest.mark.parametrize("age", [1, STALE + 1])
def test_a_file_in_its_place_is_left_alone(lock: Path, age: float) -> None:
    clock = Clock()
    lock.write_bytes(b"x")
    aged(lock, clock, age)
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert not held
    assert lock.read_bytes() == b"x"
    assert sum(clock.slept) <= PATIENCE + 0.02


def test_a_stale_one_with_something_in_it_is_left_alone(lock: Path) -> None:
    clock = Clock()
    (lock / "inside").mkdir(parents=True)
    aged(lock, clock, STALE + 1)
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert not held
    assert (lock / "inside").is_dir()


def test_where_none_can_be_made_the_write_itself_will_tell(home: Path) -> None:
    clock = Clock()
    with client_lock(str(home / "missing/x.lock"), now=clock.now, sleep=clock.sleep) as held:
        assert not held
    assert clock.slept == []


def test_one_that_goes_between_two_looks_is_tried_again(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    lock.mkdir()
    real = os.lstat

    def gone(path: str) -> os.stat_result:
        lock.rmdir()
        monkeypatch.setattr(os, "lstat", real)
        return real(path)

    monkeypatch.setattr(os, "lstat", gone)
    with client_lock(str(lock), now=clock.now, sleep=clock.sleep) as held:
        assert held
    assert len(clock.slept) == 1


def test_one_that_somebody_removed_under_us_is_no_error(lock: Path) -> None:
    with client_lock(str(lock), now=Clock().now, sleep=Clock().sleep) as held:
        assert held
        lock.rmdir()
    assert not lock.exists()


def test_a_lock_that_a_killed_run_left_is_known_as_ours(stage: Stage) -> None:
    write(stage.path, {"mcpServers": {}})
    lock = stage.home / ".claude.json.lock"

    def act() -> None:
        with client_lock(str(lock), now=stage.clock.now, sleep=stage.clock.sleep):
            os._exit(7)

    stage.switch({"x": ENTRY})
    locks = {"mark": "abc", "files": {}, "locks": [str(lock)]}
    stage.state.write_json(locks, "pending.json")
    assert in_child(act) == 7
    assert lock.is_dir()
    stage.switch({"x": ENTRY})
    assert not lock.exists()


def test_the_clients_own_lock_is_not_taken_for_one_of_a_killed_run(home: Path) -> None:
    lock = home / "c.json.lock"
    lock.mkdir()
    release_dead(str(lock))
    release_dead(str(home / "none.lock"))
    assert lock.is_dir()


@pytest.mark.parametrize(("failures", "left"), [(1, False), (2, False), (3, True)])
def test_a_lock_is_let_go_with_patience(home: Path, monkeypatch: pytest.MonkeyPatch, failures: int, left: bool) -> None:
    real, calls = os.rmdir, []

    def rmdir(path: str) -> None:
        calls.append(path)
        if len(calls) <= failures:
            raise OSError(errno.EBUSY, "busy")
        real(path)

    lock = home / "c.json.lock"
    with client_lock(str(lock), now=lambda: 0.0, sleep=lambda _: None):
        monkeypatch.setattr(os, "rmdir", rmdir)
    assert lock.exists() is left


def test_a_lock_that_somebody_took_away_is_no_trouble(home: Path) -> None:
    lock = home / "c.json.lock"
    with client_lock(str(lock), now=lambda: 0.0, sleep=lambda _: None):
        lock.rmdir()
    assert not lock.exists()
