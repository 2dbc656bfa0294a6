"""`mcpconf tools` and `mcpconf call`, with servers and a broker that are real."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mcpconf.cli import console
from tests.broker.conftest import idle
from tests.broker.kit import Broker, alive, until
from tests.cli.conftest import World
from tests.cli.test_json import check

__all__ = ["idle"]

SERVER = Path(__file__).resolve().parents[1] / "use/tool_server.py"
ERAS = ("legacy", "modern")


def table(name: str, era: str, more: str = "") -> str:
    words = json.dumps(["-I", "-S", str(SERVER), era])
    return f"[servers.{name}]\ncommand = {json.dumps(sys.executable)}\nargs = {words}\n{more}\n"


@pytest.fixture
def world(mcpconf: World) -> Iterator[World]:
    """A home whose active profile has a server of each era; a broker, if one was started, is gone afterwards."""
    mcpconf.profile("mine", "".join(table(era, era) for era in ERAS))
    mcpconf("switch", "mine")
    yield mcpconf
    mcpconf("broker", "stop")


@pytest.fixture
def kept(mcpconf: World) -> Iterator[World]:
    """The same for a profile that wants a broker."""
    here = table("here", "legacy", 'cwd = "project"')
    mcpconf.profile("mine", "[broker]\nautostart = true\n" + "".join(table(era, era) for era in ERAS) + here)
    mcpconf("switch", "mine")
    yield mcpconf
    mcpconf("broker", "stop")


# --- tools


def test_all_tools_are_listed_with_their_arguments_and_a_server_that_fails_is_told(mcpconf: World) -> None:
    mcpconf.profile("mine", table("one", "legacy") + '[servers.gone]\ncommand = "/nowhere"\n' + table("two", "modern"))
    mcpconf("switch", "mine")
    out = mcpconf("tools", code=1).out
    assert out.count("echo        text [times]") == 2
    assert "✗ gone  there is no command '/nowhere' on its PATH" in out
    assert "one  21 tools, started for this once" in out
    found = check("tools", mcpconf("tools", "--json", code=1).json)
    assert [(one["name"], one["era"], one["way"], len(one["tools"])) for one in found["servers"]] == [
        ("one", "legacy", "process", 21),
        ("gone", None, None, 0),
        ("two", "modern", "process", 21),
    ]
    assert found["servers"][0]["tools"][0]["input_schema"]["required"] == ["text"]


def test_one_tool_in_full_has_an_example_that_works(world: World) -> None:
    out = world("tools", "modern", "echo").out
    assert "text   string   required   What to say." in out
    assert "times  integer  default 1" in out
    example = out.rstrip().splitlines()[-1].split()
    assert example == ["mcpconf", "call", "modern", "echo", "--arg", "text=TEXT"]
    assert world(*example[1:]).out == "TEXT\n"
    assert [tool["name"] for tool in world("tools", "legacy", "echo", "--json").json["servers"][0]["tools"]] == ["echo"]


def test_unknown_names_get_the_nearest_ones_and_start_nothing(world: World) -> None:
    assert "did you mean 'modern'?" in world("tools", "moderm", code=1).err
    assert "did you mean 'modern'?" in world("call", "moderm", "echo", code=1).err
    assert "has no tool 'ecko'; did you mean 'echo'?" in world("call", "legacy", "ecko", code=2).err
    assert "has no tool 'ecko'; did you mean 'echo'?" in world("tools", "legacy", "ecko", code=2).err


def test_without_a_profile_there_is_nothing_to_ask(mcpconf: World) -> None:
    assert "no profile is active" in mcpconf("tools", code=2).err
    assert "no profile is active" in mcpconf("call", "a", "b", code=2).err
    mcpconf.profile("other", table("x", "legacy") + table("y", "legacy", "disabled = true"))
    assert mcpconf("call", "x", "echo", "-a", "text=a", "--profile", "other").out == "a\n"
    assert "'y' is disabled in other" in mcpconf("call", "y", "echo", "--profile", "other", code=1).err


def test_a_profile_that_nobody_trusts_starts_nothing(mcpconf: World) -> None:
    root = mcpconf.project("shared")
    mcpconf.profile("team", table("x", "legacy"), root / ".mcpconf")
    for command in (("tools",), ("call", "x", "echo")):
        assert "is not trusted" in mcpconf(*command, "--profile", "team", code=4).err


def test_a_tool_that_the_profile_denies_is_neither_listed_nor_called(mcpconf: World) -> None:
    mcpconf.profile("mine", table("x", "modern", 'tools = { allow = ["e*", "count"], deny = ["esc*"] }'))
    mcpconf("switch", "mine")
    (found,) = mcpconf("tools", "--json").json["servers"]
    assert [tool["name"] for tool in found["tools"]] == ["echo", "count"]
    assert "escapes" in found["denied"]
    assert "19 more that the profile does not allow" in mcpconf("tools").out
    for name in ("escapes", "report"):
        assert f"the profile does not allow '{name}'" in mcpconf("call", "x", name, code=2).err
    assert mcpconf("call", "x", "count").out == "1\n"


# --- what a call gives


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("tool", "out"),
    [
        ("several", "one\ntwo\n"),
        ("structured", '{\n  "a": [\n    1\n  ]\n}\n'),
        ("nothing", ""),
        ("image", "[image/png, 5 bytes; --output FILE writes it]\nfile:///a  a\ninside\n"),
        ("surrogate", "a?b\n"),
    ],
)
def test_what_a_tool_gives_is_printed(world: World, era: str, tool: str, out: str) -> None:
    assert world("call", era, tool).out == out


@pytest.mark.parametrize("era", ERAS)
def test_a_failure_of_the_tool_or_an_error_is_told_on_stderr(world: World, era: str) -> None:
    failed = world("call", era, "fail", code=1)
    assert (failed.out, failed.err) == ("", "mcpconf: it went wrong\n")
    refused = world("call", era, "refuse", code=1)
    assert "the server answers with an error: not today (-32602)" in refused.err
    assert check("call", world("call", era, "fail", "--json", code=1).json)["result"]["isError"] is True
    assert check("call", world("call", era, "refuse", "--json", code=1).json)["error"]["code"] == -32602


@pytest.mark.parametrize("era", ERAS)
def test_a_server_that_dies_over_a_call_is_told_with_its_last_words(world: World, era: str) -> None:
    err = world("call", era, "die", code=1).err
    assert f"{era}: it ended with exit code 3 before it answered" in err
    assert "out of memory" in err


def test_ten_megabytes_come_whole(world: World) -> None:
    assert world("call", "modern", "big").out == "x" * 10_000_000 + "\n"


def test_a_pipe_gets_every_byte_and_a_terminal_nothing_to_obey(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "\033[2J\033]0;owned\a\u202eback\r\nnext \u00fc"
    assert world("call", "legacy", "escapes").out == said + "\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    console.document(said)
    assert capsys.readouterr().out == "\\x1b[2J\\x1b]0;owned\\x07\\u202eback\nnext \u00fc\n"


def test_output_takes_the_image_or_else_the_text(world: World, tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    assert world("call", "legacy", "image", "--output", str(path)).out == "file:///a  a\ninside\n"
    assert path.read_bytes() == b"hello"
    assert world("call", "legacy", "several", "-o", str(path)).out == ""
    assert path.read_text() == "one\ntwo"
    told = world("call", "legacy", "several", "-o", str(tmp_path), code=1).err
    assert f"the tool was called, but {tmp_path} can't be written: Is a directory" in told


def test_what_the_server_asks_is_declined(world: World) -> None:
    asked = world("call", "legacy", "ask")
    assert json.loads(asked.out) == {"q0": {"action": "decline"}, "q1": {"roots": []}, "q2": -32601, "q3": {}}
    assert "nobody answers: Who are you?" in asked.err
    asked = world("call", "modern", "ask")
    assert json.loads(asked.out) == [{"who": {"action": "decline"}}, "s"]
    assert "nobody answers: Who are you?" in asked.err


# --- arguments


def test_arguments_come_from_words_files_and_input(world: World, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("from a file")
    (tmp_path / "j").write_text('{"text": "input", "times": 2}')
    assert world("call", "modern", "echo", "-a", f"text=@{tmp_path / 't'}").out == "from a file\n"
    assert world("call", "modern", "echo", "--input", f"@{tmp_path / 'j'}").out == "input\ninput\n"
    assert world("call", "modern", "echo", "--input", "-", stdin='{"text": "s"}').out == "s\n"
    assert world("call", "modern", "echo", "--input", '{"text": "s", "times": 3}', "-a", "times=1").out == "s\n"
    given = world("call", "legacy", "types", "-a", "i=5", "-a", "s=5", "-a", "b=true", "-a", 'a=["x"]', "-a", "o:={}")
    assert json.loads(given.out) == {"i": 5, "s": "5", "b": True, "a": ["x"], "o": {}}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-a", "text"), "'text' is not NAME=VALUE"),
        (("-a", "text=a", "-a", "text=b"), "--arg text is given twice"),
        (("-a", "text=a", "-a", "times=x"), "--arg times: expected an integer, not 'x'"),
        (("-a", "text=a", "-a", "times=1.5"), "times: expected integer, not 1.5"),
        (("-a", "text=a", "-a", "tmes=1"), "there is no argument 'tmes' (did you mean 'times' or 'text'?); nothing"),
        (("-a", "text:={"), "--arg text: expected JSON, not '{'"),
        (("-a", "text:=1"), "text: expected string, not 1"),
        (("-a", "text=@nowhere"), "nowhere can't be read: No such file or directory"),
        ((), "text: is missing"),
        (("--input", "[]"), "--input is an array, not a JSON object"),
        (("--input", "{"), "--input is not JSON"),
        (("text=a",), "try: --arg text=a"),
    ],
)
def test_arguments_that_do_not_fit_are_never_sent(world: World, words: tuple[str, ...], told: str) -> None:
    err = world("call", "modern", "echo", *words, code=2).err
    assert told in err
    assert "nothing was sent" in err


def test_a_schema_that_can_not_be_used_is_told_and_fetches_nothing(world: World) -> None:
    far = world("call", "legacy", "far", "-a", "a=1")
    assert "not checked: its input schema refers to http://127.0.0.1:9/schema.json" in far.err
    assert json.loads(far.out) == {"a": "1"}
    broken = world("call", "legacy", "broken", "-a", "a:=1")
    assert "not checked: its input schema is wrong" in broken.err


# --- time, signals, secrets


def test_a_call_that_takes_too_long_is_called_off(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    monkeypatch.setenv("MARK", str(mark))
    assert "it did not answer tools/call in time" in world("call", "legacy", "never", "--timeout", "0.8", code=1).err
    assert json.loads(mark.read_text())["reason"] == "timed out"


def test_ctrl_c_calls_it_off_and_leaves_nothing(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    argv = [sys.executable, "-m", "mcpconf", "call", "legacy", "never", "--arg", "a=1"]
    with subprocess.Popen(argv, env={**os.environ, "MARK": str(mark)}, stderr=subprocess.PIPE) as call:
        server = until(lambda: _child(call.pid), why="no server was started")
        until((tmp_path / "mark.called").exists, why="it was not called")
        call.send_signal(signal.SIGINT)
        assert call.stderr
        assert b"interrupted" in call.stderr.read()
        assert call.wait(10) == 130
    assert json.loads(mark.read_text())["reason"] == "interrupted"
    until(lambda: not alive(server))


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(signal.SIGINT, 130, b"interrupted"), (signal.SIGTERM, 143, b""), (signal.SIGHUP, 129, b"")],
)
def test_a_signal_while_all_are_asked_leaves_none_of_them(
    mcpconf: World, number: signal.Signals, code: int, words: bytes
) -> None:
    silent = f'command = {json.dumps(sys.executable)}\nargs = ["-c", "import time; time.sleep(600)"]\n'
    mcpconf.profile("mine", f"[servers.one]\n{silent}[servers.two]\n{silent}")
    mcpconf("switch", "mine")
    argv = [sys.executable, "-m", "mcpconf", "tools"]
    with subprocess.Popen(argv, env=dict(os.environ), stderr=subprocess.PIPE) as tools:
        servers = until(lambda: found if len(found := _children(tools.pid)) == 2 else [], why="none was started")
        tools.send_signal(number)
        assert tools.stderr
        assert words in tools.stderr.read()
        assert tools.wait(10) == code
    until(lambda: not any(map(alive, servers)))


def _children(pid: int) -> list[int]:
    """Of all its threads: those that were started have one each."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for path in found for one in path.read_text().split()]


