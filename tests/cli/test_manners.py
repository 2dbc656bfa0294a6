"""What every command does alike: where it prints, in which colours, and how it says no."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mcpconf.cli.console import Settings
from mcpconf.cli.index import COMMANDS, WIDTH, root_help
from tests.cli.conftest import Process, World

ESCAPE = "\033["
SUBCOMMANDS = [
    *(f"profile {name}" for name in ("ls", "show", "new", "edit", "copy", "rm", "validate", "schema")),
    *(f"server {name}" for name in ("add", "rm", "ls", "show", "enable", "disable", "test")),
    *(f"secret {name}" for name in ("set", "ls", "rm")),
    *(f"broker {name}" for name in ("run", "start", "stop", "restart", "status", "logs", "warm", "reload", "key")),
    *(f"dotfiles {name}" for name in ("install", "uninstall", "status", "log")),
    *(f"broker key {name}" for name in ("new", "ls", "revoke")),
]


def test_the_quick_help_says_what_the_parser_would(process: Process) -> None:
    parsed = process("--help", env={"COLUMNS": "80"}).stdout
    assert root_help().encode() + b"\n" == parsed == process("-h").stdout
    assert max(len(line) for line in root_help().splitlines()) < WIDTH
    assert process("--help", env={"COLUMNS": "50"}).stdout.count(b"\n") > parsed.count(b"\n")


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", ["", *(name for name, _ in COMMANDS), *SUBCOMMANDS])
def test_every_command_has_help_that_fits_eighty_columns(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, command: str, flag: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = mcpconf(*command.split(), flag)
    assert shown.out.startswith(f"Usage: mcpconf {command}".rstrip())
    assert shown.err == ""
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    assert not any(line.endswith("...") for line in shown.out.partition("\nCommands:\n")[2].splitlines())


def test_no_command_at_all_is_a_usage_error_with_the_help(mcpconf: World) -> None:
    shown = mcpconf(code=2)
    assert shown.out == ""
    assert "Usage: mcpconf" in shown.err


@pytest.mark.parametrize("argv", [["--version"], ["-q", "--version"], ["--color", "never", "--version"]])
def test_the_version(mcpconf: World, argv: list[str]) -> None:
    from mcpconf import __version__

    assert mcpconf(*argv).out == f"mcpconf {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["statsu"], "Did you mean 'status'?"),
        (["switch", "minmal"], "did you mean 'minimal'?"),
        (["switch", "--rout", "x"], "--route"),
        (["server", "shwo"], "Did you mean 'show'?"),
        (["server", "show", "mcpcnf", "--profile", "minimal"], "did you mean 'mcpconf'?"),
    ],
)
def test_a_slip_is_answered_with_what_may_have_been_meant(mcpconf: World, argv: list[str], meant: str) -> None:
    from mcpconf.cli.main import main

    assert main(argv) in (1, 2)
    assert meant in mcpconf.capture.readouterr().err


GLOBALS = [
    ["--color", "never"],
    ["--color=never"],
    ["--env", "container"],
    ["--env=host"],
    ["-q"],
    ["-v"],
    ["--no-input"],
]


@pytest.mark.parametrize("options", GLOBALS, ids=" ".join)
def test_options_of_every_command_stand_before_and_after_it(mcpconf: World, options: list[str]) -> None:
    before, after = mcpconf(*options, "env", "--json"), mcpconf("env", "--json", *options)
    assert before == after
    assert before.json["schema"] == "mcpconf.env/1"


def test_what_stands_after_dashes_is_not_ours(mcpconf: World) -> None:
    mcpconf("server", "add", "x", "--no-apply", "--", "myserver", "-q", "--color", "--env", "-y")
    assert mcpconf("server", "show", "x", "--profile", "default", "--json").json["args"] == [
        "-q",
        "--color",
        "--env",
        "-y",
    ]


def test_a_command_without_dashes_is_refused_before_its_options_are_taken_for_ours(mcpconf: World) -> None:
    before = mcpconf.tree()
    said = mcpconf("server", "add", "x", "npx", "-y", "pkg", code=2).err
    assert "try: mcpconf server add x -- npx -y pkg\n" in said
    assert mcpconf.tree() == before


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--color", "pink", "env"], "--color 'pink' is not one of auto, always, never"),
        (["env", "--color"], "--color needs a value"),
        (["--env", "mars", "env"], "'mars' is no kind of environment"),
        (["switch", "minimal", "--adopt", "--keep"], "--adopt and --keep exclude each other"),
        (["switch", "minimal", "--scope", "moon"], "there is no scope 'moon'"),
        (["switch", "minimal", "--client", "vim"], "there is no client 'vim'"),
        (["switch", "minimal", "--route", "bus"], "there is no route 'bus'"),
        (["switch", "minimal", "extra"], "extra"),
        (["server", "add"], "missing argument"),
        (["server", "add", "x", "-e", "novalue", "--", "y"], "-e takes NAME=VALUE"),
    ],
)
def test_a_wrong_word_is_a_usage_error_with_a_way_out(mcpconf: World, argv: list[str], said: str) -> None:
    before = mcpconf.tree()
    shown = mcpconf(*argv, code=2)
    assert said in shown.err
    assert shown.out == ""
    assert mcpconf.tree() == before


def test_init_without_a_terminal_names_the_flags(mcpconf: World) -> None:
    before = mcpconf.tree()
    for argv in (["init"], ["init", "--json"], ["init", "--no-input"], ["init", "--profile", "web"]):
        said = mcpconf(*argv, code=2).err
        assert "nothing was changed" in said
        for flag in ("--yes", "--profile", "--client", "--scope", "--route", "--adopt", "--keep"):
            assert flag in said
    assert mcpconf.tree() == before


def test_data_goes_to_stdout_and_the_rest_to_stderr(mcpconf: World) -> None:
    applied = mcpconf("switch", "minimal")
    assert applied.out == ""
    assert "profile minimal is active" in applied.err
    diff = mcpconf("diff", "essentials")
    assert diff.out.startswith("--- ~/.claude.json\n+++ ~/.claude.json\n@@")
    assert "would become active" in diff.err
    for command in ("status", "current", "history", "env", "profile ls", "server ls"):
        shown = mcpconf(*command.split())
        assert shown.out
        assert shown.err == ""


def test_quiet_leaves_data_and_errors(mcpconf: World) -> None:
    assert mcpconf("-q", "switch", "minimal").err == ""
    assert mcpconf("switch", "web", "--quiet") == mcpconf("switch", "web", "-q")
    assert mcpconf("-q", "current").out == "web\n"
    assert "there is no profile" in mcpconf("-q", "switch", "nope", code=1).err


@pytest.mark.parametrize(
    ("env", "options", "colors"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, ["--color", "always"], True),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"TERM": "dumb"}, ["--color", "always"], True),
    ],
)
def test_colours_by_option_then_environment(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], options: list[str], colors: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    switched = mcpconf("switch", "minimal", *options)
    assert (ESCAPE in switched.err) is colors
    assert (ESCAPE in mcpconf("status", *options).out) is colors
    assert ESCAPE not in mcpconf("status", "--json", *options).out


class Terminal:
    """What only a terminal has, for streams that are none."""

    def __init__(self, stream: object) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("term", "colors"), [("xterm", True), ("dumb", False)])
def test_a_terminal_has_colours_unless_it_is_dumb(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, term: str, colors: bool
) -> None:
    import sys

    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    mcpconf("switch", "minimal")
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    assert (ESCAPE in mcpconf("status").out) is colors


def test_each_stream_has_its_own_colours(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))
    shown = mcpconf("diff", "minimal")
    assert ESCAPE in shown.err
    assert ESCAPE not in shown.out


LONG = "A server with a name that goes on and on, so that no eighty columns could ever hold all of what it says"


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("command", ["status", "profile ls", "server ls --profile long", "history", "env --explain"])
def test_tables_fit_a_terminal_and_are_whole_in_a_pipe(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, columns: int, command: str
) -> None:
    import sys

    mcpconf.profile("long", f'description = "{LONG}"\n[servers.notes]\ncommand = "myserver"\nargs = ["{LONG}"]\n')
    mcpconf("switch", "essentials")
    whole = mcpconf(*command.split()).out
    monkeypatch.setenv("COLUMNS", str(columns))
    assert mcpconf(*command.split()).out == whole
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    shown = mcpconf("--color", "never", *command.split()).out
    tables = [line for line in shown.splitlines() if line.startswith((" ", "*")) or "  " in line]
    if columns >= 80:
        assert max(len(line) for line in tables) <= columns
    assert len(shown.splitlines()) == len(whole.splitlines())


@pytest.mark.parametrize(
    "env",
    [{"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}],
)
def test_an_ascii_terminal_gets_ascii_without_escapes(process: Process, home: Path, env: dict[str, str]) -> None:
    path = home / ".config/mcpconf/profiles/cafe.toml"
    path.parent.mkdir(parents=True)
    path.write_text('description = "Café – ✓ naïve 日本"\n[servers.x]\ncommand = "true"\n', encoding="utf-8")
    for argv in (["switch", "minimal"], ["status"], ["profile", "ls"], ["env"]):
        done = process(*argv, env=env)
        assert done.returncode == 0, done.stderr
        shown = done.stdout + done.stderr
        assert shown.isascii()
        assert not re.search(rb"\\[uxU][0-9a-f]{2}", shown)
    assert b"Cafe - * naive ??" in process("profile", "ls", env=env).stdout


def test_what_a_terminal_would_obey_is_spelled_out(mcpconf: World) -> None:
    mcpconf.profile("evil", 'description = "a\\u001b[2Jb\\u202ec"\n[servers.x]\ncommand = "true"\n')
    shown = mcpconf("--color", "always", "profile", "ls").out
    assert "a\\x1b[2Jb\\u202ec" in shown


def test_a_reader_that_goes_away_is_no_failure(process: Process) -> None:
    for argv in (["env", "--explain"], ["profile", "schema"], ["-h"], ["--version"], ["profile", "ls", "--json"]):
        done = process(*argv, shell='set -o pipefail; "$@" | head -c 0; echo "[${PIPESTATUS[0]}]"')
        assert done.stderr == b""
        assert done.stdout in (b"[0]\n", b"[1]\n")


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_failure(process: Process, redirection: str) -> None:
    for argv, code in ((["env"], 0), (["switch", "minimal", "--dry-run"], 0), (["init"], 2), (["--version"], 0)):
        done = process(*argv, shell=f'"$@" {redirection}')
        assert done.returncode == code
        assert b"Traceback" not in done.stderr


def test_json_is_one_ascii_document(mcpconf: World) -> None:
    mcpconf.profile("cafe", 'description = "Café"\n[servers.x]\ncommand = "true"\n')
    shown = mcpconf("profile", "show", "cafe", "--json")
    assert shown.out.isascii()
    assert json.loads(shown.out)["description"] == "Café"


def test_defaults_of_the_options_that_every_command_has() -> None:
    assert Settings() == Settings("auto", None, None, False, False, False)


def test_a_literal_secret_is_warned_about_and_not_shown(mcpconf: World) -> None:
    shown = mcpconf("server", "add", "x", "-e", "API_KEY=hunter2", "-e", "PLAIN=seen", "--no-apply", "--", "myserver")
    assert "mcpconf secret set API_KEY" in shown.err
    assert "hunter2" not in shown.err
    assert "seen" in shown.err
    assert "hunter2" not in mcpconf("server", "rm", "x", "--profile", "default", "--no-apply").err
    reference = mcpconf("server", "add", "y", "-e", "API_KEY=secret:API_KEY", "--no-apply", "--", "myserver")
    assert "will be readable" not in reference.err


def test_the_tools_of_a_server_are_wrapped_on_a_terminal(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from mcpconf.cli.render.probe import probe_lines
    from mcpconf.use.introduction import ProbeResult

    found = ProbeResult(era="modern", version="2026-07-28", tools=tuple(f"tool_{i}" for i in range(30)), millis=3)
    assert len(probe_lines("x", found)) == 2
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    lines = probe_lines("x", found)
    assert max(len(line) for line in lines[1:]) <= 60
    assert "".join(lines[1:]).replace("    ", " ").strip() == "30 tools: " + ", ".join(found.tools)
