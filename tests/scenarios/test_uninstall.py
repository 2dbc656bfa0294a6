"""Uninstall gives every file back as if mcpconf had never been there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scenarios.conftest import World, tree

NEIGHBOURS = '{"numStartups": 3,"mcpServers":{"theirs":{"command":"x"}},"projects":{"/p":{"mcpServers":{}}}}'
LAYOUTS = {
    "missing": None,
    "empty": b"",
    "blank": b"\n\n",
    "object": b"{}",
    "object with a final newline": b"{}\n",
    "spread object": b"{\n}\n",
    "empty servers": b'{"mcpServers": {}}',
    "spread empty servers": b'{\n  "mcpServers": {\n  }\n}\n',
    "one line": NEIGHBOURS.encode(),
    "two spaces": json.dumps(json.loads(NEIGHBOURS), indent=2).encode() + b"\n",
    "four spaces": json.dumps(json.loads(NEIGHBOURS), indent=4).encode(),
    "tabs": json.dumps(json.loads(NEIGHBOURS), indent="\t").encode() + b"\n",
    "CRLF": json.dumps(json.loads(NEIGHBOURS), indent=2).replace("\n", "\r\n").encode() + b"\r\n",
    "BOM": b"\xef\xbb\xbf" + NEIGHBOURS.encode(),
    "BOM alone": b"\xef\xbb\xbf",
    "odd numbers": b'{"a": 1e400, "b": -0, "c": 12345678901234567890, "d": "\\ud800"}',
    "other duplicates": b'{"a": 1, "a": 2}',
    "comma first": b'{ "a": 1\n, "mcpServers": { "b": {}\n  , "c": {} }\n}',
}


@pytest.mark.parametrize("raw", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_uninstall_gives_back_every_byte(mcpconf: World, raw: bytes | None) -> None:
    if raw is not None:
        mcpconf.claude.write_bytes(raw)
        mcpconf.claude.chmod(0o640)
    before = mcpconf.tree()
    mcpconf("init", "--yes")
    mcpconf("switch", "essentials")
    mcpconf("switch", "-")
    mcpconf("switch", "web", "--client", "claude-code", "--client", "claude-desktop")
    mcpconf("undo")
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.tree() == before


@pytest.mark.parametrize("scope", ["user", "local", "project"])
def test_uninstall_takes_only_our_members_where_somebody_else_wrote(mcpconf: World, scope: str) -> None:
    mcpconf.project("p")
    mcpconf("switch", "essentials", "--scope", scope)
    path = mcpconf.work / "p/.mcp.json" if scope == "project" else mcpconf.claude
    data = json.loads(path.read_text())
    holder = data if scope != "local" else data["projects"][str(mcpconf.work / "p")]
    holder["mcpServers"]["theirs"] = {"command": "x"}
    data["numStartups"] = 1
    path.write_text(json.dumps(data))
    mcpconf("uninstall", "--purge", "--yes")
    holder["mcpServers"] = {"theirs": {"command": "x"}}
    assert json.loads(path.read_text()) == data
    assert set(mcpconf.tree()) <= {".claude.json"}


def test_an_entry_edited_by_hand_stops_a_purge_unless_forced(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    data = json.loads(mcpconf.claude.read_text())
    data["mcpServers"]["time"]["args"] = ["mine"]
    mcpconf.claude.write_text(json.dumps(data))
    mcpconf("uninstall", "--purge", "--yes", code=4)
    assert list(mcpconf.servers()) == ["time"]
    assert mcpconf.state.is_dir()
    mcpconf("uninstall", "--purge", "--yes", "--force")
    assert not mcpconf.state.exists()
    assert "time" not in (mcpconf.claude.read_text() if mcpconf.claude.exists() else "")


def test_purge_without_yes_and_without_a_terminal_is_refused(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    before = mcpconf.tree()
    assert "--yes" in mcpconf("uninstall", "--purge", code=2).err
    assert mcpconf.tree() == before


def test_uninstall_of_nothing_changes_nothing(mcpconf: World) -> None:
    mcpconf("uninstall")
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.tree() == {}


def test_purge_keeps_directories_that_were_there_before(mcpconf: World) -> None:
    for name in (".config", ".local/share", ".local/state"):
        (mcpconf.home / name).mkdir(parents=True)
    before = mcpconf.tree()
    mcpconf("secret", "set", "T", stdin="v")
    mcpconf("profile", "new", "mine")
    mcpconf("switch", "mine", code=0)
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.tree() == before


@pytest.mark.parametrize("first", [("profile", "new", "mine"), ("secret", "set", "T")])
def test_purge_leaves_nothing_whatever_came_first(mcpconf: World, first: tuple[str, ...]) -> None:
    mcpconf(*first, stdin="value")
    mcpconf("switch", "minimal")
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.tree() == {}


def test_purge_leaves_what_is_not_ours_in_a_directory_of_the_users_choice(mcpconf: World, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "thesis.txt").write_text("years of work")
    (chosen / "data").mkdir()
    (chosen / "data/more.txt").write_text("and more")
    before = tree(chosen)
    mcpconf("--config-dir", str(chosen), "secret", "set", "T", stdin="v")
    mcpconf("--config-dir", str(chosen), "switch", "essentials")
    told = mcpconf("--config-dir", str(chosen), "uninstall", "--purge", "--yes").err
    assert tree(chosen) == before
    assert "holds something that is not mcpconf's" in told


def test_purge_does_not_follow_links_into_a_dotfiles_repository(mcpconf: World, tmp_path: Path) -> None:
    repository = tmp_path / "dotfiles/profiles"
    mcpconf.profile("mine", '[servers.a]\ncommand = "myserver"\n', repository)
    config = mcpconf.home / ".config/mcpconf"
    config.mkdir(parents=True)
    (config / "profiles").symlink_to(repository)
    mcpconf("switch", "mine")
    before = tree(tmp_path / "dotfiles")
    mcpconf("uninstall", "--purge", "--yes")
    assert tree(tmp_path / "dotfiles") == before
    assert not config.exists()


def test_purge_reaches_a_volume_that_state_and_data_were_put_on(mcpconf: World, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    for part in ("state", "share"):
        (volume / part).mkdir(parents=True)
        (mcpconf.home / ".local" / part).mkdir(parents=True)
        (mcpconf.home / ".local" / part / "mcpconf").symlink_to(volume / part)
    mcpconf("secret", "set", "T", stdin="v")
    mcpconf("switch", "minimal")
    (volume / "share/theirs").write_text("not ours")
    mcpconf("uninstall", "--purge", "--yes")
    assert set(tree(volume)) == {"share", "share/theirs"}
    assert not (mcpconf.home / ".local/share/mcpconf").is_symlink()


def test_uninstall_keeps_profiles_and_secrets(mcpconf: World) -> None:
    mcpconf.profile("mine", '[servers.a]\ncommand = "myserver"\nenv = { T = "secret:T" }\n')
    mcpconf("secret", "set", "T", stdin="v")
    mcpconf("switch", "mine")
    mcpconf("uninstall")
    assert mcpconf("secret", "ls").out == "T  file\n"
    assert not (mcpconf.home / ".local/share/mcpconf/wrapper").exists()
    mcpconf("switch", "mine")
    assert set(mcpconf.servers()) == {"a"}


def test_uninstall_dry_run_writes_nothing(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    before = mcpconf.tree()
    assert '-    "mcpconf": {' in mcpconf("uninstall", "--dry-run").out
    assert mcpconf.tree() == before


def test_uninstall_changes_nothing_anywhere_where_one_file_cannot_be_read(mcpconf: World) -> None:
    mcpconf("switch", "minimal", "--client", "claude-code", "--client", "claude-desktop")
    mcpconf.desktop.write_text('{"mcpServers": {')
    before = mcpconf.tree()
    told = mcpconf("uninstall", code=4).err
    assert f"{mcpconf.desktop}:1:" in told
    assert mcpconf.tree() == before


def test_uninstall_does_not_say_removed_of_what_it_could_not_write(mcpconf: World) -> None:
    mcpconf.claude.write_text(NEIGHBOURS)
    mcpconf("switch", "minimal")
    mcpconf.claude.chmod(0o444)
    told = mcpconf("uninstall", code=1).err
    assert "nothing was changed" in told
    assert "removed" not in told
    mcpconf.claude.chmod(0o600)
    assert "removed" in mcpconf("uninstall").err
