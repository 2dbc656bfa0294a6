"""One thing that several groups have found is told once, by the check that knows the cause."""

from __future__ import annotations

from mcpconf.doctor.finding import Finding, Group, Level, Mend
from mcpconf.doctor.settle import settled

HERE = "/home/u/.claude.json:3, Claude Code (user)"


def finding(name: str, group: Group, level: Level, about: str = "it", text: str = "x", where: str = HERE) -> Finding:
    return Finding(name, group, "", level, text, about, (where,), Mend("mend it"))


FAILURE = finding("MC703", Group.SERVERS, Level.ERROR, text="it ended with exit code 1")


def levels(*found: Finding, server: str | None = None) -> list[str]:
    return [f"{one.id} {one.level}" for one in settled(found, server)]


def test_a_warning_that_explains_a_failure_becomes_the_error() -> None:
    unset = finding("MC313", Group.ENTRIES, Level.WARNING)
    assert levels(unset, FAILURE) == ["MC313 error", "MC703 skipped"]
    assert settled([unset, FAILURE])[0].evidence == (HERE, "it ended with exit code 1")


def test_one_that_is_of_another_entry_or_explains_nothing_hides_no_failure() -> None:
    elsewhere = finding("MC313", Group.ENTRIES, Level.WARNING, where="/work/.mcp.json:9, Claude Code (project)")
    shadow = finding("MC323", Group.ENTRIES, Level.WARNING)
    assert levels(elsewhere, shadow, FAILURE) == ["MC313 warning", "MC323 warning", "MC703 error"]


def test_what_the_broker_or_a_route_knows_is_not_said_twice() -> None:
    crashes = finding("MC606", Group.BROKER, Level.ERROR, where="")
    assert levels(crashes, FAILURE) == ["MC606 error", "MC703 skipped"]
    no_way = finding("MC403", Group.ROUTES, Level.WARNING, about="it (claude-code, user)", where="")
    assert levels(no_way, FAILURE) == ["MC403 warning", "MC703 skipped"]
    other = finding("MC606", Group.BROKER, Level.ERROR, about="iterate", where="")
    assert levels(other, FAILURE) == ["MC606 error", "MC703 error"]


def test_one_server_alone() -> None:
    other = finding("MC703", Group.SERVERS, Level.ERROR, about="other")
    fine = finding("MC701", Group.SERVERS, Level.OK, about="")
    assert levels(FAILURE, other, fine, server="it") == ["MC703 error", "MC701 ok"]
