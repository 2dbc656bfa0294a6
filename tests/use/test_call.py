"""Trying a stdio server, against real child processes with one habit each."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from mcpconf.use import child
from mcpconf.use.call import probe
from mcpconf.use.introduction import ProbeResult

SERVER = str(Path(__file__).with_name("stdio_server.py"))
OURS = "from mcpconf.serve.server import main; raise SystemExit(main())"


def run(habit: str, timeout: float = 30.0) -> ProbeResult:
    return probe([sys.executable, SERVER, habit], os.environ, None, timeout=timeout)


def is_gone(pid: int) -> bool:
    """No process, or one that is dead and only waits for init to take note."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_legacy_server_is_introduced_and_all_pages_of_its_tools_are_read() -> None:
    found = run("legacy")
    assert found.error is None
    assert (found.era, found.version) == ("legacy", "2025-06-18")
    assert (found.server_name, found.server_version, found.instructions) == ("old", "1.2", "Ask.")
    assert found.tools == ("one", "two", "three")
    assert 0 < found.millis < 30_000


def test_a_modern_server_is_introduced_without_a_handshake() -> None:
    found = run("modern")
    assert (found.error, found.era, found.version) == (None, "modern", "2026-07-28")
    assert (found.server_name, found.server_version) == ("new", "9")
    assert found.tools == ("one", "two", "three")


def test_our_own_server_passes_as_modern() -> None:
    found = probe([sys.executable, "-c", OURS], os.environ, None, timeout=30)
    assert (found.error, found.era, found.server_name) == (None, "modern", "mcpconf")
    assert found.tools == ("status", "env", "profiles", "diff", "doctor")
    assert found.instructions


def test_a_server_that_ignores_discover_costs_a_moment_and_not_the_time_out() -> None:
    found = run("quiet")
    assert (found.error, found.era) == (None, "legacy")
    assert found.millis < 10_000


def test_a_server_that_ends_itself_over_discover_is_started_again() -> None:
    found = run("prim")
    assert (found.error, found.era) == (None, "legacy")
    assert found.tools == ("one", "two", "three")


def test_a_server_without_tools_is_not_asked_for_them() -> None:
    assert (run("toolless").error, run("toolless").tools) == (None, ())


def test_a_server_that_asks_us_is_answered() -> None:
    found = run("curious")
    assert found.error is None
    answers = {answer["id"]: answer for answer in json.loads(found.stderr_tail)}
    assert answers["mine"]["result"] == {}
    assert answers["roots"]["error"]["code"] == -32601


def test_junk_before_the_first_message_is_dropped_and_shown() -> None:
    found = run("junk")
    assert (found.error, found.tools) == (None, ("one", "two", "three"))
    assert found.stray == "Welcome to the server!"


def test_a_crash_is_told_with_its_last_words() -> None:
    found = run("crash")
    assert found.error == "it ended with exit code 3 before it answered"
    assert found.stderr_tail == "API_KEY is not set"
    assert found.era is None


def test_a_server_killed_after_its_introduction_keeps_what_is_known() -> None:
    found = run("fickle")
    assert found.error == "it was killed by SIGKILL before it answered"
    assert (found.era, found.server_name) == ("legacy", "old")


def test_a_server_that_never_answers_runs_into_the_time_out() -> None:
    began = time.monotonic()
    found = run("silent", timeout=1.0)
    assert found.error == "it did not answer in time"
    assert found.stderr_tail == "waiting for nobody"
    assert time.monotonic() - began < 10


def test_an_endless_list_of_tools_is_cut_off() -> None:
    assert run("endless").error == "its list of tools has more than 100 pages"


def test_an_echo_is_no_server() -> None:
    assert probe(["cat"], os.environ, None, timeout=10).error == "it sends back what it gets, so it is no MCP server"


def test_a_command_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert "no command 'no-such-server'" in str(probe(["no-such-server"], os.environ, None, timeout=5).error)
    assert "may not be executed" in str(probe([str(plain)], os.environ, None, timeout=5).error)
    assert "does not exist" in str(probe(["cat"], os.environ, str(tmp_path / "nowhere"), timeout=5).error)
    assert "cannot be started" in str(probe(["a\0b"], os.environ, None, timeout=5).error)


def test_it_runs_in_the_directory_and_with_exactly_the_environment_given(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(os.getcwd() + ' ' + ','.join(sorted(k for k in os.environ if k.startswith('T_'))))"
    found = probe([sys.executable, "-c", code], {"T_A": "1"}, str(tmp_path), timeout=10)
    assert found.stderr_tail == f"{tmp_path} T_A"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")
@pytest.mark.parametrize("habit", ["stubborn", "parent"])
def test_nothing_of_it_is_left_behind(habit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "GRACE", 0.3)
    found = run(habit)
    assert (found.error, found.tools) == (None, ("one", "two", "three"))
    pids = [int(word) for word in found.stderr_tail.split()]
    assert len(pids) == 2
    assert [is_gone(pid) for pid in pids] == [True, True]
