"""Questions, with a keyboard that a test types on: the same answers as by flags give the same bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from mcpconf.cli import ask as ask_module
from mcpconf.cli import console
from mcpconf.cli.main import main
from mcpconf.model import Kind
from tests.cli.conftest import World

DOWN, ENTER, SPACE, CTRL_C, CTRL_D = "\x1b[B", "\r", " ", "\x03", "\x04"
Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


@pytest.fixture
def ask(mcpconf: World, keyboard: PipeInput, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command as on a terminal, with keys typed ahead; its exit code and what it told."""
    monkeypatch.setattr("mcpconf.cli.console.interactive", lambda: True)
    monkeypatch.setattr("prompt_toolkit.output.create_output", lambda **_: DummyOutput())
    monkeypatch.setenv("MCPCONF_ENV", "host")

    def run(*argv: str, keys: str) -> tuple[int, str]:
        keyboard.send_text(keys)
        mcpconf.capture.readouterr()
        code = main(list(argv))
        said = mcpconf.capture.readouterr()
        return code, said.out + said.err

    return run


def forget(world: World) -> None:
    """Back to an empty home."""
    assert main(["uninstall", "--purge", "--yes"]) == 0
    assert not world.claude.exists()
    world.capture.readouterr()


def lasting(world: World) -> dict[str, object]:
    """All that a wizard's answers decide: everything but the time of it."""
    return {name: found for name, found in {**world.tree(), **project(world)}.items() if "generations" not in name}


def project(world: World) -> dict[str, object]:
    return {str(path): path.read_bytes() for path in world.work.rglob("*") if path.is_file()}


