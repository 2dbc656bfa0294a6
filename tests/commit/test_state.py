"""Our own files: private, whole, one writer at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcpconf.commit.state import State, private_directory, write_private
from mcpconf.errors import LockTimeout, McpconfError, Refused
from tests.commit.stage import Stage


@pytest.fixture
def state(stage: Stage) -> State:
    return stage.state


def mode(path: str) -> int:
    return os.stat(path).st_mode & 0o777


def test_reading_makes_nothing(state: State) -> None:
    assert state.read("ledger.json") is None
    assert state.read_json("pending.json") is None
    assert state.ledger().files == {}
    assert state.blob("0" * 64) is None
    state.remove("pending.json")
    assert not os.path.exists(state.directory)


def test_what_is_written_is_for_its_owner_alone(state: State) -> None:
    before = os.umask(0)
    try:
        state.write(b"x", "deep", "file")
    finally:
        os.umask(before)
    assert (state.read("deep", "file"), mode(state.at("deep", "file"))) == (b"x", 0o600)
    assert mode(state.at("deep")) == 0o700
    assert os.listdir(state.at("deep")) == ["file"]


def test_json_comes_back_and_a_damaged_file_is_none(state: State) -> None:
    state.write_json({"a": ["ü"]}, "a.json")
    assert state.read_json("a.json") == {"a": ["ü"]}
    state.write(b"{", "a.json")
    assert state.read_json("a.json") is None


def test_a_blob_is_kept_once_by_its_content(state: State) -> None:
    name = state.keep(b"content")
    inode = os.stat(state.at("blobs", name)).st_ino
    assert state.keep(b"content") == name
    assert (state.blob(name), os.stat(state.at("blobs", name)).st_ino) == (b"content", inode)


def test_a_file_where_our_directory_should_be_is_told(home: Path) -> None:
    (home / "file").write_bytes(b"")
    state = State(str(home / "file/state"))
    with pytest.raises(Refused, match="home/file is not a directory; nothing was changed"):
        state.read("ledger.json")
    with pytest.raises(McpconfError, match="can't be written"):
        state.write(b"", "ledger.json")
    with pytest.raises(McpconfError, match="can't be written"), state.locked():
        pytest.fail("held")


def test_directories_in_place_of_our_files_are_told(state: State) -> None:
    for name in ("ledger.json", "lock"):
        os.makedirs(state.at(name, "inside"))
    with pytest.raises(Refused, match=r"ledger\.json is a directory, not a regular file; nothing was changed"):
        state.read("ledger.json")
    with pytest.raises(McpconfError, match=r"ledger\.json can't be written"):
        state.write(b"", "ledger.json")
    with pytest.raises(McpconfError, match=r"ledger\.json can't be written"):
        state.remove("ledger.json")
    with pytest.raises(Refused, match=r"ledger\.json is a directory"), state.locked():
        pytest.fail("held")
    os.rename(state.at("ledger.json"), state.at("old"))
    with pytest.raises(McpconfError, match="lock can't be written"), state.locked(timeout=0.1):
        pytest.fail("held")
    os.rename(state.at("old"), state.at("ledger.json"))
    assert sorted(os.listdir(state.directory)) == ["ledger.json", "lock"]


def test_a_write_that_fails_leaves_the_old_content_and_no_temporary_file(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write(b"old", "file")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("open", "write", "fsync", "replace"):
        with monkeypatch.context() as failing:
            failing.setattr(os, name, full)
            with pytest.raises(McpconfError, match="the disk is full"):
                state.write(b"new", "file")
        assert (state.read("file"), os.listdir(state.directory)) == (b"old", ["file"])


def test_only_the_innermost_directory_is_made_private(home: Path) -> None:
    before = os.umask(0o022)
    try:
        private_directory(str(home / "a/b"))
        write_private(str(home / "a/b/script"), b"#!", 0o700)
    finally:
        os.umask(before)
    assert (mode(str(home / "a")), mode(str(home / "a/b")), mode(str(home / "a/b/script"))) == (0o755, 0o700, 0o700)


HOLD = """
import sys
from mcpconf.commit.state import State
with State(sys.argv[1]).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_that_holds_the_lock_is_waited_for_and_named(state: State) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, state.directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    said = r"another mcpconf has held .*lock for 0 s; nothing was changed"
    with pytest.raises(LockTimeout, match=said) as caught, state.locked(timeout=0.05):
        pytest.fail("two at a time")
    assert caught.value.exit_code == 5
    assert "fuser" in (caught.value.hint or "")
    holder.communicate()
    assert holder.returncode == 0
    with state.locked(timeout=5):
        assert mode(state.at("lock")) == 0o600


def test_an_error_under_the_lock_is_its_own_and_lets_go(state: State) -> None:
    for error in (PermissionError(13, "mine"), TimeoutError("mine")):
        with pytest.raises(type(error), match="mine"), state.locked():
            raise error
    with state.locked(timeout=0):
        assert os.path.exists(state.at("lock"))


def test_a_lock_file_that_was_replaced_meanwhile_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(str(tmp_path / "state"))
    with monkeypatch.context() as patched:
        patched.setattr("os.path.samestat", lambda *_: False)
        patched.setattr("filelock.FileLock.acquire", lambda _: pytest.fail("asked the patient one"))
        with pytest.raises(pytest.fail.Exception, match="patient"), state.locked():
            pass
    with state.locked(timeout=0):
        assert (tmp_path / "state/lock").exists()
