"""What was swapped out is looked at: what another program wrote at the last moment comes back."""

from __future__ import annotations

import ctypes
import errno
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mcpconf.commit import exchange as module
from mcpconf.commit import recovery
from mcpconf.commit import write as write_module
from mcpconf.commit.exchange import _call, exchange
from mcpconf.commit.recovery import PENDING
from mcpconf.commit.snapshot import Changed, read_snapshot
from mcpconf.commit.write import Scratch, write_file
from mcpconf.ledger import FileRecord, dump_record
from tests.commit.stage import ENTRY, Stage, add, in_child, replacing, servers
from tests.commit.stage import write as put

OLD, NEW, THEIRS, LATER, LAST = (b'{"old": 1}', b'{"new": 2}', b'{"theirs": 3}', b'{"later": 4}', b'{"last": 5}')
Act = Callable[[], None]


@pytest.fixture
def path(home: Path) -> Path:
    return home / "config/c.json"


@pytest.fixture
def scratch(home: Path) -> Scratch:
    return Scratch(str(home / "state/journals"), str(home / "state/rescued"), "mark")


@pytest.fixture
def before_swap(monkeypatch: pytest.MonkeyPatch) -> list[Act]:
    """What others do right before each swap, in order."""
    acts: list[Act] = []
    real = exchange

    def act_first(first: str, second: str) -> bool:
        if acts:
            acts.pop(0)()
        return real(first, second)

    monkeypatch.setattr(module, "exchange", act_first)
    return acts


def truncating(path: Path, raw: bytes) -> None:
    """Write as a careless program does: empty the file, then fill it."""
    with path.open("wb") as stream:
        stream.write(raw)


def test_two_names_are_swapped(home: Path) -> None:
    put(home / "a", b"1")
    put(home / "b", b"2")
    assert exchange(str(home / "a"), str(home / "b"))
    assert ((home / "a").read_bytes(), (home / "b").read_bytes()) == (b"2", b"1")


def test_what_is_not_there_cannot_be_swapped(home: Path) -> None:
    put(home / "a", b"1")
    with pytest.raises(FileNotFoundError):
        exchange(str(home / "a"), str(home / "b"))


@pytest.mark.parametrize("writes", [replacing, truncating])
def test_a_write_right_before_the_swap_comes_back(
    path: Path, scratch: Scratch, before_swap: list[Act], writes: Callable[[Path, bytes], None]
) -> None:
    put(path, OLD)
    before_swap.append(lambda: writes(path, THEIRS))
    with pytest.raises(Changed):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == THEIRS
    assert os.listdir(path.parent) == ["c.json"]


@pytest.mark.parametrize("more", [(LATER,), (LATER, LAST), (LATER, LAST, OLD)])
def test_of_several_writes_around_the_swaps_the_newest_stands(
    path: Path, scratch: Scratch, before_swap: list[Act], more: tuple[bytes, ...]
) -> None:
    put(path, OLD)
    before_swap += [lambda raw=raw: replacing(path, raw) for raw in (THEIRS, *more)]  # type: ignore[misc]
    with pytest.raises(Changed):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == more[-1]
    assert os.listdir(path.parent) == ["c.json"]


def test_a_file_removed_after_the_swap_may_come_back_but_not_as_ours(
    path: Path, scratch: Scratch, before_swap: list[Act]
) -> None:
    put(path, OLD)
    before_swap += [lambda: replacing(path, THEIRS), path.unlink]
    with pytest.raises(Changed):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == THEIRS


def test_a_writer_that_never_stops_keeps_its_own(path: Path, scratch: Scratch, before_swap: list[Act]) -> None:
    put(path, OLD)
    count = iter(range(100))
    before_swap += [lambda: replacing(path, b'{"n": %d}' % next(count))] * 100
    with pytest.raises(Changed):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert b'"n"' in path.read_bytes()


def test_ours_is_planned_again_and_both_stand(stage: Stage, before_swap: list[Act]) -> None:
    put(stage.path, {"mcpServers": {}})
    before_swap.append(lambda: add(stage.path, "theirs", ENTRY))
    assert stage.switch({"x": ENTRY}).attempts == 2
    assert set(servers(stage.path)) == {"theirs", "x"}
    assert stage.leftovers() == []


def interrupting(monkeypatch: pytest.MonkeyPatch, turn: int, end: Act) -> None:
    """Come to an end right after the swap of that number."""
    count = iter(range(1, 100))
    real = module.exchange

    def swap(first: str, second: str) -> bool:
        real(first, second)
        if next(count) == turn:
            end()
        return True

    monkeypatch.setattr(module, "exchange", swap)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("turn", [1, 2])
