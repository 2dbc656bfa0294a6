"""Death at any call of a commit: every file is the old or the new one, and the next run knows what is ours."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from mcpconf.commit.recovery import PENDING, absorb_pending, absorbed
from mcpconf.document.edit import Trace
from mcpconf.errors import McpconfError
from mcpconf.ledger import FileRecord, Ledger, Owned, digest, dump_record
from tests.commit.stage import ENTRY, NEWER, Stage, add, dying_at, in_child, servers, write

CALLS = ("open", "write", "fsync", "fchmod", "mkdir", "link", "unlink", "replace", "rename", "rmdir", "ftruncate")
DEAD, SURVIVED = 7, 3
THEIRS = {"command": "/bin/theirs"}
POINTER = ("mcpServers",)
FIRST = {"theme": "dark", "mcpServers": {"other": THEIRS}}
HARD = {"theme": "light", "pad": "." * 600}


def dump(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


def contents(*paths: Path) -> list[bytes | None]:
    return [path.read_bytes() if path.exists() else None for path in paths]


def start(stage: Stage, first: Path, second: Path, hard: Path) -> None:
    """A home with a file of each sort: one to be changed, one to be made, one that can only be overwritten."""
    write(first, FIRST)
    write(hard, HARD)
    os.link(hard, stage.home / "hard-link")
    stage.commit(stage.want({"x": ENTRY, "old": ENTRY}, first), stage.want({"old": ENTRY}, hard))


def commit_until(stage: Stage, wants: Any, step: int, way: str) -> int:
    """Commit in a child in which the `step`th call goes wrong. 0: it never came to that call."""
    met: list[int] = []

    def strike() -> None:
        met.append(step)
        if way == "killed":
            os._exit(DEAD)
        raise OSError(errno.EIO, "Input/output error")

    def act() -> None:
        dying_at(step, CALLS, strike)
        try:
            stage.commit(*wants)
        except McpconfError:
            os._exit(DEAD)
        os._exit(SURVIVED if met else 0)

    return in_child(act)


@pytest.mark.parametrize("way", ["killed", "refused"])
def test_a_commit_may_end_at_any_call(way: str, tmp_path: Path) -> None:
    """`killed`: the process is gone. `refused`: that call, and it alone, fails with an I/O error."""
    codes = []
    while 0 not in codes:
        step = len(codes) + 1
        home = tmp_path / f"home{step}"
        home.mkdir()
        stage = Stage(home)
        files = first, second, hard = home / "first.json", home / "new/second.json", home / "hard.json"
        start(stage, *files)
        wants = [stage.want({"x": NEWER, "y": ENTRY}, path, lock=path is not second) for path in files]

        codes.append(commit_until(stage, wants, step, way))

        assert codes[-1] in (0, DEAD, SURVIVED), f"step {step} ended in a traceback"
        assert_old_or_new(first, second, *[hard] * (way == "refused"))
        done = stage.commit(*wants)
        assert (done.plan.conflicts, done.plan.blocked) == ((), ())
        assert [servers(path) for path in (second, hard)] == [{"x": NEWER, "y": ENTRY}] * 2
        assert servers(first) == {"other": THEIRS, "x": NEWER, "y": ENTRY}
        assert [stage.owned(path) for path in files] == [{"x", "y"}] * 3
        assert os.path.samefile(hard, home / "hard-link")

        stage.commit(*[stage.want({}, path) for path in files])
        assert contents(*files) == [dump(FIRST), None, dump(HARD)]
        assert sorted(os.listdir(home)) == [".local", "first.json", "hard-link", "hard.json"]
        assert stage.leftovers() == []
    assert codes.count(DEAD) > 60


def assert_old_or_new(*paths: Path) -> None:
    for path, raw in zip(paths, contents(*paths), strict=True):
        held = None if raw is None else json.loads(raw).get("mcpServers", {})
        assert held is None or set(held) - {"other"} in ({"old"}, {"x", "old"}, {"x", "y"}), path


def owned(entry: Any, before: str | None = None) -> Owned:
    return Owned(digest(entry), "claude-code", "user", "work", "direct", before)


def record(**more: Any) -> FileRecord:
    members = {name: value for name, value in more.items() if isinstance(value, Owned)}
    rest = {name: value for name, value in more.items() if not isinstance(value, Owned)}
    return FileRecord(members={POINTER: members} if members else {}, **rest)


def absorb(known: FileRecord, planned: FileRecord, standing: Any) -> FileRecord:
    raw = standing if standing is None or isinstance(standing, bytes) else json.dumps({"mcpServers": standing}).encode()
    ledger = absorbed(Ledger().with_file("f", known), {"f": planned}, {"f": raw})
    return ledger.files.get("f", FileRecord())


V1, V2 = owned(ENTRY), owned(NEWER)
ABSORBED = {
    "added": (record(), record(x=V1), {"x": ENTRY}, record(x=V1)),
    "not added": (record(), record(x=V1), {}, record()),
    "added over a foreign one": (record(), record(x=V1), {"x": THEIRS}, record()),
    "updated": (record(x=V1), record(x=V2), {"x": NEWER}, record(x=V2)),
    "not updated": (record(x=V1), record(x=V2), {"x": ENTRY}, record(x=V1)),
    "edited since": (record(x=V1), record(x=V2), {"x": THEIRS}, record(x=V1)),
    "removed by hand since": (record(x=V1), record(x=V2), {}, record(x=V1)),
    "removed": (record(x=V1), record(), {}, record()),
    "not removed": (record(x=V1), record(), {"x": ENTRY}, record(x=V1)),
    "what we had replaced is back": (record(x=V1), record(), {"x": THEIRS}, record()),
    "no file": (record(x=V1), record(), None, record()),
    "not to be read": (record(x=V1, y=V1), record(x=V2, z=V2), b"{", record(x=V1, y=V1, z=V2)),
    "not UTF-8": (record(x=V1), record(), b"\xff", record(x=V1)),
    "edited by hand and to stay": (record(x=V1), record(x=V1, y=V1), {"x": THEIRS, "y": ENTRY}, record(x=V1, y=V1)),
}


@pytest.mark.parametrize("name", ABSORBED)
def test_what_stands_in_the_file_decides_what_is_ours(name: str) -> None:
    known, planned, standing, expected = ABSORBED[name]
    assert absorb(known, planned, standing) == expected


def test_what_was_made_on_the_way_is_ours_only_if_it_was_made() -> None:
    planned = record(x=V1, y=V1, created=True, traces={(): Trace(created=True)}, made=("/d",))
    assert absorb(record(), planned, {"y": ENTRY}) == record(y=V1, created=True, traces=planned.traces, made=("/d",))
    assert absorb(record(x=V1), planned, {"x": ENTRY}) == record(x=V1)


def test_a_file_that_cannot_be_read_after_a_crash_loses_no_claim(stage: Stage) -> None:
    stage.switch({"x": ENTRY})
    planned = {str(stage.path): dump_record(FileRecord())}
    stage.state.write_json({"mark": "m", "files": planned}, PENDING)
    before = stage.state.ledger()
    whole = stage.path.read_bytes()
    stage.path.unlink()
    stage.path.mkdir()
    absorb_pending(stage.state)
    assert stage.state.ledger() == before
    assert stage.state.read_json(PENDING) is None
    stage.path.rmdir()
    stage.path.write_bytes(whole)
    stage.switch({})
    assert not stage.path.exists()


def test_a_crash_after_which_another_wrote_loses_neither(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    write(stage.path, {})

    def act() -> None:
        stage.clock.acts[1] = lambda: os._exit(DEAD)
        stage.switch({"x": ENTRY})

    assert in_child(act) == DEAD
    assert (servers(stage.path), stage.owned()) == ({"x": ENTRY}, set())
    add(stage.path, "theirs", THEIRS)
    stage.switch({})
    assert servers(stage.path) == {"theirs": THEIRS}


def test_a_damaged_pending_record_claims_nothing(stage: Stage) -> None:
    write(stage.path, {"mcpServers": {"theirs": THEIRS}})
    for raw in (b"{", b"null", b"[]", b'{"mark": "a", "files": {"f": {}}}', b'{"mark": "a", "files": null}'):
        stage.state.write(raw, PENDING)
        absorb_pending(stage.state)
        assert (stage.state.ledger(), stage.state.read(PENDING)) == (Ledger(), None)
