"""The key store: what it makes is for its owner alone, and what is not is not taken."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.broker.door.keys import (
    Key,
    KeyProblem,
    format_key,
    keys_directory,
    list_keys,
    load_keys,
    new_key,
    parse_key,
    read_key_file,
    revoke_key,
)
from mcpconf.errors import Refused

IDS = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return keys_directory(str(tmp_path / "data"))


def mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def file(store: str, key_id: str) -> str:
    return os.path.join(store, key_id)


def test_a_new_key_is_for_its_owner_alone_and_the_broker_takes_it(store: str) -> None:
    old = os.umask(0)
    try:
        key = new_key(store, "laptop")
    finally:
        os.umask(old)

    assert len(key.secret) == 32
    assert (mode(store), mode(file(store, "laptop"))) == (0o700, 0o600)
    assert load_keys(store).keys == {"laptop": key.secret}
    assert read_key_file(file(store, "laptop")) == key
    assert key.secret.hex() not in repr(key) + repr(load_keys(store))


def test_each_key_is_another(store: str) -> None:
    assert len({new_key(store, f"k{number}").secret for number in range(20)}) == 20
    assert [one.id for one in list_keys(store)] == sorted(f"k{number}" for number in range(20))


@pytest.mark.parametrize("key_id", ["", "A", "a/b", "..", "a.b", "a" * 33, "a b", "é", "a\n"])
def test_an_id_that_could_be_another_path_is_refused(store: str, key_id: str) -> None:
    with pytest.raises(KeyProblem, match="can't be the id"):
        new_key(store, key_id)
    with pytest.raises(KeyProblem, match="can't be the id"):
        revoke_key(store, key_id)
    assert not os.path.exists(store)


def test_a_key_is_never_overwritten(store: str) -> None:
    key = new_key(store, "laptop")
    with pytest.raises(Refused, match="already"):
        new_key(store, "laptop")
    assert load_keys(store).keys == {"laptop": key.secret}


def test_a_new_key_does_not_follow_a_link(store: str, tmp_path: Path) -> None:
    new_key(store, "first")
    os.symlink(tmp_path / "elsewhere", file(store, "laptop"))
    with pytest.raises(Refused, match="already"):
        new_key(store, "laptop")
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_that_could_not_be_written_leaves_no_file(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    new_key(store, "first")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyProblem, match="No space left"):
        new_key(store, "laptop")
    assert os.listdir(store) == ["first"]


def test_a_revoked_key_is_gone(store: str) -> None:
    new_key(store, "laptop")
    kept = new_key(store, "box")
    revoke_key(store, "laptop")
    assert load_keys(store).keys == {"box": kept.secret}
    with pytest.raises(KeyProblem, match="no key laptop"):
        revoke_key(store, "laptop")


def test_there_is_nothing_before_the_first_key(store: str) -> None:
    assert list_keys(store) == ()
    assert load_keys(store).keys == {}
    assert load_keys(store).problems == ()
    with pytest.raises(KeyProblem, match="no key laptop"):
        revoke_key(store, "laptop")
    assert not os.path.exists(store)


def test_the_list_tells_when_a_key_was_made(store: str) -> None:
    new_key(store, "laptop")
    os.utime(file(store, "laptop"), (1_000_000_000, 1_000_000_000))
    assert [(one.id, one.created, one.problem) for one in list_keys(store)] == [("laptop", 1_000_000_000, None)]


def widen(path: str) -> None:
    os.chmod(path, 0o640)


def give_away(path: str) -> None:
    os.chown(path, 12345, -1)


def link(path: str) -> None:
    os.rename(path, path + ".old")
    os.symlink(path + ".old", path)


def fifo(path: str) -> None:
    os.unlink(path)
    os.mkfifo(path, 0o600)


def directory(path: str) -> None:
    os.unlink(path)
    os.mkdir(path, 0o700)


def empty(path: str) -> None:
    os.truncate(path, 0)


def another(path: str) -> None:
    Path(path).write_bytes(format_key(Key("other", bytes(32))))


SPOILED = {
    widen: "open to others",
    link: "symbolic link",
    fifo: "no regular file",
    directory: "no regular file",
    empty: "does not hold a key",
    another: "does not hold a key",
}


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_a_file_that_others_could_have_made_or_read_is_not_taken(store: str, spoil: object) -> None:
    kept = new_key(store, "box")
    new_key(store, "laptop")
    assert callable(spoil)
    spoil(file(store, "laptop"))

    loaded = load_keys(store)

    assert loaded.keys == {"box": kept.secret}
    assert len(loaded.problems) == 1
    assert SPOILED[spoil] in loaded.problems[0]  # type: ignore[index]
    assert [one.id for one in list_keys(store) if one.problem] == ["laptop"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_taken(store: str) -> None:
    new_key(store, "laptop")
    give_away(file(store, "laptop"))
    assert load_keys(store).keys == {}
    assert "another user" in load_keys(store).problems[0]


def test_a_directory_that_is_open_to_others_gives_no_key_and_gets_none(store: str) -> None:
    new_key(store, "laptop")
    os.chmod(store, 0o755)

    assert load_keys(store).keys == {}
    assert "open to others" in load_keys(store).problems[0]
    with pytest.raises(KeyProblem, match="open to others"):
        new_key(store, "box")
    assert os.listdir(store) == ["laptop"]


def test_something_else_in_the_place_of_the_directory_is_told(store: str) -> None:
    os.makedirs(os.path.dirname(store))
    Path(store).write_text("x")
    assert "Not a directory" in load_keys(store).problems[0]
    with pytest.raises(KeyProblem, match="can't be used"):
        new_key(store, "laptop")


def test_what_has_no_keys_name_is_left_out(store: str) -> None:
    new_key(store, "laptop")
    for name in ("laptop~", ".laptop.swp", "LAPTOP"):
        Path(file(store, name)).write_text("x")
    assert [one.id for one in list_keys(store)] == ["laptop"]
    assert load_keys(store).problems == ()


def test_no_descriptor_is_left_open(store: str) -> None:
    new_key(store, "laptop")
    link(file(store, "laptop"))
    new_key(store, "box")
    before = os.listdir("/dev/fd")
    for _ in range(3):
        load_keys(store)
        list_keys(store)
        new_key(store, "more")
        revoke_key(store, "more")
    assert len(os.listdir("/dev/fd")) == len(before)


@given(IDS, st.binary(min_size=32, max_size=32))
def test_a_key_file_says_the_key_that_it_was_made_of(key_id: str, secret: bytes) -> None:
    key = Key(key_id, secret)
    assert parse_key(format_key(key)) == key
    assert len(format_key(key)) <= 100


@given(st.binary(max_size=120))
def test_whatever_a_file_holds_it_is_a_key_or_none(content: bytes) -> None:
    key = parse_key(content)
    assert key is None or format_key(key).strip() == content.strip()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"laptop",
        b"laptop " + b"0" * 63,
        b"laptop " + b"0" * 65,
        b"laptop " + b"A" * 64,
        b"Laptop " + b"0" * 64,
        b"laptop  " + b"0" * 64,
        b"laptop " + b"0" * 64 + b"\n\n",
    ],
)
def test_what_is_not_one_line_of_that_form_is_no_key(content: bytes) -> None:
    assert parse_key(content) is None


def test_a_client_reads_its_copy_whoever_owns_it(tmp_path: Path) -> None:
    copy = tmp_path / "key"
    copy.write_bytes(b"laptop " + b"ab" * 32 + b"\r\n")
    copy.chmod(0o644)
    assert read_key_file(str(copy)) == Key("laptop", b"\xab" * 32)


def test_a_clients_copy_that_is_none_is_told_without_quoting_it(tmp_path: Path) -> None:
    copy = tmp_path / "key"
    with pytest.raises(KeyProblem, match="No such file"):
        read_key_file(str(copy))
    copy.write_bytes(b"hunter2")
    with pytest.raises(KeyProblem, match="is no key file") as told:
        read_key_file(str(copy))
    assert "hunter2" not in str(told.value)
    copy.unlink()
    os.mkfifo(copy)
    with pytest.raises(KeyProblem, match="is no key file"):
        read_key_file(str(copy))
