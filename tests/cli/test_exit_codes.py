"""The exit code of every way that a command can end, as docs/cli.md has them."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mcpconf.commit.state import State
from tests.cli.conftest import Process, World

FOREIGN = '{"mcpServers": {"mcpconf": {"command": "theirs"}}}'


def test_0_done(mcpconf: World) -> None:
    assert mcpconf("switch", "minimal", code=0).code == 0
    assert mcpconf("switch", "minimal", "--check", code=0).code == 0
    assert mcpconf("status", code=0).code == 0


def test_1_failure_or_findings(mcpconf: World) -> None:
    assert "no profile is active" in mcpconf("current", code=1).err
    assert "there is nothing to undo" in mcpconf("undo", code=1).err
    mcpconf("switch", "minimal")
    mcpconf.claude.write_text("{}")
    assert "missing" in mcpconf("status", code=1).out
    assert "ended with exit code" in mcpconf("server", "test", "x", "--", "myserver", code=1).out


def test_2_usage(mcpconf: World) -> None:
    assert "nothing was changed" in mcpconf("init", code=2).err
    assert "no profile is active" in mcpconf("diff", code=2).err


@pytest.mark.parametrize(
    "command",
    ["switch minimal --check", "diff minimal --check", "switch minimal --check --json", "diff minimal --check -q"],
)
def test_3_changes_pending_only_with_check(mcpconf: World, command: str) -> None:
    before = mcpconf.tree()
    assert mcpconf(*command.split(), code=3).code == 3
    assert (
        mcpconf(*command.replace("--check", "").split(), "--dry-run" if "switch" in command else "-v", code=0).code == 0
    )
    assert mcpconf.tree() == before


def test_4_refused_for_a_foreign_entry(mcpconf: World) -> None:
    mcpconf.claude.write_text(FOREIGN)
    before = mcpconf.tree()
    for command in (
        "switch minimal",
        "init --yes",
        "switch minimal --check",
        "switch minimal --dry-run",
        "init --yes --json",
    ):
        shown = mcpconf(*command.split(), code=4)
        assert "--adopt" in shown.err or "--adopt" in shown.out or "foreign" in shown.out
    assert mcpconf.tree() == before


@pytest.mark.parametrize(
    ("text", "place"),
    [('{"a": 1,\n  // why\n  "mcpServers": {}}', ".claude.json:2:3"), ('{"mcpServers": {,}}', ".claude.json:1:17")],
)
def test_4_refused_for_a_file_that_cannot_be_parsed_with_its_place(mcpconf: World, text: str, place: str) -> None:
    mcpconf.claude.write_text(text)
    said = mcpconf("switch", "minimal", code=4).err
    assert place in said
    assert "nothing was changed" in said
    assert mcpconf.claude.read_text() == text


def test_4_refused_for_what_was_edited_since(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    mcpconf.claude.write_text(mcpconf.claude.read_text().replace('"serve"', '"serve", "--mine"'))
    assert "was edited since" in mcpconf("undo", code=4).err
    assert "edited by hand" in mcpconf("uninstall", code=4).err


def test_4_refused_for_an_untrusted_profile(mcpconf: World) -> None:
    root = mcpconf.project("shared")
    mcpconf.profile("team", '[servers.x]\ncommand = "myserver"\n', root / ".mcpconf")
    assert "mcpconf trust" in mcpconf("switch", "team", code=4).err
    assert "a person on a terminal" in mcpconf("trust", "team", code=4).err


def test_4_for_a_faulty_profile_with_file_line_and_column(mcpconf: World) -> None:
    path = mcpconf.profile("bad", 'description = "x"\n[servers.x]\ncomand = "y"\n')
    said = mcpconf("switch", "bad", code=4).err
    assert f"{path}:3:1" in said
    assert "comand" in said


def test_5_another_one_holds_the_lock(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mcpconf("switch", "minimal")
    monkeypatch.setattr("mcpconf.commit.state.State.locked.__wrapped__.__defaults__", (0.05,))
    with State(str(mcpconf.state)).locked():
        said = mcpconf("switch", "web", code=5).err
    assert "another mcpconf has held" in said
    assert mcpconf("current").out == "minimal\n"


def test_70_a_bug_says_so_and_keeps_the_details(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpconf.workflow.status.contexts_here", lambda app: 1 / 0)
    monkeypatch.setenv("TMPDIR", str(mcpconf.home))
    monkeypatch.setattr("tempfile.tempdir", None)
    said = mcpconf("status", code=70).err
    assert "this is a bug in mcpconf: ZeroDivisionError" in said
    assert "Traceback" not in said
    logs = list(mcpconf.home.glob("mcpconf-bug-*.log"))
    assert len(logs) == 1
    assert "ZeroDivisionError" in logs[0].read_text()
    assert str(logs[0]) in said
    assert "Traceback" in mcpconf("status", "-v", code=70).err


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for the child in /proc")
def test_130_interrupted_says_so_in_one_line(home: Path, process: Process) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "mcpconf", "server", "test", "x", "--", "sleep", "60"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "MCPCONF_ENV": "host"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A test run in the background of a script has a shell's order to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    child = wait_for_child(server.pid)
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=30)
    assert not Path(f"/proc/{child}").exists(), "though it was interrupted while it was starting it"
    assert server.returncode == 130
    assert out == b""
    assert err.strip() == b"mcpconf: interrupted; nothing more was changed"


def wait_for_child(pid: int) -> str:
    """Wait until a process has a child that runs `sleep`, so that it is in the middle of something; the child."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):  # a child may be gone by the time that it is looked at
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            found = [child for child in children if Path(f"/proc/{child}/comm").read_text() == "sleep\n"]
            if found:
                return found[0]
        time.sleep(0.02)
    pytest.fail("the server was not started")
