"""What an ordinary user may not write is refused and stays as it is. Root passes every such test: none runs as root."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpconf.errors import McpconfError
from tests.commit.stage import ENTRY, Stage, in_child, servers, write

pytestmark = pytest.mark.unprivileged
ROOT = os.geteuid() == 0
NOBODY = 65534
THEIRS = {"command": "/bin/theirs"}


def as_user(stage: Stage, act: Callable[[Stage], None]) -> str:
    """Do something as a user without privileges, who owns all in the home; what it failed with.

    The child sees the home as its root directory, since the way there is closed to others. So everything that it
    may import has to be there before.
    """
    warm = Stage(stage.home.with_name("warm"))
    warm.home.mkdir()
    warm.switch({"x": ENTRY})
    warm.switch({})
    answer, said = os.pipe()

    def child() -> None:
        inner = stage
        if ROOT:
            os.chroot(stage.home)
            os.chdir("/")
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            inner = Stage(Path("/"))
        try:
            act(inner)
        except McpconfError as error:
            os.write(said, f"{error} [{error.hint}]".replace(str(inner.home), "~/").encode())
        except BaseException:
            os.write(said, traceback.format_exc().encode())

    code = in_child(child)
    os.close(said)
    with os.fdopen(answer, "rb") as stream:
        text = stream.read().decode()
    assert code == 0, text
    return text


def give(home: Path) -> None:
    """Have the user own the home and all that is in it."""
    if not ROOT:
        return
    os.chown(home, NOBODY, NOBODY)
    for directory, names, files in os.walk(home):
        for name in [*names, *files]:
            os.chown(os.path.join(directory, name), NOBODY, NOBODY, follow_symlinks=False)


def switch(stage: Stage) -> None:
    stage.switch({"x": ENTRY})


def clean(stage: Stage) -> bool:
    return [name for name in stage.leftovers() if not name.endswith("pending.json")] == []


def test_a_user_may_write_what_is_theirs(stage: Stage) -> None:
    write(stage.path, {"mcpServers": {"theirs": THEIRS}})
    give(stage.home)
    assert as_user(stage, switch) == ""
    assert servers(stage.path) == {"theirs": THEIRS, "x": ENTRY}


@pytest.mark.parametrize("hard", [False, True], ids=["renamed", "in place"])
def test_a_read_only_file_is_honoured(stage: Stage, hard: bool) -> None:
    before = write(stage.path, {"mcpServers": {}}, 0o444)
    if hard:
        os.link(stage.path, stage.home / "hard-link")
    give(stage.home)
    said = as_user(stage, switch)
    assert "claude.json can't be written: permission denied; nothing was changed" in said
    assert (stage.path.read_bytes(), clean(stage)) == (before, True)


@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_directory_is_honoured(stage: Stage, exists: bool) -> None:
    path = stage.home / "config/desktop.json"
    path.parent.mkdir()
    before = write(path, {"mcpServers": {}}) if exists else None
    give(stage.home)
    path.parent.chmod(0o555)
    said = as_user(stage, lambda inner: _switch(inner, "config/desktop.json"))
    path.parent.chmod(0o755)
    assert "desktop.json can't be written: permission denied; nothing was changed" in said
    assert (path.read_bytes() if exists else None, clean(stage)) == (before, True)


def _switch(stage: Stage, name: str) -> None:
    stage.commit(stage.want({"x": ENTRY}, stage.home / name))


def test_a_directory_that_cannot_be_made_is_told(stage: Stage) -> None:
    (stage.home / "closed").mkdir()
    give(stage.home)
    (stage.home / "closed").chmod(0o555)
    said = as_user(stage, lambda inner: _switch(inner, "closed/a/desktop.json"))
    (stage.home / "closed").chmod(0o755)
    assert "can't be written: permission denied; nothing was changed" in said
    assert os.listdir(stage.home / "closed") == []


def test_a_file_that_may_not_be_read_is_not_taken_for_an_empty_one(stage: Stage) -> None:
    before = write(stage.path, {"mcpServers": {"theirs": THEIRS}})
    give(stage.home)
    stage.path.chmod(0o000)
    said = as_user(stage, switch)
    stage.path.chmod(0o600)
    assert "can't be read (Permission denied); nothing was changed [sudo chown" in said
    assert stage.path.read_bytes() == before


def test_a_directory_that_may_not_be_entered_is_told(stage: Stage) -> None:
    path = stage.home / "closed/desktop.json"
    before = write(path, {})
    give(stage.home)
    path.parent.chmod(0o000)
    said = as_user(stage, lambda inner: _switch(inner, "closed/desktop.json"))
    path.parent.chmod(0o755)
    assert "can't be read (Permission denied); nothing was changed" in said
    assert path.read_bytes() == before


@pytest.mark.skipif(not ROOT, reason="only root may give a file away first")
def test_another_users_file_keeps_its_owner_or_is_refused(stage: Stage) -> None:
    before = write(stage.path, {"mcpServers": {}}, 0o666)
    give(stage.home)
    os.chown(stage.path, 0, 0)
    said = as_user(stage, switch)
    assert "the system does not permit it; nothing was changed" in said
    assert (stage.path.stat().st_uid, stage.path.read_bytes(), clean(stage)) == (0, before, True)


def test_a_state_directory_that_may_not_be_written_stops_everything(stage: Stage) -> None:
    before = write(stage.path, {"mcpServers": {}})
    state = stage.home / ".local/state"
    state.mkdir(parents=True)
    give(stage.home)
    state.chmod(0o555)
    said = as_user(stage, switch)
    state.chmod(0o755)
    assert "can't be written: permission denied; nothing was changed" in said
    assert (stage.path.read_bytes(), os.listdir(state)) == (before, [])


def test_one_file_of_two_that_may_not_be_written_leaves_the_other(stage: Stage) -> None:
    first = write(stage.home / "first.json", {"mcpServers": {}})
    second = write(stage.home / "second.json", {}, 0o444)
    give(stage.home)

    def act(inner: Stage) -> None:
        inner.commit(*[inner.want({"x": ENTRY}, inner.home / name) for name in ("first.json", "second.json")])

    assert "second.json can't be written: permission denied" in as_user(stage, act)
    assert (stage.home / "first.json").read_bytes() == first
    assert (stage.home / "second.json").read_bytes() == second
