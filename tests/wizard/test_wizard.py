"""`mcpconf init` and the picker of `mcpconf switch`, driven on a real terminal."""

from __future__ import annotations

import json

import pytest

from tests.wizard.conftest import Desk

pytestmark = pytest.mark.real

QUESTIONS = ("Which profile?", "Which clients?", "Who is to have", "How shall clients", "Keep servers", "Write ~")
WORK = """description = "Servers for work"

[servers.notes]
command = "notes-server"

[servers.tickets]
url = "https://tickets.example.com/mcp"
headers = { Authorization = "Bearer ${TICKETS_TOKEN}" }
"""
FOREIGN = '{\n  "theme": "dark",\n  "mcpServers": {\n    "mcpconf": {\n      "command": "theirs"\n    }\n  }\n}\n'


def servers(text: str) -> dict[str, object]:
    return dict(json.loads(text)["mcpServers"])


def answer(desk: Desk, *keys: tuple[str, ...]) -> None:
    """Give each question its keys; every screen that was answered is kept."""
    for question, typed in zip(QUESTIONS, keys, strict=False):
        desk.screen.wait(question, question.strip(" ~?").lower())
        desk.screen.type(*typed)


ENTER = ("Enter",)


def test_all_defaults_make_the_minimal_profile_active(desk: Desk) -> None:
    desk.start("init")
    answer(desk, ENTER, ENTER, ENTER, ENTER)
    desk.screen.wait("Write ~/.claude.json?", "write")
    desk.screen.type("y")
    assert desk.screen.exit_code() == 0
    desk.screen.wait("[exit 0]", "end")
    desk.golden("defaults")
    written = desk.files()
    assert servers(written[".claude.json"].decode()).keys() == {"mcpconf"}
    assert desk.by_flags({}) == written


def test_another_profile_for_everybody_who_works_on_a_project(desk: Desk) -> None:
    profile = desk.home / ".config/mcpconf/profiles/work.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(WORK)
    before = desk.files()
    desk.start("init")
    answer(desk, ("w", "o", "r", "k", "Enter"), ENTER, ("Down", "Down", "Enter"), ("Down", "Enter"))
    desk.screen.wait("Write ~", "write")
    desk.screen.type("y")
    assert desk.screen.exit_code() == 0
    desk.screen.wait("[exit 0]", "end")
    desk.golden("project")
    written = desk.files()
    assert servers(written["project/.mcp.json"].decode()).keys() == {"notes", "tickets"}
    assert not (desk.home / ".claude.json").exists()
    assert desk.by_flags(before) == written


def test_an_entry_of_the_same_name_is_asked_about_and_adopted(desk: Desk) -> None:
    (desk.home / ".claude.json").write_text(FOREIGN)
    before = desk.files()
    desk.start("init")
    answer(desk, ENTER, ENTER, ENTER, ENTER)
    desk.screen.wait("What shall become of it?", "conflict")
    desk.screen.type("Down", "Enter")
    desk.screen.wait("Write ~/.claude.json?", "write")
    desk.screen.type("y")
    assert desk.screen.exit_code() == 0
    desk.screen.wait("[exit 0]", "end")
    desk.golden("adopt")
    written = desk.files()
    assert servers(written[".claude.json"].decode())["mcpconf"] != {"command": "theirs"}
    assert desk.by_flags(before) == written
    assert desk.run("uninstall").returncode == 0
    assert (desk.home / ".claude.json").read_text() == FOREIGN


@pytest.mark.parametrize("asked", range(len(QUESTIONS)))
def test_ctrl_c_at_any_question_changes_nothing(desk: Desk, asked: int) -> None:
    profile = desk.home / ".config/mcpconf/profiles/default.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(WORK)
    before = desk.stamps()
    desk.start("init")
    answer(desk, *[ENTER] * asked, ("C-c",))
    assert desk.screen.exit_code() == 130
    assert "mcpconf: stopped; nothing was changed\n" in desk.screen.capture()
    assert "Traceback" not in desk.screen.capture()
    assert desk.stamps() == before


def test_no_at_the_end_changes_nothing(desk: Desk) -> None:
    before = desk.stamps()
    desk.start("init")
    answer(desk, ENTER, ENTER, ENTER, ENTER)
    desk.screen.wait("Write ~", "write")
    desk.screen.type("n")
    assert desk.screen.exit_code() == 1
    assert "mcpconf: stopped as you said; nothing was changed\n" in desk.screen.capture()
    assert desk.stamps() == before


def test_a_second_run_says_so_and_writes_nothing(desk: Desk) -> None:
    assert desk.run("init", "--yes", "--client", "claude-code", "--scope", "user").returncode == 0
    before = desk.stamps()
    desk.start("init")
    answer(desk, ENTER, ENTER, ENTER, ENTER)
    assert desk.screen.exit_code() == 0
    desk.screen.wait("[exit 0]", "end")
    desk.golden("again")
    assert "already configured" in desk.screen.capture()
    assert desk.stamps() == before


def test_a_question_whose_answer_is_a_flag_is_not_asked(desk: Desk) -> None:
    desk.start("init", "--profile", "minimal", "--client", "claude-code", "--scope", "local", "--route", "direct")
    desk.screen.wait("Write ~/.claude.json?")
    desk.screen.type("y")
    assert desk.screen.exit_code() == 0
    projects = json.loads((desk.home / ".claude.json").read_text())["projects"]
    assert next(iter(projects.values()))["mcpServers"].keys() == {"mcpconf"}


def test_switch_without_a_name_picks_from_a_list_that_typing_filters(desk: Desk) -> None:
    assert desk.run("init", "--yes").returncode == 0
    desk.start("switch")
    desk.screen.wait("Which profile?", "all profiles")
    desk.screen.type("t", "h", "i", "n", "k")
    desk.screen.wait("/ think", "after typing")
    desk.screen.type("Enter")
    assert desk.screen.exit_code() == 0
    desk.screen.wait("[exit 0]", "end")
    desk.golden("picker")
    assert desk.run("current").stdout == "research\n"
