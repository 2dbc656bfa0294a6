"""A full disk behind the output, words that are no text, a locale that has no letters: an error, never a bug."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from mcpconf.cli import console
from mcpconf.cli.main import main
from tests.cli.conftest import Process, World

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="writes to /dev/full")
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@needs_full
@pytest.mark.parametrize(
    "command", ["status", "env --explain", "profile schema", "profile ls --json", "-h", "switch --help", "-q --version"]
)
def test_output_that_can_not_be_written_is_a_plain_error(process: Process, command: str) -> None:
    assert process("switch", "minimal").returncode == 0
    done = process(*command.split(), shell='"$@" >/dev/full')
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "mcpconf: could not write the output: No space left on device",
        "  try: free some space, or write elsewhere",
    ]


@needs_full
@pytest.mark.parametrize("redirection", ["2>/dev/full", ">/dev/full 2>/dev/full"])
def test_messages_that_can_not_be_written_change_no_exit_code(process: Process, redirection: str) -> None:
    for argv, code in ((["switch", "minimal"], 0), (["switch", "nope"], 1), (["nope"], 2), (["init"], 2)):
        assert process(*argv, shell=f'"$@" {redirection}').returncode == code
    assert process("current").stdout == b"minimal\n"


@pytest.mark.parametrize(
    "argv",
    [
        ["profile", "show", "\udcff"],
        ["switch", "\udcff"],
        ["\udcff"],
        ["--", "\udcff"],
        ["server", "add", "x", "--", "myserver", "\udcff"],
        ["server", "add", "x", "-e", "A=\udcff", "--", "myserver"],
        ["--color", "\udcff", "env"],
        ["--env", "\udcff", "env"],
    ],
)
def test_a_word_that_is_no_text_is_a_usage_error(mcpconf: World, argv: list[str]) -> None:
    before = mcpconf.tree()
    assert main(argv) == 2
    assert "bug" not in mcpconf.capture.readouterr().err
    assert mcpconf.tree() == before


def test_a_word_that_is_no_text_is_shown_with_a_way_out(process: Process) -> None:
    done = process("profile", "show", "a", shell='"$@"$(printf "\\xff")')
    assert done.returncode == 2
    assert b"b'a\\xff' on the command line is not text here; nothing was changed" in done.stderr
    assert b"LC_ALL=C.UTF-8" in done.stderr


@pytest.mark.parametrize("env", [PLAIN, {"PYTHONIOENCODING": "ascii:strict"}, {"PYTHONIOENCODING": "latin-1:strict"}])
def test_what_a_stream_can_not_show_is_shown_as_well_as_it_can(process: Process, env: dict[str, str]) -> None:
    for argv in (["profile", "show", "ü→"], ["-v", "switch", "ü→"], ["server", "show", "ü→\udcff"]):
        done = process(*argv, env=env)
        assert done.returncode in (1, 2)
        assert b"bug" not in done.stderr


def test_a_config_directory_of_any_bytes_is_fine(process: Process, tmp_path: Path) -> None:
    chosen = f"{tmp_path}/\udcff\n→"
    for argv in (["switch", "minimal"], ["status"], ["history"], ["uninstall", "--purge", "--yes"]):
        done = process("--config-dir", chosen, *argv)
        assert done.returncode == 0, done.stderr
    assert not Path(chosen).exists()


@pytest.mark.parametrize("columns", ["0", "1", "-5", "x", "9" * 30, ""])
def test_no_width_of_a_terminal_stops_a_command(process: Process, columns: str) -> None:
    for argv, code in ((["--help"], 0), (["profile", "ls"], 0), (["switch", "--nope"], 2)):
        assert process(*argv, env={"COLUMNS": columns, "TERM": "nonsense", "FORCE_COLOR": "1"}).returncode == code


def test_a_bug_is_told_also_where_no_log_can_be_written(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpconf.workflow.status.contexts_here", lambda app: "\udcff"[5])
    monkeypatch.setattr(sys, "argv", ["mcpconf", "\udcff"])
    monkeypatch.setattr("tempfile.tempdir", str(mcpconf.home / "nowhere"))
    said = mcpconf("status", code=70).err
    assert "this is a bug in mcpconf: IndexError" in said
    assert "no log could be written: No such file or directory" in said
    monkeypatch.setattr("tempfile.tempdir", str(mcpconf.home))
    mcpconf("status", code=70)
    assert len(list(mcpconf.home.glob("mcpconf-bug-*.log"))) == 1


def test_an_error_of_the_system_that_is_not_the_outputs_is_still_a_bug(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(app: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("mcpconf.workflow.status.contexts_here", broken)
    monkeypatch.setattr("tempfile.tempdir", str(mcpconf.home))
    assert "this is a bug" in mcpconf("status", code=70).err


class Full(io.StringIO):
    """A stream that takes text and loses it."""

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_what_is_lost_only_at_the_end_is_told_as_well(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "data", lambda text: None)
    monkeypatch.setattr(sys, "stdout", Full())
    assert main(["-q", "--version"]) == 1
    assert "could not write the output" in mcpconf.capture.readouterr().err


@pytest.mark.parametrize("line", ["--version", "current"])
def test_the_quick_answers_say_it_too_where_the_disk_is_full(process: Process, line: str) -> None:
    assert process("switch", "minimal").returncode == 0
    done = process(line, shell='"$@" >/dev/full')
    assert (done.returncode, b"could not write the output" in done.stderr) == (1, True)
    assert b"Traceback" not in done.stderr
    assert process(line, shell='"$@" | true').stderr == b""


def test_a_fifo_in_the_place_of_the_active_profile_hangs_no_prompt(process: Process, home: Path) -> None:
    assert process("switch", "minimal").returncode == 0
    active = home / ".local/state/mcpconf/active"
    active.unlink()
    os.mkfifo(active)
    done = process("current")
    assert (done.returncode, b"is a FIFO" in done.stderr) == (4, True)
