"""A directory that asks for a profile: nothing comes of it before it was allowed, and nothing after an edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import World

OWN = 'extends = "base"\n[servers.mine]\ncommand = "myserver"\nargs = ["--token", "hunter2"]\n'
OWN += 'env = { A_TOKEN = "hunter3" }\n'
BASE = '[servers.below]\ncommand = "myserver"\n'


@pytest.fixture
def project(mcpconf: World) -> Path:
    """A work tree that asks for a profile of its own, which has a parent there."""
    path = mcpconf.project("p")
    mcpconf.profile("team", OWN, path / ".mcpconf")
    mcpconf.profile("base", BASE, path / ".mcpconf")
    (path / ".mcpconf/profile").write_text("team\n")
    return path


def servers(mcpconf: World, project: Path) -> set[str]:
    data: dict[str, Any] = json.loads(mcpconf.claude.read_bytes()) if mcpconf.claude.exists() else {}
    return set(data.get("projects", {}).get(str(project), {}).get("mcpServers", {}))


def test_it_shows_what_would_run_and_changes_nothing_unasked(mcpconf: World, project: Path) -> None:
    found = mcpconf("allow", code=4)
    assert "asks for the profile team, its own" in found.err
    assert "runs myserver" in found.err
    assert "sets A_TOKEN" in found.err
    assert "hunter" not in found.err
    assert "mcpconf allow --yes" in found.err
    assert servers(mcpconf, project) == set()
    assert not (mcpconf.state / "trust.json").exists()


def test_once_allowed_it_counts_there_and_nowhere_else(mcpconf: World, project: Path) -> None:
    mcpconf("switch", "minimal", "--scope", "user")
    mcpconf("allow", "--yes")
    assert servers(mcpconf, project) == {"mine", "below"}
    assert set(mcpconf.servers()) == {"mcpconf"}
    assert mcpconf("current").out == "team\n"
    mcpconf.patch.chdir(mcpconf.work)
    assert mcpconf("current").out == "minimal\n"
    (project / "deep").mkdir()
    mcpconf("allow", str(project / "deep"))  # allowed already: nobody is asked


def test_any_edit_revokes(mcpconf: World, project: Path) -> None:
    mcpconf("allow", "--yes")
    mcpconf("undo")
    for file in ("profile", "team.toml", "base.toml"):
        path = project / ".mcpconf" / file
        before = path.read_text()
        path.write_text(before + "\n")
        assert "to use it: mcpconf allow" in mcpconf("allow", "--if-allowed", code=4).err
        assert servers(mcpconf, project) == set()
        path.write_text(before)
    mcpconf("allow", "--if-allowed")


def test_if_allowed_brings_it_back_and_then_does_nothing(mcpconf: World, project: Path) -> None:
    mcpconf("allow", "--yes")
    mcpconf("undo")
    mcpconf("allow", "--if-allowed")
    assert servers(mcpconf, project) == {"mine", "below"}
    before = mcpconf.tree()
    mcpconf("allow", "--if-allowed")
    assert mcpconf.tree() == before


def test_revoked_it_is_as_it_was_and_undo_does_not_bring_it_back_untrusted(mcpconf: World, project: Path) -> None:
    mcpconf.claude.write_text('{"a": 1}\n')
    mcpconf("allow", "--yes")
    assert "its servers are gone" in mcpconf("allow", "--revoke").err
    assert mcpconf.claude.read_text() == '{"a": 1}\n'
    assert mcpconf("current", code=1).out == ""
    mcpconf("allow", "--if-allowed", code=4)
    mcpconf("undo", code=4)


@pytest.mark.parametrize("now", ["minimal", "nosuch", "../x", None])
def test_revoked_after_an_edit_nothing_is_left_either(mcpconf: World, project: Path, now: str | None) -> None:
    mcpconf("allow", "--yes")
    if now is None:
        (project / ".mcpconf/profile").unlink()
    else:
        (project / ".mcpconf/profile").write_text(now)
    assert "its servers are gone" in mcpconf("allow", "--revoke").err
    assert servers(mcpconf, project) == set()
    assert json.loads((mcpconf.state / "trust.json").read_bytes())["trusted"] == {}
    assert "was not allowed" in mcpconf("allow", "--revoke").err


def test_a_profile_that_was_chosen_otherwise_stays_when_nothing_was_allowed(mcpconf: World, project: Path) -> None:
    mcpconf("switch", "minimal", "--scope", "local")
    assert "was not allowed" in mcpconf("allow", "--revoke").err
    assert servers(mcpconf, project) == {"mcpconf"}


def test_an_entry_that_was_edited_by_hand_stays_when_it_is_revoked(mcpconf: World, project: Path) -> None:
    mcpconf("allow", "--yes")
    data = json.loads(mcpconf.claude.read_bytes())
    data["projects"][str(project)]["mcpServers"]["below"]["args"] = ["mine"]
    mcpconf.claude.write_text(json.dumps(data))
    assert "below was edited by hand, and stays" in mcpconf("allow", "--revoke").err
    assert servers(mcpconf, project) == {"below"}


def test_a_profile_that_is_named_needs_trust_only_where_it_is_the_projects(mcpconf: World, project: Path) -> None:
    (project / ".mcpconf/profile").unlink()
    mcpconf("allow", "--if-allowed", "--profile", "team", code=4)
    mcpconf("allow", "--if-allowed", "--profile", "minimal")
    assert servers(mcpconf, project) == {"mcpconf"}


def test_what_names_no_profile_is_refused_with_its_place(mcpconf: World, project: Path) -> None:
    for text in ("", "a b", "$(touch x)", "../team", "-x", "\x1b[31m", "x" * 9000):
        (project / ".mcpconf/profile").write_text(text)
        found = mcpconf("allow", "--yes", code=4)
        assert ".mcpconf/profile:1:1: " in found.err
        assert "\x1b" not in found.err
        assert "nothing was changed" in found.err


def test_what_a_link_of_the_repository_leads_to_is_not_printed(mcpconf: World, project: Path) -> None:
    (mcpconf.home / "key").write_text("hunter2-hunter2 and so on\n")
    (project / ".mcpconf/profile").unlink(missing_ok=True)
    (project / ".mcpconf/profile").symlink_to(mcpconf.home / "key")
    for words in (("--yes",), ("--if-allowed",)):
        told = mcpconf("allow", *words, code=4)
        assert "cannot name a profile" in told.err
        assert "hunter2" not in told.err + told.out


def test_below_the_root_of_a_project_it_counts_in_all_of_it_and_says_so(mcpconf: World) -> None:
    project = mcpconf.project("mono")
    (project / "part/.mcpconf").mkdir(parents=True)
    (project / "part/.mcpconf/profile").write_text("minimal")
    assert "is one project" in mcpconf("allow", str(project / "part"), "--yes").err
    assert servers(mcpconf, project) == {"mcpconf"}


def test_a_place_that_asks_for_nothing_says_how_to_ask(mcpconf: World) -> None:
    assert "> .mcpconf/profile" in mcpconf("allow", code=2).err
    assert "no directory" in mcpconf("allow", str(mcpconf.home / "nowhere"), code=1).err
