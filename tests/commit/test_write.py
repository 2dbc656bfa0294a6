"""One file, replaced whole or not at all, with all that its owner gave it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpconf.commit import disk, exchange, write
from mcpconf.commit.disk import make_directories, refusal, remove_directories
from mcpconf.commit.snapshot import Changed, read_snapshot
from mcpconf.commit.write import Scratch, write_file
from mcpconf.errors import McpconfError
from tests.commit.stage import replacing
from tests.commit.stage import write as put

pytestmark = pytest.mark.usefixtures("naming")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
OLD, NEW = b'{"old": 1}', b'{"new": "bytes"}'


@pytest.fixture
def scratch(home: Path) -> Scratch:
    return Scratch(str(home / "state/journals"), str(home / "state/rescued"), "mark")


@pytest.fixture
def path(home: Path) -> Path:
    return home / "config/c.json"


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, number: int, *, when: Callable[..., bool] | None = None) -> None:
    """Have a call of the system's fail, always or `when` its arguments say so."""
    real = getattr(os, name)

    def call(*arguments: Any, **more: Any) -> Any:
        if when is None or when(*arguments):
            raise OSError(number, os.strerror(number))
        return real(*arguments, **more)

    monkeypatch.setattr(os, name, call)


def test_a_temporary_file_that_is_there_already_is_never_written_to(path: Path, scratch: Scratch) -> None:
    put(path, OLD)
    put(path.with_name("trap"), b"")
    path.with_name(".c.json.mcpconf-mark").symlink_to("trap")
    with pytest.raises(McpconfError, match="File exists; nothing was changed"):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert (path.read_bytes(), path.with_name("trap").read_bytes()) == (OLD, b"")


def test_a_new_file_is_for_its_owner_alone(path: Path, scratch: Scratch) -> None:
    path.parent.mkdir()
    before = os.umask(0)
    try:
        write_file(read_snapshot(str(path)), NEW, scratch)
    finally:
        os.umask(before)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["c.json"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o606])
def test_the_mode_is_kept(path: Path, scratch: Scratch, mode: int) -> None:
    put(path, OLD, mode)
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert names(path.parent) == ["c.json"]


@root
def test_the_owner_is_kept(path: Path, scratch: Scratch) -> None:
    put(path, OLD)
    os.chown(path, 4321, 1234)
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert (path.stat().st_uid, path.stat().st_gid) == (4321, 1234)


@root
def test_what_is_new_under_sudo_belongs_to_the_directorys_owner(path: Path, scratch: Scratch) -> None:
    path.parent.mkdir()
    os.chown(path.parent, 4321, 1234)
    made = make_directories(str(path.parent / "a/b"))
    assert made == (str(path.parent / "a/b"), str(path.parent / "a"))
    write_file(read_snapshot(str(path.parent / "a/b/c.json")), NEW, scratch)
    for new in ("a", "a/b", "a/b/c.json"):
        status = (path.parent / new).stat()
        assert (status.st_uid, status.st_gid) == (4321, 1234)


def test_an_ordinary_user_gives_nothing_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    refuse(monkeypatch, "chown", errno.EPERM)
    assert make_directories(str(home / "a")) == (str(home / "a"),)


def test_extended_attributes_are_kept(path: Path, scratch: Scratch) -> None:
    put(path, OLD)
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert os.getxattr(path, "user.note") == b"kept"


