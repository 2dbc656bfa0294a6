"""Entries: what is seen of them, and what is said. The set-ups beside this try the whole command."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpconf.doctor.catalogue import CHECKS
from mcpconf.doctor.check import judged
from mcpconf.doctor.expansion import expanded
from mcpconf.doctor.finding import Group, Level
from mcpconf.doctor.look import program
from mcpconf.doctor.named import missing_paths
from mcpconf.doctor.seen.entries import Entries, Entry, Program
from mcpconf.doctor.seen.security import Security
from mcpconf.doctor.seen.whole import Seen
from mcpconf.model import Json
from mcpconf.system import RealSystem


def entry(value: Json, **more: Any) -> Entry:
    given = {"name": "a", "client": "claude-code", "title": "Claude Code", "scope": "user", "path": "/h/c.json"}
    return Entry(**{**given, "line": 1, "value": value, **more})


def found(*entries: Entry, **more: Any) -> dict[str, Level]:
    """The checks of both groups that have something to say, with how bad it is."""
    seen = Entries(entries=entries, **more)
    parts = {Group.ENTRIES: seen, Group.SECURITY: Security(entries=seen)}
    chosen = [check for check in CHECKS if check.group in parts]
    said = list(judged(chosen, Seen(parts, {})))
    assert not [one for one in said if "bug in mcpconf" in one.text], said
    return {one.id: one.level for one in said if one.level not in (Level.OK, Level.SKIPPED)}


@pytest.mark.parametrize("command", ["npx", "C:\\Program Files\\nodejs\\npx.cmd", "server.bat"])
def test_windows_needs_cmd_for_batch_files(command: str) -> None:
    one = entry({"command": command, "args": ["-y", "x@1"]}, program=Program(asked=command))
    assert found(one, platform="windows") == {"MC318": Level.ERROR}
    if command == "npx":
        assert "MC318" not in found(one, platform="linux")


def test_cmd_may_start_them() -> None:
    one = entry(
        {"command": "cmd", "args": ["/c", "npx", "-y", "x@1"]}, program=Program(asked="cmd", path="C:\\cmd.exe")
    )
    assert found(one, platform="windows") == {}


def test_an_entry_of_another_system_is_not_looked_for() -> None:
    assert found(entry({"command": "C:\\server.exe"}, here=False)) == {}


def test_what_is_asked_of_a_program_that_is_called_is_not_said() -> None:
    """With a type that calls a url, the command is of no use, and need not be there."""
    one = entry({"type": "http", "url": "https://x.example/", "command": "gone"}, program=Program(asked="gone"))
    assert found(one) == {"MC305": Level.WARNING}


def test_the_server_named_is_the_one_of_which_it_is_said() -> None:
    seen = Entries(entries=(entry({"command": 5}, name="b"),))
    said = [one for one in judged(CHECKS, Seen({Group.ENTRIES: seen}, {})) if one.level is Level.ERROR]
    assert [(one.about, one.evidence) for one in said] == [("b", ("/h/c.json:1, Claude Code (user)",))]


@pytest.mark.parametrize(("count", "said"), [(3, ["a", "a", "a"]), (4, [""])])
def test_many_without_a_version_are_one_finding(count: int, said: list[str]) -> None:
    seen = Entries(entries=(entry({"command": "npx", "args": ["-y", "x"]}),) * count)
    told = [one for one in judged(CHECKS, Seen({Group.SECURITY: Security(entries=seen)}, {})) if one.id == "MC914"]
    assert [one.about for one in told] == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["docker", "run", "-i", "-v", "npx", "uvx", "--from", "-p", "--token", "=", "${A}", "$A", "~", "/", "\0", "http://",
     "http://[", "ws://a:b", "env", "cmd", "/c", "-e", "--mount", "\ud800", "bash", "-c", "sh", "curl x | sh", "node"]
)  # fmt: skip
ENTRIES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["stdio", "http", "sse", "ws"]) | JSON,
        "command": TEXTS | JSON,
        "args": st.lists(TEXTS, max_size=6) | JSON,
        "env": st.dictionaries(TEXTS, TEXTS, max_size=3) | JSON,
        "url": TEXTS | JSON,
        "headers": st.dictionaries(TEXTS, TEXTS, max_size=3) | JSON,
        "timeout": JSON,
        "cwd": JSON,
    },
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=ENTRIES, name=TEXTS, desktop=st.booleans())
def test_no_entry_is_too_odd_to_be_judged(value: Json, name: str, desktop: bool) -> None:
    more = {"needs_type": False, "takes_urls": False, "expands": False, "client": "claude-desktop"} if desktop else {}
    found(entry(value, name=name, **more), platform="linux")
    found(entry(value, name=name, **more), platform="windows")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=TEXTS, args=st.lists(TEXTS, max_size=6), env=st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_no_command_is_too_odd_to_be_looked_at(command: str, args: list[str], env: dict[str, str]) -> None:
    seen = program.look(RealSystem(), command, "/usr/bin:/bin", "/", "/bin")
    assert seen.asked == command
    for one in missing_paths(command, args, env, "/", os.path.exists):
        assert not os.path.exists(one.path)


@pytest.mark.parametrize(
    ("text", "becomes", "missing"),
    [
        ("${A}/x", "1/x", ()), ("${B:-two}", "two", ()), ("${EMPTY:-two}", "", ()), ("${B}${B}", "${B}${B}", ("B",)),
        ("$A ~ ${}", "$A ~ ${}", ()), ("${B:-${A}}", "${A}", ()), ("${A:-x}${C:-}", "1", ()),
    ],
)  # fmt: skip
def test_variables_as_claude_code_fills_them_in(text: str, becomes: str, missing: tuple[str, ...]) -> None:
    if text == "${B:-${A}}":
        becomes = "${A}"  # the first brace ends it; nothing is nested
    assert expanded(text, {"A": "1", "EMPTY": ""}) == (becomes, missing)


class TestPrograms:
    def look(self, text: bytes, directory: Path, name: str = "server", path: str = "/usr/bin:/bin") -> Program:
        at = directory / name
        at.write_bytes(text)
        at.chmod(0o755)
        return program.look(RealSystem(), str(at), path, "/", path)

    @pytest.mark.parametrize(
        ("line", "interpreter", "there"),
        [
            ("#!/bin/sh", "/bin/sh", True), ("#! /bin/sh -e", "/bin/sh", True), ("#!/gone/sh", "/gone/sh", False),
            ("#!/usr/bin/env sh", "sh", True), ("#!/usr/bin/env sh -e", "sh -e", False),
            ("#!/usr/bin/env -S sh -e", "sh", True), ("#!/usr/bin/env -S A=1 gone -e", "gone", False),
        ],
    )  # fmt: skip
    def test_a_first_line(self, line: str, interpreter: str, there: bool, tmp_path: Path) -> None:
        seen = self.look(f"{line}\nexit\n".encode(), tmp_path)
        assert (seen.interpreter, seen.interpreter_there, seen.carriage) == (interpreter, there, False)
        assert self.look(f"{line}\r\nexit\r\n".encode(), tmp_path).carriage

    def test_env_looks_by_the_clients_path(self, tmp_path: Path) -> None:
        (tmp_path / "only-here").write_text("#!/bin/sh\n")
        (tmp_path / "only-here").chmod(0o755)
        text = b"#!/usr/bin/env only-here\n"
        assert not self.look(text, tmp_path).interpreter_there
        assert self.look(text, tmp_path, path=str(tmp_path)).interpreter_there

    def test_a_real_binary_has_its_loader(self) -> None:
        seen = program.look(RealSystem(), "sh", "/usr/bin:/bin", "", "/bin")
        assert seen.path is not None
        assert (seen.machine, seen.interpreter_there, seen.shebang, seen.loose) == (None, True, None, None)

    @pytest.mark.parametrize("cut", [4, 18, 20, 40, 58, 64, 100])
    def test_a_binary_that_was_cut_off_is_no_matter(self, cut: int, tmp_path: Path) -> None:
        whole = Path(os.path.realpath("/bin/sh")).read_bytes()
        assert self.look(whole[:cut], tmp_path).interpreter_there

    def test_a_fifo_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe", 0o755)
        assert program.look(RealSystem(), str(tmp_path / "pipe"), "", "/", "").shebang is None

    def test_what_everybody_may_write(self, tmp_path: Path) -> None:
        seen = self.look(b"#!/bin/sh\n", tmp_path)
        assert seen.loose is None
        (tmp_path / "server").chmod(0o777)
        again = program.look(RealSystem(), str(tmp_path / "server"), "", "/", "")
        assert again.loose == str(tmp_path / "server")

    def test_windows_disks_have_no_modes(self, tmp_path: Path) -> None:
        system = RealSystem(env={"WSL_DISTRO_NAME": "x"})
        assert program._has_no_modes(system, "/mnt/c/tools/server.exe")
        assert not program._has_no_modes(system, str(tmp_path))


@pytest.mark.parametrize(
    "args",
    [
        ["--base", "/api/v1"], ["/mcp"], ["/gone"], ["--log=/tmp/it-was-not-here.log"], ["-c", "/home/gone/x y"],
        ["https://example.com/home/gone"], ["--match", "/home/*"],
    ],
)  # fmt: skip
def test_what_need_not_be_there(args: list[str]) -> None:
    command = "bash" if args[0] == "-c" else "server"
    assert missing_paths(command, args, {}, "/", os.path.exists) == ()


def test_nothing_of_an_entry_is_said_in_clear(tmp_path: Path) -> None:
    """Whatever is wrong with an entry, its values stay out of what is said."""
    secret = "Canary-77-value"
    values = [
        {"command": "gone", "args": ["--api-key", secret], "env": {"TOKEN": secret, "N": 5}},
        {"command": "gone", "args": ["--api-key", secret], "env": {"TOKEN": secret}, "environment": {"TOKEN": secret}},
        {"type": "http", "url": f"http://me:{secret}@far.example.com/", "headers": {"Authorization": secret}},
    ]
    for value in values:
        seen = Entries(entries=(entry(value, program=Program(asked="gone")),))
        parts = {Group.ENTRIES: seen, Group.SECURITY: Security(entries=seen)}
        said = [one for one in judged(CHECKS, Seen(parts, {})) if one.level in (Level.ERROR, Level.WARNING)]
        assert said
        assert secret not in json.dumps([(one.text, one.evidence, one.mend and one.mend.command) for one in said])