def test_an_interruption_after_a_swap_keeps_what_another_wrote(
    path: Path, scratch: Scratch, before_swap: list[Act], monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    put(path, OLD)
    before_swap.append(lambda: replacing(path, THEIRS))
    interrupting(monkeypatch, turn, interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == THEIRS
    assert os.listdir(path.parent) == ["c.json"]


def test_an_interruption_and_a_third_writer_leave_both_versions(
    path: Path, scratch: Scratch, before_swap: list[Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    before_swap.append(lambda: replacing(path, THEIRS))

    def end() -> None:
        replacing(path, LATER)
        raise KeyboardInterrupt

    interrupting(monkeypatch, 1, end)
    with pytest.raises(KeyboardInterrupt):
        write_file(read_snapshot(str(path)), NEW, scratch)
    assert path.read_bytes() == LATER
    assert Path(scratch.rescued, "c.json.mcpconf-mark").read_bytes() == THEIRS
    assert os.listdir(path.parent) == ["c.json"]


def killed_after_swap(
    stage: Stage, before_swap: list[Act], monkeypatch: pytest.MonkeyPatch, turn: int, end: Act
) -> None:
    def act() -> None:
        def die() -> None:
            end()
            os._exit(7)

        interrupting(monkeypatch, turn, die)
        stage.switch({"x": ENTRY})

    assert in_child(act) == 7
    before_swap.clear()


@pytest.mark.parametrize("turn", [1, 2])
def test_death_after_a_swap_keeps_what_another_wrote(
    stage: Stage, before_swap: list[Act], monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    put(stage.path, {"mcpServers": {}})
    before_swap.append(lambda: add(stage.path, "theirs", ENTRY))
    killed_after_swap(stage, before_swap, monkeypatch, turn, lambda: None)
    assert stage.leftovers() != []
    stage.switch({"x": ENTRY})
    assert set(servers(stage.path)) == {"theirs", "x"}
    assert stage.leftovers() == []


def test_death_after_a_swap_that_took_out_what_was_seen_is_a_finished_write(
    stage: Stage, before_swap: list[Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stage.path, {"mcpServers": {}})
    killed_after_swap(stage, before_swap, monkeypatch, 1, lambda: None)
    assert set(servers(stage.path)) == {"x"}
    stage.switch({})
    assert servers(stage.path) == {}
    assert stage.leftovers() == []


def test_death_and_a_third_writer_leave_the_version_that_lost_with_our_state(
    stage: Stage, before_swap: list[Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stage.path, {"mcpServers": {}})
    before_swap.append(lambda: add(stage.path, "theirs", ENTRY))
    killed_after_swap(stage, before_swap, monkeypatch, 1, lambda: add(stage.path, "later", ENTRY))
    done = stage.switch({"y": ENTRY})
    assert set(servers(stage.path)) == {"x", "later", "y"} - {"x"}, "ours that lost is disowned or replaced"
    (path,) = done.rescued
    assert set(servers(Path(path))) == {"theirs"}
    assert [name for name in stage.leftovers() if "rescued" not in name] == []


def test_a_pending_record_of_an_older_version_is_absorbed(stage: Stage) -> None:
    put(stage.path, {"mcpServers": {}})
    temporary = stage.path.with_name("..claude.json.mcpconf-abc")
    put(temporary, b'{"half')
    stage.state.write_json({"mark": "abc", "files": {str(stage.path): dump_record(FileRecord())}}, PENDING)
    stage.switch({"x": ENTRY})
    assert stage.leftovers() == []


def test_a_temporary_file_that_cannot_be_removed_stops_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    put(stage.path, {"mcpServers": {}})
    stage.state.write_json({"mark": "abc", "files": {str(stage.path): dump_record(FileRecord())}}, PENDING)

    def refused(*_: Any) -> bool:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(recovery, "clear", refused)
    stage.switch({"x": ENTRY})
    assert set(servers(stage.path)) == {"x"}


@pytest.mark.parametrize("number", module.UNSUPPORTED)
def test_where_it_is_not_supported_a_rename_must_do(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(module, "_call", lambda: lambda first, second: -1)
    monkeypatch.setattr(ctypes, "get_errno", lambda: number)
    assert exchange("a", "b") is False


def test_an_error_of_the_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_call", lambda: lambda first, second: -1)
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EIO)
    with pytest.raises(OSError, match="Input/output error: 'a' -> 'b'"):
        exchange("a", "b")


def test_a_python_without_ctypes_and_a_library_without_the_call_cannot_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *a, **k: SimpleNamespace())
    assert exchange("a", "b") is False
    monkeypatch.setattr(module, "ctypes", None)
    assert exchange("a", "b") is False


def test_linux_and_macos_have_their_own_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def answer(*arguments: Any) -> int:
        asked.append(arguments)
        return 0

    for name in ("renameat2", "renamex_np"):
        library = SimpleNamespace(**{name: answer})
        monkeypatch.setattr(ctypes, "CDLL", lambda *a, library=library, **k: library)
        call = _call()
        assert call is not None
        assert call(b"a", b"b") == 0
    assert asked == [(-100, b"a", -100, b"b", 2), (b"a", b"b", 2)]


def test_a_write_right_before_a_removal_comes_back(
    path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, OLD)
    seen = read_snapshot(str(path))
    monkeypatch.setattr(write_module, "_compare", lambda _: replacing(path, THEIRS))
    with pytest.raises(Changed):
        write_file(seen, None, scratch)
    assert path.read_bytes() == THEIRS
    assert os.listdir(path.parent) == ["c.json"]


def test_a_python_that_was_built_without_ctypes_loads_it_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    loaded = runpy.run_path(module.__file__)
    assert loaded["exchange"]("a", "b") is False
