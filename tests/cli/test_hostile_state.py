"""Whatever became of our own files: no bug, no hang, and the client's file is as it was or as it should be."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mcpconf.cli import catalogue
from mcpconf.system import RealSystem
from tests.commit.stage import in_child
from tests.commit.test_private import ODD

SECONDS = 10  # for one command; each takes some milliseconds
FOREIGN = {"command": "theirs"}

STATE, CONFIG, DATA = ".local/state/mcpconf", ".config/mcpconf", ".local/share/mcpconf"
FILES = (
    *(f"{STATE}/{name}" for name in ("ledger.json", "active", "pending.json", "made.json", "wrapper.json", "lock")),
    *(
        f"{STATE}/{name}"
        for name in ("services.json", "trust.json", "generations/000002.json", "besides/000002.json", "blobs/*")
    ),
    *(f"{STATE}/{name}" for name in ("journals/x.journal", "journals/x.journal.new", "compiled/*")),
    *(f"{CONFIG}/config.toml", f"{DATA}/secrets", f"{DATA}/keyring", f"{DATA}/wrapper/data/mcp-time"),
)
DIRECTORIES = (
    *(f"{STATE}{name}" for name in ("", "/generations", "/blobs", "/besides", "/journals", "/compiled", "/rescued")),
    *(CONFIG, f"{CONFIG}/profiles", DATA, f"{DATA}/wrapper", f"{DATA}/wrapper/data"),
)
Make = Callable[[Path], Any]
RECORD = b'{"created": true, "made": [], "members": [], "traces": []}'
CONTENT: dict[str, bytes] = {
    "empty": b"",
    "number": b"5",
    "list": b"[]",
    "object": b"{}",
    "null": b"null",
    "text": b'"x"',
    "list of numbers": b"[5]",
    "object of numbers": b'{"user": 5, "files": 5, "version": 1, "changes": 5, "active": 5}',
    "object of lists": b'{"user": [5], "files": [5], "version": 1, "changes": [5], "active": []}',
    "deep": b"[" * 100_000,
    "deep in a table": b"a=" + b"[" * 50_000,
    "many digits": b"a = " + b"1" * 6000,
    "no text": b"\xff\xfe\x00\xd8",
    "NUL": b"\0" * 100,
    "surrogate": b'{"version": 1, "files": {"/\\ud800": %b}}' % RECORD,
    "NUL in a path": b'{"version": 1, "files": {"/\\u0000": %b}}' % RECORD,
    "projects = 5": b"projects = 5",
    "projects = []": b"projects = []",
    "no end": b"[targets\nscope =",
}
WAYS: dict[str, Make] = {
    **{kind: make for kind, (make, _) in ODD.items()},
    **{name: (lambda path, raw=raw: path.write_bytes(raw)) for name, raw in CONTENT.items()},  # type: ignore[misc]
}
QUICK = ("fifo", "directory", "loop", "object of numbers", "deep", "no text")
COMMANDS = (
    *(["status"], ["-q", "current"], ["history"], ["diff", "web"], ["profile", "ls"], ["secret", "ls"]),
    *(["switch", "web"], ["switch", "web", "--scope", "local"], ["undo"], ["uninstall"]),
    *(["uninstall", "--purge", "--yes"], ["uninstall", "--force"]),
)


class Place:
    """A home in use, which can be had again and again as it was."""

    def __init__(self, base: Path) -> None:
        for name, _ in catalogue.COMMANDS:
            catalogue.load(name)  # imported once, here, and not by every child
        self.home, self.kept, self.work = base / "home", base / "kept", base / "work"
        self.out = base / "out"
        self.home.mkdir()
        (self.work / ".git").mkdir(parents=True)
        self.claude = self.home / ".claude.json"
        self.claude.write_text(json.dumps({"mcpServers": {"theirs": FOREIGN}, "numStartups": 1}))
        programs = base / "bin"
        programs.mkdir()
        for name in ("uvx", "npx", "node", "uv"):
            (programs / name).write_text("#!/bin/sh\nexit 1\n")
            (programs / name).chmod(0o755)
        (programs / "bash").symlink_to("/bin/bash")
        for argv in (["switch", "minimal"], ["switch", "essentials", "--route", "wrapper"]):
            code, said = self.run(argv)
            assert code == 0, said
        shutil.copytree(self.home, self.kept, symlinks=True)
        self.before = self.claude.read_bytes()

    def anew(self) -> None:
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home, symlinks=True)

    def spoil(self, name: str, make: Make) -> None:
        """Put something else in the place of a file or directory; `*` stands for the first that is there."""
        path = self.home / name
        if path.name == "*":
            path = min(path.parent.iterdir())
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        make(path)

    def run(self, argv: Sequence[str]) -> tuple[int, str]:
        """One command in a process of its own, which an alarm ends; its exit code and all that it printed."""
        code = in_child(lambda: self._command(argv))
        return code, self.out.read_text(errors="replace")

    def _command(self, argv: Sequence[str]) -> None:
        from mcpconf.cli.main import main

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        out = os.open(self.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(out, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(at, mode) for at, mode in enumerate(("r", "w", "w")))
        os.environ.update(HOME=str(self.home), PATH=str(self.home.parent / "bin"), MCPCONF_ENV="host")
        os.chdir(self.work)
        RealSystem.sleep = lambda self, seconds: None  # type: ignore[method-assign]
        os._exit(main(list(argv)))

    def servers(self) -> set[str]:
        data = json.loads(self.claude.read_bytes())
        assert data["mcpServers"]["theirs"] == FOREIGN
        assert data["numStartups"] == 1
        return set(data["mcpServers"])

    def leftovers(self) -> list[str]:
        return [
            name
            for name in os.listdir(self.home)
            if name not in (".claude.json", ".local", ".config") and not name.startswith(".mcpconf-bug")
        ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("hostile"))


AFTER = {
    "switch web --scope local": {"theirs", "mcpconf", "filesystem", "memory", "fetch", "git", "time"},
    "switch web": {"theirs", "mcpconf", "fetch", "search", "playwright", "context7"},
    "undo": {"theirs", "mcpconf"},
    "uninstall": {"theirs"},
}


def check(place: Place, name: str, way: str) -> None:
    faults = []
    for argv in COMMANDS:
        place.anew()
        place.spoil(name, WAYS[way])
        code, said = place.run(argv)
        what = f"{' '.join(argv)}: exit {code}: {said}"
        if code not in (0, 1, 2, 4) or "Traceback" in said or "bug in mcpconf" in said:
            faults.append(what)
        elif place.leftovers():
            faults.append(f"left {place.leftovers()} after {what}")
        elif place.claude.read_bytes() != place.before:
            wanted = next((servers for start, servers in AFTER.items() if what.startswith(start)), None)
            if place.servers() != wanted or code:
                faults.append(f"wrote {place.servers()} in {what}")
        elif code and "nothing was changed" not in said and argv[0] in ("switch", "uninstall"):
            faults.append(f"does not say that nothing was changed: {what}")
        elif code == 4 and not any(way_out in said for way_out in ("try: ", "--adopt")):
            faults.append(f"says no way out: {what}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("way", QUICK)
@pytest.mark.parametrize("name", FILES)
def test_no_damaged_file_of_ours_is_a_bug(place: Place, name: str, way: str) -> None:
    check(place, name, way)


@pytest.mark.parametrize("way", ["fifo", "loop", "dangling", "text"])
@pytest.mark.parametrize("name", DIRECTORIES)
def test_nothing_in_the_place_of_a_directory_of_ours_is_a_bug(place: Place, name: str, way: str) -> None:
    check(place, name, way)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES + DIRECTORIES)
def test_no_damage_at_all_is_a_bug(place: Place, name: str, way: str) -> None:
    check(place, name, way)
