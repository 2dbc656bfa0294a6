"""The wrapper's files: there before an entry names them, gone when none does, and as before where a commit fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcpconf.commit.artifacts import SCRIPT, Artifacts, contexts, data_path
from mcpconf.errors import McpconfError
from tests.commit.stage import Stage


@pytest.fixture
def directory(stage: Stage) -> Path:
    return stage.home / ".local/share/mcpconf/wrapper"


def wanting(directory: Path, **contexts: dict[str, bytes]) -> Artifacts:
    """Artifacts by context and server's name."""
    return Artifacts(
        str(directory),
        {context: {str(directory / name): data for name, data in files.items()} for context, files in contexts.items()},
    )


def put(stage: Stage, artifacts: Artifacts, **more: bool) -> None:
    used = more.get("in_use")
    with artifacts.in_place(stage.state, None if used is None else lambda _: used):
        pass


def standing(directory: Path) -> dict[str, bytes]:
    """Every server's data by its link's name; a link that starts nothing is left out."""
    if not directory.exists():
        return {}
    links = [path for path in directory.iterdir() if path.is_symlink() and os.readlink(path) == SCRIPT]
    return {link.name: Path(data_path(str(link))).read_bytes() for link in links}


def test_all_is_there_while_the_entries_are_written(stage: Stage, directory: Path) -> None:
    with wanting(directory, user={"git": b"1", "time": b"2"}).in_place(stage.state):
        assert standing(directory) == {"git": b"1", "time": b"2"}
        assert os.access(directory / "git", os.X_OK)
    assert contexts(stage.state) == ("user",)
    modes = [path.stat().st_mode & 0o777 for path in (directory, directory / SCRIPT, directory / "data/git")]
    assert modes == [0o700, 0o700, 0o600]


def test_what_is_as_it_should_be_is_not_written_again(stage: Stage, directory: Path) -> None:
    put(stage, wanting(directory, user={"git": b"1"}))
    before = {path: path.lstat().st_mtime_ns for path in directory.rglob("*")}
    put(stage, wanting(directory, user={"git": b"1"}))
    assert {path: path.lstat().st_mtime_ns for path in directory.rglob("*")} == before


def test_what_is_wanted_no_more_goes_when_the_entries_are_gone(stage: Stage, directory: Path) -> None:
    put(stage, wanting(directory, user={"git": b"1", "time": b"2"}))
    with wanting(directory, user={"time": b"3"}).in_place(stage.state):
        assert set(standing(directory)) == {"git", "time"}
    assert standing(directory) == {"time": b"3"}
    put(stage, wanting(directory, user={}))
    assert (directory.exists(), contexts(stage.state)) == (False, ())
    put(stage, wanting(directory, user={}))
    assert not directory.exists()


def test_a_link_that_is_in_use_stays(stage: Stage, directory: Path) -> None:
    put(stage, wanting(directory, user={"git": b"1"}))
    put(stage, wanting(directory, user={}), in_use=True)
    assert standing(directory) == {"git": b"1"}
    assert contexts(stage.state) == ("user",), "it is still known as ours"
    put(stage, wanting(directory, user={}), in_use=False)
    assert not directory.exists()


def test_one_context_leaves_anothers_alone(stage: Stage, directory: Path) -> None:
    put(stage, wanting(directory, user={"git": b"1", "both": b"2"}))
    put(stage, wanting(directory, project={"both": b"2"}))
    put(stage, wanting(directory, user={}))
    assert standing(directory) == {"both": b"2"}
    assert contexts(stage.state) == ("project",)


def test_where_the_commit_fails_all_is_as_it_was(stage: Stage, directory: Path) -> None:
    put(stage, wanting(directory, user={"git": b"1", "time": b"2"}))
    with pytest.raises(ZeroDivisionError), wanting(directory, user={"git": b"9", "new": b"3"}).in_place(stage.state):
        raise ZeroDivisionError
    assert standing(directory) == {"git": b"1", "time": b"2"}


def test_where_the_first_commit_fails_nothing_is_left(stage: Stage, directory: Path) -> None:
    with pytest.raises(ZeroDivisionError), wanting(directory, user={"git": b"1"}).in_place(stage.state):
        raise ZeroDivisionError
    assert (standing(directory), contexts(stage.state)) == ({}, ())


