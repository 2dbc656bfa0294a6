"""Switch, from the first one in an empty home to conflicts with what others wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scenarios.conftest import World

ESSENTIALS = {"mcpconf", "filesystem", "memory", "fetch", "git", "time"}


def test_init_in_an_empty_home_writes_one_entry_and_says_that_it_assumed_claude_code(mcpconf: World) -> None:
    told = mcpconf("init", "--yes").err
    entry = mcpconf.servers()["mcpconf"]
    assert entry["type"] == "stdio"
    assert entry["args"] == ["serve"]
    assert Path(entry["command"]).is_absolute()
    assert "no client was found here; assuming Claude Code" in told
    assert mcpconf("current").out == "minimal\n"
    assert mcpconf.claude.stat().st_mode & 0o777 == 0o600


def test_a_second_init_writes_nothing_at_all(mcpconf: World) -> None:
    mcpconf("init", "--yes")
    before = mcpconf.tree()
    inodes = {path: path.stat().st_ino for path in mcpconf.home.rglob("*")}
    told = mcpconf("init", "--yes").err
    assert "already configured" in told
    assert mcpconf.tree() == before
    assert {path: path.stat().st_ino for path in mcpconf.home.rglob("*")} == inodes


def test_init_without_a_terminal_or_yes_names_the_flags_and_writes_nothing(mcpconf: World) -> None:
    before = mcpconf.tree()
    told = mcpconf("init", code=2).err
    assert "--yes" in told
    assert "--profile" in told
    assert mcpconf.tree() == before


def test_switch_and_back_and_forth(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    first = mcpconf.claude.read_bytes()
    mcpconf("switch", "essentials")
    second = mcpconf.claude.read_bytes()
    assert set(mcpconf.servers()) == ESSENTIALS
    mcpconf("switch", "-")
    assert mcpconf.claude.read_bytes() == first
    assert mcpconf("current").out == "minimal\n"
    mcpconf("switch", "-")
    assert mcpconf.claude.read_bytes() == second
    assert mcpconf("current").out == "essentials\n"


def test_switching_to_the_active_profile_keeps_the_previous_one(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    mcpconf("switch", "minimal")
    mcpconf("switch", "minimal")
    mcpconf("switch", "-")
    assert mcpconf("current").out == "essentials\n"


def test_the_previous_profile_of_an_empty_home_is_a_usage_error(mcpconf: World) -> None:
    assert "no previous profile" in mcpconf("switch", "-", code=2).err
    assert mcpconf.tree() == {}


def test_switch_without_a_name_lists_the_profiles_where_nobody_can_pick(mcpconf: World) -> None:
    assert "essentials" in mcpconf("switch").out
    assert mcpconf.tree() == {}


def test_an_unknown_profile_changes_nothing(mcpconf: World) -> None:
    assert "nosuch" in mcpconf("switch", "nosuch", code=1).err
    assert mcpconf.tree() == {}


FOREIGN = (
    '{\n\t"numStartups": 12345678901234567890,\n\t"mcpServers": {\n'
    '\t\t"theirs": {"command":   "x", "odd": 1e400}\n\t},\n\t"z": -0\n}'
)


def test_foreign_entries_stay_byte_for_byte_in_every_profile(mcpconf: World) -> None:
    mcpconf.claude.write_text(FOREIGN)
    for name in ("minimal", "essentials", "web", "minimal"):
        mcpconf("switch", name)
        text = mcpconf.claude.read_text()
        assert text.startswith(FOREIGN.partition("\n\t},")[0])
        assert text.endswith('\n\t},\n\t"z": -0\n}')
        assert "\n  " not in text  # what we insert is indented with tabs, as the file is
    mcpconf("uninstall")
    assert mcpconf.claude.read_text() == FOREIGN


def test_a_comment_is_refused_with_its_place_and_nothing_is_changed(mcpconf: World) -> None:
    mcpconf.claude.write_text('{\n  "a": 1, // mine\n  "mcpServers": {}\n}\n')
    before = mcpconf.tree()
    told = mcpconf("switch", "minimal", code=4).err
    assert f"{mcpconf.claude}:2:11:" in told
    assert "nothing was changed" in told
    assert mcpconf.tree() == before


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"mcpServers": {},}', ":1:18:"),
        ('{"mcpServers": []}', ":1:"),
        ('{"mcpServers": {}, "mcpServers": {}}', ":1:"),
        ("[]", ":1:1:"),
        ('{"mcpServers": {"a": }}', ":1:"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused_with_its_place(mcpconf: World, text: str, place: str) -> None:
    mcpconf.claude.write_text(text)
    before = mcpconf.tree()
    told = mcpconf("switch", "minimal", code=4).err
    assert f"{mcpconf.claude}{place}" in told
    assert mcpconf.tree() == before


def test_a_foreign_entry_of_the_same_name_is_refused_adopted_or_kept(mcpconf: World) -> None:
    theirs = '{"mcpServers": {"time": {"command": "their-time"}}}'
    mcpconf.claude.write_text(theirs)
    before = mcpconf.tree()
    told = mcpconf("switch", "essentials", code=4).err
    assert "already has a 'time' that mcpconf did not write" in told
    assert "--adopt" in told
    assert mcpconf.tree() == before
    mcpconf("current", code=1)

    mcpconf("switch", "essentials", "--keep")
    assert mcpconf.servers()["time"] == {"command": "their-time"}
    assert set(mcpconf.servers()) == ESSENTIALS

    mcpconf("switch", "essentials", "--adopt")
    assert mcpconf.servers()["time"]["command"] != "their-time"
    mcpconf("uninstall")
    assert mcpconf.claude.read_text() == theirs


def test_a_refused_switch_leaves_the_wrapper_files_as_they_were(mcpconf: World) -> None:
    mcpconf.profile("one", '[servers.shared]\ncommand = "myserver"\nargs = ["1"]\nenv = { T = "secret:T" }\n')
    text = '[servers.shared]\ncommand = "myserver"\nargs = ["2"]\nenv = { T = "secret:T" }\n'
    mcpconf.profile("two", text + '[servers.theirs]\ncommand = "myserver"\n')
    mcpconf.claude.write_text('{"mcpServers": {"theirs": {"command": "x"}}}')
    mcpconf("switch", "one")
    before = mcpconf.tree()
    mcpconf("switch", "two", code=4)
    assert mcpconf.tree() == before


def test_adopting_and_switching_away_gives_the_foreign_entry_back(mcpconf: World) -> None:
    theirs = '{"mcpServers": {"time": {"command":"their-time"   }}}\n'
    mcpconf.claude.write_text(theirs)
    mcpconf("switch", "essentials", "--adopt")
    mcpconf("switch", "minimal")
    assert '{"command":"their-time"   }' in mcpconf.claude.read_text()
    mcpconf("uninstall")
    assert mcpconf.claude.read_text() == theirs


def edit_by_hand(world: World, name: str) -> None:
    data = json.loads(world.claude.read_text())
    data["mcpServers"][name]["args"] = ["mine"]
    world.claude.write_text(json.dumps(data))


def test_an_entry_edited_by_hand_is_kept_and_reported_until_forced(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    edit_by_hand(mcpconf, "time")
    shown = mcpconf("status", code=1).out
    assert "edited by hand" in shown
    assert "try: mcpconf switch essentials --force" in shown
    told = mcpconf("switch", "minimal").err
    assert "edited by hand, and kept" in told
    assert mcpconf.servers()["time"]["args"] == ["mine"]
    assert set(mcpconf.servers()) == {"mcpconf", "time"}
    assert "left over" in mcpconf("status", code=1).out

    mcpconf("switch", "essentials", "--force")
    assert mcpconf.servers()["time"]["args"] != ["mine"]
    assert "edited" not in mcpconf("status").out


def test_an_edited_entry_keeps_the_wrapper_files_that_it_starts(mcpconf: World) -> None:
    mcpconf.profile("secretive", '[servers.s]\ncommand = "myserver"\nenv = { T = "secret:T" }\n')
    mcpconf("switch", "secretive")
    link = Path(mcpconf.servers()["s"]["command"])
    edit_by_hand(mcpconf, "s")
    mcpconf("switch", "minimal")
    assert link.is_symlink()
    assert (link.parent / "data" / link.name).is_file()
    mcpconf("switch", "minimal", "--force")
    assert not link.is_symlink()


def test_check_exits_three_and_writes_nothing_while_something_would_change(mcpconf: World) -> None:
    mcpconf("switch", "minimal", "--check", code=3)
    mcpconf("switch", "minimal", "--dry-run")
    mcpconf("diff", "essentials", "--check", code=3)
    assert mcpconf.tree() == {}
    mcpconf("switch", "minimal")
    mcpconf("switch", "minimal", "--check")


def test_extended_profiles_write_the_servers_of_the_whole_chain(mcpconf: World) -> None:
    mcpconf.profile("base", '[servers.a]\ncommand = "myserver"\nargs = ["a"]\nenv = { X = "1" }\n')
    mcpconf.profile("middle", 'extends = "base"\n[servers.b]\ncommand = "myserver"\n')
    mcpconf.profile("top", 'extends = ["minimal", "middle"]\n[servers.a.env]\nY = "2"\n[servers.b]\ndisabled = true\n')
    mcpconf("switch", "top")
    assert set(mcpconf.servers()) == {"mcpconf", "a"}
    assert mcpconf.servers()["a"]["args"] == ["a"]
    assert mcpconf.servers()["a"]["env"] == {"X": "1", "Y": "2"}


def test_a_circle_of_profiles_is_named_with_its_place(mcpconf: World) -> None:
    mcpconf.profile("a", 'extends = "b"\n')
    mcpconf.profile("b", '# b\nextends = "a"\n')
    before = mcpconf.tree()
    told = mcpconf("switch", "a", code=4).err
    assert "b.toml:2:" in told
    assert "circle" in told
    assert mcpconf.tree() == before


def test_a_profile_deleted_while_active_is_a_finding_and_no_crash(mcpconf: World) -> None:
    path = mcpconf.profile("mine", '[servers.a]\ncommand = "myserver"\n')
    mcpconf("switch", "mine")
    path.unlink()
    assert "no profile named 'mine'" in mcpconf("status", code=1).out
    assert mcpconf("current").out == "mine\n"
    mcpconf("profile", "ls")
    mcpconf("server", "ls", code=1)
    mcpconf("switch", "minimal")
    assert set(mcpconf.servers()) == {"mcpconf"}
    assert "no profile named" in mcpconf("switch", "-", code=1).err
    mcpconf("uninstall")
    assert not mcpconf.claude.exists()


def test_managed_servers_are_told_of(mcpconf: World, tmp_path: Path) -> None:
    managed = tmp_path / "managed-mcp.json"
    mcpconf.patch.setattr("mcpconf.workflow.surroundings.MANAGED", {"linux": str(managed)})
    assert "managed" not in mcpconf("switch", "minimal", "--dry-run").err
    managed.write_text("{}")
    told = mcpconf("switch", "minimal").err
    assert f"Claude Code is managed here: {managed} takes the place of every other server" in told
