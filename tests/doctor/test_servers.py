"""Trying servers: what is started, what never is, what is said of it, and that no secret gets out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mcpconf.dirs import find_dirs
from mcpconf.doctor.checks import servers as checks
from mcpconf.doctor.examine import OF_SERVERS
from mcpconf.doctor.finding import Level
from mcpconf.doctor.look.servers import Aim, _Trying
from mcpconf.doctor.look.started import Started, started
from mcpconf.doctor.look.ways import Candidate
from mcpconf.doctor.picture import picture
from mcpconf.doctor.seen.servers import Cause, Servers, Way
from mcpconf.system import RealSystem
from mcpconf.use.introduction import ProbeResult
from mcpconf.use.toolbox import Talks
from mcpconf.workflow import trusting
from mcpconf.workflow.app import App
from tests.broker.kit import alive, until
from tests.cli.conftest import World
from tests.doctor.servers_setups import HABITS, entries, habit, web_server

WORKS = ProbeResult(era="legacy", version="2025-06-18", server_name="x", server_version="1", tools=("one",), millis=20)


def marking(path: Path) -> dict[str, Any]:
    """An entry that leaves a line whenever it is started."""
    program = f"import os,sys; open({str(path)!r}, 'a').write('x'); os.execv(sys.executable, sys.argv[1:])"
    return {"command": sys.executable, "args": ["-c", program, sys.executable, HABITS]}


def world() -> App:
    system = RealSystem()
    return App(system, find_dirs(system))


def errors(found: Any) -> dict[str, str]:
    return {one["about"]: one["id"] for one in found["findings"] if one["level"] == "error"}


def test_no_value_that_an_entry_gives_gets_out(mcpconf: World) -> None:
    token, plain, named = "tok-0123456789", "canary-plain-4711", "canary-named-4712"
    mcpconf.patch.setenv("FROM_OUTSIDE", "canary-outside-4713")
    leak = habit("leak", "--api-key", token, "${FROM_OUTSIDE}", env={"PLAIN": plain, "MY_TOKEN": named})
    entries(mcpconf, it=leak)
    for argv in ((), ("--json",), ("--verbose",), ("--deep",)):
        said = mcpconf("doctor", *argv, code=1)
        for secret in (token, plain, named, "canary-outside"):
            assert secret not in said.out + said.err
        assert "MC703" in said.out


def test_a_projects_server_is_not_started_before_it_is_approved(mcpconf: World) -> None:
    mark = mcpconf.home / "mark"
    root = mcpconf.project("theirs")
    (root / ".mcp.json").write_text(json.dumps({"mcpServers": {"it": marking(mark)}}))
    entries(mcpconf)
    found = mcpconf("doctor", "--json").json
    assert [(one["server"], one["level"]) for one in found["picture"]] == [("it", "skipped")]
    assert "approval" in found["picture"][0]["reason"]
    assert not mark.exists()

    (mcpconf.home / ".claude").mkdir()
    (mcpconf.home / ".claude/settings.json").write_text('{"enabledMcpjsonServers": ["it"]}')
    found = mcpconf("doctor", "--only", "servers", "--json").json
    assert [(one["server"], one["level"]) for one in found["picture"]] == [("it", "ok")]
    assert mark.read_text() == "x"


def test_an_untrusted_profile_starts_nothing(mcpconf: World) -> None:
    root = mcpconf.project("theirs")
    text = f'[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n'
    path = mcpconf.profile("own", text, root / ".mcpconf")
    trusting.trust(world(), trusting.candidate(world(), "own"))  # which the command asks a person on a terminal for
    mcpconf("switch", "own", "--scope", "local")
    path.write_text(text + "# edited\n")
    mcpconf.claude.unlink()
    found = mcpconf("doctor", "--only", "servers", "--json").json
    assert found["picture"] == []
    assert [one["about"] for one in found["findings"] if one["level"] == "skipped"] == ["own"]


def test_without_network_nothing_is_called_or_fetched(mcpconf: World) -> None:
    url = web_server()
    (mcpconf.home.parent / "bin/npx").write_text(f"#!/bin/sh\ntouch {mcpconf.home}/fetched\n")
    entries(mcpconf, far={"type": "http", "url": url}, package={"command": "npx", "args": ["-y", "x@1"]}, near=habit())
    found = mcpconf("doctor", "--only", "servers", "--no-network", "--json").json
    assert {one["server"]: one["level"] for one in found["picture"]} == {
        "far": "skipped", "package": "skipped", "near": "ok"
    }  # fmt: skip
    assert not (mcpconf.home / "fetched").exists()


def test_one_server_alone(mcpconf: World) -> None:
    mark = mcpconf.home / "mark"
    entries(mcpconf, it=habit("crash"), other=marking(mark), broken={"command": "/no/such"})
    found = mcpconf("doctor", "--server", "it", "--json", code=1).json
    assert errors(found) == {"it": "MC703"}
    assert {one["group"] for one in found["looks"]} == set(map(str, OF_SERVERS))
    assert not {"place", "files", "services", "shell"} & set(map(str, OF_SERVERS))
    assert not mark.exists()
    assert "'nobody'" in mcpconf("doctor", "--server", "nobody", code=2).err


def test_deep_starts_each_twice_and_shows_both_times(mcpconf: World) -> None:
    mark = mcpconf.home / "mark"
    entries(mcpconf, it=marking(mark))
    said = mcpconf("doctor", "--only", "servers", "--deep")
    assert mark.read_text() == "xx"
    assert ", then 0." in said.out
    assert "MC718" in said.out


def test_what_is_the_same_is_started_once(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    entry = marking(mark)
    start = Started(argv=(entry["command"], *entry["args"]), env={}, cwd=str(tmp_path))
    ways = [Candidate(way(client=name), start) for name in ("one", "two")]
    found = _Trying(world(), Aim(), Talks(), lambda _: None).all(ways)
    assert [one.works for one in found] == [True, True]
    assert mark.read_text() == "x"


def test_silent_servers_are_waited_for_together(mcpconf: World) -> None:
    mcpconf.patch.setenv("MCP_TIMEOUT", "1000")
    entries(mcpconf, **{f"s{number}": habit("silent") for number in range(6)})
    begun = time.monotonic()
    found = mcpconf("doctor", "--only", "servers", "--json", code=1).json
    assert set(errors(found).values()) == {"MC704"}
    assert time.monotonic() - begun < 5


def test_what_is_going_on_can_be_ended(tmp_path: Path) -> None:
    talks = Talks()
    begun = threading.Event()
    start = Started(argv=(sys.executable, HABITS, "silent"), env={}, cwd=str(tmp_path))
    timer = threading.Thread(target=lambda: (begun.wait(10), talks.end()))
    timer.start()
    trying = _Trying(world(), Aim(), talks, lambda _: begun.set())
    since = time.monotonic()
    (found,) = trying.all([Candidate(way(), start)])
    timer.join()
    assert not found.works
    assert time.monotonic() - since < 8


def test_a_server_of_the_broker_is_tried_without_starting_one(mcpconf: World) -> None:
    text = f'[broker]\nautostart = true\n[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n'
    mcpconf.profile("mine", text)
    mcpconf("switch", "mine")
    (found,) = mcpconf("doctor", "--only", "servers", "--json").json["picture"]
    assert (found["route"], found["level"], found["tools"]) == ("broker", "ok", 1)
    assert not mcpconf("broker", "status", "--json", code=6).json["running"]


def test_a_server_is_tried_through_the_broker_that_runs(mcpconf: World) -> None:
    text = f'[broker]\nautostart = true\n[servers.it]\ncommand = "{sys.executable}"\nargs = ["{HABITS}"]\n'
    mcpconf.profile("mine", text)
    mcpconf("switch", "mine")
    mcpconf("broker", "start")
    try:
        (found,) = mcpconf("doctor", "--json", "--only", "servers").json["picture"]
        (kept,) = mcpconf("broker", "status", "--json").json["servers"]
    finally:
        mcpconf("broker", "stop")
    assert (found["route"], found["level"], found["tools"]) == ("broker", "ok", 1)
    assert kept["requests"] > 0


def way(**more: Any) -> Way:
    usual = {"client": "claude-code", "title": "Claude Code", "scope": "user", "path": "/home/u/.claude.json"}
    return Way(**{**usual, "name": "it", "route": "own", **more})


@pytest.mark.parametrize(
    ("seconds", "limit", "expected"), [(1.0, 30.0, []), (6.0, 30.0, [Level.WARNING]), (6.0, 5.0, [Level.ERROR])]
)
def test_slow_starts(seconds: float, limit: float, expected: list[Level]) -> None:
    found = ProbeResult(era="modern", version="2026-07-28", tools=("one",), millis=int(seconds * 1000))
    seen = Servers((way(found=found, limit=limit),))
    assert [one.level for one in checks.starts_quickly(seen)] == expected


def test_what_may_still_be_fetched_is_only_warned_of() -> None:
    found = ProbeResult(error="it did not answer in time", millis=10_000)
    late = way(found=found, cause=Cause.SILENT, fetches=True)
    (said,) = checks.answers_in_time(Servers((late,)))
    assert said.level is Level.WARNING
    assert said.mend is not None
    assert said.mend.command == "mcpconf doctor --server it --deep"
    (leaf,) = picture(Servers((late,)), ())
    assert leaf.level is Level.ERROR


def test_an_entry_is_started_as_claude_code_starts_it() -> None:
    from mcpconf.client import claude_code, claude_desktop

    entry = {"command": "${HERE:-run}", "args": ["${A}", "${B:-b}", "${C}"], "env": {"X": "${A}", "PATH": "/x"}}
    env = {"A": "value-of-a", "PATH": "/bin"}
    found = started(entry, claude_code.SPEC, env, "/work")
    assert found.argv == ("run", "value-of-a", "b", "${C}")
    assert found.env == {"A": "value-of-a", "PATH": "/x", "X": "value-of-a"}
    assert found.hide("it was value-of-a") == "it was ***"
    assert started(entry, claude_desktop.SPEC, env, "/").argv[1] == "${A}"


@pytest.mark.parametrize("numbers", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)])
def test_a_signal_leaves_no_server_however_it_resists(
    mcpconf: World, tmp_path: Path, numbers: tuple[signal.Signals, ...]
) -> None:
    mark = tmp_path / "pid"
    stubborn = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f" open({str(mark)!r}, 'w').write(f'{{os.getpid()}} '); time.sleep(600)"
    )
    entries(mcpconf, it={"command": sys.executable, "args": ["-c", stubborn]})
    argv = [sys.executable, "-m", "mcpconf", "doctor", "--only", "servers"]
    with subprocess.Popen(argv, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as doctor:
        until(lambda: mark.exists() and mark.read_text().endswith(" "), why="it was not started")
        for number in numbers:
            doctor.send_signal(number)
            time.sleep(0.05)  # as fast as a person types it
        doctor.communicate(timeout=20)
    assert doctor.returncode == (143 if numbers[0] is signal.SIGTERM else 130)
    pid = int(mark.read_text())
    until(lambda: not alive(pid))
