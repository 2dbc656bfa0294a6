"""Dotfiles repositories as people have them, and what a home holds."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

WORK = 'description = "At work"\nextends = "minimal"\n'
CONFIG = '# mine\n[places]\nhost = "work"\ncontainer = "work"\n'
# What mcpconf's own files need; `uninstall --purge` removes these too, where they are empty.
OWN = (".local", ".local/share", ".local/state")


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def put_profiles(config: Path, config_name: str = "config.toml") -> None:
    """A profile and the settings, in what stands for the config directory."""
    write(config / "profiles/work.toml", WORK)
    write(config / config_name, CONFIG)


def sums(home: Path, *without: str) -> dict[str, str]:
    """Everything below a home but mcpconf's own state: kind and mode, with the bytes' SHA-256 or where a link leads."""
    found = {}
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        if name in OWN or name.startswith((".local/state/mcpconf", ".local/share/mcpconf", *without)):
            continue
        status = path.lstat()
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = f"{stat.S_IMODE(status.st_mode):o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        else:
            found[name] = f"{stat.S_IMODE(status.st_mode):o} directory"
    return found
