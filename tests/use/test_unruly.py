"""Servers that do not behave: a try of them ends in time, in bounded memory, and leaves nothing of them behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.use.test_call import SERVER, is_gone

TIMEOUT = 1.0
SLACK = 5.0  # seconds that ending it, and two busy cores, may take on top
MEGABYTE = 1024 * 1024

TRIAL = """
import json, os, resource, sys, time
from mcpconf.use.call import probe
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.monotonic()
found = probe(sys.argv[2:], os.environ, None, timeout=float(sys.argv[1]))
told = {"error": found.error, "tools": found.tools, "stray": found.stray, "stderr": found.stderr_tail}
told["seconds"] = time.monotonic() - began
told["memory"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
print(json.dumps(told))
"""
NOTED = """
import json, os, subprocess, sys, time
with open(os.environ["PIDS"], "a") as pids:
    pids.write(f"{os.getpid()}\\n")
out, err = sys.stdout.buffer, sys.stderr.buffer
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")


class Tried:
    """What a try gave: it ran in a process of its own, so that its memory is its own."""

    def __init__(self, directory: Path, *argv: str, timeout: float = TIMEOUT) -> None:
        pids = directory / "pids"
        command = [sys.executable, "-c", TRIAL, str(timeout), *argv]
        env = {**os.environ, "PIDS": str(pids)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        self.told: dict[str, Any] = json.loads(done.stdout)
        self.pids = [int(word) for word in pids.read_text().split()] if pids.exists() else []

    def __getattr__(self, name: str) -> Any:
        return self.told[name]


def tried(directory: Path, program: str, timeout: float = TIMEOUT) -> Tried:
    """Try a server that is given as Python."""
    found = Tried(directory, sys.executable, "-c", NOTED + program, timeout=timeout)
    assert found.pids
    assert [is_gone(pid) for pid in found.pids] == [True] * len(found.pids)
    assert found.seconds < timeout + SLACK
    return found


def test_yes_ends_at_the_deadline(tmp_path: Path) -> None:
    found = Tried(tmp_path, "yes")
    assert found.error == "it did not answer in time; what it printed is no MCP message"
    assert found.stray == "y"
    assert TIMEOUT <= found.seconds < TIMEOUT + SLACK
    assert found.memory < 32 * MEGABYTE


def test_a_flood_on_stderr_ends_at_the_deadline_with_its_last_words(tmp_path: Path) -> None:
    found = tried(tmp_path, "while True: err.write(b'I can not find it\\n' * 1000)")
    assert found.error == "it did not answer in time"
    assert found.stderr.endswith("I can not find it") or "I can not find it\n" in found.stderr
    assert len(found.stderr) <= 8192
    assert found.memory < 32 * MEGABYTE


def test_a_flood_on_both_pipes_ends_at_the_deadline(tmp_path: Path) -> None:
    found = tried(tmp_path, "while True: out.write(b'x' * 9000 + b'\\n'), err.write(b'y\\n' * 500)")
    assert found.error == "it did not answer in time; what it printed is no MCP message"
    assert found.stray == "x" * 200
    assert found.memory < 32 * MEGABYTE


def test_a_flood_of_messages_that_nobody_asked_for_is_cut_off(tmp_path: Path) -> None:
    message = '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%s"}}\\n'
    found = tried(tmp_path, f"line = b'{message}' % (b'x' * 1000000)\nwhile True: out.write(line)", timeout=30)
    assert found.error == "it sent more than 64 MB of messages"
    assert found.seconds < 20


def test_questions_without_end_from_a_server_that_reads_no_answer_end_at_the_deadline(tmp_path: Path) -> None:
    question = '{"jsonrpc":"2.0","id":"%s","method":"ping"}\\n'
    found = tried(tmp_path, f"line = b'{question}' % (b'x' * 5000)\nwhile True: out.write(line)")
    assert found.error in ("it did not answer in time", "it sent more than 64 MB of messages")
    assert found.memory < 64 * MEGABYTE


def test_a_server_that_reads_nothing_and_says_nothing_ends_at_the_deadline(tmp_path: Path) -> None:
    found = tried(tmp_path, "err.write(b'thinking'), err.flush(), time.sleep(600)")
    assert (found.error, found.stderr) == ("it did not answer in time", "thinking")


def test_a_line_of_a_hundred_megabytes_costs_no_more_than_the_limit(tmp_path: Path) -> None:
    program = "for _ in range(100): out.write(b'x' * 1048576)\nout.write(b'\\n'), out.flush(), time.sleep(600)"
    found = tried(tmp_path, program, timeout=4)
    assert found.error == "it did not answer in time; what it printed is no MCP message"
    assert found.stray == "a line of more than 64 MB"
    assert found.memory < 100 * MEGABYTE


def test_ten_thousand_lines_of_garbage_before_the_first_message_are_read_over(tmp_path: Path) -> None:
    program = f"out.write(b'\\x1b[31mLoading\\xff\\n' * 10000), out.flush()\nos.execv({sys.executable!r}, "
    program += f"[{sys.executable!r}, {SERVER!r}, 'legacy'])"
    found = tried(tmp_path, program, timeout=30)
    assert (found.error, found.tools) == (None, ["one", "two", "three"])
    assert found.stray == "\x1b[31mLoading\ufffd"


def test_a_server_that_closes_its_output_and_lives_on_is_not_waited_for_nor_started_again(tmp_path: Path) -> None:
    found = tried(tmp_path, "os.close(1), err.write(b'going on'), err.flush(), time.sleep(600)", timeout=30)
    assert (found.error, found.stderr) == ("it closed its output before it answered", "going on")
    assert len(found.pids) == 1
    assert found.seconds < 10


def test_a_server_that_dies_at_once_says_why(tmp_path: Path) -> None:
    found = tried(tmp_path, "sys.exit('no licence')", timeout=30)
    assert (found.error, found.stderr) == ("it ended with exit code 1 before it answered", "no licence")
    assert found.seconds < 10


def test_a_grandchild_that_holds_the_pipes_of_a_dead_server_ends_with_it(tmp_path: Path) -> None:
    program = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(os.environ["PIDS"], "a") as pids:
    pids.write(f"{child.pid}\\n")
os._exit(3)
"""
    found = tried(tmp_path, program)
    assert len(found.pids) == 2
    said = "it ended with exit code 3 before it answered, and something that it started holds its output"
    assert found.error == said
