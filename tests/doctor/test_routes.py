"""What the group `routes` says besides its set-ups, and that its mends mend."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpconf.cli.main import main
from mcpconf.doctor.checks.routes import CHECKS
from mcpconf.doctor.finding import Level
from mcpconf.doctor.seen.routes import ActiveSeen, Routes, Trouble
from tests.cli.conftest import World, mcpconf, programs
from tests.doctor import good, routes_setups

__all__ = ["mcpconf", "programs"]


def findings(world: World, *argv: str) -> dict[str, list[dict[str, Any]]]:
    """What the group says but for what is fine, by the check."""
    world.capture.readouterr()
    main(["doctor", "--only", "routes", "--json", *argv])
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(world.capture.readouterr().out)["findings"]:
        if one["level"] != "ok":
            found.setdefault(one["id"], []).append(one)
    return found


@pytest.mark.parametrize(
    "build",
    [
        routes_setups.taken_out,
        routes_setups.never_applied,
        routes_setups.profile_edited,
        routes_setups.program_moved,
    ],
)
def test_a_safe_mend_is_a_switch_that_mends(build: Callable[[Path, World], None], mcpconf: World) -> None:
    build(mcpconf.home, mcpconf)
    ((one,),) = findings(mcpconf).values()
    assert one["mend"] == {"command": "mcpconf switch work", "safe": True}
    mcpconf(*one["mend"]["command"].split()[1:])
    assert findings(mcpconf) == {}


def test_a_lost_file_comes_back_and_undo_leaves_what_an_entry_names(mcpconf: World) -> None:
    routes_setups.wrapper_data_gone(mcpconf.home, mcpconf)
    ((one,),) = findings(mcpconf).values()
    assert one["mend"] == {"command": "mcpconf switch work", "safe": False}
    mcpconf("switch", "work")
    mcpconf("undo")
    assert Path(mcpconf.servers()["one"]["command"]).is_symlink()
    assert findings(mcpconf) == {}


def test_a_profile_for_one_directory_is_put_in_place_there(mcpconf: World) -> None:
    mcpconf.project("p")
    routes_setups.active(mcpconf, routes_setups.ONE, "--scope", "local")
    mcpconf.profile("work", routes_setups.TWO)
    ((one,),) = findings(mcpconf).values()
    assert one["about"] == "two"
    assert one["evidence"][0].endswith(".claude.json, Claude Code (local)")
    assert one["mend"]["command"] == "mcpconf switch work --scope local"


def test_what_the_broker_is_told_of_a_server_has_to_be_there(mcpconf: World) -> None:
    routes_setups.active(mcpconf, "[broker]\nautostart = true\n" + routes_setups.ONE)
    assert findings(mcpconf) == {}
    broker = mcpconf.home / ".local/share/mcpconf/broker"
    for name in ("servers/one.json", "shim.py"):
        (broker / name).unlink()
        ((one,),) = findings(mcpconf).values()
        assert (one["id"], one["about"]) == ("MC410", "one")
        assert name in one["text"]
        mcpconf("switch", "work")


def test_a_route_by_name_is_told_and_not_taken_back_without_asking(mcpconf: World) -> None:
    routes_setups.told_its_route(mcpconf.home, mcpconf)
    ((one,),) = findings(mcpconf).values()
    assert (one["id"], one["level"]) == ("MC406", "info")
    assert "as it was told to; else direct would be taken" in one["text"]
    assert one["mend"] == {"command": "mcpconf switch work", "safe": False}


def test_a_route_that_is_none_any_more_is_told_with_the_one_that_is(mcpconf: World) -> None:
    text = '[servers.one]\ncommand = "good"\npackage = "npm:some-server@1.0.0"\n'
    routes_setups.active(mcpconf, text, "--route", "wrapper")
    (mcpconf.home.parent / "bin/bash").unlink()
    ((one,),) = findings(mcpconf).values()
    assert (one["id"], one["level"]) == ("MC406", "info")
    assert "takes the route wrapper, which is none any more; direct is one" in one["text"]
    assert "wrapper: there is no bash here" in one["evidence"]


def test_why_a_route_was_chosen_is_for_those_who_ask(mcpconf: World) -> None:
    routes_setups.active_and_right(mcpconf.home, mcpconf)
    assert "by the route" not in mcpconf("doctor", "--only", "routes").out
    told = mcpconf("doctor", "--only", "routes", "--verbose").out
    assert "one: by the route direct" in told


def test_what_the_toolkit_is_to_serve_is_told_of_below(mcpconf: World) -> None:
    good.program(mcpconf, "good")
    mcpconf.profile("work", '[servers.kit]\ntoolkit = "time"\n' + routes_setups.ONE)
    mcpconf("switch", "work")
    ((one,),) = findings(mcpconf).values()
    assert (one["id"], one["level"]) == ("MC403", "info")
    assert "of which toolkit below tells" in one["text"]


def test_without_the_network_nobody_is_asked(mcpconf: World) -> None:
    docker = good.docker(mcpconf, {"": f'echo "$*" >>{mcpconf.home}/asked; exit 1'})
    mcpconf.profile("work", '[servers.kit]\ntoolkit = "time"\n' + routes_setups.ONE)
    good.program(mcpconf, "good")
    mcpconf("switch", "work")
    (mcpconf.home / "asked").unlink()
    found = findings(mcpconf, "--no-network")
    assert docker.exists()
    assert not (mcpconf.home / "asked").exists()
    assert {one["level"] for several in found.values() for one in several} == {"skipped"}


@pytest.mark.parametrize("trouble", [Trouble.AWAY, Trouble.UNSEEN])
def test_a_profile_that_can_not_be_looked_at_is_no_fault_and_not_fine_either(trouble: Trouble) -> None:
    seen = Routes((ActiveSeen(profile="work", scope="user", trouble=trouble, because="it is elsewhere"),))
    levels = {check.id: [one.level for one in check.judge(seen)] for check in CHECKS}
    assert levels["MC402"] == []
    assert levels["MC403"] == levels["MC404"] == [Level.SKIPPED]