def test_labels_that_only_the_system_sets_are_left_to_it(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    monkeypatch.setattr(os, "listxattr", lambda _: ["security.selinux", "user.gone"])
    gone = {"security.selinux": errno.EPERM, "user.gone": errno.ENODATA}

    def get(_: str, name: str) -> bytes:
        raise OSError(gone[name], os.strerror(gone[name]))

    monkeypatch.setattr(os, "getxattr", get)
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == NEW


def test_an_attribute_that_cannot_be_kept_is_a_refusal(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    monkeypatch.setattr(os, "listxattr", lambda _: ["user.note"])
    monkeypatch.setattr(os, "getxattr", lambda *_: b"x")
    refuse(monkeypatch, "setxattr", errno.ENOSPC)
    with pytest.raises(McpconfError, match="the disk is full; nothing was changed"):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert (path.read_bytes(), names(path.parent)) == (OLD, ["c.json"])


@pytest.mark.parametrize(("number", "written"), [(errno.EOPNOTSUPP, True), (errno.EIO, False)])
def test_a_file_system_without_attributes_is_no_trouble(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch, number: int, written: bool
) -> None:
    put(path, OLD)
    refuse(monkeypatch, "listxattr", number)
    seen = read_snapshot(str(path))
    if not written:
        with pytest.raises(McpconfError, match="Input/output error"):
            write_file(seen, NEW, scratch)
    else:
        write_file(seen, NEW, scratch)
    assert path.read_bytes() == (NEW if written else OLD)


def test_links_stay_links(home: Path, path: Path, scratch: Scratch) -> None:
    put(path, OLD, 0o640)
    (home / "linked").symlink_to("config")
    (home / "second.json").symlink_to("linked/c.json")
    (home / "first.json").symlink_to(home / "second.json")
    write_file(read_snapshot(str(home / "first.json")), NEW, scratch)
    assert os.readlink(home / "first.json") == str(home / "second.json")
    assert os.readlink(home / "second.json") == "linked/c.json"
    assert path.read_bytes() == NEW
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_hard_links_stay_together(home: Path, path: Path, scratch: Scratch) -> None:
    put(path, OLD)
    other = home / "other.json"
    os.link(path, other)
    inode = path.stat().st_ino
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert (path.read_bytes(), other.read_bytes()) == (NEW, NEW)
    assert (path.stat().st_ino, other.stat().st_ino) == (inode, inode)
    assert names(Path(scratch.journals)) == []


@pytest.mark.parametrize("hard", [False, True])
def test_a_write_protected_file_is_honoured_by_root_too(path: Path, scratch: Scratch, hard: bool) -> None:
    put(path, OLD, 0o444)
    if hard:
        os.link(path, path.with_name("other"))
    with pytest.raises(McpconfError, match="permission denied; nothing was changed"):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (OLD, 0o444)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV])
@pytest.mark.parametrize("new", [NEW, b"{}", NEW * 100])
def test_a_mounted_file_is_overwritten_in_place(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch, number: int, new: bytes
) -> None:
    put(path, OLD, 0o644)
    inode = path.stat().st_ino
    refuse(monkeypatch, "replace", number)
    monkeypatch.setattr(exchange, "exchange", os.replace)  # which now answers the same
    write_file(read_snapshot(str(path)), new, scratch)
    assert (path.read_bytes(), path.stat().st_ino) == (new, inode)
    assert names(path.parent) == ["c.json"]
    assert names(Path(scratch.journals)) == []


def test_a_file_is_removed_only_as_it_was_seen(path: Path, scratch: Scratch) -> None:
    put(path, OLD)
    seen = read_snapshot(str(path))
    replacing(path, NEW)
    with pytest.raises(Changed):
        write_file(seen, None, scratch)
    assert path.read_bytes() == NEW
    write_file(read_snapshot(str(path)), None, scratch)
    assert names(path.parent) == []


