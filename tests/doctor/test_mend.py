"""What `--fix` does, and how it is taken back; what it can't do, and what it asks for."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from mcpconf.broker.upstream.owner import owner_of
from mcpconf.cli import console
from mcpconf.doctor.finding import Finding, Group, Level, Mend
from mcpconf.doctor.mend import Outcome, carry_out, plan_mends
from mcpconf.workflow.app import App
from tests.cli.conftest import World
from tests.cli.test_json import check
from tests.doctor.files_setups import desktop_bom, lock_left, put, readable
from tests.scenarios.conftest import tree


def finding(action: str, *arguments: str, safe: bool = True, command: str = "do it") -> Finding:
    mend = Mend(command, safe, action, arguments)
    return Finding("MC999", Group.FILES, "all is well", Level.WARNING, "it is not", "", (), mend)


def mended(app: App, *findings: Finding) -> tuple[Outcome, ...]:
    return carry_out(app, plan_mends(app, findings))


@pytest.fixture
def app(mcpconf: World) -> App:
    return console.app()


def test_all_kinds_of_one_run_are_one_change(mcpconf: World) -> None:
    desktop_bom(mcpconf.home, mcpconf)
    mcpconf.desktop.chmod(0o644)
    lock_left(mcpconf.home, mcpconf)
    before = tree(mcpconf.home)
    told = mcpconf("doctor", "--fix").err
    assert told.count("done:") == 3
    assert "\\ufeff" in told  # the diff
    assert mcpconf.desktop.read_bytes() == b'{"mcpServers": {}}\n'
    assert not (mcpconf.home / ".claude.json.lock").exists()

    preview = mcpconf("undo", "--dry-run").err
    assert "mode 644 again" in preview
    assert "there again" in preview
    assert check("undo", mcpconf("undo", "--json").json)["changed"]
    assert {path: value for path, value in tree(mcpconf.home).items() if ".local" not in path} == before
    assert time.time() - (mcpconf.home / ".claude.json.lock").stat().st_mtime > 3000  # as stale as it was
    assert "nothing to undo" in mcpconf("undo", code=1).err


def test_what_was_changed_since_stays(mcpconf: World) -> None:
    readable(mcpconf.home, mcpconf)
    lock_left(mcpconf.home, mcpconf)
    mcpconf.claude.chmod(0o644)
    mcpconf("doctor", "--fix")
    mcpconf.claude.chmod(0o640)
    (mcpconf.home / ".claude.json.lock").mkdir()
    told = mcpconf("undo").err
    assert told.count("was changed since") == 2
    assert mcpconf.claude.stat().st_mode & 0o777 == 0o640


def test_an_entry_that_was_added_since_survives_the_undo(mcpconf: World) -> None:
    desktop_bom(mcpconf.home, mcpconf)
    mcpconf("doctor", "--fix")
    mcpconf.desktop.write_text('{"mcpServers": {"a": {"command": "myserver"}}}')
    mcpconf("undo")
    assert list(mcpconf.servers(mcpconf.desktop)) == ["a"]


def test_our_entries_stay_ours_without_their_bom(mcpconf: World) -> None:
    desktop_bom(mcpconf.home, mcpconf)
    mcpconf("switch", "minimal", "--client", "claude-desktop")
    mcpconf("doctor", "--fix")
    assert not mcpconf.desktop.read_bytes().startswith(b"\xef\xbb\xbf")
    mcpconf("uninstall")
    assert mcpconf.servers(mcpconf.desktop) == {}


def test_a_dry_run_and_its_json_name_what_would_be_done(mcpconf: World) -> None:
    readable(mcpconf.home, mcpconf)
    before = tree(mcpconf.home)
    said = check("doctor", mcpconf("doctor", "--fix", "--dry-run", "--json").json)
    assert [(one["ids"], one["done"]) for one in said["mended"]] == [(["MC206"], False)]
    assert tree(mcpconf.home) == before
    assert mcpconf("doctor", "--yes", code=2).err


def test_an_error_that_is_left_is_the_exit_code(mcpconf: World) -> None:
    put(mcpconf.claude, "{", 0o644)
    told = mcpconf("doctor", "--fix", code=1)
    assert "done: chmod" in told.err
    assert "MC202" in told.out


def test_a_switch_is_a_change_of_its_own(mcpconf: World, app: App) -> None:
    mcpconf("switch", "minimal")
    entries = mcpconf.claude.read_bytes()
    put(mcpconf.claude, "{}\n", 0o644)
    (switched, modes) = mended(app, finding("switch", "minimal"), finding("chmod", str(mcpconf.claude), "600"))
    assert (switched.error, modes.error) == (None, None)
    assert mcpconf.servers() == json.loads(entries)["mcpServers"]
    assert mcpconf.claude.stat().st_mode & 0o777 == 0o600
    mcpconf("undo")
    assert mcpconf.claude.read_bytes() == b"{}\n"
    mcpconf("undo")
    assert mcpconf.claude.stat().st_mode & 0o777 == 0o644


def test_what_is_in_the_way_of_a_switch_is_told(mcpconf: World, app: App) -> None:
    put(mcpconf.claude, '{"mcpServers": {"mcpconf": {"command": "theirs"}}}')
    (outcome,) = mended(app, finding("switch", "minimal"))
    assert "--adopt" in str(outcome.error)
    assert mcpconf.servers() == {"mcpconf": {"command": "theirs"}}
    (outcome,) = mended(app, finding("switch", "no-such-profile"))
    assert "no-such-profile" in str(outcome.error)


def test_one_that_fails_stops_no_other(mcpconf: World, app: App) -> None:
    readable(mcpconf.home, mcpconf)
    gone = str(mcpconf.home / "gone")
    lost, done = mended(app, finding("chmod", gone, "600"), finding("chmod", str(mcpconf.claude), "600"))
    assert gone in str(lost.error)
    assert done.error is None


def test_the_same_mend_is_done_once(app: App, mcpconf: World) -> None:
    readable(mcpconf.home, mcpconf)
    two = [finding("chmod", str(mcpconf.claude), "600")] * 2
    assert len(plan_mends(app, two)) == 1
    mended(app, *two)
    assert plan_mends(app, two) == ()


def test_only_containers_of_ours_without_an_owner_go(mcpconf: World, app: App, programs: Path) -> None:
    log = mcpconf.work / "docker.log"
    alive = owner_of(os.getpid())
    assert alive is not None
    gone = alive.rpartition("/")[0] + "/0"  # the same number, and another start
    (programs / "docker").write_text(
        f'#!/bin/sh\necho "$*" >>{log}\n'
        "case $1 in ps) echo abc111 abc222 other theirs;;\n"
        f"inspect) echo other {gone}; echo abc111 {alive}; echo abc222 {gone}; echo theirs;;\n"
        f"rm) ! [ -e {log}.fail ];; esac\n"
    )
    (programs / "docker").chmod(0o755)
    leftovers = finding("remove-containers", "abc111", "abc222", "theirs")
    assert mended(app, leftovers)[0].error is None
    assert log.read_text().splitlines()[-1] == "rm -f abc222"
    log.with_name("docker.log.fail").touch()
    assert "did not remove" in str(mended(app, leftovers)[0].error)


@pytest.mark.parametrize("answer", [True, False])
def test_what_is_not_safe_is_asked_for(answer: bool, mcpconf: World, app: App) -> None:
    from mcpconf.cli import mending

    readable(mcpconf.home, mcpconf)
    asked = []
    mcpconf.patch.setattr(console, "interactive", lambda: True)
    mcpconf.patch.setattr(mending.ask, "confirm", lambda message, default: asked.append(message) or answer)
    unsafe = finding("chmod", str(mcpconf.claude), "600", safe=False, command=f"chmod 600 {mcpconf.claude}")
    outcomes = mending.mend(app, [unsafe], yes=False, dry_run=False)
    assert asked == ["MC999: chmod 600 ~/.claude.json?"]
    assert len(outcomes) == int(answer)
    assert mcpconf.claude.stat().st_mode & 0o777 == (0o600 if answer else 0o644)


@pytest.mark.parametrize("yes", [True, False])
def test_without_a_terminal_only_yes_does_what_is_not_safe(yes: bool, mcpconf: World, app: App) -> None:
    from mcpconf.cli import mending

    readable(mcpconf.home, mcpconf)
    mending.mend(app, [finding("chmod", str(mcpconf.claude), "600", safe=False)], yes=yes, dry_run=False)
    assert mcpconf.claude.stat().st_mode & 0o777 == (0o600 if yes else 0o644)
