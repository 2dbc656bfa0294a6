"""What takes the place of a file of ours is named and left alone; nothing hangs, nothing is believed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mcpconf.commit import artifacts, journal
from mcpconf.commit import generation as generations
from mcpconf.commit.private import check_directory, is_regular, private_directory, read_private
from mcpconf.commit.state import DIRECTORIES, FILES
from mcpconf.errors import LockTimeout, McpconfError, Refused
from tests.commit.stage import ENTRY, NEWER, Stage, write


def make_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path may be 108 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


ODD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "fifo": (os.mkfifo, "is a FIFO, not a regular file"),
    "directory": (Path.mkdir, "is a directory, not a regular file"),
    "socket": (make_socket, "is a socket, not a regular file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a regular file"),
    "loop": (lambda path: path.symlink_to(path), "is a link that leads in a circle"),
    "dangling": (lambda path: path.symlink_to("nowhere"), "is a link to what does not exist"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_regular_file_is_refused_and_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    make, said = ODD[kind]
    make(path)
    for read in (read_private, is_regular):
        with pytest.raises(Refused, match=f"{path} {said}; nothing was changed") as caught:
            read(str(path))
        assert caught.value.hint == f"move it away: mv {path} {path}.old"


def test_what_takes_the_files_place_after_the_look_is_refused_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.setattr("mcpconf.commit.private.is_regular", lambda path: True)
    with pytest.raises(Refused, match="is a FIFO"):
        read_private(str(tmp_path / "fifo"))
    with pytest.raises(McpconfError, match="can't be read"):
        read_private(str(tmp_path / "gone"))


def test_a_directory_that_leads_nowhere_is_refused_as_the_file_in_it_would_be(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("link/file", "link/deep/file"):
        with pytest.raises(Refused, match="link is a link to what does not exist"):
            read_private(str(tmp_path / name))
    (tmp_path / "nowhere").mkdir()
    assert read_private(str(tmp_path / "link/file")) is None
    assert read_private("not/there") is None


def test_a_file_beyond_all_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (1 << 20))
    assert read_private(str(path), 1 << 20) == path.read_bytes()
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(Refused, match="is larger than 1 MB"):
        read_private(str(path), 1 << 20)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ODD)
def test_nothing_is_written_where_a_file_of_ours_is_none(stage: Stage, kind: str, name: str) -> None:
    stage.switch({"x": ENTRY})
    before = stage.path.read_bytes()
    path = Path(stage.state.at(name))
    path.unlink(missing_ok=True)
    ODD[kind][0](path)
    with pytest.raises(Refused, match=name):
        stage.switch({"x": NEWER})
    assert stage.path.read_bytes() == before


@pytest.mark.parametrize("name", DIRECTORIES)
@pytest.mark.parametrize("kind", [*ODD, "file"])
def test_nothing_is_written_where_a_directory_of_ours_is_none(stage: Stage, kind: str, name: str) -> None:
    stage.switch({"x": ENTRY})
    before = stage.path.read_bytes()
    path = Path(stage.state.at(name))
    if path.exists():
        path.rename(stage.home / "old")
    if kind == "directory":
        path.mkdir()
        os.mkfifo(path / "000001.json")
    else:
        {"file": Path.touch, **{k: make for k, (make, _) in ODD.items()}}[kind](path)
    with pytest.raises(Refused, match=rf"{name}\b.*nothing was changed"):
        stage.switch({"x": NEWER})
    assert stage.path.read_bytes() == before


def test_a_directory_that_may_not_be_read_or_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path = tmp_path / "work"
    check_directory(str(tmp_path / "not there"))
    check_directory(str(tmp_path))

    def denied(*_: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *_: False)
        with pytest.raises(McpconfError, match="can't be written: permission denied"):
            check_directory(str(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", denied)
        with pytest.raises(McpconfError, match=r"can't be read \(Permission denied\)") as caught:
            check_directory(str(tmp_path))
    assert "ls -ld" in (caught.value.hint or "")


def test_links_to_our_files_and_directories_are_followed(stage: Stage, tmp_path: Path) -> None:
    stage.switch({"x": ENTRY})
    for name in ("ledger.json", "generations"):
        os.rename(stage.state.at(name), tmp_path / name)
        os.symlink(tmp_path / name, stage.state.at(name))
    os.symlink(tmp_path / "ledger.json", tmp_path / "generations/README")
    assert stage.switch({"x": NEWER}).generation == 2


def test_a_file_where_a_directory_is_to_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="file is not a directory"):
        private_directory(str(tmp_path / "file"))


def test_a_list_of_what_is_no_directory_is_refused(stage: Stage) -> None:
    stage.state.write(b"", "generations")
    for names in (("generations",), ("generations", "deep", "deeper")):
        with pytest.raises(Refused, match="generations is not a directory") as caught:
            stage.state.list(*names)
        assert (caught.value.hint or "").endswith("generations.old")


def test_a_backup_that_is_not_what_was_kept_is_none_and_kept_anew(stage: Stage) -> None:
    name = stage.state.keep(b"content")
    stage.state.write(b"CONTENT", "blobs", name)
    assert stage.state.blob(name) is None
    stage.state.write(b"conten", "blobs", name)
    assert stage.state.keep(b"content") == name
    assert stage.state.blob(name) == b"content"


def test_deep_nesting_is_damage_like_any_other(stage: Stage) -> None:
    stage.state.write(b"[" * 100_000, "made.json")
    assert stage.state.read_json("made.json") is None


def changed(raw: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(raw), **fields}).encode()


FIELDS: dict[str, list[Any]] = {
    "id": [0, "1", True, None, 2, 10**30, 1.5],
    "time": [-1, 1e300, "now", True, None, 253_402_300_800],
    "command": [5, None],
    "context": [[], None],
    "profile": [5, {}],
    "previous": [5],
    "undone": [0, None, "no"],
    "files": [{}, None, 5, [5], [None], [[]]],
    "changes": [{}, None, 5, [5], [None]],
    "more": [1],
}
IN_FILE: dict[str, list[Any]] = {
    "path": ["relative", "", 5, "/a\0b", "/\ud800"],
    "before": ["../../x", "", 5, "A" * 64],
    "after": ["0" * 63, []],
    "record": [None, 5, [], {}],
    "exact": [1, None],
}
IN_CHANGE: dict[str, list[Any]] = {
    "path": ["relative", None],
    "pointer": ["mcpServers", [5], None],
    "name": [5, None],
    "action": ["burn", 5],
    "client": [None],
    "scope": ["moon", None],
    "before": ["{", "{} {}", 5],
    "after": ["x"],
    "owned_before": [5, [], {}, {"digest": 1}],
    "more": [1],
}


def damages(raw: bytes) -> list[bytes]:
    """A generation's record with one thing wrong in it, in every place and way."""
    found = [changed(raw, **{name: value}) for name, values in FIELDS.items() for value in values]
    data = json.loads(raw)
    for part, fields in (("files", IN_FILE), ("changes", IN_CHANGE)):
        for name, values in fields.items():
            found += [changed(raw, **{part: [{**data[part][0], name: value}]}) for value in values]
            found.append(changed(raw, **{part: [{k: v for k, v in data[part][0].items() if k != name}]}))
    return [*found, b"[" * 100_000, b"5", b'"x"', b"\xff", b"1" * 6000]


