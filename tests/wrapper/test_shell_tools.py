"""`mcp-SERVER --list` and `--call`, without Python on the way: real servers of both eras, good and bad."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpconf.route.launch import Launch
from tests.wrapper.installed import SHELL, Installed, Told, fields, run, value

SERVER = str(Path(__file__).parent / "tool_server.py")
LISTED = ['add a b [as] - Adds, "exactly" {so}.', "no?line", 'echo [q"ö] - Says it again ']
ERAS = ("legacy", "modern")


def serve(installed: Installed, habit: str) -> Path:
    return installed.serve(Launch(command=sys.executable, args=("-IS", SERVER, habit)), name=habit)


@pytest.fixture(params=ERAS)
def link(request: pytest.FixtureRequest, installed: Installed) -> Path:
    return serve(installed, request.param)


@pytest.fixture
def bash_alone(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH holds bash and nothing else."""
    bash = shutil.which("bash")
    assert bash
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bash").symlink_to(bash)
    return {"PATH": str(tmp_path / "bin")}


def test_the_tools_of_every_page_are_listed_a_line_each(link: Path, bash_alone: dict[str, str]) -> None:
    told = run(link, "--list", env=bash_alone)

    assert (told.code, told.said) == (0, [])
    assert told.out.splitlines() == LISTED


def test_a_tool_is_called_with_bash_alone_on_path(link: Path, bash_alone: dict[str, str]) -> None:
    told = run(link, "--call", "echo", '{"a": [1, "}\\" é"]}', env=bash_alone)

    assert (told.code, told.said) == (0, [])
    assert json.loads(told.out) == {"a": [1, '}" é']}


def test_raw_answers_are_those_of_the_server(link: Path) -> None:
    listed = run(link, "--json", "--list")
    called = run(link, "--call", "fail", "--json")

    assert [[tool["name"] for tool in json.loads(page)["tools"]] for page in listed.out.splitlines()] == [
        ["add", "no\nline"],
        ["echo"],
    ]
    assert called.code == 1
    assert json.loads(called.out)["isError"] is True


def test_text_is_shown_as_text_and_the_rest_as_it_is_written(link: Path) -> None:
    told = run(link, "--call", "text")

    text, rest = told.out.rsplit("\n{", 1)
    assert text == 'Grüße 👋 "quoted" \\ back\\n\x07\x1b[31mred\x9b0m\ttab\r\nend'
    assert json.loads("{" + rest)["mimeType"] == "image/png"


def test_structured_content_is_shown_where_there_is_no_text(link: Path) -> None:
    assert run(link, "--call", "structured").out == '{"sum": 12345678901234567890}\n'


def test_a_tool_that_fails_is_said_on_stderr(link: Path) -> None:
    assert run(link, "--call", "fail") == Told(1, "", ["it went wrong"])


def test_an_error_for_an_answer_is_said(link: Path) -> None:
    told = run(link, "--call", "nope")

    assert (told.code, told.out) == (1, "")
    assert told.said == [f"mcpconf: {link.name[4:]}: it refused tools/call: Unknown tool: 'nope' (-32602)"]


@pytest.mark.parametrize(("tool", "said"), [("deep", "its answer can't be read"), ("array", "is no object")])
def test_an_answer_that_is_of_no_use_is_told_at_once(link: Path, tool: str, said: str) -> None:
    told = run(link, "--call", tool)

    assert (told.code, told.out) == (1, "")
    assert said in told.said[-1]


def test_a_mark_before_an_answer_and_chatter_do_not_hide_it(link: Path) -> None:
    assert run(link, "--call", "bom") == Told(0, "a\n\n", [])


def test_a_tool_that_wants_input_is_said(link: Path) -> None:
    told = run(link, "--call", "ask")

    assert told.code == 1
    assert "asks for input" in told.said[-1]


def test_what_the_server_asks_is_answered(link: Path) -> None:
    told = run(link, "--call", "curious")

    ping, roots, sampling = json.loads(told.out)
    assert ping == {"jsonrpc": "2.0", "id": "p", "result": {}}
    assert roots == {"jsonrpc": "2.0", "id": 12345678901234567890, "result": {"roots": []}}
    assert (sampling["id"], sampling["error"]["code"]) == ('s\\"', -32601)


