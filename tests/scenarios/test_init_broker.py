"""`mcpconf init` and the broker: when it is offered, where that is written, and that it goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.conftest import World

YES = ("init", "--yes", "--profile", "essentials", "--client", "claude-code")


@pytest.fixture
def own(home: Path) -> Path:
    """The user's own profile of the shipped one's name."""
    return home / ".config/mcpconf/profiles/essentials.toml"


def routes(world: World) -> set[str]:
    targets = world("status", "--json").json["contexts"][0]["targets"]
    return {entry["route"] for target in targets for entry in target["entries"] if entry["name"] != "mcpconf"}


@pytest.mark.parametrize(("place", "kept"), [("container", True), ("host", False)])
def test_without_a_question_it_is_wanted_in_a_container_only(
    mcpconf: World, own: Path, place: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPCONF_ENV", place)
    mcpconf(*YES)
    assert own.exists() is kept
    assert (routes(mcpconf) == {"broker"}) is kept


def test_it_is_written_into_a_profile_that_builds_on_the_shipped_one(mcpconf: World, own: Path) -> None:
    told = mcpconf(*YES, "--broker").err
    assert "+autostart = true" in told
    text = own.read_text()
    assert 'extends = "essentials"' in text
    assert text.endswith("[broker]\nautostart = true\n")
    before = mcpconf("profile", "show", "essentials", "--json").json
    assert before["autostart"] is True
    assert before["description"].startswith("Files, memory")

    mcpconf("undo")
    assert not own.exists()
    assert not mcpconf.claude.exists()


def test_where_nothing_would_be_kept_it_says_so_and_writes_no_profile(mcpconf: World, own: Path) -> None:
    line = ("init", "--yes", "--profile", "minimal", "--client", "claude-code", "--broker")
    assert "--broker has no effect: minimal has no server that a broker would keep here" in mcpconf(*line).err
    assert not own.parent.exists()
    assert "already configured" in mcpconf(*line).err


def test_a_dry_run_shows_it_and_writes_nothing(mcpconf: World, own: Path) -> None:
    told = mcpconf("init", "--dry-run", "--profile", "essentials", "--broker")
    assert "+autostart = true" in told.err
    assert "shim.py" in told.out
    assert mcpconf.tree() == {}


def test_what_the_profile_says_already_stays(mcpconf: World, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPCONF_ENV", "container")
    text = 'extends = "essentials"\nbroker.autostart = false # never\n'
    mcpconf.profile("essentials", text)
    mcpconf(*YES)
    assert own.read_text() == text
    assert "broker" not in routes(mcpconf)
    mcpconf(*YES, "--broker")
    assert own.read_text() == text.replace("false", "true")
    mcpconf(*YES)
    assert own.read_text() == text.replace("false", "true")
    mcpconf(*YES, "--no-broker")
    assert own.read_text() == text
    assert "broker" not in routes(mcpconf)


def test_a_projects_profile_is_its_authors_to_edit(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPCONF_ENV", "container")
    root = mcpconf.project("repo")
    text = '[servers.one]\ncommand = "myserver"\n'
    path = mcpconf.profile("team", text, root / ".mcpconf")
    monkeypatch.setattr("mcpconf.cli.console.interactive", lambda: True)
    monkeypatch.setattr("mcpconf.cli.ask.confirm", lambda *_: True)
    mcpconf("trust", "team")
    mcpconf("init", "--yes", "--profile", "team")
    assert (path.read_text(), list(mcpconf.home.glob(".config/mcpconf/profiles/*"))) == (text, [])
    refused = mcpconf("init", "--yes", "--profile", "team", "--broker", code=1).err
    assert "is this project's own profile" in refused
    assert "nothing was changed" in refused