def test_a_record_of_any_wrong_shape_is_left_out(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    stage.switch({"x": NEWER})
    raw = stage.state.read("generations", "000001.json") or b""
    for damage in damages(raw):
        if json_equal(damage, raw):
            continue  # the field was not there to be taken away
        stage.state.write(damage, "generations", "000001.json")
        assert [one.id for one in generations.read_all(stage.state)] == [2], damage


def json_equal(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except (ValueError, RecursionError):
        return False


def test_a_record_that_can_not_be_removed_is_no_failure(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "KEPT", 1)
    stage.switch({"x": ENTRY})
    stage.state.write(b"", "blobs", "stray")
    stage.state.write(b"", ".stray.0123456789ab.tmp")

    def refused(self: Any, *names: str) -> None:
        raise McpconfError("no")

    with monkeypatch.context() as patched:
        patched.setattr("mcpconf.commit.state.State.remove", refused)
        generations.forget(stage.state)
        stage.state.sweep()
    generations.forget(stage.state)
    stage.state.sweep()
    assert "stray" not in stage.state.list("blobs")
    assert ".stray.0123456789ab.tmp" not in stage.state.list()


HEADERS = [
    b"[" * 100_000,
    b'{"path": "x", "old": 1, "after": 1}',
    b'{"path": 5, "old": 1, "after": 1}',
    b'{"path": "/x\\u0000", "old": 1, "after": 1}',
    b'{"path": "/x", "old": -1, "after": 1}',
    b'{"path": "/x", "old": true, "after": 1}',
    b'{"path": "/x", "old": 1e3, "after": 1}',
    b'{"path": "/x", "old": 1' + b"0" * 30 + b', "after": 1}',
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_journal_of_any_wrong_shape_goes(stage: Stage, header: bytes) -> None:
    path = Path(stage.state.journals) / "x.journal"
    write(path, header + b"\nab")
    assert journal.recover(stage.state.journals) == ()
    assert not path.exists()


def test_a_journal_for_what_is_no_file_any_more_is_kept(stage: Stage) -> None:
    os.mkfifo(stage.home / "fifo")
    header = json.dumps({"path": str(stage.home / "fifo"), "old": 1, "after": 1}).encode()
    path = Path(stage.state.journals) / "x.journal"
    write(path, header + b"\nab")
    assert journal.recover(stage.state.journals) == ()
    assert path.exists()


def test_what_stands_in_the_way_of_a_recovery_is_told(stage: Stage) -> None:
    os.makedirs(stage.state.at("journals", "x.journal.new"))
    with pytest.raises(McpconfError, match=r"x\.journal\.new can't be written"):
        journal.recover(stage.state.journals)


def test_the_patient_lock_is_the_same_lock(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("mcpconf.commit.state._lock_at_once", lambda path: None)
        with stage.state.locked(timeout=1), pytest.raises(LockTimeout), stage.state.locked(timeout=0):
            pytest.fail("two at a time")
    with stage.state.locked(timeout=0):
        assert stage.state.list() == ("lock",)


PENDING: list[Any] = [
    5,
    [],
    {},
    {"mark": "ab", "files": 5},
    {"mark": 5, "files": {}},
    {"mark": "../x", "files": {}},
    {"mark": "a\0b", "files": {}},
    {"mark": "ab", "files": {"relative": {"created": False, "made": [], "members": [], "traces": []}}},
    {"mark": "ab", "files": {"/x": {"created": False, "made": ["\0"], "members": [], "traces": []}}},
    {"mark": "ab", "files": {}, "sums": {"/x": 5}},
]


@pytest.mark.parametrize("data", PENDING, ids=range(len(PENDING)))
def test_a_pending_record_of_any_wrong_shape_is_forgotten(stage: Stage, data: Any) -> None:
    stage.switch({"x": ENTRY})
    stage.state.write_json(data, "pending.json")
    stage.switch({"x": NEWER})
    assert stage.owned() == {"x"}
    assert "pending.json" not in stage.state.list()


RECORDS = [b"5", b"[]", b'{"user": 5}', b'{"user": [5]}', b'{"user": ["x"]}', b'{"user": ["/\\u0000"]}', b"[" * 100_000]


@pytest.mark.parametrize("raw", RECORDS, ids=range(len(RECORDS)))
def test_a_damaged_record_of_the_wrappers_files_is_named(stage: Stage, raw: bytes) -> None:
    write(Path(stage.state.at("wrapper.json")), raw)
    with pytest.raises(Refused, match=r"wrapper\.json is damaged; nothing was changed"):
        artifacts.contexts(stage.state)


def test_what_takes_the_place_of_the_wrappers_data_is_replaced_or_left(stage: Stage) -> None:
    directory = stage.home / "wrapper"
    link = str(directory / "mcp-x")
    (directory / "data").mkdir(parents=True)
    os.mkfifo(directory / "data/mcp-x")
    wanted = artifacts.Artifacts(str(directory), {"user": {link: b"data"}})
    with wanted.in_place(stage.state):
        assert (directory / "data/mcp-x").read_bytes() == b"data"
    for taken in (directory / "data/mcp-x", directory / "mcp-x"):
        taken.unlink()
        taken.mkdir()
    assert wanted.before(stage.state) == {"user": {}}
    with artifacts.Artifacts(str(directory), {"user": {}}).in_place(stage.state):
        pass
    assert artifacts.contexts(stage.state) == ("user",)


@pytest.mark.parametrize(("flag", "said"), [(os.ST_RDONLY, "read-only file system"), (0, "permission denied")])
def test_why_a_directory_of_ours_can_not_be_written_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, flag: int, said: str
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=flag))
    with pytest.raises(McpconfError, match=said):
        check_directory(str(home))


def test_one_wrong_word_that_a_file_is_not_there_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.json"
    path.write_bytes(b"kept")
    look, lies = os.stat, [1]

    def stat(*args: Any, **named: Any) -> Any:
        if str(args[0]) == str(path) and "dir_fd" not in named and lies[0] and named.get("follow_symlinks", True):
            lies[0] -= 1
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return look(*args, **named)

    monkeypatch.setattr(os, "stat", stat)
    assert read_private(str(path)) == b"kept"


def test_a_file_that_goes_while_it_is_looked_for_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.json"
    monkeypatch.setattr("mcpconf.commit.private._refuse_dangling", lambda _: True)
    assert read_private(str(path)) is None
