"""A ledger that was emptied or moved away: the history still knows what is ours, and nothing of it is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scenarios.conftest import World

EMPTY = '{"version": 1, "files": {}}'


def lose(mcpconf: World, how: str) -> None:
    ledger = mcpconf.state / "ledger.json"
    if how == "emptied":
        ledger.write_text(EMPTY)
    else:
        ledger.rename(ledger.with_suffix(".old"))


@pytest.mark.parametrize("how", ["emptied", "moved away"])
@pytest.mark.parametrize("purge", [(), ("--purge", "--yes")])
def test_uninstall_leaves_no_entry_that_only_the_history_knows(
    mcpconf: World, how: str, purge: tuple[str, ...]
) -> None:
    mcpconf.claude.write_text('{"mcpServers": {"theirs": {"command": "x"}}}')
    mcpconf("switch", "minimal")
    mcpconf("switch", "essentials")
    lose(mcpconf, how)
    before = mcpconf.tree()
    said = mcpconf("uninstall", *purge, code=4).err
    assert f"{mcpconf.claude}: time stands there as mcpconf wrote it" in said
    assert "nothing was changed" in said
    assert "mcpconf uninstall --force" in said
    assert {name: one for name, one in mcpconf.tree().items() if not name.endswith("lock")} == {
        name: one for name, one in before.items() if not name.endswith("lock")
    }
    mcpconf("uninstall", *purge, "--force")
    assert json.loads(mcpconf.claude.read_text()) == {"mcpServers": {"theirs": {"command": "x"}}}


def test_what_we_had_replaced_comes_back_without_a_ledger(mcpconf: World) -> None:
    theirs = '{"mcpServers": {"mcpconf": {"command": "theirs"}}}'
    mcpconf.claude.write_text(theirs)
    mcpconf("switch", "minimal", "--adopt")
    lose(mcpconf, "emptied")
    mcpconf("uninstall", "--force")
    assert mcpconf.claude.read_text() == theirs


def test_what_is_not_as_we_wrote_it_is_not_ours_without_a_ledger(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    lose(mcpconf, "emptied")
    edited = mcpconf.claude.read_text().replace('"serve"', '"serve", "--mine"')
    mcpconf.claude.write_text(edited)
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.claude.read_text() == edited


def test_what_was_undone_or_given_back_is_not_ours_any_more(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    mcpconf("switch", "essentials")
    entries = mcpconf.servers()
    mcpconf("undo")
    mcpconf("uninstall")
    mcpconf.claude.write_text(json.dumps({"mcpServers": entries}))
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.servers() == entries


@pytest.mark.parametrize("text", ['{"mcpServers": {"a": {', '{"mcpServers": 5}', "\ufeff[]"])
def test_a_file_that_only_the_history_knows_and_that_cannot_be_read_is_told(mcpconf: World, text: str) -> None:
    mcpconf("switch", "minimal")
    lose(mcpconf, "emptied")
    mcpconf.claude.write_text(text)
    said = mcpconf("uninstall", "--purge", "--yes", code=4).err
    assert str(mcpconf.claude) in said
    assert "try: " in said
    assert mcpconf.claude.read_text() == text


def test_a_file_that_is_none_blocks_no_uninstall_without_advice(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    mcpconf.claude.unlink()
    mcpconf.claude.mkdir()
    said = mcpconf("uninstall", code=4).err
    assert f"move it away (mv {mcpconf.claude} {mcpconf.claude}.old), and uninstall again" in said
    mcpconf.claude.rename(Path(f"{mcpconf.claude}.old"))
    mcpconf("uninstall", "--purge", "--yes")


def test_a_purge_that_nobody_can_confirm_says_only_that(mcpconf: World) -> None:
    said = mcpconf("uninstall", "--purge", code=2).err
    assert said.startswith("mcpconf: --purge removes your profiles and secrets")
    assert "nothing to change" not in said


@pytest.mark.parametrize("before", [None, "{}", '{\n  "a": 1\n}\n', '{"mcpServers": { }}'])
def test_the_object_and_the_file_that_we_had_made_go_as_well_where_the_history_knows(
    mcpconf: World, before: str | None
) -> None:
    if before is not None:
        mcpconf.claude.write_text(before)
    mcpconf("switch", "minimal")
    mcpconf("server", "add", "more", "--", "/bin/true")
    lose(mcpconf, "moved away")
    mcpconf("uninstall", "--force")
    assert (mcpconf.claude.read_text() if mcpconf.claude.exists() else None) == before
