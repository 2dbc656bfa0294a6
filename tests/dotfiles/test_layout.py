"""Where a repository has our things, chezmoi's names, dotbot's links."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpconf.dotfiles import chezmoi
from mcpconf.dotfiles.layout import dotbot_names, find_layout, held
from mcpconf.system import RealSystem
from tests.dotfiles.repositories import put_profiles, write

LISTDIR = RealSystem().listdir


@pytest.mark.parametrize(
    ("where", "package"),
    [
        ("mcpconf", None),
        (".config/mcpconf", None),
        ("config/mcpconf", None),
        ("mcpconf/.config/mcpconf", "mcpconf"),
        ("claude/.config/mcpconf", "claude"),
        ("claude/dot-config/mcpconf", "claude"),
    ],
)
def test_a_directory_that_people_use(tmp_path: Path, where: str, package: str | None) -> None:
    put_profiles(tmp_path / where)
    write(tmp_path / "vim/.vimrc", "")
    found = find_layout(str(tmp_path), LISTDIR)
    assert found is not None
    assert found.directory == str(tmp_path / where)
    assert [item.name for item in found.items] == ["config.toml", "profiles/work.toml"]
    assert (found.package, found.whole) == (package and str(tmp_path / package), True)


def test_the_directory_itself_if_it_has_profiles(tmp_path: Path) -> None:
    write(tmp_path / "config.toml", "")  # perhaps another program's
    assert find_layout(str(tmp_path), LISTDIR) is None
    put_profiles(tmp_path)
    found = find_layout(str(tmp_path), LISTDIR)
    assert found is not None
    assert not found.whole  # a link to it would bring the rest along


def test_chezmois_source(tmp_path: Path) -> None:
    base = tmp_path / "private_dot_config/mcpconf"
    write(base / "private_readonly_config.toml", "")
    write(base / "profiles/work.toml", "")
    write(base / "profiles/made.toml.tmpl", "")
    write(base / "profiles/encrypted_secret.toml.age", "")
    write(base / "profiles/.hidden.toml", "")
    found = find_layout(str(tmp_path), LISTDIR)
    assert found is not None
    assert {item.name: (item.mode, item.why is None) for item in found.items} == {
        "config.toml": (0o400, True),
        "profiles/work.toml": (0o644, True),
        "profiles/made.toml": (0o644, False),
        "profiles/secret.toml": (0o644, False),
    }


@pytest.mark.parametrize(
    ("name", "made", "attributes"),
    [
        ("dot_bashrc", ".bashrc", set()),
        ("private_dot_bashrc.tmpl", ".bashrc", {"private"}),
        ("modify_private_dot_zshrc", ".zshrc", {"modify", "private"}),
        ("run_once_before_install.sh", "install.sh", {"run", "once", "before"}),
        ("encrypted_private_dot_netrc.age", ".netrc", {"encrypted", "private"}),
        ("literal_dot_x", "dot_x", set()),
        ("dot_dot_x", ".dot_x", set()),
        ("my_file", "my_file", set()),
        ("exact_conf.d", "conf.d", {"exact"}),
        ("create_", "create_", set()),
    ],
)
def test_chezmois_names(name: str, made: str, attributes: set[str]) -> None:
    named = chezmoi.decode(name)
    assert (named.name, set(named.attributes)) == (made, attributes)


def test_what_chezmoi_removes_is_its_own(tmp_path: Path) -> None:
    write(tmp_path / "dot_config/fish/exact_conf.d/a.fish", "")
    found = chezmoi.find(str(tmp_path), ".config/fish/conf.d/mcpconf.fish", LISTDIR)
    assert found is not None
    assert found.exact
    assert chezmoi.find(str(tmp_path), ".config/nothing", LISTDIR) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("- link:\n    ~/.config/mcpconf: mcpconf\n", ("",)),
        (
            '- link:\n    "~/.config/mcpconf/config.toml": x\n    ~/.config/mcpconf/profiles:\n',
            ("config.toml", "profiles"),
        ),
        ('[{"link": {"~/.config/mcpconf/config.toml": "x"}}]', ("config.toml",)),
        ("- link:\n    ~/.bashrc: bashrc\n", ()),
    ],
)
def test_what_dotbot_links(text: str, names: tuple[str, ...]) -> None:
    assert dotbot_names(text) == names


def test_an_rc_file_that_the_repository_holds(tmp_path: Path) -> None:
    assert held(str(tmp_path), ".bashrc", LISTDIR) is None
    path = write(tmp_path / "bash/dot-bashrc", "")
    assert held(str(tmp_path), ".bashrc", LISTDIR) == str(path)
    top = write(tmp_path / "bashrc", "")
    assert held(str(tmp_path), ".bashrc", LISTDIR) == str(top)
