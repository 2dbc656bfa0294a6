"""Changes of what is no text: taken only where all is as it was seen, and taken back only where it is as we left it."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest

from mcpconf.commit.steps import (
    Gone,
    Link,
    Mode,
    do,
    dump_step,
    gone_step,
    link_step,
    load_step,
    mode_step,
    stands,
    take_back,
    taken_back,
    undo_all,
    unlink_step,
)
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import DAMAGED

STALE = time.time() - 3600


def made(path: Path, mode: int) -> Path:
    path.write_text("")
    path.chmod(mode)
    return path


def left(path: Path) -> Gone:
    """A lock that nobody holds any more, and the step that removes it."""
    path.mkdir(mode=0o750)
    os.utime(path, (STALE, STALE))
    step = gone_step(str(path), time.time())
    assert step is not None
    return step


def test_a_mode_is_given_and_taken_back(tmp_path: Path) -> None:
    path = made(tmp_path / "a", 0o644)
    step = mode_step(str(path), 0o600)
    assert step is not None
    do(step)
    assert path.stat().st_mode & 0o777 == 0o600
    assert mode_step(str(path), 0o600) is None
    assert take_back(step)
    assert path.stat().st_mode & 0o777 == 0o644
    assert not take_back(step)


def test_a_lock_goes_and_comes_back_as_old_as_it_was(tmp_path: Path) -> None:
    step = left(tmp_path / "lock")
    assert not stands(step)
    do(step)
    assert stands(step)
    assert take_back(step)
    status = (tmp_path / "lock").stat()
    assert (status.st_mode & 0o777, status.st_mtime) == (0o750, step.time)
    assert gone_step(str(tmp_path / "nowhere"), time.time()) is None
    assert gone_step(str(made(tmp_path / "file", 0o600)), time.time()) is None


def test_of_a_file_that_is_gone_nothing_is_taken_back(tmp_path: Path) -> None:
    gone = Mode(str(tmp_path / "gone"), 0o644, 0o600)
    assert not take_back(gone)
    with pytest.raises(McpconfError):
        do(gone)


def test_what_the_system_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = mode_step(str(made(tmp_path / "a", 0o644)), 0o600)
    assert step is not None

    def refuse(*_args: object) -> None:
        raise PermissionError(1, "no")

    monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(McpconfError):
        do(step)


def test_all_are_taken_back_that_can_be(tmp_path: Path) -> None:
    path = made(tmp_path / "a", 0o600)
    lost = Gone(str(tmp_path / "no/lock"), 0o755, STALE)
    undo_all((Mode(str(path), 0o644, 0o600), lost))
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_can_not_be_taken_again_stays_back(tmp_path: Path) -> None:
    step = Gone(str(tmp_path / "lock"), 0o755, STALE)

    def fail() -> None:
        with taken_back((step,)):
            (tmp_path / "lock/x").write_text("")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "lock/x").exists()


def test_a_step_is_only_taken_where_all_is_as_it_was_seen(tmp_path: Path) -> None:
    path = made(tmp_path / "a", 0o644)
    step = mode_step(str(path), 0o600)
    assert step == Mode(str(path), 0o644, 0o600)
    path.chmod(0o640)
    with pytest.raises(Refused):
        do(step)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_lock_that_somebody_holds_is_let_alone(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.mkdir()
    assert gone_step(str(lock), time.time()) is None
    os.utime(lock, (STALE, STALE))
    step = gone_step(str(lock), time.time())
    assert step is not None
    os.utime(lock)
    with pytest.raises(Refused):
        do(step)
    (lock / "x").write_text("")
    os.utime(lock, (step.time, step.time))
    with pytest.raises(McpconfError):
        do(step)
    assert lock.is_dir()


def test_steps_come_again_where_what_was_done_meanwhile_failed(tmp_path: Path) -> None:
    path = made(tmp_path / "a", 0o600)
    steps = (Mode(str(path), 0o644, 0o600), Gone(str(tmp_path / "lock"), 0o755, STALE))

    def fail() -> None:
        with taken_back(steps):
            assert path.stat().st_mode & 0o777 == 0o644
            assert (tmp_path / "lock").is_dir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "lock").exists()


def test_a_mode_is_of_files_and_directories_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Refused):
        mode_step(str(tmp_path / "fifo"), 0o600)


STEPS = [Mode("/a", 0o644, 0o600), Gone("/b", 0o755, 1.5)]


@pytest.mark.parametrize("step", STEPS)
def test_a_record_gives_the_step_back(step: Mode | Gone) -> None:
    assert load_step(json.loads(json.dumps(dump_step(step)))) == step


@pytest.mark.parametrize(
    "wrong",
    [
        {**dump_step(STEPS[0]), "before": 0o10000},
        {**dump_step(STEPS[0]), "after": True},
        {**dump_step(STEPS[0]), "path": "a"},
        {**dump_step(STEPS[1]), "time": float("inf")},
        {"kind": "gone"},
        7,
    ],
)
def test_a_damaged_record_is_refused(wrong: object) -> None:
    with pytest.raises(DAMAGED):
        load_step(wrong)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "place"
    path.mkdir()
    return path


def test_a_link_is_made_with_its_directories_and_goes_with_them(place: Path) -> None:
    path = place / "a/b/link"
    step = link_step(str(path), "../target")
    assert step == Link(str(path), "../target", True, (str(place / "a/b"), str(place / "a")))
    assert load_step(json.loads(json.dumps(dump_step(step)))) == step
    assert not stands(step)
    do(step)
    assert os.readlink(path) == "../target"
    assert stands(step)
    assert link_step(str(path), "../target") is None
    assert take_back(step)
    assert list(place.iterdir()) == []
    assert not take_back(step)


def test_a_link_that_goes_comes_back(place: Path) -> None:
    path = place / "a/link"
    path.parent.mkdir()
    path.symlink_to("x")
    assert unlink_step(str(path), "y") is None
    step = unlink_step(str(path), "x", (str(path.parent),))
    assert step is not None
    do(step)
    assert list(place.iterdir()) == []
    assert stands(step)
    undo_all([step])
    assert os.readlink(path) == "x"
    path.unlink()
    path.write_text("somebody else's")
    with pytest.raises(Refused, match="was changed meanwhile"):
        do(step)


def test_a_link_that_cannot_be_made_leaves_no_directory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(McpconfError, match="can't be written"):
        do(Link(str(place / "a/link"), "x", True))
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("user", [0, 1000])
def test_under_sudo_a_link_is_its_directorys_owners(place: Path, monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "lchown", lambda path, uid, gid: given.append((path, uid, gid)))
    do(Link(str(place / "link"), "x", True))
    owner = place.stat()
    assert given == ([(str(place / "link"), owner.st_uid, owner.st_gid)] if user == 0 else [])
