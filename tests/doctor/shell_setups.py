"""Shells that do not find us, or something else. Name -> what makes it so, and what says so."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mcpconf.document.block import SHELL, put
from mcpconf.dotfiles.rc import block
from tests.cli.conftest import World
from tests.dotfiles.repositories import write


def program(path: Path, version: str = "0.0.1", interpreter: str = "/bin/sh") -> Path:
    """An mcpconf that tells its version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{interpreter}\necho mcpconf {version}\n")
    path.chmod(0o755)
    return path


def path_with(world: World, *directories: Path) -> None:
    world.patch.setenv("PATH", os.pathsep.join([*map(str, directories), os.environ["PATH"]]))


def not_on_path(home: Path, world: World) -> None:
    program(home / ".local/bin/mcpconf")


def two_versions(home: Path, world: World) -> None:
    program(home / "a/mcpconf", "1.0.0")
    program(home / "b/mcpconf", "2.0.0")
    path_with(world, home / "a", home / "b")


def prompt_gone(home: Path, world: World) -> None:
    (home / ".bashrc").write_text('PS1="$ "\nsource "$HOME/src/mcpconf/shell/mcpconf-prompt.sh"\n')


def completions_gone(home: Path, world: World) -> None:
    (home / ".zshrc").write_text("autoload -U compinit; . ~/.local/share/mcpconf/completions.zsh\n")


def misspelled(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_BROKER_STRAT", "0")


def wrong_kind(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_ENV", "hots")


def no_such_socket(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_BROKER", f"unix:{home}/nowhere/broker.sock")


def no_address(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_BROKER", "broker:8812")


def no_key(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_BROKER_KEY", str(home / "nowhere/box"))


def tilde(home: Path, world: World) -> None:
    world.patch.setenv("CLAUDE_CONFIG_DIR", "~/.claude-work")


def relative(home: Path, world: World) -> None:
    world.patch.setenv("CLAUDE_CONFIG_DIR", "claude")


def venv_gone(home: Path, world: World) -> None:
    link = home / ".local/bin/mcpconf"
    link.parent.mkdir(parents=True)
    link.symlink_to(home / ".local/share/mcpconf/venv/bin/mcpconf")
    path_with(world, link.parent)


def python_gone(home: Path, world: World) -> None:
    program(home / ".local/bin/mcpconf", interpreter=str(home / "python3.9/bin/python"))
    path_with(world, home / ".local/bin")


def torn_block(home: Path, world: World) -> None:
    (home / ".bashrc").write_bytes(b"a\n" + block("bash").removesuffix(SHELL.end))


def two_blocks(home: Path, world: World) -> None:
    (home / ".zshrc").write_bytes(block("zsh") + b"\n" + block("zsh") + b"\n")


def block_without_file(home: Path, world: World) -> None:
    (home / ".bashrc").write_bytes(put(b"alias l=ls\n", block("bash"), SHELL))


BROKEN = {
    "installed, and not on PATH": (not_on_path, "MC051"),
    "two versions on PATH": (two_versions, "MC052"),
    "the prompt's file is gone": (prompt_gone, "MC053"),
    "the completions are gone": (completions_gone, "MC053"),
    "a misspelled variable": (misspelled, "MC054"),
    "no such kind of place": (wrong_kind, "MC055"),
    "a socket that is not there": (no_such_socket, "MC055"),
    "a broker that is no address": (no_address, "MC055"),
    "a key that is not there": (no_key, "MC055"),
    "a tilde that nobody expands": (tilde, "MC056"),
    "a relative directory": (relative, "MC056"),
    "the launcher's environment is gone": (venv_gone, "MC057"),
    "the launcher's Python is gone": (python_gone, "MC057"),
    "a half-deleted block": (torn_block, "MC058"),
    "two blocks": (two_blocks, "MC058"),
    "a block whose file is gone": (block_without_file, "MC059"),
}


def installed(home: Path, world: World) -> None:
    """As install.sh leaves it, found by two ways."""
    real = program(home / ".local/share/mcpconf/venv/bin/mcpconf", interpreter=sys.executable)
    link = home / ".local/bin/mcpconf"
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    path_with(world, link.parent, real.parent)


def same_version_twice(home: Path, world: World) -> None:
    program(home / "a/mcpconf")
    program(home / "b/mcpconf")
    path_with(world, home / "a", home / "b")


def careful(home: Path, world: World) -> None:
    (home / ".bashrc").write_text(
        "# source ~/mcpconf/old.sh\n[ -r ~/mcpconf/prompt.sh ] && . ~/mcpconf/prompt.sh\n"
        "alias m=mcpconf; . $SOMEWHERE/mcpconf.sh\ncd ~/mcpconf\n"
    )


def variables(home: Path, world: World) -> None:
    world.patch.setenv("MCPCONF_TIMEOUT", "20")
    world.patch.setenv("MCPCONF_NOTES_TOKEN", "for a profile of the user's")
    world.patch.setenv("MCPCONF_HEADER_AUTHORIZATION", "x")
    world.patch.setenv("CLAUDE_CONFIG_DIR", str(home / "claude"))


def whole_blocks(home: Path, world: World) -> None:
    for shell in ("bash", "zsh", "fish"):
        write(home / f".local/share/mcpconf/shell/mcpconf.{shell}", "")
    write(home / ".bashrc", put(b"x=1", block("bash"), SHELL))
    write(home / ".zshrc", put(b"x=1\n", block("zsh"), SHELL))
    write(home / ".config/fish/conf.d/mcpconf.fish", put(None, block("fish"), SHELL))


HEALTHY = {
    "as install.sh leaves it": installed,
    "one version at two places": same_version_twice,
    "start-up files that look first": careful,
    "variables that are read": variables,
    "blocks in start-up files": whole_blocks,
}
