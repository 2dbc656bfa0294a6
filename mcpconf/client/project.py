"""Which project a directory belongs to, by Claude Code's rules (measured on 2.1.197).

The key of `projects` in `~/.claude.json` is the real path of the git root, of the *main* worktree's root for a
linked worktree, and of the current directory outside git.
"""

from __future__ import annotations

from mcpconf.client.paths import absolute, ancestors, join, parent
from mcpconf.client.spec import Place
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """`root`: the work tree (or the current directory outside git); `key`: Claude Code's name for it."""

    root: str
    key: str
    in_git: bool


def find_project(place: Place) -> Project:
    """The project of the current directory."""
    for directory in ancestors(place.platform, place.cwd):
        dot_git = join(place.platform, directory, ".git")
        if place.look.is_dir(dot_git):
            return Project(directory, place.look.realpath(directory), True)
        if place.look.exists(dot_git):
            return Project(directory, place.look.realpath(_main_worktree(place, directory, dot_git)), True)
    return Project(place.cwd, place.look.realpath(place.cwd), False)


def _main_worktree(place: Place, directory: str, dot_git: str) -> str:
    """Follow a linked worktree's `.git` file to the main one; a submodule, which has no commondir, is its own."""
    pointer = (place.look.read(dot_git) or b"").decode("utf-8", "replace").strip()
    git_dir = absolute(place.platform, directory, pointer.removeprefix("gitdir:").strip())
    common = (place.look.read(join(place.platform, git_dir, "commondir")) or b"").decode("utf-8", "replace").strip()
    if not common:
        return directory
    shared = absolute(place.platform, git_dir, common)
    # A worktree of a bare repository, or of a submodule, has no main work tree: its key is the git directory itself.
    return parent(place.platform, shared) if shared.replace("\\", "/").endswith("/.git") else shared
