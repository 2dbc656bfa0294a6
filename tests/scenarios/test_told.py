"""What a command says of what it could not do: nothing is passed over, and nothing is claimed that is not so."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.conftest import World

PARTLY = 'extends = "minimal"\n[servers.a]\ncommand = "nosuchprogram"\n'
NOTHING = '[servers.a]\ncommand = "nosuchprogram"\n[servers.b]\npackage = "npm:b@1.0.0"\n'


def edit_by_hand(world: World, name: str) -> None:
    data = json.loads(world.claude.read_text())
    data["mcpServers"][name]["args"] = ["mine"]
    world.claude.write_text(json.dumps(data))


@pytest.mark.parametrize(
    "line", [["switch", "mine"], ["switch", "mine", "--dry-run"], ["init", "--yes", "--profile", "mine"]]
)
def test_a_server_that_nothing_can_serve_is_marked_with_its_hint_and_counted(mcpconf: World, line: list[str]) -> None:
    mcpconf.profile("mine", PARTLY)
    lines = mcpconf(*line).err.splitlines()
    row = next(i for i, one in enumerate(lines) if "nosuchprogram is not on PATH" in one)
    assert lines[row].startswith("  !  a ")
    assert lines[row + 1].startswith("      try: ")
    assert any(
        one.startswith(
            ("! profile mine is active: 1 of 2 servers", "! profile mine would become active: 1 of 2 servers")
        )
        for one in lines
    )
    assert not any("✓ profile" in one for one in lines)


def test_a_run_again_does_not_say_that_all_is_well_either(mcpconf: World) -> None:
    mcpconf.profile("mine", PARTLY)
    mcpconf("switch", "mine")
    for line in (["switch", "mine"], ["init", "--yes"]):
        assert "! profile mine is active, nothing to write: 1 of 2 servers\n" in mcpconf(*line).err
    assert "! profile mine: nothing to write: 1 of 2 servers\n" in mcpconf("diff").err
    told = mcpconf("status").out
    assert told.startswith("! mine  in step, 1 server unavailable here\n")
    assert "!  a " in told
    assert "        try: " in told


def test_what_mends_several_servers_is_said_once_and_what_went_with_them_is_marked(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    told = mcpconf("switch", "docker").err
    mended = "try: install Docker Desktop, or the docker-mcp plugin\n"
    assert told.count(mended) == 1
    assert sum("; removed" in line for line in told.splitlines()) == 2, "fetch and time were in both"
    assert "! profile docker is active: 1 of 5 servers, +0 ~0 -5\n" in told
    assert mcpconf("status").out.count(mended) == 1


def test_where_no_server_can_be_served_the_exit_code_says_so(mcpconf: World) -> None:
    (mcpconf.work.parent / "bin/npx").unlink()
    mcpconf.profile("mine", NOTHING)
    for line in (["switch", "mine"], ["switch", "mine"], ["init", "--yes", "--profile", "mine"]):
        told = mcpconf(*line, code=1).err
        assert "✗ profile mine" in told
        assert "0 of 2 servers" in told
    mcpconf("switch", "mine", "--json", code=1)


def test_an_added_server_that_cannot_be_served_is_told_while_the_others_are_written(mcpconf: World) -> None:
    told = mcpconf("server", "add", "foo", "--", "nosuchprogram").err
    assert "! profile default is active: 1 of 2 servers" in told
    assert set(mcpconf.servers()) == {"mcpconf"}


def test_an_entry_edited_by_hand_is_named_where_it_is_kept(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    edit_by_hand(mcpconf, "time")
    for line in (["switch", "essentials"], ["init", "--yes"], ["switch", "essentials", "--dry-run"]):
        told = mcpconf(*line).err
        assert "nothing to write: 6 servers; kept as it is: time\n" in told
        assert "in step" not in told
    assert "edited by hand" in mcpconf("status", code=1).out
    assert "; kept as it is: time\n" in mcpconf("switch", "minimal").err
    mcpconf("switch", "essentials", "--force")
    assert "every file is in step, nothing to write" in mcpconf("switch", "essentials").err


def test_somebody_elses_entry_is_named_where_it_is_kept(mcpconf: World) -> None:
    mcpconf.claude.write_text('{"mcpServers": {"time": {"command": "theirs"}, "git": {"command": "theirs"}}}')
    blocked = mcpconf("diff", "essentials", code=4).err
    assert "! profile essentials can't become active before you say --adopt or --keep" in blocked
    told = mcpconf("switch", "essentials", "--keep").err
    assert "; kept as they are: " in told
    assert "in step" not in mcpconf("switch", "essentials", "--keep").err
    mcpconf("status", code=1)


def test_an_identical_entry_of_somebody_elses_is_in_step(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    theirs = mcpconf.claude.read_bytes()
    mcpconf("uninstall")
    mcpconf.claude.write_bytes(theirs)
    assert "every file is in step" in mcpconf("switch", "minimal").err
    mcpconf("status")


@pytest.mark.parametrize("command", ["diff", "import"])
def test_what_remembers_nothing_does_not_say_so(mcpconf: World, command: str) -> None:
    assert "Remembered" not in mcpconf(command, "--help").out
    assert "Remembered" in mcpconf("switch", "--help").out


def test_import_that_adopts_says_which_servers_of_the_active_profile_go(mcpconf: World) -> None:
    mcpconf("switch", "essentials")
    data = json.loads(mcpconf.claude.read_text())
    data["mcpServers"]["mine"] = {"command": "/bin/mine"}
    mcpconf.claude.write_text(json.dumps(data))
    before = mcpconf.claude.read_bytes()
    gone = "mcpconf, filesystem, memory, fetch, git, time"
    shown = mcpconf("import", "--adopt", "--dry-run").err
    assert f"! switching to imported takes out what is not in it: {gone}\n" in shown
    assert mcpconf("import", "--adopt", "--dry-run", "--json").json["leaving"] == gone.split(", ")
    assert mcpconf("import", "--dry-run", "--json").json["leaving"] == []
    told = mcpconf("import", "--adopt").err
    assert told.index("takes out") < told.index("wrote ~")
    assert told.endswith(f"taken out: {gone}; back to them: mcpconf switch -\n")
    assert set(mcpconf.servers()) == {"mine"}
    mcpconf("undo")
    assert mcpconf.claude.read_bytes() == before
    assert not (mcpconf.home / ".config/mcpconf/profiles/imported.toml").exists()


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('{\n  "a": 1,\n}\n', "2:9", "remove this comma"),
        ("{broken", "1:2", "write names in double quotes"),
        ('{"a": {}', "1:9", "write the end that is missing"),
        ("[]\n", "1:1", "put one JSON object in its place"),
    ],
)
def test_a_malformed_file_is_told_with_its_place_and_what_mends_it(
    mcpconf: World, text: str, place: str, hint: str
) -> None:
    mcpconf.claude.write_text(text)
    told = mcpconf("switch", "minimal", code=4).err
    assert f"{mcpconf.claude}:{place}: " in told
    assert f"  try: {hint}" in told
    assert "nothing was changed" in told
    assert mcpconf.claude.read_text() == text
