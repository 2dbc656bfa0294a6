"""Client files that nobody should have: refused with a sentence and untouched, or edited without a byte lost."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.reliability import figures, measured
from tests.reliability.hostile import KINDS, NAMES, OBSTACLES, Legal, Refused
from tests.reliability.place import CLIENT_FILE, Done, Kept, Place

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]
SECONDS = 300  # far more than any of them takes on a busy machine; a process that takes longer is killed
MEBIBYTES = 640  # what a file of 20 MB may cost at most; 15 to start
# What a terminal would obey, or what would deceive its reader.
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
ODD_DIRECTORY = "odd\n\x1b[31m\u202e"


@dataclass
class Bench:
    """A place in which profile `two` is active. `wrong` and `peak` (MiB) collect over the commands of one test."""

    place: Place
    kept: Kept
    wrong: list[str] = field(default_factory=list)
    peak: float = 0.0
    seconds: float = 0.0

    @classmethod
    def furnished(cls, root: Path) -> Bench:
        place = Place(root)
        place.furnish()
        place.must("switch", "one")  # compiled, as both are in daily life
        place.must("switch", "two")
        return cls(place, Kept.of(place))

    def run(self, *argv: str, code: int | None, says: Sequence[str] = (), env: Mapping[str, str] | None = None) -> Done:
        """Run a command; whatever is not as it has to be becomes a violation."""
        report = self.place.root / "report"
        before = [sys.executable, "-I", "-S", measured.__file__, str(report), str(SECONDS)]
        usual, self.place.env = self.place.env, self.place.env | dict(env or {})
        began = time.monotonic()
        try:
            done = self.place.run(*argv, before=before, timeout=2 * SECONDS)
        finally:
            self.place.env = usual
        self.seconds = max(self.seconds, time.monotonic() - began)
        self.peak = max(self.peak, json.loads(report.read_text())["kib"] / 1024)
        said = done.out + done.err
        self.expect(code is None or done.code == code, f"{argv}: exit code {done.code}, not {code}: {said[-500:]}")
        self.expect(all(one in said for one in says), f"{argv}: not said: {says}: {said[-500:]}")
        self.expect(not OBEYED.search(said), f"{argv}: raw on the terminal: {said[-500:]!r}")
        self.expect(not done.disgrace, f"{argv}: {done.disgrace}")
        return done

    def expect(self, fine: bool, otherwise: str) -> None:
        if not fine:
            self.wrong.append(otherwise)

    def tree(self) -> dict[str, tuple[int, ...]]:
        """Everything in the home and in the directory for temporary files, by what would change with it."""
        found: dict[str, tuple[int, ...]] = {}
        for top in (self.place.home, self.place.root / "tmp"):
            for directory, directories, files in os.walk(top):
                for name in [*directories, *files]:
                    path = os.path.join(directory, name)
                    status = os.lstat(path)
                    found[path] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
        return found

    def untouched(self, *argv: str, code: int, says: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        """Run a command that must leave everything as it is."""
        before = self.tree()
        self.run(*argv, code=code, says=says, env=env)
        after = self.tree()
        changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
        self.expect(changed == [], f"{argv}: changed: {changed}")

    def close(self, kind: str, size: int, outcome: str) -> None:
        """Count, and let the test fail for every violation."""
        self.expect(self.peak < MEBIBYTES, f"{self.peak:.0f} MiB of memory")
        figures.record(
            "hostile",
            kind.replace("/", "_"),
            kind=kind,
            bytes=size,
            outcome=outcome,
            seconds=round(self.seconds, 2),
            mebibytes=round(self.peak),
            violations=len(self.wrong),
        )
        assert self.wrong == []


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.furnished(tmp_path_factory.mktemp("hostile") / "place")


@pytest.fixture
def bench(furnished: Bench) -> Iterator[Bench]:
    """The same for every test, as if no other had been there."""
    yield Bench(furnished.place, furnished.kept)
    furnished.kept.restore()


def raw_of(kind: Refused | Legal, bench: Bench) -> bytes:
    content = kind.content
    return content if isinstance(content, bytes) else content(os.path.realpath(bench.place.home))


def place_in(path: Path, at: tuple[int, int] | int) -> str:
    return f"{path}:{at[0]}:{at[1]}: " if isinstance(at, tuple) else f"{path}:{at}:"


def refused(bench: Bench, name: str, kind: Refused) -> None:
    path = bench.place.file
    raw = raw_of(kind, bench)
    if kind.desktop:
        path = bench.place.home / ".config/Claude/claude_desktop_config.json"
        path.parent.mkdir()
    path.write_bytes(raw)
    bench.untouched(*kind.command, code=4, says=(place_in(path, kind.at), kind.says, "nothing was changed"))
    if kind.command == ("switch", "one") and list(KINDS).index(name) in figures.every(len(KINDS)):
        others(bench, kind)
    bench.close(name, len(raw), "refused")


def others(bench: Bench, kind: Refused) -> None:
    """What else one may try with such a file; and once it is mended, everything goes on."""
    conflict = isinstance(kind.at, int)  # an entry of somebody else's is nothing that uninstall or status mind
    if not conflict:
        bench.untouched("status", code=1, says=(place_in(bench.place.file, kind.at),))
        raw = bench.place.file.read_bytes()
        bench.run("uninstall", "--yes", code=4, says=("nothing was changed",))
        bench.expect(bench.place.file.read_bytes() == raw, "uninstall changed it")
    bench.place.file.write_bytes((bench.kept.copy / ".claude.json").read_bytes())
    bench.run("switch", "one", code=0)
    bench.run("uninstall", "--yes", code=0)
    bench.expect(bench.place.file.read_bytes() == CLIENT_FILE, "after it was mended uninstall did not give it back")
    bench.expect(bench.place.leftovers() == [], f"left over: {bench.place.leftovers()}")


def legal(bench: Bench, name: str, kind: Legal) -> None:
    raw = raw_of(kind, bench)
    bench.place.file.write_bytes(raw)
    bench.run(*kind.command, code=0, says=("kept as it is: alpha",) if kind.keeps else ())
    found = bench.place.file.read_bytes()
    bench.expect(b'"gone"' in found, f"the entries are not there: {found[:200]!r}")
    bench.expect(kind.keeps or b'"alpha"' in found, f"the entries are not there: {found[:200]!r}")
    bench.expect(not raw.strip() or inserted(raw, found), f"more than an insertion: {found[:200]!r}")
    bench.run("uninstall", "--yes", code=4 if kind.keeps else 0)
    bench.expect(bench.place.file.read_bytes() == raw, "uninstall did not give back the original bytes")
    bench.expect(bench.place.leftovers() == [], f"left over: {bench.place.leftovers()}")
    bench.close(name, len(raw), "edited")


def common(one: bytes, other: bytes) -> int:
    """How many bytes are the same from the start: by halves, since Python's loop over 20 MB takes seconds."""
    same, length = 0, min(len(one), len(other))
    while same < length:
        middle = (same + length + 1) // 2
        same, length = (middle, length) if one[same:middle] == other[same:middle] else (same, middle - 1)
    return same


