"""Undo after everything that can be done, and after what others did since."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpconf.errors import McpconfError
from mcpconf.workflow import own_profile, undo
from tests.scenarios.conftest import World, tree

SECRETIVE = '[servers.s]\ncommand = "myserver"\nargs = ["{}"]\nenv = {{ T = "secret:T" }}\n'


def clients(world: World) -> dict[str, bytes | None]:
    """What the clients and their servers see: client files, and the wrapper's files."""
    everything = [*world.tree().items(), *tree(world.work).items()]
    found = {path: what[2] for path, what in everything if what[0] != "directory"}
    return {path: data for path, data in found.items() if "state/" not in path and "config/mcpconf" not in path}


def profiles(active: str) -> list[list[str]]:
    """The context and the active profile of each line."""
    return [line.split("\t")[:2] for line in active.splitlines()]


def first_switch(world: World) -> None:
    world("switch", "minimal")


def second_switch(world: World) -> None:
    world("switch", "essentials")


def adoption(world: World) -> None:
    world.claude.write_text('{"mcpServers": {"time": {"command": "theirs"  }}, "big": 12345678901234567890}')
    world("switch", "essentials", "--adopt")


def keeping(world: World) -> None:
    world.claude.write_text('{"mcpServers": {"time": {"command": "theirs"  }}}')
    world("switch", "essentials", "--keep")


def force(world: World) -> None:
    world("switch", "essentials")
    data = json.loads(world.claude.read_text())
    data["mcpServers"]["time"]["args"] = ["mine"]
    world.claude.write_text(json.dumps(data))
    world("switch", "essentials", "--force")


def project_scope(world: World) -> None:
    world.project("p")
    world("switch", "essentials", "--scope", "project", "--approve")


def wrapper_change(world: World) -> None:
    world.profile("one", SECRETIVE.format(1))
    world.profile("two", SECRETIVE.format(2))
    world("switch", "one")
    world("switch", "two")


def wrapper_removal(world: World) -> None:
    world.profile("one", SECRETIVE.format(1))
    world("switch", "one")
    world("switch", "minimal")


def server_added(world: World) -> None:
    world("switch", "essentials")
    world("server", "add", "x", "--", "myserver")


def uninstalled(world: World) -> None:
    world.profile("one", SECRETIVE.format(1))
    world("switch", "one")
    world("uninstall")