ANSWERS = {
    "all defaults": ([], ENTER * 4 + "y", "--profile minimal --client claude-code --scope user"),
    "essentials": ([], "ess" + ENTER * 5 + "y", "--profile essentials --client claude-code --scope user --no-broker"),
    "kept": ([], "ess" + ENTER * 4 + "y" + "y", "--profile essentials --client claude-code --scope user --broker"),
    "both clients": ([], ENTER + DOWN + SPACE + ENTER * 3 + "y",
                     "--profile minimal --client claude-code --client claude-desktop --scope user"),
    "desktop alone": ([], ENTER + SPACE + DOWN + SPACE + ENTER * 2 + "y",
                      "--profile minimal --client claude-desktop --scope user"),
    "local": ([], ENTER * 2 + DOWN + ENTER * 2 + "y",
              "--profile minimal --client claude-code --scope local"),
    "project": ([], ENTER * 2 + DOWN * 2 + ENTER * 2 + "y",
                "--profile minimal --client claude-code --scope project"),
    "broker": ([], "ess" + ENTER * 3 + DOWN * 4 + ENTER + "y",
               "--profile essentials --client claude-code --scope user --route broker --broker"),
    "direct": ([], ENTER * 3 + DOWN + ENTER + "y",
               "--profile minimal --client claude-code --scope user --route direct"),
    "wrapper": ([], ENTER * 3 + DOWN * 2 + ENTER + "y",
                "--profile minimal --client claude-code --scope user --route wrapper"),
    "some by flag": (["--profile", "web", "--portable"], ENTER * 3 + "y",
                     "--profile web --client claude-code --scope user --portable"),
    "approved": (["--scope", "project", "--approve"], ENTER * 3 + "y",
                 "--profile minimal --client claude-code --scope project --approve"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_the_wizard_and_its_own_line_of_flags_give_the_same_bytes(mcpconf: World, ask: Ask, name: str) -> None:
    mcpconf.project("p")
    flags, keys, line = ANSWERS[name]
    code, told = ask("init", *flags, keys=keys)
    assert code == 0, told
    assert f"  mcpconf init --yes {line}\n" in told
    by_hand = lasting(mcpconf)
    forget(mcpconf)
    assert main(["init", "--yes", *line.split()]) == 0
    assert lasting(mcpconf) == by_hand


@pytest.mark.parametrize(("keys", "flag"), [("", "--keep"), (DOWN, "--adopt")])
def test_so_do_the_answers_about_a_foreign_entry(mcpconf: World, ask: Ask, keys: str, flag: str) -> None:
    foreign = '{"mcpServers": {"mcpconf": {"command": "theirs"}}}'
    mcpconf.claude.write_text(foreign)
    code, told = ask("init", "--profile", "essentials", keys=ENTER * 4 + keys + ENTER + "y")
    assert code == 0, told
    assert flag in told.rsplit("\n", 2)[1]
    by_hand = lasting(mcpconf)
    assert main(["uninstall", "--purge", "--yes"]) == 0
    assert mcpconf.claude.read_text() == foreign
    assert main(["init", "--yes", "--profile", "essentials", "--client", "claude-code", "--scope", "user", flag]) == 0
    assert lasting(mcpconf) == by_hand


def test_where_there_is_nothing_to_keep_nobody_is_asked(
    mcpconf: World, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container the answer would be yes."""
    monkeypatch.setenv("MCPCONF_ENV", "container")
    code, told = ask("init", "--profile", "minimal", keys=ENTER * 3 + "y")
    assert code == 0, told
    assert "Broker" not in told
    assert not (mcpconf.home / ".config/mcpconf/profiles").exists()
    assert "--broker has no effect: minimal" in ask("init", "--broker", keys=ENTER * 4 + "y")[1]
    assert not (mcpconf.home / ".config/mcpconf/profiles").exists()


def test_a_profile_is_not_written_before_somebody_has_said_yes(
    mcpconf: World, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where no client's file changes: the server's own route takes the broker in any case."""
    text = '[broker]\nautostart = false\n\n[servers.one]\ncommand = "myserver"\nroutes = ["broker"]\n'
    path = mcpconf.profile("mine", text)
    mcpconf("switch", "mine")
    for answer, code in ((False, 1), (True, 0)):
        asked: list[str] = []
        answers = {
            "Keep servers running between sessions?": True,
            "Write ~/.config/mcpconf/profiles/mine.toml?": answer,
        }
        monkeypatch.setattr(
            "mcpconf.cli.ask.confirm",
            lambda message, *_, asked=asked, answers=answers: asked.append(message) or answers[message],
        )
        found, told = ask("init", "--profile", "mine", keys=ENTER * 3)
        assert (found, asked) == (code, list(answers)), told
        assert path.read_text() == (text.replace("false", "true") if answer else text)
    assert "wrote ~/.config/mcpconf/profiles/mine.toml\n" in told
    assert "nothing to write" not in told


def test_the_question_names_every_file_that_is_written(
    mcpconf: World, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("mcpconf.cli.ask.confirm", lambda message, default=True: not asked.append(message))
    ask("init", "--profile", "essentials", keys=ENTER * 3)
    assert asked[-1] == "Write ~/.config/mcpconf/profiles/essentials.toml and ~/.claude.json?"


def test_stop_at_a_foreign_entry_changes_nothing(mcpconf: World, ask: Ask) -> None:
    mcpconf.claude.write_text('{"mcpServers": {"mcpconf": {"command": "theirs"}}}')
    before = mcpconf.tree()
    for argv, keys in ((["init", "--profile", "minimal"], ENTER * 3), (["switch", "minimal"], "")):
        code, told = ask(*argv, keys=keys + DOWN * 2 + ENTER)
        assert code == 4
        assert "stopped as you said; nothing was changed" in told
    assert mcpconf.tree() == before


def test_a_place_that_cannot_be_told_is_asked_about(mcpconf: World, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MCPCONF_ENV")
    monkeypatch.setattr("mcpconf.environment.verdict.decide", lambda evidence: (Kind.UNKNOWN, 0))
    code, told = ask("init", "--profile", "essentials", keys=DOWN + ENTER * 5 + "y")
    assert code == 0, told
    assert "Place    container" in told
    assert "Broker   keeps servers running" in told, "as it is by default in a container"
    assert "--env container\n" in told


COMMANDS = {
    "switch": (["switch"], CTRL_C),
    "server add": (["server", "add", "x", "--", "myserver"], CTRL_C),
    "server rm": (["server", "rm", "own", "--profile", "mine"], CTRL_D),
    "profile rm": (["profile", "rm", "mine"], CTRL_C),
    "secret set": (["secret", "set", "KEY"], CTRL_C),
    "trust": (["trust", "team"], CTRL_C),
    "import": (["import", "--profile", "mine"], CTRL_C),
    "uninstall": (["uninstall", "--purge"], CTRL_C),
    "conflict": (["server", "add", "theirs", "--yes", "--", "myserver"], CTRL_C),
}


@pytest.fixture
def lived(mcpconf: World) -> World:
    root = mcpconf.project("p")
    mcpconf.profile("team", '[servers.t]\ncommand = "myserver"\n', root / ".mcpconf")
    mcpconf.profile("mine", '[servers.own]\ncommand = "myserver"\n')
    mcpconf.claude.write_text('{"mcpServers": {"theirs": {"command": "x"}}}')
    mcpconf("switch", "minimal")
    return mcpconf


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_at_a_question_ends_the_command_and_changes_nothing(lived: World, ask: Ask, name: str) -> None:
    before = (lived.tree(), project(lived))
    argv, key = COMMANDS[name]
    code, told = ask(*argv, keys=key)
    assert code == 130
    assert told.endswith("mcpconf: stopped; nothing was changed\n")
    assert (lived.tree(), project(lived)) == before


@pytest.mark.parametrize("name", ["server add", "server rm", "profile rm", "trust", "import", "uninstall"])
def test_no_changes_nothing_and_is_no_success(lived: World, ask: Ask, name: str) -> None:
    before = (lived.tree(), project(lived))
    code, told = ask(*COMMANDS[name][0], keys="n")
    assert code == 1
    assert told.endswith("mcpconf: stopped as you said; nothing was changed\n")
    assert (lived.tree(), project(lived)) == before


def test_yes_does_it(lived: World, ask: Ask) -> None:
    assert ask("server", "add", "x", "--", "myserver", keys="y")[0] == 0
    assert "x" in lived.servers()
    assert ask("secret", "set", "KEY", keys="s3cret" + ENTER)[0] == 0
    assert lived("secret", "ls").out == "KEY  file\n"
    assert ask("trust", "team", keys="y")[0] == 0
    assert ask("switch", "team", keys="")[0] == 0
    assert "t" in lived.servers()
    assert ask("profile", "rm", "mine", keys="y")[0] == 0
    assert not (lived.home / ".config/mcpconf/profiles/mine.toml").exists()
    assert ask("uninstall", "--purge", keys="y")[0] == 0
    assert lived.servers() == {"theirs": {"command": "x"}}


def test_a_checkbox_wants_at_least_one(mcpconf: World, ask: Ask) -> None:
    code, told = ask("init", keys=ENTER + SPACE + ENTER + SPACE + ENTER * 4 + "y")
    assert code == 0, told
    assert "--client claude-code" in told


class Stream:
    """A standard stream that is a terminal, or not."""

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("stdin", "stderr", "term", "no_input", "asked"),
    [
        (True, True, "xterm", False, True),
        (False, True, "xterm", False, False),
        (True, False, "xterm", False, False),
        (True, True, "dumb", False, False),
        (True, True, "xterm", True, False),
    ],
)
def test_a_person_is_asked_on_a_terminal_that_can_show_a_menu(
    monkeypatch: pytest.MonkeyPatch, stdin: bool, stderr: bool, term: str, no_input: bool, asked: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Stream(stdin))
    monkeypatch.setattr(sys, "stderr", Stream(stderr))
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(console, "settings", console.Settings(no_input=no_input))
    assert console.interactive() is asked


def test_questions_appear_on_stderr_and_leave_stdout_to_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("prompt_toolkit.output.create_output", lambda stdout: seen.append(stdout) or DummyOutput())
    ask_module._manners()
    assert seen == [sys.stderr]
