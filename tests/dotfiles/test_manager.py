"""Who keeps the dotfiles: what was seen decides, and the evidence is told."""

from __future__ import annotations

import pytest

from mcpconf.dotfiles.manager import Manager, Seen, Way, judge

HOME = "/home/me"
DOTFILES = "/home/me/dotfiles"
CHEZMOI = "/home/me/.local/share/chezmoi"
YADM = "/home/me/.local/share/yadm/repo.git"
LINK = (("/home/me/.bashrc", "dotfiles/bash/.bashrc"),)


@pytest.mark.parametrize(
    ("seen", "manager"),
    [
        (Seen(), Manager.NONE),
        (Seen(source=DOTFILES), Manager.PLAIN),
        (Seen(source=DOTFILES, names=frozenset({"README.md", "bashrc"})), Manager.PLAIN),
        (Seen(source=DOTFILES, names=frozenset({"install.conf.yaml", "dotbot"})), Manager.DOTBOT),
        (Seen(source=DOTFILES, names=frozenset({"install.conf.json"})), Manager.DOTBOT),
        (Seen(source=DOTFILES, names=frozenset({".stowrc"})), Manager.STOW),
        (Seen(source=DOTFILES, package=f"{DOTFILES}/mcpconf"), Manager.STOW),
        (Seen(source=DOTFILES, links=LINK), Manager.STOW),
        (Seen(links=LINK), Manager.STOW),
        (Seen(source=DOTFILES, links=(("/home/me/.bashrc", "/home/me/dotfiles/bashrc"),)), Manager.PLAIN),
        (Seen(source=DOTFILES, names=frozenset({"dot_bashrc"})), Manager.CHEZMOI),
        (Seen(source=DOTFILES, names=frozenset({".chezmoi.toml.tmpl"})), Manager.CHEZMOI),
        (Seen(source=CHEZMOI, chezmoi=CHEZMOI), Manager.CHEZMOI),
        (Seen(chezmoi=CHEZMOI, chezmoi_config=True), Manager.CHEZMOI),
        (Seen(yadm=YADM, home=HOME), Manager.YADM),
        (Seen(source=HOME, yadm=YADM, home=HOME), Manager.YADM),
        (Seen(bare=f"{HOME}/.cfg", home=HOME), Manager.BARE),
        # A repository beside the manager's: what it is itself decides.
        (Seen(source=DOTFILES, yadm=YADM, home=HOME), Manager.PLAIN),
        (Seen(source=DOTFILES, chezmoi=CHEZMOI, names=frozenset({"install.conf.yaml"})), Manager.DOTBOT),
        # dotbot's links are relative where its config says so.
        (Seen(source=DOTFILES, names=frozenset({"install.conf.yaml"}), links=LINK), Manager.DOTBOT),
    ],
)
def test_the_manager(seen: Seen, manager: Manager) -> None:
    verdict = judge(seen)
    assert verdict.manager is manager
    assert (manager is Manager.NONE) == (not verdict.evidence)
    assert (verdict.way is Way.NOTHING) == (manager is Manager.NONE)
    assert all(one.text and one.weight > 0 for one in verdict.evidence)
