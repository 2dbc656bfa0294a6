"""What there is of dotfiles in this home: reads only, and only what is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from mcpconf.dotfiles import chezmoi
from mcpconf.dotfiles.layout import Layout, dotbot_names, find_layout
from mcpconf.dotfiles.manager import DOTBOT_CONFIGS, Manager, Seen, Verdict, judge
from mcpconf.dotfiles.rc import Rc, rc_files
from mcpconf.errors import UsageError
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.dotfiles.clone import git_env

SECONDS = 5.0
BARE = (".cfg", ".dotfiles", ".dotfiles.git", ".cfg.git", ".git", ".myconf", ".config.git")
LINKED = (".bashrc", ".bash_profile", ".profile", ".zshrc", ".config/mcpconf", ".config/fish", ".vimrc", ".gitconfig")
_WORK_TREE = re.compile(r"^\s*worktree\s*=\s*\"?([^\"\n]+?)\"?\s*$", re.MULTILINE | re.IGNORECASE)
_SOURCE_DIR = re.compile(r"^\s*\"?sourceDir\"?\s*[=:]\s*\"?([^\"\n,]+?)\"?,?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """A home as it was seen. `source` is the repository that was named, behind its links; `chezmoi` the root of its
    source state; `linked`: what dotbot's own config links below the config directory."""

    seen: Seen
    verdict: Verdict
    source: str | None
    layout: Layout | None
    chezmoi: str | None
    linked: tuple[str, ...]
    rcs: tuple[Rc, ...]

    @property
    def checkout(self) -> str | None:
        """The repository whose work tree the home is."""
        return self.seen.yadm or self.seen.bare


def look(app: App, named: str | None) -> Found:
    """Look at the home, and at the repository that was `named`. Raises `UsageError` where there is none."""
    system = app.system
    source = None if named is None else _directory(app, named)
    root = None if source is None else _chezmoi_root(app, source)
    layout = None if root is None else find_layout(root, system.listdir)
    home_source = _chezmoi_source(app)
    names = frozenset(system.listdir(source)) | frozenset(system.listdir(root or "")) if source else frozenset()
    seen = Seen(
        source=source,
        names=names,
        package=layout.package if layout else None,
        links=tuple(_links(app, source)),
        chezmoi=home_source,
        chezmoi_config=system.is_dir(os.path.join(_base(app, "XDG_CONFIG_HOME", ".config"), "chezmoi")),
        yadm=_if_dir(app, os.path.join(_base(app, "XDG_DATA_HOME", ".local/share"), "yadm", "repo.git")),
        bare=_bare(app),
        home=system.realpath(system.home),
    )
    verdict = judge(seen)
    source_state = _chezmoi_root(app, home_source) if home_source is not None else None
    return Found(
        seen=seen,
        verdict=verdict,
        source=source,
        layout=layout,
        chezmoi=source_state or (root if verdict.manager is Manager.CHEZMOI else None),
        linked=_dotbot(app, source, names),
        rcs=rc_files(system.platform, system.home, system.env, login_shell(app), system.exists),
    )


def login_shell(app: App) -> str:
    """The program of the user's login shell; empty where nobody says."""
    shell = app.system.env.get("SHELL", "")
    if shell or app.system.platform == "windows":
        return shell
    import pwd

    try:
        return pwd.getpwuid(app.system.uid).pw_shell
    except KeyError:
        return ""


def is_tracked(app: App, found: Found, path: str) -> bool:
    """Whether the repository whose work tree the home is tracks a file."""
    if found.checkout is None:
        return False
    words = ["git", "--git-dir", found.checkout, "--work-tree", app.system.home, "ls-files", "--", path]
    ran = app.system.run(words, timeout=SECONDS, env=git_env(app))
    return ran is not None and ran.code == 0 and bool(ran.out.strip())


def _directory(app: App, named: str) -> str:
    path = os.path.join(app.system.cwd, os.path.expanduser(named)) if not os.path.isabs(named) else named
    if not app.system.is_dir(path):
        raise UsageError(f"{named} is no directory; nothing was changed", hint="mcpconf dotfiles install --from DIR")
    return app.system.realpath(path)


def _base(app: App, variable: str, default: str) -> str:
    given = app.system.env.get(variable, "")
    return given if os.path.isabs(given) else os.path.join(app.system.home, default)


def _if_dir(app: App, path: str) -> str | None:
    return path if app.system.is_dir(path) else None


def _chezmoi_source(app: App) -> str | None:
    """chezmoi's source directory, behind its links."""
    config = os.path.join(_base(app, "XDG_CONFIG_HOME", ".config"), "chezmoi")
    for name in ("chezmoi.toml", "chezmoi.yaml", "chezmoi.json"):
        text = (app.system.read(os.path.join(config, name)) or b"").decode("utf-8", "replace")
        match = _SOURCE_DIR.search(text)
        if match:
            path = match[1].replace("~", app.system.home, 1) if match[1].startswith("~") else match[1]
            return app.system.realpath(path) if app.system.is_dir(path) else None
    path = os.path.join(_base(app, "XDG_DATA_HOME", ".local/share"), "chezmoi")
    return app.system.realpath(path) if app.system.is_dir(path) else None


def _chezmoi_root(app: App, source: str) -> str:
    """The root of a source state: `.chezmoiroot` may name a directory in it."""
    text = (app.system.read(os.path.join(source, chezmoi.ROOT)) or b"").decode("utf-8", "replace").strip()
    root = os.path.normpath(os.path.join(source, text)) if text and not os.path.isabs(text) else source
    return root if root == source or (root.startswith(source + "/") and app.system.is_dir(root)) else source


def _bare(app: App) -> str | None:
    """A repository whose work tree is the home."""
    home = app.system.realpath(app.system.home)
    for name in BARE:
        path = os.path.join(app.system.home, name)
        text = (app.system.read(os.path.join(path, "config")) or b"").decode("utf-8", "replace")
        trees = [tree for tree in _WORK_TREE.findall(text) if os.path.isabs(tree)]
        if any(app.system.realpath(tree) == home for tree in trees) or (name == ".git" and text):
            return path
        if "bare = true" in text:  # kept by an alias that names the work tree
            return path
    return None


def _links(app: App, source: str | None) -> Iterator[tuple[str, str]]:
    """Links of the home that lead into a repository: into `source`, where that was named."""
    for name in LINKED:
        path = os.path.join(app.system.home, name)
        target = app.system.readlink(path)
        real = app.system.realpath(path)
        if target is not None and (source is None or real.startswith(source + "/")):
            yield path, target


def _dotbot(app: App, source: str | None, names: frozenset[str]) -> tuple[str, ...]:
    text = [app.system.read(os.path.join(source, name)) or b"" for name in DOTBOT_CONFIGS if name in names and source]
    return dotbot_names(b"\n".join(text).decode("utf-8", "replace"))