@pytest.mark.parametrize("given", ["", "{}", "-"])
def test_arguments_are_nothing_an_object_or_what_stdin_has(installed: Installed, given: str) -> None:
    words = ["--call", "echo", given] if given else ["--call", "echo"]

    told = run(serve(installed, "legacy"), *words, stdin=b'{"a":\r\n "x\\n",\n"b": {}}\n')

    assert json.loads(told.out) == ({"a": "x\n", "b": {}} if given == "-" else {})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--call"], "takes a tool's name"),
        (["--call", "a", "{}", "{}"], "takes a tool's name"),
        (["--call", "a", "[]"], "no JSON object"),
        (["--call", "a", "{"], "no JSON object"),
        (["--call", "a", "x=1"], "no JSON object"),
        (["--list", "a"], "takes no name"),
        (["--list", "--call", "a"], "once"),
        (["--lsit"], "there is no option --lsit"),
        (["list"], "--list, --call or no arguments"),
        (["--json"], "--list, --call or no arguments"),
    ],
)
def test_wrong_usage_starts_nothing(installed: Installed, words: list[str], said: str) -> None:
    told = run(serve(installed, "legacy"), *words)

    assert (told.code, told.out, len(told.said)) == (2, "", 1)
    assert said in told.said[0]


@pytest.mark.parametrize("patience", ["0", "x", "-1", "1.5", "a[0]", "9999999", "08"])
def test_a_time_that_is_none_is_wrong_usage(installed: Installed, patience: str) -> None:
    told = run(serve(installed, "legacy"), "--list", env={"MCPCONF_TIMEOUT": patience})

    assert told.code == 2
    assert "MCPCONF_TIMEOUT is a number" in told.said[0]


def test_help_needs_no_data(installed: Installed) -> None:
    link = installed.wrapper / "mcp-nothing"
    link.symlink_to(SHELL.name)

    told = run(link, "--help")

    assert told.code == 0
    assert "  mcp-nothing --call TOOL ['{...}']" in told.out


def test_a_server_that_is_not_here_is_127(installed: Installed) -> None:
    told = run(installed.serve(Launch(command="/no/such"), name="gone"), "--list")

    assert (told.code, told.out, len(told.said)) == (127, "", 1)
    assert "/no/such is not here" in told.said[0]


def test_an_answer_that_nothing_was_started_is_127(installed: Installed) -> None:
    told = run(serve(installed, "unstartable"), "--call", "echo")

    assert told == Told(127, "", ["mcpconf: x: ?no way"])


def test_a_damaged_data_file_is_127(installed: Installed) -> None:
    told = run(installed.install(fields("mcpconf-wrapper 1", "x", "way"), "cut"), "--list")

    assert told.code == 127
    assert "damaged" in told.said[0]


@pytest.mark.parametrize(
    ("habit", "words", "said"),
    [
        ("crash", ["--list"], "it ended, with exit code 4, before it answered"),
        ("legacy", ["--call", "die"], "it ended, with exit code 3, before it answered"),
        ("refuse", ["--list"], "it refused initialize: not today (1)"),
    ],
)
def test_a_server_that_fails_has_the_last_words(installed: Installed, habit: str, words: list[str], said: str) -> None:
    told = run(serve(installed, habit), *words)

    assert (told.code, told.out) == (1, "")
    assert "a server's chatter" in told.said
    assert told.said[-1] == f"mcpconf: {habit}: {said}"


def test_stderr_is_the_servers_own_where_that_is_asked_for(installed: Installed) -> None:
    told = run(serve(installed, "legacy"), "--call", "echo", env={"MCPCONF_VERBOSE": "1"})

    assert told.code == 0
    assert told.said == [f"mcpconf: legacy: starting {sys.executable}", "a server's chatter"]


def test_a_server_that_says_nothing_is_ended_in_time(installed: Installed) -> None:
    start = time.monotonic()

    told = run(serve(installed, "deaf"), "--list", env={"MCPCONF_TIMEOUT": "1"})

    assert told.code == 1
    assert told.said[-1] == "mcpconf: deaf: it took longer than 1 s; MCPCONF_TIMEOUT=SECONDS gives it more"
    assert time.monotonic() - start < 20


def test_a_request_that_nobody_reads_is_given_up_in_time(installed: Installed) -> None:
    big = json.dumps({"a": "x" * 200_000}).encode()
    link = installed.install(
        fields("mcpconf-wrapper 1", "stuck", "way", "stuck")
        + fields("arg", *value(sys.executable), "arg", *value("-ISc"), "arg", *value(STUCK), "stop"),
        "stuck",
    )

    told = run(link, "--call", "a", "-", stdin=big, env={"MCPCONF_TIMEOUT": "1"})

    assert told.code == 1
    assert "it took longer than 1 s" in told.said[-1]


STUCK = """\
import sys, time
sys.stdin.buffer.raw.read(1000)
print('{"jsonrpc":"2.0","id":1,"result":{}}', flush=True)
time.sleep(1000)
"""


