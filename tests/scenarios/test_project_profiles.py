"""A project's own profile runs nothing until a person has trusted it."""

from __future__ import annotations

from pathlib import Path

from mcpconf.model import Layer
from mcpconf.profile.load import Found
from mcpconf.workflow import trusting
from mcpconf.workflow.app import App
from tests.scenarios.conftest import World
from tests.scenarios.terminal import at_a_terminal

TEAM = '[servers.team]\ncommand = "myserver"\nargs = ["--port", "1"]\nenv = { TEAM_TOKEN = "secret:TEAM_TOKEN" }\n'


def project(world: World, name: str = "team", text: str = TEAM) -> Path:
    return world.profile(name, text, world.project("repo") / ".mcpconf")


def trust(world: World, name: str = "team", answer: str = "y") -> tuple[int, str]:
    return at_a_terminal(["trust", name], [("Trust it", answer)], world.work / "repo")


def test_it_is_listed_and_shown_but_inert(mcpconf: World) -> None:
    path = project(mcpconf)
    row = next(one for one in mcpconf("profile", "ls", "--json").json["profiles"] if one["name"] == "team")
    assert (row["layer"], row["trusted"]) == ("project", False)
    assert "not trusted" in mcpconf("trust").out
    mcpconf("profile", "show", "team")
    told = mcpconf("switch", "team", code=4).err
    assert f"{path} is not trusted" in told
    assert "mcpconf trust" in told
    assert mcpconf.tree() == {}


def test_without_a_terminal_trust_is_refused(mcpconf: World) -> None:
    project(mcpconf)
    assert "on a terminal" in mcpconf("trust", "team", code=4).err
    assert mcpconf.tree() == {}


def test_a_person_sees_what_it_would_run_and_may_decline(mcpconf: World) -> None:
    project(mcpconf)
    code, screen = trust(mcpconf, answer="n")
    assert code == 1
    assert "runs myserver --port 1" in screen
    assert "TEAM_TOKEN" in screen
    mcpconf("switch", "team", code=4)
    assert mcpconf.tree() == {}


def test_trusted_it_works_until_any_edit(mcpconf: World) -> None:
    path = project(mcpconf)
    code, screen = trust(mcpconf)
    assert code == 0, screen
    mcpconf("switch", "team")
    assert set(mcpconf.servers()) == {"team"}
    path.write_text(TEAM + "# a comment\n")
    assert "is not trusted" in mcpconf("switch", "team", code=4).err
    assert "is not trusted" in mcpconf("status", code=1).out
    assert set(mcpconf.servers()) == {"team"}
    path.write_text(TEAM)
    mcpconf("switch", "team")


def test_trust_is_bound_to_the_path(mcpconf: World) -> None:
    project(mcpconf)
    assert trust(mcpconf)[0] == 0
    mcpconf.profile("team", TEAM, mcpconf.project("elsewhere") / ".mcpconf")
    mcpconf("switch", "team", code=4)


def test_revoked_trust_is_gone(mcpconf: World) -> None:
    project(mcpconf)
    assert trust(mcpconf)[0] == 0
    mcpconf("trust", "team", "--revoke")
    mcpconf("switch", "team", code=4)


def test_it_cannot_take_the_place_of_a_shipped_or_a_users_profile_silently(mcpconf: World) -> None:
    mcpconf.profile("mine", '[servers.a]\ncommand = "myserver"\n')
    project(mcpconf, "minimal")
    project(mcpconf, "mine")
    for name in ("minimal", "mine"):
        assert "is not trusted" in mcpconf("switch", name, code=4).err
    assert trust(mcpconf, "minimal")[0] == 0
    told = mcpconf("switch", "minimal").err
    path = mcpconf.work / "repo/.mcpconf/minimal.toml"
    assert f"minimal is this project's own profile, {path}, in the place of " in told


def test_a_trusted_profile_cannot_bring_in_an_untrusted_parent(mcpconf: World) -> None:
    project(mcpconf, "base", '[servers.evil]\ncommand = "myserver"\n')
    project(mcpconf, "team", 'extends = "base"\n')
    code, screen = trust(mcpconf)
    assert code == 0
    assert "runs myserver" in screen
    assert "base.toml is not trusted" in mcpconf("switch", "team", code=4).err
    assert "evil" not in (mcpconf.claude.read_text() if mcpconf.claude.exists() else "")


def test_a_users_profile_does_not_build_on_a_projects(mcpconf: World) -> None:
    project(mcpconf, "minimal", '[servers.evil]\ncommand = "myserver"\n')
    mcpconf.profile("mine", 'extends = "minimal"\n')
    mcpconf("switch", "mine")
    assert set(mcpconf.servers()) == {"mcpconf"}


def test_an_edit_is_refused_where_a_projects_profile_of_that_name_would_be_applied_for_it(mcpconf: World) -> None:
    mine = mcpconf.profile("team", '[servers.mine]\ncommand = "myserver"\n')
    mcpconf.claude.write_text('{"mcpServers": {"theirs": {"command": "myserver", "env": {"A_TOKEN": "x"}}}}')
    path = project(mcpconf)
    assert trust(mcpconf)[0] == 0
    before = mcpconf.tree(), mine.read_text()
    for words in (["server", "add", "more"], ["import", "--adopt", "--yes"]):
        rest = ["--", "myserver"] if words[0] == "server" else []
        told = mcpconf(*words, "--profile", "team", *rest, code=4).err
        assert f"has a profile 'team' of its own, {path}" in told
    assert (mcpconf.tree(), mine.read_text()) == before
    mcpconf("server", "add", "more", "--profile", "team", "--no-apply", "--", "myserver")