STEPS = [
    first_switch,
    second_switch,
    adoption,
    keeping,
    force,
    project_scope,
    wrapper_change,
    wrapper_removal,
    server_added,
    uninstalled,
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_undo_gives_back_every_byte_that_a_client_sees(mcpconf: World, step: Callable[[World], None]) -> None:
    seen: list[tuple[dict[str, bytes | None], str]] = []
    call = World.__call__

    def noting(self: World, *argv: str, code: int = 0, stdin: str = "") -> object:
        seen.append((clients(self), (self.state / "active").read_text() if (self.state / "active").exists() else ""))
        return call(self, *argv, code=code, stdin=stdin)

    mcpconf.patch.setattr(World, "__call__", noting)
    step(mcpconf)
    mcpconf.patch.setattr(World, "__call__", call)
    before, active = seen[-1]
    assert clients(mcpconf) != before
    mcpconf("undo")
    assert clients(mcpconf) == before
    after = (mcpconf.state / "active").read_text()
    assert profiles(after) == profiles(active)


def test_undo_twice_takes_back_two_changes_and_then_there_is_nothing_left(mcpconf: World) -> None:
    mcpconf.claude.write_text("{}\n")
    mcpconf("switch", "minimal")
    mcpconf("switch", "essentials")
    mcpconf("undo")
    assert set(mcpconf.servers()) == {"mcpconf"}
    mcpconf("undo")
    assert mcpconf.claude.read_text() == "{}\n"
    assert "nothing to undo" in mcpconf("undo", code=1).err
    mcpconf("current", code=1)


def test_undo_after_a_foreign_edit_elsewhere_keeps_that_edit(mcpconf: World) -> None:
    mcpconf.claude.write_text('{\n  "a": 1\n}\n')
    mcpconf("switch", "minimal")
    text = mcpconf.claude.read_text()
    mcpconf.claude.write_text(text.replace('"a": 1', '"a":   2, "b": 1e400'))
    mcpconf("undo")
    assert mcpconf.claude.read_text() == '{\n  "a":   2, "b": 1e400\n}\n'


def test_undo_of_an_entry_that_was_edited_since_is_refused(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    data = json.loads(mcpconf.claude.read_text())
    data["mcpServers"]["mcpconf"]["args"] = ["mine"]
    mcpconf.claude.write_text(json.dumps(data))
    before = mcpconf.tree()
    told = mcpconf("undo", code=4).err
    assert "'mcpconf' was edited since mcpconf wrote it" in told
    assert "nothing was changed" in told
    assert mcpconf.tree() == before
    mcpconf("undo", "--force")
    assert not mcpconf.claude.exists() or "mcpconf" not in mcpconf.claude.read_text()


def test_undo_dry_run_shows_the_diff_and_writes_nothing(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    before = mcpconf.tree()
    assert '-    "mcpconf": {' in mcpconf("undo", "--dry-run").out
    assert mcpconf.tree() == before


def test_a_switch_after_an_undo_is_what_the_next_undo_takes_back(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    mcpconf("switch", "essentials")
    mcpconf("undo")
    mcpconf("switch", "web")
    mcpconf("undo")
    assert mcpconf("current").out == "minimal\n"
    assert set(mcpconf.servers()) == {"mcpconf"}
    mcpconf("undo")
    assert not mcpconf.claude.exists()


def test_history_tells_each_change_and_which_were_undone(mcpconf: World) -> None:
    assert "nothing was changed so far" in mcpconf("history").err
    mcpconf("init", "--yes")
    mcpconf("switch", "essentials")
    mcpconf("switch", "essentials")  # writes nothing: no generation
    mcpconf("undo")
    found = mcpconf("history", "--json").json["generations"]
    assert [(one["command"], one["profile"], one["undone"]) for one in found] == [
        ("init", "minimal", False),
        ("switch essentials", "essentials", True),
    ]
    assert len(mcpconf("history").out.splitlines()) == 2


def test_everything_that_is_kept_for_undo_is_for_its_owner_alone(mcpconf: World) -> None:
    wrapper_change(mcpconf)
    for path, (kind, mode, _) in mcpconf.tree().items():
        if path.startswith((".local/state/mcpconf", ".local/share/mcpconf")) and kind != "link":
            assert mode & 0o077 == 0, path


def test_undo_brings_the_link_of_a_removed_wrapper_back(mcpconf: World) -> None:
    wrapper_removal(mcpconf)
    mcpconf("undo")
    link = Path(mcpconf.servers()["s"]["command"])
    assert link.resolve().name == "mcpconf-wrapper.bash"
    assert link.resolve().is_file()


def test_undo_of_an_uninstall_brings_every_context_back(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    mcpconf.project("p")
    mcpconf("switch", "minimal", "--scope", "local")
    before, active = clients(mcpconf), (mcpconf.state / "active").read_text()
    mcpconf("uninstall")
    mcpconf("current", code=1)
    mcpconf("undo")
    assert clients(mcpconf) == before
    assert (mcpconf.state / "active").read_text() == active


def test_a_switch_between_profiles_with_the_same_entries_is_undone_as_well(mcpconf: World) -> None:
    mcpconf.profile("copy", 'extends = "minimal"\n')
    mcpconf("switch", "minimal")
    mcpconf("switch", "copy")
    assert [one["command"] for one in mcpconf("history", "--json").json["generations"]][-1] == "switch copy"
    mcpconf("undo")
    assert mcpconf("current").out == "minimal\n"
    assert "mcpconf" in mcpconf.servers()


def refuses(*_: object, **__: object) -> None:
    raise McpconfError("can't be written; nothing was changed")


@pytest.mark.parametrize(("one", "write"), [("new", "remove_private"), ("edited", "write_private")])
def test_undo_where_the_profile_cannot_be_written_changes_nothing(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, one: str, write: str
) -> None:
    mcpconf("server", "add", "first", "--", "/bin/true")
    if one == "edited":
        mcpconf("server", "add", "second", "--", "/bin/true")
    before = mcpconf.tree()
    with monkeypatch.context() as patched:
        patched.setattr(own_profile, write, refuses)
        assert "nothing was changed" in mcpconf("undo", code=1).err
    assert mcpconf.tree() == before
    mcpconf("undo")


@pytest.mark.parametrize("one", ["new", "edited"])
def test_undo_where_a_clients_file_cannot_be_written_leaves_the_profile_as_it_is(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, one: str
) -> None:
    mcpconf("server", "add", "first", "--", "/bin/true")
    if one == "edited":
        mcpconf("server", "add", "second", "--", "/bin/true")
    before = mcpconf.tree()
    with monkeypatch.context() as patched:
        patched.setattr(undo, "commit", refuses)
        mcpconf("undo", code=1)
    assert mcpconf.tree() == before


def test_undo_puts_no_profile_over_one_that_was_written_while_it_failed(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mcpconf("server", "add", "first", "--", "/bin/true")
    profile = mcpconf.home / ".config/mcpconf/profiles/default.toml"

    def meanwhile(*_: object, **__: object) -> None:
        profile.write_text("# theirs\n")
        refuses()

    monkeypatch.setattr(undo, "commit", meanwhile)
    mcpconf("undo", code=1)
    assert profile.read_text() == "# theirs\n"


def test_undo_of_a_new_profile_removes_a_link_in_its_place_and_not_what_it_leads_to(mcpconf: World) -> None:
    mcpconf("server", "add", "first", "--", "/bin/true")
    profile = mcpconf.home / ".config/mcpconf/profiles/default.toml"
    kept = profile.rename(mcpconf.home / "dotfiles.toml")
    profile.symlink_to(kept)
    mcpconf("undo")
    assert not profile.is_symlink()
    assert "first" in kept.read_text()
    mcpconf("server", "add", "first", "--", "/bin/true")