def _child(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[0]) if found else 0


def test_secrets_reach_the_server_and_no_message(mcpconf: World) -> None:
    secret = "canary-7f3a91"
    more = 'env = { TOOL_KEY = "secret:TOOL_KEY" }'
    shout = f"import sys; sys.exit('no entry with {'%s'}' % __import__('os').environ['TOOL_KEY'])"
    loud = f"[servers.loud]\ncommand = {json.dumps(sys.executable)}\nargs = {json.dumps(['-c', shout])}\n{more}\n"
    mcpconf.profile("mine", table("x", "legacy", more) + loud)
    mcpconf("switch", "mine")
    assert "TOOL_KEY" in mcpconf("call", "x", "secret", code=1).err
    mcpconf("secret", "set", "TOOL_KEY", stdin=secret + "\n")
    assert mcpconf("call", "x", "secret").out == secret + "\n"
    told = mcpconf("call", "loud", "x", code=1)
    assert "no entry with ***" in told.err
    listed = mcpconf("tools", code=1)
    assert "no entry with ***" in listed.out
    assert secret not in told.out + told.err + listed.out + listed.err + mcpconf("tools", "--json", code=1).out


# --- by the broker


@pytest.mark.parametrize("era", ERAS)
def test_state_lasts_from_call_to_call_through_the_broker_that_is_started_for_it(kept: World, era: str) -> None:
    assert [kept("call", era, "count").out for _ in range(3)] == ["1\n", "2\n", "3\n"]
    assert kept("call", era, "count", "--no-broker").out == "1\n"
    assert kept("call", era, "count", "--json").json["way"] == "broker"
    found = {one["name"]: one for one in kept("tools", "--json").json["servers"]}
    assert {(one["way"], one["era"]) for one in found.values()} == {("broker", era) for era in ERAS}


