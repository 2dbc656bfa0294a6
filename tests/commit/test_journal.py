"""Overwriting in place: rolled back after a crash at any moment, and never over what another wrote since."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.commit import journal
from mcpconf.commit.journal import BLOCK, is_torn, overwrite, recover
from mcpconf.commit.snapshot import Changed, read_snapshot
from mcpconf.errors import McpconfError
from tests.commit.stage import dying_at, in_child, write

OLD = json.dumps({"theme": "dark", "pad": "o" * 700, "mcpServers": {"other": {"url": "u"}}}).encode()
LONGER = json.dumps({"theme": "dark", "mcpServers": {"x": {"command": "c" * 900}}, "pad": "o" * 700}).encode()
SHORTER = json.dumps({"theme": "dark", "mcpServers": {}, "pad": "s" * 400}).encode()


@pytest.fixture
def path(home: Path) -> Path:
    found = home / "c.json"
    write(found, OLD)
    return found


@pytest.fixture
def journals(home: Path) -> str:
    return str(home / "state/journals")


def left(journals: str) -> list[str]:
    return sorted(os.listdir(journals)) if os.path.isdir(journals) else []


STEPS = ("write", "ftruncate", "unlink", "rename", "fsync", "posix_fallocate")
DEAD = 7


def die_after(step: int, path: Path, after: bytes, journals: str) -> int:
    """Overwrite in a child that dies before its `step`th call; the system takes its bytes by the hundred."""

    def act() -> None:
        real = os.write
        os.write = lambda descriptor, data: real(descriptor, bytes(data[:100]))
        dying_at(step, STEPS, lambda: os._exit(DEAD))
        overwrite(read_snapshot(str(path)), after, journals)

    return in_child(act)


@pytest.mark.parametrize("after", [LONGER, SHORTER, OLD.replace(b"o", b"p")], ids=["longer", "shorter", "equal"])
def test_death_at_any_step_leaves_the_old_or_the_new_content_for_the_next_run(
    path: Path, journals: str, after: bytes
) -> None:
    torn = 0
    for step in range(1, 60):
        write(path, OLD)
        code = die_after(step, path, after, journals)
        halfway = path.read_bytes() not in (OLD, after)
        mended = recover(journals)
        assert path.read_bytes() in (OLD, after)
        assert mended == ((str(path),) if halfway else ())
        assert left(journals) == []
        torn += halfway
        if code != DEAD:
            break
    assert code == 0, "the child never got to its end"
    assert path.read_bytes() == after
    assert torn > 3


@pytest.mark.parametrize("after", [LONGER, SHORTER])
def test_a_write_that_fails_is_taken_back_at_once(
    path: Path, journals: str, after: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    failing = [True]

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < len(after) - 50 and failing:
            failing.clear()
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, bytes(data[:40]))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="Input/output error"):
        overwrite(read_snapshot(str(path)), after, journals)
    assert (path.read_bytes(), left(journals)) == (OLD, [])


def test_an_interruption_is_taken_back_too(path: Path, journals: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = os.ftruncate, []

    def interrupt(descriptor: int, length: int) -> None:
        if not seen:
            seen.append(length)
            raise KeyboardInterrupt
        real(descriptor, length)

    monkeypatch.setattr(os, "ftruncate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        overwrite(read_snapshot(str(path)), SHORTER, journals)
    assert (path.read_bytes(), left(journals)) == (OLD, [])


def test_a_disk_that_fails_for_good_leaves_the_journal_to_the_next_run(
    path: Path, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(os, "ftruncate", broken)
        with pytest.raises(McpconfError, match=r"c\.json is half written .* can't be put back now") as caught:
            overwrite(read_snapshot(str(path)), SHORTER, journals)
        assert "run the command again" in (caught.value.hint or "")
        assert path.read_bytes() == OLD
    path.write_bytes(SHORTER + OLD[len(SHORTER) :])
    assert recover(journals) == (str(path),)
    assert (path.read_bytes(), left(journals)) == (OLD, [])


def test_a_full_disk_says_so_before_anything_is_overwritten(
    path: Path, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        assert path.read_bytes() == OLD
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        overwrite(read_snapshot(str(path)), LONGER, journals)
    assert (path.read_bytes(), left(journals)) == (OLD, [])


@pytest.mark.parametrize("way", ["refused", "missing"])
def test_where_space_cannot_be_reserved_the_write_goes_on(
    path: Path, journals: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    if way == "missing":
        monkeypatch.delattr(os, "posix_fallocate")
    else:
        monkeypatch.setattr(os, "posix_fallocate", unsupported)
    overwrite(read_snapshot(str(path)), LONGER, journals)
    assert path.read_bytes() == LONGER


def test_a_journal_that_cannot_be_written_stops_everything(
    path: Path, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        overwrite(read_snapshot(str(path)), LONGER, journals)
    assert (path.read_bytes(), left(journals)) == (OLD, [])


def test_a_write_since_we_read_is_noticed_after_the_journal_is_written(
    path: Path, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = read_snapshot(str(path))
    real = os.rename

    def meanwhile(source: str, target: str) -> None:
        real(source, target)
        path.write_bytes(b'{"theirs": 1}')

    monkeypatch.setattr(os, "rename", meanwhile)
    with pytest.raises(Changed):
        overwrite(seen, LONGER, journals)
    assert (path.read_bytes(), left(journals)) == (b'{"theirs": 1}', [])


def test_the_journal_is_for_its_owner_alone_and_holds_both_contents(
    path: Path, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, found = os.ftruncate, []

    def look(descriptor: int, length: int) -> None:
        name = os.path.join(journals, left(journals)[0])
        found.append((os.stat(name).st_mode & 0o777, os.stat(journals).st_mode & 0o777))
        real(descriptor, length)

    monkeypatch.setattr(os, "ftruncate", look)
    overwrite(read_snapshot(str(path)), LONGER, journals)
    assert found == [(0o600, 0o700)]


def keep_journal(path: Path, after: bytes, journals: str) -> None:
    """A journal as a killed run leaves it, before the first byte of the file changes."""
    journal._keep(journal._Entry(str(path), path.read_bytes(), after), journals)


def test_what_another_wrote_after_our_crash_stays(path: Path, journals: str) -> None:
    for theirs in (b"{}", b"", OLD[:-1] + b', "n": 1}', LONGER + b"\n", OLD.replace(b"dark", b"lite"), SHORTER[:10]):
        write(path, OLD)
        keep_journal(path, LONGER, journals)
        path.write_bytes(theirs)
        assert recover(journals) == ()
        assert (path.read_bytes(), left(journals)) == (theirs, [])


def test_a_file_that_is_not_here_now_keeps_its_journal(path: Path, journals: str) -> None:
    keep_journal(path, SHORTER, journals)
    path.rename(path.with_name("away"))
    assert recover(journals) == ()
    assert len(left(journals)) == 1
    path.write_bytes(SHORTER + OLD[len(SHORTER) :])
    assert recover(journals) == (str(path),)
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("raw", [b"", b"{}\n", b"[]\n", b'{"path": "/x", "old": 5, "after": 1}\nabc', b"\xff\n"])
def test_a_damaged_journal_was_never_finished_and_goes(path: Path, journals: str, raw: bytes) -> None:
    write(Path(journals) / "x.journal", raw)
    write(Path(journals) / "y.journal.new", raw)
    write(Path(journals) / "note", raw)
    assert recover(journals) == ()
    assert left(journals) == ["note"]
    assert path.read_bytes() == OLD


def test_without_journals_there_is_nothing_to_do(journals: str) -> None:
    assert recover(journals) == ()


texts = st.binary(max_size=3 * BLOCK) | st.text(alphabet="ab{}", max_size=40).map(str.encode)


@given(texts, texts)
def test_every_state_on_the_way_is_known_as_torn(old: bytes, after: bytes) -> None:
    """After each prefix of the write, with the space reserved before it, and before the cut."""
    longest = max(len(old), len(after))
    grown = old.ljust(longest, b"\0")
    for done in range(len(after) + 1):
        state = after[:done] + grown[done:]
        assert is_torn(state, old, after) is (state not in (old, after))


@given(texts, texts, st.data())
def test_a_power_cut_may_keep_any_blocks(old: bytes, after: bytes, data: st.DataObject) -> None:
    longest = max(len(old), len(after))
    size = data.draw(st.integers(len(old), longest))
    grown = old.ljust(longest, b"\0")
    filled = after + grown[len(after) :]
    state = b"".join(data.draw(st.sampled_from([grown, filled]))[at : at + BLOCK] for at in range(0, longest, BLOCK))[
        :size
    ]
    assert is_torn(state, old, after) is (state not in (old, after))


@given(texts, texts, st.binary(max_size=30))
def test_what_has_a_byte_of_neither_is_somebody_elses(old: bytes, after: bytes, theirs: bytes) -> None:
    longest = max(len(old), len(after))
    both = [{*old.ljust(longest, b"\0")[i : i + 1], *after[i : i + 1]} for i in range(longest)]
    foreign = len(theirs) > longest or any(byte not in both[i] for i, byte in enumerate(theirs))
    if foreign:
        assert not is_torn(theirs, old, after)


@given(st.integers(0, len(OLD)))
def test_a_file_cut_short_by_another_is_not_ours_to_mend(length: int) -> None:
    assert not is_torn(OLD[:length], OLD, LONGER)
