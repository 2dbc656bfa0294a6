"""Where Claude Code keeps its entries: files by scope and environment, projects by their key in real git work trees."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mcpconf.client.claude_code import SPEC
from mcpconf.client.project import find_project
from mcpconf.client.spec import Place, Target
from mcpconf.model import Scope
from mcpconf.system import RealSystem
from tests.client.disk import Disk


def place(*files: str, directories: tuple[str, ...] = (), **given: Any) -> Place:
    """A place with these (empty) files."""
    platform = given.get("platform", "linux")
    look = Disk(platform, dict.fromkeys(files, b""), directories, given.pop("links", {}))
    return Place(**{"platform": platform, "home": "/home/me", "cwd": "/work/deep", "env": {}, "look": look} | given)


def target(where: Place, scope: Scope = Scope.USER) -> Target:
    (found,) = SPEC.targets(where, scope)
    return found


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (None, "/home/me/.claude.json"),
        ("", "/home/me/.claude.json"),
        ("/cfg", "/cfg/.claude.json"),
        ("/cfg/", "/cfg/.claude.json"),
        ("cfg", "/work/deep/cfg/.claude.json"),
        ("../cfg", "/work/cfg/.claude.json"),
        ("~/cfg", "/work/deep/~/cfg/.claude.json"),
    ],
)
def test_the_config_directory_is_seen_from_the_current_one_and_not_expanded(value: str | None, path: str) -> None:
    env = {} if value is None else {"CLAUDE_CONFIG_DIR": value}

    assert target(place(env=env)).path == path


@pytest.mark.parametrize(
    ("env", "legacy", "elsewhere"),
    [
        ({}, "/home/me/.claude/.config.json", "/cfg/.config.json"),
        ({"CLAUDE_CONFIG_DIR": "/cfg"}, "/cfg/.config.json", "/home/me/.claude/.config.json"),
    ],
)
def test_the_legacy_file_wins_in_its_own_directory_only(env: dict[str, str], legacy: str, elsewhere: str) -> None:
    new = target(place(env=env)).path

    assert target(place(legacy, new, env=env)).path == legacy
    assert target(place(elsewhere, env=env)).path == new


def test_the_lock_stands_beside_the_name_of_the_file() -> None:
    for scope in (Scope.USER, Scope.LOCAL):
        assert target(place(), scope).lock == "/home/me/.claude.json.lock"
    assert target(place(), Scope.PROJECT).lock is None


def test_each_scope_has_its_place_in_a_file() -> None:
    where = place(directories=("/work/.git",))

    assert target(where).pointer == ("mcpServers",)
    assert target(where, Scope.LOCAL).pointer == ("projects", "/work", "mcpServers")
    assert target(where, Scope.PROJECT).pointer == ("mcpServers",)
    assert [target(where, scope).portable for scope in Scope] == [False, False, True]
    assert [target(where, scope).project for scope in Scope] == [None, "/work", "/work"]
    assert target(where, Scope.LOCAL).label == "claude-code (local)"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ((), "/work/.mcp.json"),
        (("/work/.mcp.json",), "/work/.mcp.json"),
        (("/work/.mcp.json", "/work/deep/.mcp.json"), "/work/deep/.mcp.json"),
        (("/.mcp.json",), "/work/.mcp.json"),
    ],
)
def test_the_nearest_shared_file_within_the_work_tree_is_the_one(files: tuple[str, ...], path: str) -> None:
    assert target(place(*files, directories=("/work/.git", "/work/deep")), Scope.PROJECT).path == path


def test_outside_git_the_project_is_the_current_directory() -> None:
    assert target(place("/work/.mcp.json"), Scope.PROJECT).path == "/work/deep/.mcp.json"
    assert target(place(links={"/work": "/srv/real"}), Scope.LOCAL).pointer[1] == "/srv/real/deep"


def test_windows_paths_have_windows_separators() -> None:
    where = place(platform="windows", home=r"C:\Users\me", cwd=r"D:\work\deep", directories=(r"D:\work\.git",))

    assert target(where).path == r"C:\Users\me\.claude.json"
    assert target(where, Scope.PROJECT).path == r"D:\work\.mcp.json"
    dotted = place(platform="windows", home="C:\\", cwd=r"D:\a", env={"CLAUDE_CONFIG_DIR": r"..\cfg"})
    assert target(dotted).path == r"D:\cfg\.claude.json"


@pytest.mark.parametrize(
    ("where", "on_path", "there"),
    [
        (place(), False, False),
        (place(), True, True),
        (place(directories=("/home/me/.claude",)), False, True),
        (place("/home/me/.claude.json"), False, True),
        (place(directories=("/cfg",), env={"CLAUDE_CONFIG_DIR": "/cfg"}), False, True),
        (place(directories=("/home/me/.claude",), env={"CLAUDE_CONFIG_DIR": "/cfg"}), False, False),
    ],
)
def test_it_is_present_where_it_is_on_path_or_has_left_a_trace(where: Place, on_path: bool, there: bool) -> None:
    assert SPEC.present(where, on_path) is there


def git(at: Path, *words: str) -> None:
    at.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always", *words],
        cwd=at,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """A directory with every sort of work tree in it."""
    at = tmp_path / "trees"
    main, bare, outer = at / "main", at / "bare.git", at / "outer"
    git(main, "init", "-q")
    git(main, "commit", "-q", "--allow-empty", "-m", "x")
    git(main, "worktree", "add", "-q", "../linked")
    git(at, "clone", "-q", "--bare", "main", "bare.git")
    git(bare, "worktree", "add", "-q", "../of-bare")
    git(outer, "init", "-q")
    git(outer, "submodule", "--quiet", "add", "../main", "module")
    git(outer / "module", "worktree", "add", "-q", "../../of-module")
    git(at, "init", "-q", "--separate-git-dir", str(at / "apart"), "separate")
    git(at / "separate", "commit", "-q", "--allow-empty", "-m", "x")
    git(at / "separate", "worktree", "add", "-q", "../of-separate")
    for directory in ("main/deep/er", "linked/deep", "plain", "main/broken"):
        (at / directory).mkdir(parents=True)
    (at / "main/broken/.git").write_text("gitdir: /nowhere\n")
    (at / "alias").symlink_to("main")
    return at


@pytest.mark.parametrize(
    ("cwd", "root", "key"),
    [
        ("main", "main", "main"),
        ("main/deep/er", "main", "main"),
        ("main/.git", "main", "main"),
        ("main/broken", "main/broken", "main/broken"),
        ("linked", "linked", "main"),
        ("linked/deep", "linked", "main"),
        ("of-bare", "of-bare", "bare.git"),
        ("bare.git", "bare.git", "bare.git"),
        ("outer/module", "outer/module", "outer/module"),
        ("of-module", "of-module", "outer/.git/modules/module"),
        ("separate", "separate", "separate"),
        ("of-separate", "of-separate", "apart"),
        ("plain", "plain", "plain"),
        ("alias", "alias", "main"),
        ("alias/deep", "alias", "main"),
    ],
)
def test_projects_are_named_as_claude_code_names_them(trees: Path, cwd: str, root: str, key: str) -> None:
    """Every one of these was asked of the real Claude Code 2.1.330, with `claude mcp add -s local`."""
    where = place(cwd=str(trees / cwd), look=RealSystem())

    found = find_project(where)

    assert (found.root, found.key) == (str(trees / root), str(trees / key))
    assert found.in_git is (cwd not in ("plain", "bare.git"))
