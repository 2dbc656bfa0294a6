"""`mcpconf tools` and `mcpconf call` with the official servers, started for once and through the broker."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mcpconf.use.call import Conversation, introduce
from mcpconf.use.child import Child
from mcpconf.use.reached import Reached
from tests.real.programs import VENV_BIN, offline, require

pytestmark = pytest.mark.real

GIT, TIME, FETCH = "mcp-server-git==2026.10.19", "mcp-server-time==2026.10.19", "mcp-server-fetch==2026.10.24"
# What they answer `server/discover` with; each of them speaks `initialize` as well.
SPEAKS = {"filesystem": "legacy", "memory": "legacy", "everything": "legacy"} | dict.fromkeys(
    ("git", "time", "fetch"), "modern"
)
Run = Callable[..., subprocess.CompletedProcess[str]]


def commands(files: Path) -> dict[str, list[str]]:
    """How each server is started."""
    uvx = require("uvx")
    return {
        "filesystem": [require("mcp-server-filesystem"), str(files)],
        "memory": [require("mcp-server-memory")],
        "everything": [require("mcp-server-everything")],
        "git": [uvx, GIT],
        "time": [uvx, TIME, "--local-timezone", "UTC"],
        "fetch": [uvx, FETCH, "--ignore-robots-txt", "--allow-private-ips"],
    }


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What the servers may look at: a directory that is a git repository."""
    path = tmp_path / "files"
    path.mkdir()
    (path / "note.txt").write_text("one\ntwo\n")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    return path


@pytest.fixture
def run(home: Path, files: Path, tmp_path: Path) -> Iterator[Run]:
    """The command line, with a profile of all six; the broker, if one was started, is gone afterwards."""
    env = {**os.environ, **offline(), "MEMORY_FILE_PATH": str(tmp_path / "memory.json"), "MCPCONF_ENV": "host"}
    profile = home / ".config/mcpconf/profiles/six.toml"
    profile.parent.mkdir(parents=True)
    given = "env = { " + ", ".join(f"{key} = {json.dumps(env[key])}" for key in (*offline(), "MEMORY_FILE_PATH")) + " }"
    tables = [
        f"[servers.{name}]\ncommand = {json.dumps(argv[0])}\nargs = {json.dumps(argv[1:])}\n{given}\n"
        for name, argv in commands(files).items()
    ]
    profile.write_text("[broker]\nautostart = true\n" + "".join(tables))

    def act(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(VENV_BIN / "mcpconf"), *words], env=env, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done

    act("switch", "six")
    yield act
    act("broker", "stop")


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a plain page: for HTML the server installs npm packages when it is first asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"A page of its own.")

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def calls(files: Path, page: str) -> dict[str, tuple[str, dict[str, Any], str]]:
    """A tool of each, its arguments, and what is to be in its answer."""
    note = {"name": "a", "entityType": "t", "observations": ["seen"]}
    return {
        "filesystem": ("read_text_file", {"path": str(files / "note.txt"), "head": 1}, "one"),
        "memory": ("create_entities", {"entities": [note]}, "seen"),
        "everything": ("get-sum", {"a": 2, "b": 3}, "The sum of 2 and 3 is 5"),
        "git": ("git_status", {"repo_path": str(files)}, "note.txt"),
        "time": ("get_current_time", {"timezone": "UTC"}, '"timezone": "UTC"'),
        "fetch": ("fetch", {"url": page, "max_length": 500}, "A page of its own."),
    }


def test_each_of_the_six_answers_a_call_through_the_broker(run: Run, files: Path, page: str) -> None:
    found = json.loads(run("tools", "--json", "--timeout", "90").stdout)["servers"]
    assert {(one["name"], one["way"]) for one in found} == {(name, "broker") for name in commands(files)}
    for name, (tool, given, text) in calls(files, page).items():
        words = [f"{key}={one if isinstance(one, str) else json.dumps(one)}" for key, one in given.items()]
        assert text in run("call", name, tool, *(word for one in words for word in ("-a", one))).stdout
    assert "seen" in run("call", "memory", "read_graph").stdout
    assert run("call", "everything", "echo", "-a", "message=hello", "--no-broker").stdout == "Echo: hello\n"


def test_arguments_of_real_schemas_are_checked_and_failures_told(run: Run, files: Path, tmp_path: Path) -> None:
    err = run("call", "filesystem", "read_text_file", "--no-broker", code=2).stderr
    assert "path: is missing" in err
    err = run("call", "everything", "get-sum", "-a", "a=x", "-a", "b=1", "--no-broker", code=2).stderr
    assert "--arg a: expected a number, not 'x'; nothing was sent" in err
    err = run("call", "filesystem", "read_text_file", "-a", f"path={tmp_path / 'no'}", "--no-broker", code=1).stderr
    assert "Access denied" in err
    image = tmp_path / "tiny.png"
    run("call", "everything", "get-tiny-image", "--output", str(image), "--no-broker")
    assert image.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["filesystem", "memory", "everything", "git", "time", "fetch"])
def test_each_of_the_six_answers_in_each_era_that_it_speaks(files: Path, page: str, tmp_path: Path, name: str) -> None:
    tool, given, text = calls(files, page)[name]
    eras = []
    for discover in (True, False):  # without it there is nothing but `initialize`
        env = {**os.environ, **offline(), "MEMORY_FILE_PATH": str(tmp_path / f"{discover}.json")}
        child = Child(commands(files)[name], env, None)
        deadline = time.monotonic() + 60
        try:
            known = introduce(child, deadline, discover=discover)
            reached = Reached("process", known, Conversation(child, deadline).ask)
            assert tool in [one["name"] for one in reached.tools()]
            answer = reached.ask("tools/call", {"name": tool, "arguments": given})
            assert text in answer["result"]["content"][0]["text"]
            eras.append(known.era)
        finally:
            child.stop(brief=True)
    assert eras == [SPEAKS[name], "legacy"]