def inserted(old: bytes, new: bytes) -> bool:
    """Whether `new` is `old` with something put in at one place (white space may stand on either side of it)."""
    head, tail = common(old, new), common(old[::-1], new[::-1])
    return not old[head : max(head, len(old) - tail)].strip()


@pytest.mark.parametrize("name", KINDS)
def test_a_hostile_file_is_refused_or_edited_without_a_byte_lost(name: str, bench: Bench) -> None:
    kind = KINDS[name]
    if isinstance(kind, Refused):
        refused(bench, name, kind)
    else:
        legal(bench, name, kind)


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_is_no_file_is_refused_without_a_wait(name: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bench.place.home)
    bench.place.file.unlink()
    OBSTACLES[name].make(bench.place.file)
    says = (f"{bench.place.file}: ", OBSTACLES[name].says, "nothing was changed")
    bench.untouched("switch", "one", code=4, says=says)
    bench.untouched("status", code=1, says=says)
    bench.close(name, 0, "refused")


@pytest.mark.parametrize("name", [name for name, kind in NAMES.items() if isinstance(kind, Legal)])
def test_a_hostile_name_is_never_raw_on_the_terminal(name: str, bench: Bench) -> None:
    raw = raw_of(NAMES[name], bench)
    bench.place.file.write_bytes(raw)
    for argv in (["status"], ["diff", "one"], ["import", "--dry-run"], ["import", "--dry-run", "--json"]):
        before = bench.tree()
        done = bench.run(*argv, code=None)
        bench.expect(done.code in (0, 1, 2, 3, 4), f"{argv}: {done}")
        bench.expect(bench.tree() == before, f"{argv} changed something")
    bench.close(f"{name}, read by other commands", len(raw), "shown")


@pytest.mark.parametrize(("content", "code"), [(b'{"a": }', 4), (b'{"a": 1}', 0)], ids=["broken", "fine"])
def test_a_hostile_path_is_never_raw_on_the_terminal(content: bytes, code: int, bench: Bench) -> None:
    directory = bench.place.home / ODD_DIRECTORY
    directory.mkdir()
    path = directory / ".claude.json"
    path.write_bytes(content)
    shown = str(path).replace("\n", "\\n").replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    env = {"CLAUDE_CONFIG_DIR": str(directory)}
    if code:
        bench.untouched("switch", "one", code=4, says=(f"{shown}:1:7: ",), env=env)
    else:
        bench.run("switch", "one", code=0, env=env)
        bench.expect(b'"gone"' in path.read_bytes(), "the entry is not there")
        bench.run("uninstall", "--yes", code=0, env=env)
        bench.expect(path.read_bytes() == content, "uninstall did not give back the original bytes")
    bench.close(f"a path with line ends and colours, {'broken' if code else 'fine'}", len(content), "shown")