def test_a_file_that_goes_while_we_remove_it_is_gone(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    real = os.unlink

    def twice(name: str) -> None:
        real(name)
        real(name)

    monkeypatch.setattr(os, "unlink", twice)
    write_file(read_snapshot(str(path)), None, scratch)
    assert names(path.parent) == []


def change_bytes(path: Path) -> None:
    replacing(path, b"theirs")


def change_link(path: Path) -> None:
    put(path.with_name("real.json"), OLD)
    path.unlink()
    path.symlink_to("real.json")


def change_kind(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [change_bytes, Path.unlink, change_link, change_kind])
def test_what_another_wrote_since_we_read_is_never_replaced(
    path: Path, scratch: Scratch, change: Callable[[Path], None]
) -> None:
    put(path, OLD)
    seen = read_snapshot(str(path))
    change(path)
    with pytest.raises(Changed):
        write_file(seen, NEW, scratch)
    assert NEW not in [p.read_bytes() for p in path.parent.iterdir() if p.is_file()]
    assert not [name for name in names(path.parent) if "mcpconf" in name]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    path.parent.mkdir()
    if not links:
        refuse(monkeypatch, "link", errno.EPERM)
    seen = read_snapshot(str(path))
    real = os.fsync

    def appear(descriptor: int) -> None:
        path.write_bytes(b"theirs")
        real(descriptor)

    monkeypatch.setattr(write, "_compare", lambda _: None)  # it comes right after the comparison
    monkeypatch.setattr(os, "fsync", appear)
    with pytest.raises(Changed):
        write_file(seen, NEW, scratch)
    assert path.read_bytes() == b"theirs"
    assert names(path.parent) == ["c.json"]


def test_a_file_system_without_hard_links_gets_its_file_by_rename(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    refuse(monkeypatch, "link", errno.EPERM)
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert (path.read_bytes(), names(path.parent)) == (NEW, ["c.json"])


WORDS = [
    (errno.ENOSPC, "the disk is full", "free some space"),
    (errno.EDQUOT, "the disk quota is used up", "free some space"),
    (errno.EROFS, "read-only file system", "mount it writable"),
    (errno.EACCES, "permission denied", "ls -ld /"),
    (errno.EPERM, "the system does not permit it", "lsattr /d/c.json"),
    (errno.EIO, "Input/output error", "None"),
]


@pytest.mark.parametrize(("number", "said", "hint"), WORDS)
def test_a_refusal_says_what_and_how_to_mend_it(number: int, said: str, hint: str) -> None:
    error = refusal("/d/c.json", OSError(number, os.strerror(number)))
    assert str(error).startswith("/d/c.json can't be written: ")
    assert said in str(error)
    assert hint in str(error.hint)
    assert "no words" in str(refusal("/d/c.json", OSError("no words")))


CALLS = [(name, True) for name in ("open", "write", "fsync", "fchmod", "replace", "listxattr")]
CALLS += [(name, False) for name in ("open", "write", "fsync", "link")]


@pytest.mark.parametrize(("name", "exists"), CALLS)
def test_whatever_call_fails_the_old_file_stays_and_nothing_is_left_behind(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch, naming: str, name: str, exists: bool
) -> None:
    path.parent.mkdir()
    if exists:
        put(path, OLD)
    seen = read_snapshot(str(path))
    refuse(monkeypatch, name, errno.EIO, when=lambda *a: name != "open" or bool(a[1] & os.O_CREAT))
    if naming == "swap" and name == "replace":
        monkeypatch.setattr(exchange, "exchange", os.replace)
    with pytest.raises(McpconfError, match="Input/output error; nothing was changed"):
        write_file(seen, NEW, scratch)
    monkeypatch.undo()
    assert names(path.parent) == (["c.json"] if exists else [])
    assert not exists or path.read_bytes() == OLD


def test_a_write_that_is_taken_in_pieces_is_whole(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:3])))
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == NEW


def test_a_directory_that_cannot_be_synced_loses_nothing(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    refuse(monkeypatch, "open", errno.EACCES, when=lambda *a: a[0] == str(path.parent))
    write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == NEW


def test_directories_that_cannot_all_be_made_leave_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "mkdir", errno.ENOSPC, when=lambda name, *_: name.endswith("c"))
    with pytest.raises(McpconfError, match="the disk is full"):
        make_directories(str(home / "a/b/c"))
    assert names(home) == []


def test_directories_in_use_stay(home: Path) -> None:
    made = make_directories(str(home / "a/b/c"))
    put(home / "a/b/theirs", b"")
    remove_directories(made)
    assert names(home / "a/b") == ["theirs"]
    assert disk.missing_directories(str(home / "a/b/c/d")) == (str(home / "a/b/c/d"), str(home / "a/b/c"))


def test_elsewhere_than_on_unix_there_is_no_owner_to_keep(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    for name in ("geteuid", "fchown", "fchmod", "listxattr"):
        monkeypatch.delattr(os, name)
    write_file(read_snapshot(str(path)), NEW, scratch)
    write_file(read_snapshot(str(path.parent / "new.json")), NEW, scratch)
    assert names(path.parent) == ["c.json", "new.json"]
    assert path.read_bytes() == NEW


def test_where_permission_is_missing_the_hint_names_what_is_there(tmp_path: Path) -> None:
    denied = OSError(errno.EACCES, "Permission denied")
    assert refusal(str(tmp_path / "a/b/c.json"), denied).hint == f"ls -ld {tmp_path}"
    (tmp_path / "c.json").touch()
    assert refusal(str(tmp_path / "c.json"), denied).hint == f"ls -ld {tmp_path} {tmp_path / 'c.json'}"
