"""Several clients, scopes and directories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpconf.commit import exchange
from mcpconf.system import RealSystem
from tests.scenarios.conftest import World, tree

BOTH = ("--client", "claude-code", "--client", "claude-desktop")


def test_claude_desktops_directory_is_made_and_removed_again(mcpconf: World) -> None:
    mcpconf("switch", "essentials", "--client", "claude-desktop")
    entry = mcpconf.servers(mcpconf.desktop)["fetch"]
    assert Path(entry["command"]).is_absolute()
    assert "type" not in entry
    assert not mcpconf.claude.exists()
    mcpconf("uninstall")
    assert not (mcpconf.home / ".config/Claude").exists()


def test_a_directory_of_claude_desktop_with_other_files_in_it_stays(mcpconf: World) -> None:
    mcpconf("switch", "minimal", "--client", "claude-desktop")
    other = mcpconf.desktop.parent / "Preferences"
    other.write_text("{}")
    mcpconf("uninstall")
    assert tree(mcpconf.home / ".config/Claude") == {"Preferences": ("file", other.stat().st_mode & 0o777, b"{}")}


def test_both_clients_get_the_profile_each_in_its_own_words(mcpconf: World) -> None:
    told = mcpconf("switch", "minimal", *BOTH).err
    assert mcpconf.servers()["mcpconf"]["type"] == "stdio"
    assert "type" not in mcpconf.servers(mcpconf.desktop)["mcpconf"]
    assert "restart running Claude Code sessions" in told
    assert "quit Claude Desktop" in told


def test_a_variable_is_filled_in_by_the_wrapper_for_the_client_that_does_not(mcpconf: World) -> None:
    mcpconf("switch", "essentials", *BOTH)
    assert mcpconf.servers()["filesystem"]["args"][-1] == "${HOME}"
    assert "${" not in mcpconf.desktop.read_text()
    assert mcpconf.servers(mcpconf.desktop)["filesystem"]["command"].endswith(
        "/mcpconf/wrapper/mcp-filesystem.claude-desktop"
    )


@pytest.mark.parametrize("broken", ["claude", "desktop"])
def test_one_malformed_file_of_two_stops_both(mcpconf: World, broken: str) -> None:
    good, bad = (mcpconf.desktop, mcpconf.claude) if broken == "claude" else (mcpconf.claude, mcpconf.desktop)
    mcpconf.desktop.parent.mkdir(parents=True)
    good.write_text("{}\n")
    bad.write_text('{"a": 1\n "b": 2}\n')
    before = mcpconf.tree()
    assert f"{bad}:2:2:" in mcpconf("switch", "essentials", *BOTH, code=4).err
    assert mcpconf.tree() == before


def test_an_unwritable_second_client_takes_the_first_one_back(mcpconf: World) -> None:
    mcpconf.claude.write_text('{"a": 1}')
    mcpconf.desktop.parent.mkdir(parents=True)
    mcpconf.desktop.write_text("{}")
    real = exchange.exchange

    def refuse(source: str, target: str) -> bool:
        if target.endswith("claude_desktop_config.json"):
            raise OSError(30, "Read-only file system")
        return real(source, target)

    mcpconf.patch.setattr(exchange, "exchange", refuse)
    told = mcpconf("switch", "essentials", *BOTH, code=1).err
    assert "read-only file system" in told
    assert mcpconf.claude.read_text() == '{"a": 1}'
    assert mcpconf.desktop.read_text() == "{}"
    assert not (mcpconf.home / ".local/share/mcpconf/wrapper").exists()
    mcpconf("current", code=1)


def test_clients_are_remembered_and_one_that_is_chosen_no_more_loses_our_entries(mcpconf: World) -> None:
    mcpconf.claude.write_text('{"mcpServers": {"theirs": {"command": "x"}}}')
    mcpconf("switch", "minimal", *BOTH)
    mcpconf("switch", "essentials")
    assert "time" in mcpconf.servers()
    assert "time" in mcpconf.servers(mcpconf.desktop)
    told = mcpconf("switch", "essentials", "--client", "claude-desktop").err
    assert mcpconf.claude.read_text() == '{"mcpServers": {"theirs": {"command": "x"}}}'
    assert "restart running Claude Code sessions" in told
    mcpconf("switch", "minimal")
    assert set(mcpconf.servers(mcpconf.desktop)) == {"mcpconf"}
    assert set(mcpconf.servers()) == {"theirs"}


def test_a_client_that_is_found_later_gets_the_profile_with_the_next_switch(mcpconf: World) -> None:
    mcpconf("init", "--yes")
    mcpconf.desktop.parent.mkdir(parents=True)
    assert "missing" in mcpconf("status", code=1).out
    mcpconf("switch", "minimal")
    assert "mcpconf" in mcpconf.servers(mcpconf.desktop)


def test_claude_config_dir_is_another_place_whose_entries_stay(mcpconf: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    mcpconf.patch.setenv("CLAUDE_CONFIG_DIR", str(other))
    mcpconf("switch", "essentials")
    assert "time" in mcpconf.servers(other / ".claude.json")
    assert not mcpconf.claude.exists()
    mcpconf.patch.delenv("CLAUDE_CONFIG_DIR")
    mcpconf("switch", "minimal")
    assert set(mcpconf.servers()) == {"mcpconf"}
    assert "time" in mcpconf.servers(other / ".claude.json")
    mcpconf("uninstall")
    assert not (other / ".claude.json").exists()
    assert not mcpconf.claude.exists()


def test_the_legacy_file_is_used_where_it_exists(mcpconf: World) -> None:
    legacy = mcpconf.home / ".claude/.config.json"
    legacy.parent.mkdir()
    legacy.write_text("{}")
    mcpconf("switch", "minimal")
    assert "mcpconf" in mcpconf.servers(legacy)
    assert not mcpconf.claude.exists()


def test_local_scope_goes_under_the_git_root_and_is_remembered_there_only(mcpconf: World) -> None:
    root = mcpconf.project("repo")
    deep = root / "a/b"
    deep.mkdir(parents=True)
    mcpconf.patch.chdir(deep)
    mcpconf("switch", "essentials", "--scope", "local")
    assert "time" in mcpconf.servers(None, "projects", str(root), "mcpServers")
    mcpconf("switch", "minimal")
    assert set(mcpconf.servers(None, "projects", str(root), "mcpServers")) == {"mcpconf"}
    assert mcpconf("current").out == "minimal\n"

    mcpconf.project("other")
    mcpconf("current", code=1)
    assert "no profile is active" in mcpconf("status").err
    mcpconf("switch", "web")
    assert "search" in mcpconf.servers()
    assert "projects" in json.loads(mcpconf.claude.read_text())
    assert mcpconf("current").out == "web\n"
    mcpconf.patch.chdir(root)
    assert mcpconf("current").out == "minimal\n"
    assert "essentials" in mcpconf("switch", "-").err
    assert set(mcpconf.servers()) == {"mcpconf", "fetch", "search", "playwright", "context7"}


def test_user_scope_said_in_a_directory_ends_its_own_choice(mcpconf: World) -> None:
    root = mcpconf.project("repo")
    mcpconf("switch", "minimal", "--scope", "local")
    mcpconf("switch", "essentials", "--scope", "user")
    mcpconf("switch", "web")
    assert "search" in mcpconf.servers()
    assert set(mcpconf.servers(None, "projects", str(root), "mcpServers")) == {"mcpconf"}


def test_project_scope_names_no_path_of_this_machine(mcpconf: World) -> None:
    root = mcpconf.project("repo")
    mcpconf("switch", "essentials", "--scope", "project")
    text = (root / ".mcp.json").read_text()
    assert str(mcpconf.home) not in text
    assert str(mcpconf.work) not in text
    assert all("/" not in entry["command"] for entry in mcpconf.servers(root / ".mcp.json").values())
    assert not mcpconf.claude.exists()
    assert set(tree(root)) == {".git", ".mcp.json"}
    mcpconf("uninstall")
    assert set(tree(root)) == {".git"}


def test_approval_joins_what_was_approved_and_goes_again(mcpconf: World) -> None:
    root = mcpconf.project("repo")
    settings = root / ".claude/settings.local.json"
    settings.parent.mkdir()
    settings.write_text('{"enabledMcpjsonServers": ["theirs"], "z": 1}')
    mcpconf("switch", "minimal", "--scope", "project", "--approve")
    assert json.loads(settings.read_text()) == {"enabledMcpjsonServers": ["theirs", "mcpconf"], "z": 1}
    mcpconf("switch", "essentials", "--approve")
    assert json.loads(settings.read_text())["enabledMcpjsonServers"][0] == "theirs"
    assert "time" in json.loads(settings.read_text())["enabledMcpjsonServers"]
    mcpconf("uninstall")
    assert settings.read_text() == '{"enabledMcpjsonServers": ["theirs"], "z": 1}'


def test_a_switch_without_approve_does_not_leave_another_profiles_approval(mcpconf: World) -> None:
    root = mcpconf.project("repo")
    mcpconf("switch", "essentials", "--scope", "project", "--approve")
    mcpconf("switch", "minimal")
    settings = root / ".claude/settings.local.json"
    approved = json.loads(settings.read_text())["enabledMcpjsonServers"] if settings.exists() else []
    assert "time" not in approved


def test_desktop_has_no_project_scope_and_says_so(mcpconf: World) -> None:
    before = mcpconf.tree()
    told = mcpconf("switch", "minimal", "--client", "claude-desktop", "--scope", "project", code=2).err
    assert "Claude Desktop has no project scope" in told
    assert mcpconf.tree() == before


def processes(world: World, *names: str) -> None:
    """A /proc with these processes, seen through the door to the system."""
    listdir, read = RealSystem.listdir, RealSystem.read
    comms = {f"/proc/{number}/comm": name.encode() + b"\n" for number, name in enumerate(names, 100)}
    world.patch.setattr(
        RealSystem,
        "listdir",
        lambda self, path: tuple(c.split("/")[2] for c in comms) if path == "/proc" else listdir(self, path),
    )
    world.patch.setattr(
        RealSystem,
        "read",
        lambda self, path: comms.get(path) if path.endswith("/comm") else read(self, path),
    )


@pytest.mark.parametrize(("name", "warned"), [("claude-desktop", True), ("Claude", True), ("claude", False)])
def test_a_running_claude_desktop_is_warned_about_and_claude_code_is_not(
    mcpconf: World, name: str, warned: bool
) -> None:
    processes(mcpconf, "bash", name)
    told = mcpconf("switch", "minimal", *BOTH).err
    assert ("Claude Desktop is running" in told) is warned
    assert "Claude Desktop is running" not in mcpconf("switch", "minimal").err  # nothing is written


def test_a_running_claude_desktop_does_not_matter_where_it_is_no_target(mcpconf: World) -> None:
    processes(mcpconf, "claude-desktop")
    assert "is running" not in mcpconf("switch", "minimal", "--client", "claude-code").err