def test_the_status_of_ones_own_profile_is_not_that_of_a_projects_of_the_same_name(mcpconf: World) -> None:
    mcpconf.profile("team", '[servers.mine]\ncommand = "myserver"\n')
    mcpconf("switch", "team")
    path = project(mcpconf)
    told = mcpconf("status", code=1).out
    assert f"this project has another one of that name, {path}" in told
    assert "try: cd ~ && mcpconf status" in told
    mcpconf.project("other")
    mcpconf("status")


def test_the_status_elsewhere_names_the_projects_profile_and_the_way_back(mcpconf: World) -> None:
    path = project(mcpconf)
    trust(mcpconf)
    mcpconf("switch", "minimal")
    mcpconf("switch", "team")
    mcpconf("status")
    mcpconf.project("other")
    told = mcpconf("status", code=1).out
    assert f"it is a project's own profile, {path}, and can be looked at from that project only" in told
    assert "try: mcpconf switch -\n" in told
    mcpconf("switch", "-")
    assert set(mcpconf.servers()) == {"mcpconf"}
    mcpconf("status")


def test_the_status_elsewhere_is_not_that_of_another_profile_of_the_same_name(mcpconf: World) -> None:
    path = project(mcpconf, "minimal")
    trust(mcpconf, "minimal")
    mcpconf("switch", "minimal")
    mcpconf.project("other")
    told = mcpconf("status", code=1).out
    assert str(path) in told
    assert "try: mcpconf switch NAME" in told, "there is no profile to go back to"
    path.unlink()
    assert f"its file is gone: {path}" in mcpconf("status", code=1).out
    mcpconf("switch", "minimal")
    mcpconf("status")
    assert set(mcpconf.servers()) == {"mcpconf"}


def test_undo_does_not_bring_back_what_is_not_trusted_any_more(mcpconf: World) -> None:
    path = project(mcpconf)
    trust(mcpconf)
    mcpconf("switch", "team")
    mcpconf("switch", "minimal")
    mcpconf("trust", "team", "--revoke")
    before = mcpconf.tree()
    for line in (["undo"], ["undo", "--dry-run"]):
        told = mcpconf(*line, code=4).err
        assert f"{path} is not trusted, and undo would bring its servers back; nothing was changed" in told
        assert "try: mcpconf trust team; " in told
    assert mcpconf.tree() == before
    mcpconf.project("other")
    assert f"try: cd {mcpconf.work / 'repo'} && mcpconf trust team; " in mcpconf("undo", code=4).err
    mcpconf("undo", "--untrusted")
    assert set(mcpconf.servers()) == {"team"}
    assert mcpconf("current").out == "team\n"


def test_undo_that_only_takes_away_needs_no_trust(mcpconf: World) -> None:
    project(mcpconf)
    trust(mcpconf)
    mcpconf("switch", "team")
    mcpconf("trust", "team", "--revoke")
    mcpconf("undo")
    assert not mcpconf.claude.exists()


def test_undo_of_an_uninstall_asks_for_trust_as_well(mcpconf: World) -> None:
    path = project(mcpconf)
    trust(mcpconf)
    mcpconf("switch", "team")
    mcpconf("uninstall")
    path.write_text(TEAM.replace("myserver", "evil"))
    assert "is not trusted" in mcpconf("undo", code=4).err
    assert not mcpconf.claude.exists()
    path.write_text(TEAM)
    mcpconf("undo")
    assert set(mcpconf.servers()) == {"team"}


def test_a_server_is_not_added_to_a_projects_own_profile(mcpconf: World) -> None:
    path = project(mcpconf)
    trust(mcpconf)
    mcpconf("switch", "team")
    before = mcpconf.tree()
    told = mcpconf("server", "add", "x", "--", "myserver", code=1).err
    assert f"the active profile is this project's own, {path}; nothing was changed" in told
    assert mcpconf.tree() == before
    assert (
        "the active profile, in the place of team"
        in mcpconf("server", "add", "x", "--profile", "own", "--", "myserver").err
    )
    assert set(mcpconf.servers()) == {"x"}


def test_trust_without_a_name_says_how_to_trust_what_it_lists(mcpconf: World) -> None:
    project(mcpconf)
    assert "try: mcpconf trust team\n" in mcpconf("trust").err
    trust(mcpconf)
    assert "try:" not in mcpconf("trust").err


def test_a_file_in_the_home_directory_is_no_project(mcpconf: World) -> None:
    mcpconf.profile("homely", TEAM, mcpconf.home / ".mcpconf")
    below = mcpconf.home / "src/x"
    below.mkdir(parents=True)
    mcpconf.patch.chdir(below)
    assert "homely" not in mcpconf("profile", "ls").out


def test_what_is_shown_is_what_is_trusted_though_the_file_is_swapped_meanwhile(mcpconf: World) -> None:
    path = project(mcpconf)
    find = trusting.find

    def swapped(app: App, name: str, above: Layer | None = None) -> Found | None:
        found = find(app, name, above)
        path.write_text(TEAM.replace("myserver", "theirs"))
        return found

    mcpconf.patch.setattr(trusting, "find", swapped)
    told = mcpconf("trust", "team", code=1).err
    assert f"{path} was written to in this moment; nothing was changed" in told
    assert "theirs" not in told
