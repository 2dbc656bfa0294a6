"""New shells: do they find mcpconf, one mcpconf, and variables and files that lead somewhere?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.shell import Shell

DIRECTORIES = ("CLAUDE_CONFIG_DIR", "MCPCONF_CONFIG_DIR")


def is_found(shell: Shell) -> Iterator[Found]:
    if shell.link is not None and not shell.on_path:
        text = f"shells do not find mcpconf: {os.path.dirname(shell.link)} is not on PATH"
        add = "fish_add_path ~/.local/bin"
        if not shell.rc.endswith(".fish"):
            add = f"echo 'export PATH=\"$HOME/.local/bin:$PATH\"' >>{shell.rc}"
        yield Found(Level.WARNING, text, shell.link, (), Mend(add))


def is_one(shell: Shell) -> Iterator[Found]:
    versions = {one.version for one in shell.programs if one.version is not None}
    if len(versions) > 1:
        seen = tuple(f"{one.path}: {one.version or 'does not tell its version'}" for one in shell.programs)
        text = "there are several mcpconf on PATH, of different versions; shells take the first one"
        mend = Mend("pipx uninstall mcpconf    # or: uv tool uninstall mcpconf, for the one that you don't want")
        yield Found(Level.WARNING, text, "", seen, mend)


def loads_what_is_there(shell: Shell) -> Iterator[Found]:
    for one in shell.loaded:
        text = f"line {one.line} loads {one.what}, which is not there"
        yield Found(Level.WARNING, text, one.path, (), Mend(f"${{EDITOR:-vi}} +{one.line} {one.path}"))


def variables_are_known(shell: Shell) -> Iterator[Found]:
    for one in shell.variables:
        if not one.fails and one.name not in DIRECTORIES:
            yield Found(Level.WARNING, one.text, one.name, (), Mend(one.mend))


def variables_lead_somewhere(shell: Shell) -> Iterator[Found]:
    for one in shell.variables:
        if one.fails:
            yield Found(Level.ERROR, one.text, one.name, (), Mend(one.mend))


def directories_are_absolute(shell: Shell) -> Iterator[Found]:
    for one in shell.variables:
        if one.name in DIRECTORIES:
            yield Found(Level.WARNING, one.text, one.name, (), Mend(one.mend))


def can_be_started(shell: Shell) -> Iterator[Found]:
    for path, lost in shell.unstartable:
        text = f"it starts {lost}, which is not there: clients that were told this path can't start it either"
        yield Found(
            Level.ERROR, text, path, (), Mend("./shell/install.sh    # in the repository; pipx reinstall mcpconf")
        )


def blocks_are_whole(shell: Shell) -> Iterator[Found]:
    for one in shell.blocks:
        if one.torn is not None:
            text = f"line {one.line}: {one.torn}, so nobody can tell what of it is mcpconf's"
            yield Found(Level.WARNING, text, one.path, (), Mend(f"${{EDITOR:-vi}} +{one.line} {one.path}"))


def blocks_load_what_is_there(shell: Shell) -> Iterator[Found]:
    for one in shell.blocks:
        if one.gone is not None:
            text = f"mcpconf's block at line {one.line} loads {one.gone}, which is not there: no completion, no prompt"
            yield Found(Level.WARNING, text, one.path, (), Mend("mcpconf dotfiles install"))


CHECKS = (
    Check("MC051", Group.SHELL, "shells find mcpconf", is_found),
    Check("MC052", Group.SHELL, "there is one mcpconf on PATH", is_one),
    Check("MC053", Group.SHELL, "what start-up files load of ours is there", loads_what_is_there),
    Check("MC054", Group.SHELL, "every MCPCONF_ variable is one that is read", variables_are_known),
    Check("MC055", Group.SHELL, "variables name what is there", variables_lead_somewhere),
    Check("MC056", Group.SHELL, "directories in variables are absolute", directories_are_absolute),
    Check("MC057", Group.SHELL, "mcpconf's launcher has what it starts", can_be_started),
    Check("MC058", Group.SHELL, "mcpconf's blocks in start-up files are whole", blocks_are_whole),
    Check("MC059", Group.SHELL, "what mcpconf's blocks load is there", blocks_load_what_is_there),
)