def until(what: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("tool", "number", "group"),
    [
        ("wait", signal.SIGINT, False),
        ("wait", signal.SIGINT, True),
        ("wait", signal.SIGTERM, False),
        ("wait", signal.SIGTERM, True),
        ("hang", signal.SIGKILL, False),
    ],
)
def test_who_ends_the_call_ends_the_server_and_what_it_started(
    installed: Installed, tmp_path: Path, tool: str, number: signal.Signals, group: bool
) -> None:
    mark = tmp_path / "pid"
    env = {"PATH": os.environ["PATH"], "MARK": str(mark)}
    argv = [str(serve(installed, "legacy")), "--call", tool]
    with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, start_new_session=True) as running:
        assert until(lambda: mark.exists() and mark.read_text().endswith("\n"))
        pids = [int(pid) for pid in mark.read_text().split()]
        (os.killpg if group else os.kill)(running.pid, number)

        assert running.wait(5) == -number

    assert until(lambda: not any(map(is_there, pids)))


def test_a_terminal_gets_no_escapes(installed: Installed) -> None:
    ours, theirs = pty.openpty()
    link = serve(installed, "modern")
    with subprocess.Popen([str(link), "--call", "text"], stdout=theirs, stdin=subprocess.DEVNULL) as running:
        assert running.wait(20) == 0
    os.close(theirs)
    seen = os.read(ours, 4096).decode()
    os.close(ours)

    assert seen.startswith('Grüße 👋 "quoted" \\ back\\n??[31mred?0m\ttab\r\nend\r\n')


def test_at_a_terminal_a_server_says_that_it_waits(installed: Installed) -> None:
    ours, theirs = pty.openpty()
    link = serve(installed, "modern")
    with subprocess.Popen([str(link)], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        os.write(ours, b"\x04")  # Ctrl-D
        out, said = running.communicate(timeout=20)
    os.close(theirs)
    os.close(ours)

    assert out == b""
    assert b"waits for MCP messages at this terminal; mcp-modern --help" in said


def test_a_time_limit_of_the_shell_is_not_one_of_what_is_read(installed: Installed) -> None:
    link = serve(installed, "legacy")
    env = {**os.environ, "TMOUT": "1"}
    nothing = installed.install(fields("mcpconf-wrapper 1", "nothing", "stop"), "nothing")
    pipes = {"env": env, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with (
        subprocess.Popen([str(link), "--call", "echo", "-"], **pipes) as call,
        subprocess.Popen([str(nothing)], **pipes) as answers,
    ):
        with pytest.raises(subprocess.TimeoutExpired):
            call.wait(1.3)
        called, _ = call.communicate(b'{"a": 1}', timeout=20)
        answered, _ = answers.communicate(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', timeout=20)

    assert (call.returncode, json.loads(called)) == (0, {"a": 1})
    assert json.loads(answered)["error"]["data"] == {"mcpconf": "not started"}


def test_a_reader_that_goes_away_is_no_trouble(installed: Installed) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    link = serve(installed, "legacy")
    done = subprocess.run([str(link), "--call", "text"], stdout=writer, stderr=subprocess.PIPE, timeout=20, check=False)
    os.close(writer)

    assert done.stderr == b""


def test_where_proc_is_not_there_a_named_pipe_does(installed: Installed, tmp_path: Path) -> None:
    script = installed.wrapper / SHELL.name
    was = script.read_text("utf-8")
    assert "/proc/self/fd/3" in was
    try:
        script.write_text(was.replace("/proc/self/fd/3", "/nowhere/fd/3"), "utf-8")
        told = run(serve(installed, "legacy"), "--call", "echo", '{"a":1}', env={"TMPDIR": str(tmp_path)})
    finally:
        script.write_text(was, "utf-8")

    assert (told.code, told.out) == (0, '{"a": 1}\n'), told.said
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("mcp-")] == []


def test_the_server_gets_the_environment_and_the_streams_of_any_start(installed: Installed) -> None:
    link = serve(installed, "legacy")
    env = {"LC_ALL": "C.UTF-8", "POSIXLY_CORRECT": "1", "IFS": "x", "MINE": 'a "b"', "HOME": "/"}
    lines = (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n'
        b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"place","arguments":{}}}\n'
    )

    started = json.loads(run(link, env=env, stdin=lines).out.splitlines()[1])["result"]["content"][0]["text"]
    asked = run(link, "--call", "place", env=env).out

    assert seen(asked) == seen(started)


def seen(text: str) -> dict[str, object]:
    place = json.loads(text)
    for name in ("_", "SHLVL"):
        place["env"].pop(name, None)
    assert isinstance(place, dict)
    return place


def test_long_text_comes_through_whole(installed: Installed) -> None:
    assert run(serve(installed, "legacy"), "--call", "long").out == 'a"b\\c\n' * 4000
