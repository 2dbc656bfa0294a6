"""What only reads writes nothing at all: no directory, no lock, no cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.conftest import World, tree

READERS = [
    ("status", 0),
    ("status --json", 0),
    ("diff minimal", 0),
    ("diff essentials --json", 0),
    ("diff docker", 0),
    ("diff minimal --check", 3),
    ("env", 0),
    ("env --explain", 0),
    ("env --json", 0),
    ("profile ls", 0),
    ("profile ls --json", 0),
    ("profile show essentials", 0),
    ("profile validate", 0),
    ("profile schema", 0),
    ("history", 0),
    ("current", 1),
    ("server ls --profile essentials", 0),
    ("server show time --profile essentials", 0),
    ("server add x --dry-run -- myserver", 0),
    ("switch essentials --dry-run", 0),
    ("switch essentials --check", 3),
    ("switch essentials --dry-run --client claude-desktop", 0),
    ("init --dry-run", 0),
    ("init --yes --dry-run --json", 0),
    ("uninstall --dry-run", 0),
    ("uninstall", 0),
    ("secret ls", 0),
    ("broker status", 6),
    ("broker stop", 0),
    ("broker key ls", 0),
    ("broker logs", 1),
    ("logs time", 1),
    ("trust", 0),
    ("undo --dry-run", 1),
    ("undo", 1),
    ("import --dry-run", 1),
    ("--version", 0),
]


@pytest.mark.parametrize(("line", "code"), READERS, ids=[line for line, _ in READERS])
def test_a_command_that_reads_leaves_an_empty_home_empty(mcpconf: World, line: str, code: int) -> None:
    root = mcpconf.project("repo")
    before = tree(root)
    mcpconf(*line.split(), code=code)
    assert mcpconf.tree() == {}
    assert tree(root) == before


# What finds something to write in a home that is in use.
WRITERS = ("uninstall", "undo")


@pytest.mark.parametrize(("line", "code"), [one for one in READERS if one[0] not in WRITERS])
def test_a_command_that_reads_changes_nothing_of_a_home_in_use(mcpconf: World, line: str, code: int) -> None:
    mcpconf.profile("mine", 'extends = "minimal"\n[servers.a]\ncommand = "myserver"\nenv = { T = "secret:T" }\n')
    mcpconf("secret", "set", "T", stdin="v")
    mcpconf("switch", "mine")
    mcpconf.profile("fresh", 'extends = "mine"\n')  # not compiled yet
    before = mcpconf.tree()
    changed = {path: path.lstat().st_mtime_ns for path in mcpconf.home.rglob("*")}
    usual = {"current": 0, "diff minimal --check": 3, "undo --dry-run": 0, "import --dry-run": 1}
    mcpconf(*line.split(), code=usual.get(line, code))
    assert mcpconf.tree() == before
    assert {path: path.lstat().st_mtime_ns for path in mcpconf.home.rglob("*")} == changed


def test_the_tools_of_our_own_server_write_nothing(home: Path, tmp_path: Path) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        *(
            {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
            for number, (name, arguments) in enumerate(
                [("status", {}), ("env", {}), ("profiles", {}), ("diff", {"profile": "essentials"})], 1
            )
        ),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "mcpconf", "serve"],
        input="".join(json.dumps(call) + "\n" for call in calls).encode(),
        capture_output=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path / "work",
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [0, 1, 2, 3, 4]
    assert not any(answer["result"].get("isError") for answer in answers)
    assert tree(home) == {}


def test_a_profile_is_compiled_by_the_switch_and_then_read_without_the_validator(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    compiled = list((mcpconf.state / "compiled").iterdir())
    assert len(compiled) >= 6  # every shipped profile, since the validator was loaded for one
    code = (
        "import sys; from mcpconf.cli.main import main; main(['profile', 'ls']); main(['diff', 'essentials']);"
        "sys.exit('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
