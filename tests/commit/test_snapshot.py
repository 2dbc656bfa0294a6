"""Reading what really stands there: through links, past special files, and never a half-written one."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

import pytest

from mcpconf.commit import snapshot
from mcpconf.commit.snapshot import PATIENCE, SETTLE, Snapshot, read_snapshot, resolve, settled
from mcpconf.errors import Located
from tests.commit.stage import Clock, write


def test_a_file_is_read_through_a_chain_of_links(home: Path) -> None:
    raw = write(home / "dotfiles/real.json", {})
    (home / "dir").symlink_to("dotfiles")
    (home / "second").symlink_to("dir/real.json")
    (home / "first").symlink_to(home / "second")
    seen = read_snapshot(str(home / "first"))
    assert (seen.real, seen.raw) == (str(home / "dotfiles/real.json"), raw)
    assert seen.path == str(home / "first")


def test_no_file_is_no_error(home: Path) -> None:
    seen = read_snapshot(str(home / "a/b/c.json"))
    assert (seen.raw, seen.status, seen.real) == (None, None, str(home / "a/b/c.json"))


def test_a_new_file_in_a_linked_directory_lies_behind_the_link(home: Path) -> None:
    (home / "real").mkdir()
    (home / "linked").symlink_to("real")
    assert read_snapshot(str(home / "linked/sub/c.json")).real == str(home / "real/sub/c.json")


@pytest.mark.parametrize("steps", [1, 3])
def test_a_dangling_link_is_refused_and_said_where_it_leads(home: Path, steps: int) -> None:
    names = [home / f"link{number}" for number in range(steps)] + [home / "nowhere"]
    for link, target in itertools.pairwise(names):
        link.symlink_to(target.name)
    with pytest.raises(Located, match=r"is a link to .*/nowhere, which does not exist; nothing was changed") as caught:
        read_snapshot(str(home / "link0"))
    assert f"rm {home}/link0" in (caught.value.hint or "")
    assert not (home / "nowhere").exists()


def test_a_directory_on_the_way_that_is_a_dangling_link_is_refused(home: Path) -> None:
    (home / ".config").symlink_to("gone")
    with pytest.raises(Located, match=r"lies behind .*/\.config, a link to .*/gone, which does not exist") as caught:
        read_snapshot(str(home / ".config/Claude/c.json"))
    assert caught.value.hint == f"mkdir -p {home}/gone, or remove the link (rm {home}/.config)"


def test_links_in_a_circle_are_refused(home: Path) -> None:
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")
    with pytest.raises(Located, match="leads in a circle") as caught:
        resolve(str(home / "a"))
    assert caught.value.exit_code == 4
    with pytest.raises(Located, match="leads in a circle"):
        read_snapshot(str(home / "a/c.json"))


def test_a_file_where_a_directory_should_be_is_refused(home: Path) -> None:
    write(home / ".config", b"")
    with pytest.raises(Located, match="lies under something that is no directory"):
        read_snapshot(str(home / ".config/c.json"))


def test_special_files_are_refused_without_hanging(home: Path) -> None:
    os.mkfifo(home / "fifo")
    (home / "directory").mkdir()
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(home)  # a socket's path has to be short
    listener.bind("socket")
    try:
        for name, kind in (("fifo", "a FIFO"), ("directory", "a directory"), ("socket", "a device or socket")):
            with pytest.raises(Located, match=f"is {kind}, not a regular file; nothing was changed"):
                read_snapshot(str(home / name))
    finally:
        listener.close()


def test_a_file_that_turns_special_after_the_look_is_refused_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "c.json"
    write(path, {})
    real_open = os.open

    def swap(name: str, flags: int, *rest: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real_open(name, flags, *rest)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(Located, match="is a FIFO"):
        read_snapshot(str(path))


@pytest.mark.parametrize(("number", "hint"), [(13, "sudo chown"), (1, "sudo chown"), (5, None)])
def test_what_the_system_refuses_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str | None
) -> None:
    path = home / "c.json"
    write(path, {})

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Located, match="can't be read") as caught:
        read_snapshot(str(path))
    assert (hint is None and caught.value.hint is None) or (hint or "-") in (caught.value.hint or "")


def test_an_error_while_reading_is_told_and_nothing_stays_open(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "c.json"
    write(path, {})
    before = len(os.listdir("/proc/self/fd"))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdopen", lambda number, mode: (os.close(number), refuse()))
    with pytest.raises(Located, match="can't be read"):
        read_snapshot(str(path))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_rename_while_we_hold_the_file_is_no_stale_mount(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "c.json"
    write(path, b'{"old": 1}')
    real_open = os.open
    races = [b'{"new": 1}', b'{"new": 2}']

    def race(name: str, flags: int, *rest: int) -> int:
        descriptor = real_open(name, flags, *rest)
        if races:
            path.unlink()
            path.write_bytes(races.pop(0))
        return descriptor

    monkeypatch.setattr(os, "open", race)
    assert read_snapshot(str(path)).raw == b'{"new": 2}'


def test_a_file_without_a_name_is_a_stale_mount(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "c.json"
    write(path, {})
    real_open = os.open

    def race(name: str, flags: int, *rest: int) -> int:
        descriptor = real_open(name, flags, *rest)
        path.unlink()
        path.write_bytes(b"{}")
        return descriptor

    monkeypatch.setattr(os, "open", race)
    with pytest.raises(Located, match="is a stale bind mount") as caught:
        read_snapshot(str(path))
    assert "mount the directory" in (caught.value.hint or "")


def snapshots(*contents: bytes | None) -> list[Snapshot]:
    return [Snapshot("p", "p", raw, None) for raw in contents]


def whole(raw: bytes) -> bool:
    return raw.endswith(b"}")


def test_a_whole_file_is_believed_at_once() -> None:
    clock = Clock()
    assert settled(lambda: snapshots(b"{}")[0], whole, clock.sleep).raw == b"{}"
    assert settled(lambda: snapshots(None)[0], whole, clock.sleep).raw is None
    assert clock.slept == []


def test_a_truncation_in_flight_is_waited_for() -> None:
    clock = Clock()
    states = iter(snapshots(b"", b"", b"{", b"{}"))
    assert settled(lambda: next(states), whole, clock.sleep).raw == b"{}"
    assert len(clock.slept) == 3


def test_an_unparsable_file_is_believed_when_it_stands_unchanged() -> None:
    clock = Clock()
    assert settled(lambda: snapshots(b"")[0], whole, clock.sleep).raw == b""
    assert sum(clock.slept) == pytest.approx(SETTLE, abs=0.06)


def test_a_file_that_should_be_there_is_waited_for() -> None:
    clock = Clock()
    states = iter(snapshots(None, None, b"{}"))
    assert settled(lambda: next(states), whole, clock.sleep, expected=True).raw == b"{}"
    assert len(clock.slept) == 2


def test_that_it_is_gone_is_believed_when_it_stays_so() -> None:
    clock = Clock()
    assert settled(lambda: snapshots(None)[0], whole, clock.sleep, expected=True).raw is None
    assert sum(clock.slept) == pytest.approx(SETTLE, abs=0.06)


def test_each_change_starts_the_waiting_anew() -> None:
    clock = Clock()
    states = iter(snapshots(b"", b"", b"", b"a", *[b"a"] * 20))
    assert settled(lambda: next(states), whole, clock.sleep).raw == b"a"
    assert sum(clock.slept) == pytest.approx(SETTLE + 3 * snapshot.STEP, abs=0.06)


def test_a_file_that_is_never_whole_and_never_still_does_not_hang_us() -> None:
    clock = Clock()
    states = (Snapshot("p", "p", b"%d" % number, None) for number in range(10_000))
    settled(lambda: next(states), whole, clock.sleep)
    assert sum(clock.slept) == pytest.approx(PATIENCE, abs=0.1)


def test_what_is_too_large_to_be_a_config_is_not_read(home: Path) -> None:
    path = home / "c.json"
    with path.open("wb") as stream:
        stream.truncate(snapshot.LIMIT + 1)  # a hole: it takes no room
    with pytest.raises(Located, match=r"c.json: is larger than 256 MB, as no client's file is; nothing was changed"):
        read_snapshot(str(path))
