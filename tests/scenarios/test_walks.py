"""Random walks through the commands: nothing of anybody else's is lost, and everything can be given back."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpconf.cli.main import main
from mcpconf.system import RealSystem
from tests.scenarios.conftest import Tree, tree

PROFILES = {
    "one": '[servers.a]\ncommand = "myserver"\n[servers.b]\ncommand = "myserver"\nenv = { T = "secret:T" }\n',
    "two": 'extends = "one"\n[servers.a]\nargs = ["2"]\n[servers.c]\nurl = "https://example.com/mcp"\n',
    "three": '[servers.b]\ncommand = "myserver"\nargs = ["3"]\nenv = { T = "secret:T" }\n'
    '[servers.theirs]\npackage = "npm:x"\n',
}
CODE, DESKTOP = ("--client", "claude-code"), ("--client", "claude-desktop")
STEPS: tuple[tuple[str, ...], ...] = (
    *(("switch", name) for name in (*PROFILES, "minimal", "-")),
    *(("switch", name, "--adopt") for name in ("two", "three")),
    ("switch", "three", "--keep"),
    ("switch", "one", *CODE, *DESKTOP),
    ("switch", "two", *DESKTOP),
    ("switch", "one", *CODE, "--scope", "local"),
    ("switch", "two", "--scope", "user"),
    ("switch", "one", *CODE, "--scope", "project", "--approve"),
    ("switch", "three", "--portable", "--adopt"),
    ("undo",),
    ("undo",),
    ("uninstall",),
    ("status",),
)
LAYOUTS = (
    None,
    b"",
    b"{}",
    b'{"mcpServers":{"theirs":{"command":"x",  "odd":1e400}}}',
    b'\xef\xbb\xbf{\r\n\t"a" : 1,\r\n\t"mcpServers" : {\r\n\t\t"theirs" : {}\r\n\t}\r\n}\r\n',
    b'{\n  "mcpServers": {\n    "theirs": {"command": "x"}\n  },\n  "projects": {"/p": {"mcpServers": {}}}\n}\n',
)


class Walk:
    """One walk, in a home of its own."""

    def __init__(self, root: Path, layout: bytes | None) -> None:
        self.home, self.work = root / "home", root / "work/repo"
        profiles = self.home / ".config/mcpconf/profiles"
        profiles.mkdir(parents=True)
        (self.work / ".git").mkdir(parents=True)
        for name, text in PROFILES.items():
            (profiles / f"{name}.toml").write_text(text)
        if layout is not None:
            (self.home / ".claude.json").write_bytes(layout)

    def run(self, *argv: str) -> tuple[int, str]:
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = main(list(argv))
        return code, said.getvalue()

    def clients(self) -> Tree:
        """All but our own records."""
        ours = (".local/state", ".config/mcpconf")
        found = {f"home/{path}": what for path, what in tree(self.home).items() if not path.startswith(ours)}
        return found | {f"work/{path}": what for path, what in tree(self.work).items()}

    def files(self) -> Tree:
        """The files of `clients`, without the directories that they lie in."""
        return {path: what for path, what in self.clients().items() if what[0] != "directory"}


@contextmanager
def walking(layout: bytes | None) -> Iterator[Walk]:
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as root, patch.object(RealSystem, "sleep", lambda self, seconds: None):
        walk = Walk(Path(os.path.realpath(root)), layout)
        with patch.dict(os.environ, {"HOME": str(walk.home)}):
            os.chdir(walk.work)
            try:
                yield walk
            finally:
                os.chdir(before)


def go(layout: bytes | None, steps: list[tuple[str, ...]]) -> None:
    with walking(layout) as walk:
        first = walk.files()
        for step in steps:
            before = walk.files()
            code, said = walk.run(*step)
            assert code in (0, 1, 2, 4), said
            if code == 4 or "nothing was changed" in said:
                assert walk.files() == before, (step, said)
            if step[0] == "switch" and code == 0 and walk.files() != before:
                after = walk.files()
                assert walk.run("undo")[0] == 0, step
                assert walk.files() == before, step
                code, said = walk.run(*step)
                assert (code, walk.files()) == (0, after), (step, said)
        code, said = walk.run("uninstall")
        assert code == 0, said
        assert walk.files() == first
        walk.run("uninstall", "--purge", "--yes")
        assert set(walk.clients()) - set(first) <= {"home/.config", "work/.git"}


def rewrite(path: Path, number: int) -> None:
    """What Claude Code does when it saves: the whole file anew, with something more in it."""
    data = json.loads(path.read_text()) if path.exists() else {}
    data[f"saved{number}"] = number
    data.setdefault("mcpServers", {})[f"later{number}"] = {"command": "x"}
    path.write_text(json.dumps(data, indent=2))


def bare(data: Any) -> Any:
    """The same without empty objects, which an absent one is as good as."""
    if not isinstance(data, dict):
        return data
    found = {name: bare(value) for name, value in data.items()}
    return {name: value for name, value in found.items() if value != {}}


def go_with_another_writer(steps: list[tuple[str, ...]]) -> None:
    with walking(b'{"mcpServers": {"theirs": {"command": "x"}}, "projects": {"/p": {"a": 1}}}') as walk:
        path = walk.home / ".claude.json"
        expected = json.loads(path.read_text())
        for number, step in enumerate(steps):
            if step == SAVE:
                rewrite(path, number)
                expected[f"saved{number}"] = number
                expected["mcpServers"][f"later{number}"] = {"command": "x"}
                continue
            code, said = walk.run(*step)
            assert code in (0, 1, 2, 4), said
            now = json.loads(path.read_text())
            assert {**now, **{name: expected[name] for name in expected if name.startswith("saved")}} == now
            assert all(name in now["mcpServers"] for name in expected["mcpServers"])
        code, said = walk.run("uninstall", "--purge", "--yes")
        assert code == 0, said
        assert bare(json.loads(path.read_text())) == bare(expected)
        assert not (walk.work / ".mcp.json").exists()


SAVE = ("Claude Code saves its file",)
WALKS = given(st.sampled_from(LAYOUTS), st.lists(st.sampled_from(STEPS), max_size=7))
TOLERANT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@WALKS
@settings(TOLERANT, max_examples=60)
def test_every_walk_can_be_taken_back(programs: Path, layout: bytes | None, steps: list[tuple[str, ...]]) -> None:
    go(layout, steps)


@given(st.lists(st.sampled_from((*STEPS, SAVE, SAVE, SAVE, SAVE, SAVE)), max_size=9))
@settings(TOLERANT, max_examples=40)
def test_every_walk_beside_another_writer_keeps_all_that_it_wrote(programs: Path, steps: list[tuple[str, ...]]) -> None:
    go_with_another_writer(steps)


@pytest.mark.long
@pytest.mark.timeout(7200)
@WALKS
@settings(TOLERANT, max_examples=5000)
def test_thousands_of_walks_can_be_taken_back(
    programs: Path, layout: bytes | None, steps: list[tuple[str, ...]]
) -> None:
    go(layout, steps)
