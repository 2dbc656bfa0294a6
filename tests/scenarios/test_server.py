"""`mcpconf server`: the user's own profile is edited and applied, or nothing is."""

from __future__ import annotations

import json

from tests.scenarios.conftest import World

COMMENTED = """# my own profile
description = "mine"

extends = "minimal" # the smallest

[servers.a] # the first
command = "myserver" # found on PATH
args = [
  "one", # first
]
"""


def test_the_first_server_makes_a_default_profile_and_applies_it(mcpconf: World) -> None:
    mcpconf("server", "add", "x", "-e", "A=b c", "--", "myserver", "--flag", "-e")
    path = mcpconf.home / ".config/mcpconf/profiles/default.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    entry = mcpconf.servers()["x"]
    assert entry["args"] == ["--flag", "-e"]
    assert entry["env"] == {"A": "b c"}
    assert set(mcpconf.servers()) == {"mcpconf", "x"}
    assert mcpconf("current").out == "default\n"


def test_the_new_default_builds_on_the_active_profile(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    mcpconf("server", "add", "x", "--url", "https://example.com/mcp", "--header", "X-A=1")
    assert mcpconf.servers()["x"] == {"type": "http", "url": "https://example.com/mcp", "headers": {"X-A": "1"}}
    assert "time" in mcpconf.servers()


def test_comments_and_layout_of_the_profile_are_kept(mcpconf: World) -> None:
    path = mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    mcpconf("server", "add", "b", "--", "myserver")
    assert path.read_text().startswith(COMMENTED)
    mcpconf("server", "disable", "a")
    mcpconf("server", "enable", "a")
    for line in COMMENTED.splitlines():
        assert line in path.read_text()
    mcpconf("server", "rm", "b")
    assert set(mcpconf.servers()) == {"mcpconf", "a"}
    assert path.read_text() == COMMENTED


def test_an_inherited_server_can_be_disabled_and_enabled(mcpconf: World) -> None:
    path = mcpconf.profile("mine", 'extends = "essentials"\n')
    mcpconf("switch", "mine")
    mcpconf("server", "disable", "time")
    assert "time" not in mcpconf.servers()
    mcpconf("server", "enable", "time")
    assert "time" in mcpconf.servers()
    assert path.read_text() == 'extends = "essentials"\n'


def test_what_a_parent_disables_is_enabled_by_a_key_of_its_own(mcpconf: World) -> None:
    mcpconf.profile("base", '[servers.a]\ncommand = "myserver"\ndisabled = true\n')
    path = mcpconf.profile("mine", 'extends = ["minimal", "base"]\n')
    mcpconf("switch", "mine")
    mcpconf("server", "enable", "a")
    assert path.read_text().endswith("\n[servers.a]\ndisabled = false\n")
    assert set(mcpconf.servers()) == {"mcpconf", "a"}


def test_a_key_that_a_person_wrote_keeps_its_comment(mcpconf: World) -> None:
    path = mcpconf.profile(
        "mine", 'extends = "minimal"\n[servers.time]\ndisabled = true # too slow\nurl = "https://e.org"\n'
    )
    mcpconf("switch", "mine")
    mcpconf("server", "enable", "time")
    assert "disabled = false # too slow\n" in path.read_text()
    assert "time" in mcpconf.servers()


def test_no_apply_changes_the_profile_only(mcpconf: World) -> None:
    told = mcpconf("server", "add", "x", "--no-apply", "--", "myserver").err
    assert "mcpconf switch default" in told
    assert not mcpconf.claude.exists()
    assert "[servers.x]" in (mcpconf.home / ".config/mcpconf/profiles/default.toml").read_text()
    mcpconf("current", code=1)


def test_dry_run_shows_the_edit_and_writes_nothing(mcpconf: World) -> None:
    mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    before = mcpconf.tree()
    for line in (["add", "b", "--", "myserver"], ["rm", "a"]):
        told = mcpconf("server", line[0], line[1], "--dry-run", *line[2:]).err
        assert "servers." in told
    assert mcpconf.tree() == before


def test_a_failed_apply_puts_the_profile_back(mcpconf: World) -> None:
    path = mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    data = json.loads(mcpconf.claude.read_text())
    data["mcpServers"]["b"] = {"command": "theirs"}
    mcpconf.claude.write_text(json.dumps(data))
    before = {p: what for p, what in mcpconf.tree().items() if p.endswith((".json", ".toml", "active"))}
    assert "did not write" in mcpconf("server", "add", "b", "--", "myserver", code=4).err
    assert path.read_text() == COMMENTED
    assert {p: what for p, what in mcpconf.tree().items() if p.endswith((".json", ".toml", "active"))} == before
    mcpconf.claude.write_text("{,}")
    mcpconf("server", "rm", "a", code=4)
    assert path.read_text() == COMMENTED


def test_a_failed_first_add_leaves_no_profile(mcpconf: World) -> None:
    mcpconf.claude.write_text("{,}")
    mcpconf("server", "add", "x", "--", "myserver", code=4)
    assert not (mcpconf.home / ".config/mcpconf/profiles/default.toml").exists()
    mcpconf("current", code=1)


def test_names_and_doubles_are_refused_before_anything_is_written(mcpconf: World) -> None:
    mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    before = mcpconf.tree()
    mcpconf("server", "add", "bad name", "--", "myserver", code=2)
    mcpconf("server", "add", "__proto__", "--", "myserver", code=2)
    mcpconf("server", "add", "a", "--", "myserver", code=1)
    mcpconf("server", "add", "y", code=2)
    mcpconf("server", "add", "y", "-e", "novalue", "--", "myserver", code=2)
    mcpconf("server", "rm", "nosuch", code=1)
    mcpconf("server", "disable", "nosuch", code=1)
    assert mcpconf.tree() == before


def test_replace_takes_the_place_of_a_server(mcpconf: World) -> None:
    mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    mcpconf("server", "add", "a", "--replace", "--package", "npm:thing@1.0.0")
    assert mcpconf.servers()["a"]["args"] == ["-y", "thing@1.0.0"]


def test_a_literal_reference_is_not_expanded_by_accident(mcpconf: World) -> None:
    told = mcpconf("server", "add", "x", "-e", "A=${not a reference}", "--", "myserver", code=2).err
    assert "${not a reference}" in told
    assert not mcpconf.claude.exists()


def test_a_missing_program_is_told_and_the_others_are_written(mcpconf: World) -> None:
    mcpconf.profile("mine", 'extends = "minimal"\n[servers.a]\ncommand = "nosuchprogram"\n')
    told = mcpconf("switch", "mine").err
    assert "nosuchprogram is not on PATH" in told
    assert set(mcpconf.servers()) == {"mcpconf"}


def test_undo_of_the_first_add_takes_the_new_profile_back_too(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    mcpconf("server", "add", "x", "--", "myserver")
    path = mcpconf.home / ".config/mcpconf/profiles/default.toml"
    assert path.exists()
    assert "~/.config/mcpconf/profiles/default.toml" in mcpconf("undo").err
    assert set(mcpconf.servers()) == {"mcpconf"}
    assert mcpconf("current").out == "minimal\n"
    assert not path.exists()


def test_undo_takes_back_each_edit_of_the_profile_with_its_entries(mcpconf: World) -> None:
    path = mcpconf.profile("mine", COMMENTED)
    path.chmod(0o640)
    mcpconf("switch", "mine")
    steps = (
        ["add", "b", "--", "myserver"],
        ["disable", "a"],
        ["rm", "b"],
        ["add", "a", "--replace", "--url", "https://e.org"],
    )
    seen = []
    for step in steps:
        seen.append((path.read_text(), mcpconf.claude.read_bytes()))
        mcpconf("server", *step)
    for text, data in reversed(seen):
        before = mcpconf.tree()
        mcpconf("undo", "--dry-run")
        assert mcpconf.tree() == before
        assert mcpconf("undo", "--json").json["profile"] == "~/.config/mcpconf/profiles/mine.toml"
        assert (path.read_text(), mcpconf.claude.read_bytes()) == (text, data)
    assert path.stat().st_mode & 0o777 == 0o640
    mcpconf("status")


def test_undo_of_an_edit_that_changed_no_client_is_an_undo_too(mcpconf: World) -> None:
    path = mcpconf.profile("mine", COMMENTED + '[servers.b]\ncommand = "nosuchprogram"\n')
    mcpconf("switch", "mine")
    text = path.read_text()
    mcpconf("server", "rm", "b")
    told = mcpconf("undo").err
    assert "given back" in told
    assert "nothing to change" not in told
    assert path.read_text() == text


def test_undo_does_not_write_over_a_later_edit_of_the_profile(mcpconf: World) -> None:
    path = mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    mcpconf("server", "add", "b", "--", "myserver")
    path.write_text(path.read_text() + "# mine\n")
    before = mcpconf.tree()
    for line in (["undo"], ["undo", "--dry-run"]):
        assert f"{path} was edited since; nothing was changed" in mcpconf(*line, code=4).err
    assert mcpconf.tree() == before
    told = mcpconf("undo", "--force").err
    assert f"{path} was edited since, and stays as it is" in told
    assert path.read_text().endswith("# mine\n")
    assert set(mcpconf.servers()) == {"mcpconf", "a"}


def test_undo_of_a_profile_that_was_put_back_by_hand_takes_the_entries_back(mcpconf: World) -> None:
    path = mcpconf.profile("mine", COMMENTED)
    mcpconf("switch", "mine")
    mcpconf("server", "add", "b", "--", "myserver")
    path.write_text(COMMENTED)
    assert mcpconf("undo", "--json").json["profile"] is None
    assert set(mcpconf.servers()) == {"mcpconf", "a"}


def test_what_is_wrong_with_the_command_line_names_no_file(mcpconf: World) -> None:
    told = mcpconf("server", "add", "foo", "--url", "foo", code=2).err
    assert "foo: url is not an address: begin it with http://" in told
    assert "nothing was changed" in told
    assert ".toml" not in told
    assert mcpconf.tree() == {}


def test_a_forgotten_pair_of_dashes_is_answered_with_the_whole_line(mcpconf: World) -> None:
    for line, meant in (
        ("foo python3 -m x", "foo -- python3 -m x"),
        ("foo -e A=b --client claude-code python3 --version", "foo -e A=b --client claude-code -- python3 --version"),
        ("--no-apply -eA=b --cwd=/tmp foo npx -y pkg", "--no-apply -eA=b --cwd=/tmp foo -- npx -y pkg"),
    ):
        told = mcpconf("server", "add", *line.split(), code=2).err
        assert f"try: mcpconf server add {meant}\n" in told
    assert (
        "try: mcpconf server test foo -- python3 -m x\n"
        in mcpconf("server", "test", "foo", "python3", "-m", "x", code=2).err
    )
    assert "no such option: --nosuch" in mcpconf("server", "add", "foo", "--nosuch", "x", code=2).err.lower()
    assert mcpconf.tree() == {}


def test_an_inherited_server_is_not_removed_but_may_be_disabled(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    before = mcpconf.tree()
    told = mcpconf("server", "rm", "time", code=1).err
    assert "'time' is inherited" in told
    assert "try: mcpconf server disable time\n" in told
    assert "did you mean 'time'" in mcpconf("server", "rm", "tme", code=1).err
    assert mcpconf.tree() == before


def test_a_profile_is_made_copied_shown_and_removed(mcpconf: World) -> None:
    mcpconf("profile", "new", "work", "--extends", "minimal", "--description", "for work")
    mcpconf("profile", "new", "work", code=2)
    mcpconf("profile", "copy", "essentials", "mine")
    assert "time" in mcpconf("profile", "show", "mine").out
    mcpconf("profile", "rm", "mine", code=2)
    mcpconf("profile", "rm", "mine", "--yes")
    mcpconf("profile", "rm", "essentials", "--yes", code=1)
    mcpconf("profile", "new", "lost", "--extends", "nosuch", code=2)
    assert not (mcpconf.home / ".config/mcpconf/profiles/lost.toml").exists()
