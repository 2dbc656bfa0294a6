"""What the report says as JSON, on the command line and to Claude, and as text."""

from __future__ import annotations

from typing import Any

from mcpconf.serve.tools import standard
from tests.cli.conftest import World
from tests.cli.test_json import check
from tests.doctor.files_setups import cut_off, readable


def told(**arguments: str) -> Any:
    """What the tool of `mcpconf serve` says."""
    return standard()["doctor"].call(arguments)


def without_times(found: Any) -> Any:
    return {**found, "looks": [look["group"] for look in found["looks"]]}


def test_claude_is_told_what_the_command_line_says(mcpconf: World) -> None:
    cut_off(mcpconf.home, mcpconf)
    shown = mcpconf("doctor", "--json", "--only", "files", "--only", "place", code=1).json
    found = told(only="place, files")
    assert not found["isError"]
    data = check("doctor", {"schema": "mcpconf.doctor/1", **found["structuredContent"]})
    assert without_times(data) == without_times(shown)
    assert not data["healthy"]


def test_claude_may_not_ask_for_a_group_that_is_none(mcpconf: World) -> None:
    found = told(only="flies")
    assert found["isError"]
    assert "place, files" in found["content"][0]["text"]


def test_claude_changes_nothing(mcpconf: World) -> None:
    readable(mcpconf.home, mcpconf)
    before = mcpconf.tree()
    assert told()["structuredContent"]["mended"] == []
    assert mcpconf.tree() == before
    assert standard()["doctor"].listing()["annotations"]["readOnlyHint"] is True


def test_the_home_is_not_told(mcpconf: World) -> None:
    cut_off(mcpconf.home, mcpconf)
    mcpconf.claude.chmod(0o644)
    for argv in ((), ("--json",), ("--fix", "--dry-run"), ("--fix",)):
        said = mcpconf("doctor", *argv, code=1)
        assert str(mcpconf.home) not in said.out + said.err
        assert "~/.claude.json" in said.out


def test_what_can_be_mended_is_counted(mcpconf: World) -> None:
    readable(mcpconf.home, mcpconf)
    assert "mcpconf doctor --fix    # mends 1" in mcpconf("doctor").out