def test_something_else_in_a_links_place_is_replaced_or_told(stage: Stage, directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "git").symlink_to("elsewhere")
    (directory / "git.new").symlink_to("left by a crash")
    put(stage, wanting(directory, user={"git": b"1"}))
    assert standing(directory) == {"git": b"1"}
    (directory / "time/inside").mkdir(parents=True)
    with pytest.raises(McpconfError, match="time can't be written"):
        put(stage, wanting(directory, user={"time": b"1"}))
    assert (directory / "time/inside").is_dir()


def test_data_that_somebody_removed_is_no_trouble(stage: Stage, directory: Path) -> None:
    put(stage, wanting(directory, user={"git": b"1"}))
    (directory / "data/git").unlink()
    put(stage, wanting(directory, user={"git": b"1"}))
    assert standing(directory) == {"git": b"1"}
    (directory / "git").unlink()
    put(stage, wanting(directory, user={}))
    assert not directory.exists()


def test_what_a_kill_left_of_the_last_one_is_cleared_away_by_the_next(
    stage: Stage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stage, wanting(directory, user={"git": b"1"}))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            put(stage, wanting(directory, user={}))
    assert (directory / SCRIPT).exists()

    put(stage, wanting(directory, user={}))
    assert not directory.exists()


@pytest.fixture
def servers(directory: Path) -> Path:
    return directory.parent / "broker/servers"


def needing(directory: Path, **contexts: tuple[str, ...]) -> Artifacts:
    """Artifacts by context and the names of the broker's servers, with the file that all of them share."""
    broker = directory.parent / "broker"
    files = {
        context: {
            **{str(broker / f"servers/{name}"): name.encode() for name in names},
            **({str(broker / "shim"): b"s"} if names else {}),
        }
        for context, names in contexts.items()
    }
    return Artifacts(str(directory), files)


def plain(servers: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in servers.parent.rglob("*") if path.is_file()}


def test_plain_files_are_private_and_bring_no_wrapper(stage: Stage, directory: Path, servers: Path) -> None:
    put(stage, needing(directory, user=("git",)))
    assert plain(servers) == {"git": b"git", "shim": b"s"}
    paths = (servers.parent, servers, servers / "git", servers.parent / "shim")
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o700, 0o700, 0o600, 0o600]
    assert not directory.exists()


def test_what_several_share_goes_with_the_last_of_them(stage: Stage, directory: Path, servers: Path) -> None:
    put(stage, needing(directory, user=("git",), project=("time",)))
    put(stage, needing(directory, user=()))
    assert plain(servers) == {"time": b"time", "shim": b"s"}
    put(stage, needing(directory, project=()))
    assert (servers.parent.exists(), contexts(stage.state)) == (False, ())
    assert directory.parent.is_dir()


def test_what_others_put_beside_them_stays(stage: Stage, directory: Path, servers: Path) -> None:
    put(stage, needing(directory, user=("git",)))
    (servers.parent / "keys").mkdir()
    put(stage, needing(directory, user=()))
    assert [path.name for path in servers.parent.iterdir()] == ["keys"]


def test_links_and_plain_files_come_and_go_apart(stage: Stage, directory: Path, servers: Path) -> None:
    both = {str(directory / "mcp-a"): b"1", str(servers / "b"): b"2"}
    put(stage, Artifacts(str(directory), {"user": both}))
    assert (standing(directory), plain(servers)) == ({"mcp-a": b"1"}, {"b": b"2"})
    put(stage, needing(directory, user=("b",)))
    assert (directory.exists(), plain(servers)) == (False, {"b": b"b", "shim": b"s"})
    put(stage, wanting(directory, user={"mcp-a": b"1"}))
    assert (standing(directory), servers.parent.exists()) == ({"mcp-a": b"1"}, False)


def test_where_the_commit_fails_plain_files_are_as_they_were(stage: Stage, directory: Path, servers: Path) -> None:
    put(stage, needing(directory, user=("git",)))
    with pytest.raises(ZeroDivisionError), needing(directory, user=("new",)).in_place(stage.state):
        raise ZeroDivisionError
    assert plain(servers) == {"git": b"git", "shim": b"s"}