def test_a_server_for_projects_runs_in_the_directory_of_this_one(kept: World) -> None:
    root = kept.project("p")
    assert json.loads(kept("call", "here", "report").out)["cwd"] == str(root)
    assert json.loads(kept("call", "legacy", "report").out)["cwd"] != str(root)


def test_a_server_that_the_profile_of_a_project_has_is_met_by_its_own_name(mcpconf: World) -> None:
    mcpconf.profile("mine", "[broker]\nautostart = true\n" + table("x", "legacy"))
    mcpconf.project("p")
    mcpconf("switch", "mine", "--scope", "local")
    try:
        assert [mcpconf("call", "x", "count").out for _ in range(2)] == ["1\n", "2\n"]
    finally:
        mcpconf("broker", "stop")


def test_a_broker_that_may_not_be_started_is_done_without(kept: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPCONF_BROKER_START", "0")
    assert kept("call", "legacy", "count", "--json").json["way"] == "process"
    assert "no broker is running" in kept("broker", "status", code=6).out


def test_a_server_that_dies_behind_the_broker_or_never_answers(kept: World) -> None:
    assert "out of memory" in kept("call", "legacy", "die", code=1).err
    assert "it did not answer tools/call in time" in kept("call", "modern", "never", "--timeout", "0.8", code=1).err
    notes = json.loads(kept("call", "modern", "report").out)["notes"]
    assert [note["method"] for note in notes] == ["notifications/cancelled"]


def test_a_broker_of_another_place_is_asked_for_what_it_knows(
    mcpconf: World, idle: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle.define("legacy", sys.executable, "-I", "-S", str(SERVER), "legacy")
    idle.start()
    mcpconf.profile("mine", "".join(table(era, era) for era in ERAS))
    monkeypatch.setenv("MCPCONF_BROKER", f"unix:{idle.paths.socket}")
    mcpconf("switch", "mine")
    ways = {one["name"]: one["way"] for one in mcpconf("tools", "--json").json["servers"]}
    assert ways == {"legacy": "broker", "modern": "process"}


def test_by_tcp_with_a_key(kept: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept("broker", "key", "new", "box")
    kept("broker", "start", "--listen", "tcp:127.0.0.1:0")
    (address,) = [one for one in kept("broker", "status", "--json").json["listeners"] if one.startswith("tcp:")]
    monkeypatch.setenv("MCPCONF_BROKER", address)
    monkeypatch.setenv("MCPCONF_BROKER_KEY", str(kept.home / ".local/share/mcpconf/broker/keys/box"))
    assert [kept("call", "legacy", "count").out for _ in range(2)] == ["1\n", "2\n"]
    assert kept("call", "legacy", "count", "--json").json["way"] == "broker"


# --- by a URL


@pytest.fixture
def url() -> Iterator[Callable[[], list[str]]]:
    """A server with sessions that answers a call by events, progress first; gives its address and what it was told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append(message.get("method", "answer"))
            events = _answers(message)
            self.send_response(200 if events else 202)
            self.send_header("Content-Type", "text/event-stream" if events else "application/json")
            self.end_headers()
            for one in events:
                self.wfile.write(b"data: " + json.dumps({"jsonrpc": "2.0", **one}).encode() + b"\n\n")

        def log_message(self, *_: object) -> None: ...

    told: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.append(f"http://127.0.0.1:{server.server_port}/mcp")
    yield lambda: told
    server.shutdown()
    thread.join()
    server.server_close()


def _answers(message: dict[str, object]) -> list[dict[str, object]]:
    number, method = message.get("id"), message.get("method")
    info = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "far"}}
    listed = {"tools": [{"name": "far", "inputSchema": {"type": "object"}}]}
    results = {"initialize": info, "tools/list": listed, "tools/call": {"content": [{"type": "text", "text": "done"}]}}
    if number is None or method is None:
        return []
    if method not in results:
        return [{"id": number, "error": {"code": -32601, "message": "no"}}]
    asked = (
        [{"id": "e", "method": "elicitation/create", "params": {"message": "Who?"}}] if method == "tools/call" else []
    )
    return [*asked, {"id": number, "result": results[method]}]


def test_a_server_behind_a_url(mcpconf: World, url: Callable[[], list[str]]) -> None:
    mcpconf.profile("mine", f'[servers.far]\nurl = "{url()[0]}"\n')
    mcpconf("switch", "mine")
    called = mcpconf("call", "far", "far")
    assert (called.out, url()[1:]) == (
        "done\n",
        ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call", "answer"],
    )
    assert "nobody answers: Who?" in called.err
    assert mcpconf("tools", "--json").json["servers"][0]["way"] == "http"


# --- completion


def test_completion_reads_what_was_learnt_and_starts_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world("__complete", "tools", "legacy").out == ""
    world("tools", "legacy")
    cache = world.state / "tools.json"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    monkeypatch.setattr(subprocess, "Popen", None)
    assert world("__complete", "servers").out == "legacy\nmodern\n"
    assert world("__complete", "tools", "legacy").out.split()[:2] == ["echo", "types"]
    for text in ("{", "[]", '{"version": 1, "servers": []}', '{"version": 2}'):
        cache.write_text(text)
        assert world("__complete", "tools", "legacy").out == ""
    assert world("__complete", "nonsense").out == ""
    names = ["a-b_c/d.e", "`id`", "$(id)", "${IFS}", "-rf", "a;b", "a b", "é", "", "..", "'"]
    cache.write_text(json.dumps({"version": 1, "servers": {"legacy": names}}))
    assert world("__complete", "tools", "legacy").out == "a-b_c/d.e\n"


def test_completion_without_a_profile_is_empty(mcpconf: World) -> None:
    assert mcpconf("__complete", "servers").out == ""
    assert not mcpconf.state.exists()
