"""`mcpconf dotfiles`: rc files of any content, places, chezmoi's source, and every byte given back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpconf.commit import transaction
from mcpconf.commit.disk import Unwritable
from mcpconf.document.block import SHELL, find, put
from mcpconf.dotfiles.rc import block
from mcpconf.system import RealSystem
from mcpconf.workflow import besides, switch
from mcpconf.workflow.dotfiles import install, placing
from tests.dotfiles.repositories import CONFIG, WORK, put_profiles, write
from tests.scenarios.conftest import World

BLOCK = block("bash")


@pytest.fixture
def there(mcpconf: World) -> World:
    """A home with a .bashrc, whose user's shell is bash."""
    mcpconf.patch.setenv("SHELL", "/bin/bash")
    write(mcpconf.home / ".bashrc", "alias ll='ls -l'\n")
    return mcpconf


@pytest.fixture
def repository(there: World) -> Path:
    path = there.home / "dotfiles"
    put_profiles(path / "mcpconf")
    return path


RCS = {
    "empty": b"",
    "no line break at its end": b"export A=1",
    "CRLF": b"export A=1\r\nexport B=2\r\n",
    "CRLF without the last one": b"export A=1\r\nexport B=2",
    "CR at its end": b"export A=1\r",
    "BOM": b"\xef\xbb\xbfexport A=1\n",
    "BOM alone": b"\xef\xbb\xbf",
    "NUL and no UTF-8": b"a\0b\xff\xfe\n",
    "blank lines": b"\n\n\n",
    "an old block of ours": b"before\n\n" + SHELL.begin + b"\nold\n" + SHELL.end + b"\nafter\n",
    "ten megabytes": b"# 0123456789abcdef0123456789abcdef\n" * 300_000,
}


@pytest.mark.parametrize("raw", RCS.values(), ids=RCS.keys())
def test_an_rc_file_of_any_content_gets_one_block_and_gives_it_back(there: World, raw: bytes) -> None:
    rc = write(there.home / ".bashrc", raw)
    rc.chmod(0o640)
    before = there.tree()
    assert ("a new shell" in there("dotfiles", "install").err) is (put(raw, BLOCK, SHELL) != raw)
    assert rc.read_bytes() == put(raw, BLOCK, SHELL)
    assert rc.stat().st_mode & 0o777 == 0o640
    first = there.tree()
    assert "nothing to do" in there("dotfiles", "install").err
    assert there.tree() == first
    if SHELL.begin not in raw:
        there("uninstall", "--purge", "--yes")
        assert there.tree() == before


def test_undo_takes_it_all_back_step_by_step(there: World, repository: Path) -> None:
    (there.home / ".config/fish").mkdir(parents=True)
    home = {name: what for name, what in there.tree().items() if not name.startswith(".local")}
    there("dotfiles", "install", "--from", str(repository))
    there("undo")
    assert "work" not in there("current", code=1).out
    told = there("undo").err
    assert "link removed" in told
    assert {name: what for name, what in there.tree().items() if not name.startswith(".local")} == home
    there("dotfiles", "install", "--from", str(repository))
    assert there("current").out == "work\n"


def test_undo_takes_only_the_block_where_somebody_wrote_since(there: World) -> None:
    there("dotfiles", "install")
    rc = there.home / ".bashrc"
    rc.write_bytes(b"first\n" + rc.read_bytes() + b"export LATER=1\n")
    there("undo")
    there("undo")
    assert rc.read_bytes() == b"first\nalias ll='ls -l'\nexport LATER=1\n"
    there("dotfiles", "install")
    rc.write_bytes(rc.read_bytes().replace(b"; fi", b"; echo mine; fi"))
    there("undo")
    assert "edited since" in there("undo", code=4).err
    there("undo", "--force")
    assert rc.read_bytes() == b"first\nalias ll='ls -l'\nexport LATER=1\n"


ODD = {
    "a half-deleted block": (b"a\n" + SHELL.begin + b"\nb\n", ".bashrc:2:1: # mcpconf: begin without"),
    "two blocks": (BLOCK + b"\n" + BLOCK + b"\n", ".bashrc:4:1: a second"),
    "UTF-16": (b"\xff\xfea\0", ".bashrc:1:1: it is UTF-16"),
}


@pytest.mark.parametrize(("raw", "said"), ODD.values(), ids=ODD.keys())
def test_a_text_that_cannot_have_a_block_is_refused_with_its_line(there: World, raw: bytes, said: str) -> None:
    rc = write(there.home / ".bashrc", raw)
    write(there.home / ".zshrc", "z\n")
    told = there("dotfiles", "install").err
    line = said.split(": ", 1)[0].removeprefix(".bashrc")
    assert f"{line.lstrip(':')}: {said.split(': ', 1)[1]}" in told
    assert ("mark the block" in told) is ("UTF" not in said)
    assert rc.read_bytes() == raw
    assert find((there.home / ".zshrc").read_bytes(), SHELL) is not None
    assert said.split(": ", 1)[1] in there("dotfiles", "log").out
    assert there("current").out == "minimal\n"


@pytest.mark.parametrize("kind", ["a directory", "a FIFO", "a link in a circle", "does not exist", "permission denied"])
def test_what_is_no_file_of_ours_to_write_is_refused_and_the_others_are_done(there: World, kind: str) -> None:
    rc = there.home / ".bashrc"
    write(there.home / ".zshrc", "z\n")
    if kind == "permission denied":
        rc.chmod(0o444)
    else:
        rc.unlink()
        make = {
            "a directory": rc.mkdir,
            "a FIFO": lambda: os.mkfifo(rc),
            "a link in a circle": lambda: rc.symlink_to(".bashrc"),
            "does not exist": lambda: rc.symlink_to("gone/bashrc"),
        }
        make[kind]()
    said = "a link that leads in a circle" if kind == "a link in a circle" else kind
    assert said in there("dotfiles", "install").err
    assert find((there.home / ".zshrc").read_bytes(), SHELL) is not None
    first = there.tree()
    there("dotfiles", "install")
    assert there.tree() == first  # nor is the same trouble logged again
    there("dotfiles", "uninstall")
    assert (there.home / ".zshrc").read_bytes() == b"z\n"


def test_what_turns_out_to_be_unwritable_hinders_nothing_else(there: World) -> None:
    rc, other = there.home / ".bashrc", write(there.home / ".zshrc", "z\n")
    rc.chmod(0o444)
    with there.patch.context() as patch:
        patch.setattr(placing, "_may_write", lambda real: True)
        assert "can't be written: permission denied" in there("dotfiles", "install").err
    assert find(other.read_bytes(), SHELL) is not None
    assert "could not be done" in there("dotfiles", "status", code=1).out
    rc.chmod(0o644)
    there("dotfiles", "install")
    assert "all is in place" in there("dotfiles", "status").out
    rc.chmod(0o444)
    told = there("dotfiles", "uninstall", code=4).err
    assert "permission denied" in told
    assert find(rc.read_bytes(), SHELL) is not None
    assert other.read_bytes() == b"z\n"
    rc.chmod(0o644)
    there("dotfiles", "uninstall")
    assert rc.read_bytes() == b"alias ll='ls -l'\n"


def test_the_status_tells_of_another_profile_than_the_one_for_this_place(there: World) -> None:
    there("dotfiles", "install")
    there("switch", "container")
    assert "the last install activated minimal" in there("dotfiles", "status").err
    write(there.home / ".config/mcpconf/config.toml", '[places]\nhost = "minimal"\n')
    assert ", but container is active" in there("dotfiles", "status", code=1).out
    there("dotfiles", "install")
    assert "all is in place" in there("dotfiles", "status").out


def test_the_status_of_places_that_cannot_be_read_is_no_good_one(there: World) -> None:
    there("dotfiles", "install")
    write(there.home / ".config/mcpconf/config.toml", '[places]\nmoon = "minimal"\n')
    told = there("dotfiles", "status", code=1).out
    assert "unknown key 'moon' in [places]" in told
    assert "is in place" not in told


def test_a_new_rc_file_is_made_for_the_login_shell_alone_and_goes_again(mcpconf: World) -> None:
    mcpconf.patch.setenv("SHELL", "/usr/bin/zsh")
    mcpconf("dotfiles", "install")
    assert (mcpconf.home / ".zshrc").read_bytes() == block("zsh") + b"\n"
    assert not (mcpconf.home / ".bashrc").exists()
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.tree() == {}


def test_what_others_wrote_into_a_file_that_we_made_stays(mcpconf: World) -> None:
    mcpconf.patch.setenv("SHELL", "/usr/bin/fish")
    mcpconf("dotfiles", "install")
    rc = mcpconf.home / ".config/fish/conf.d/mcpconf.fish"
    rc.write_bytes(b"set -x A 1\n" + rc.read_bytes() + b"set -x B 2\n")
    mcpconf("dotfiles", "uninstall")
    assert rc.read_bytes() == b"set -x A 1\nset -x B 2\n"


def test_the_shell_integration_is_where_the_block_looks(there: World) -> None:
    there("dotfiles", "install")
    assert (there.home / ".local/share/mcpconf/shell/mcpconf-prompt.sh").is_file()
    there("dotfiles", "uninstall")
    assert not (there.home / ".local/share/mcpconf/shell").exists()


def test_with_a_config_dir_of_its_own_no_rc_file_is_touched(there: World, tmp_path: Path) -> None:
    told = there("--config-dir", str(tmp_path / "own"), "dotfiles", "install").err
    assert "left out" in told
    assert (there.home / ".bashrc").read_bytes() == b"alias ll='ls -l'\n"


def test_the_directories_of_xdg_are_honoured(there: World, repository: Path) -> None:
    for name in ("CONFIG", "DATA", "STATE"):
        there.patch.setenv(f"XDG_{name}_HOME", str(there.home / f"xdg/{name.lower()}"))
    (there.home / "xdg/config/fish").mkdir(parents=True)
    before = there.tree()
    there("dotfiles", "install", "--from", str(repository))
    assert (there.home / "xdg/config/mcpconf").is_symlink()
    assert (there.home / "xdg/config/fish/conf.d/mcpconf.fish").is_file()
    assert (there.home / "xdg/data/mcpconf/shell/mcpconf-prompt.sh").is_file()
    assert not (there.home / ".local").exists()
    there("uninstall", "--purge", "--yes")
    assert there.tree() == before


def test_where_nothing_can_be_noted_down_nothing_is_changed(there: World, repository: Path) -> None:
    before = {name: what for name, what in there.tree().items() if not name.startswith(".local")}

    def full(*_: object) -> None:
        raise Unwritable("besides", "the disk is full")

    with there.patch.context() as patch:
        patch.setattr(besides, "save", full)
        told = there("dotfiles", "install", "--from", str(repository), code=1).err
    assert "the disk is full; nothing was changed" in told
    assert {name: what for name, what in there.tree().items() if not name.startswith(".local")} == before
    there("dotfiles", "install", "--from", str(repository))
    assert there("current").out == "work\n"


def test_several_at_once_come_to_the_same(home: Path, there: World, repository: Path) -> None:
    before = {name: what for name, what in there.tree().items() if not name.startswith(".local")}
    command = [sys.executable, "-m", "mcpconf", "dotfiles", "install", "--from", str(repository)]
    running = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
    said = [one.communicate(timeout=60)[1] for one in running]
    assert [one.returncode for one in running] == [0, 0, 0], said
    assert (home / ".bashrc").read_bytes().count(SHELL.begin) == 1
    assert "nothing to do" in there("dotfiles", "install", "--from", str(repository)).err
    there("dotfiles", "uninstall")
    assert {name: what for name, what in there.tree().items() if not name.startswith(".local")} == before


def test_lines_that_somebody_wrote_into_the_block_do_not_go_silently(there: World) -> None:
    rc = there.home / ".bashrc"
    there("dotfiles", "install")
    mine = rc.read_bytes().replace(SHELL.end, b"alias mine=ls\n" + SHELL.end)
    for command in ("install", "uninstall"):
        rc.write_bytes(mine)
        assert "not as mcpconf writes it" in there("dotfiles", command).err
        there("undo")
        assert rc.read_bytes() == mine
    rc.write_bytes(mine.replace(b"alias mine=ls\n", b""))
    assert "not as mcpconf" not in there("dotfiles", "uninstall").err


def test_two_at_once_that_saw_the_same_give_back_what_one_of_them_made(mcpconf: World) -> None:
    mcpconf.patch.setenv("SHELL", "/bin/bash")
    put_profiles(mcpconf.home / "dotfiles/mcpconf")
    before = {name: what for name, what in mcpconf.tree().items() if not name.startswith(".local")}
    plan, words = install.plan_placing, ("dotfiles", "install", "--from", str(mcpconf.home / "dotfiles"))

    def slow(*seen: Any) -> Any:
        placing = plan(*seen)
        mcpconf.patch.setattr(install, "plan_placing", plan)
        mcpconf(*words)  # the other one has done it all before we write
        return placing

    mcpconf.patch.setattr(install, "plan_placing", slow)
    mcpconf(*words)
    mcpconf("dotfiles", "uninstall")
    assert {name: what for name, what in mcpconf.tree().items() if not name.startswith(".local")} == before


@pytest.mark.parametrize(("module", "step"), [(switch, "apply"), (transaction, "_note")], ids=["active", "written"])
def test_what_was_killed_while_the_profile_was_applied_is_given_back(
    there: World, repository: Path, module: Any, step: str
) -> None:
    there.claude.write_text('{"mcpServers": {"own": {"command": "x"}}}')
    before = {name: what for name, what in there.tree().items() if not name.startswith(".local")}
    real = getattr(module, step)

    def killed(*words: Any) -> Any:
        if module is switch:
            real(*words)
        elif not any("claude" in edit.path for edit in words[1].files):
            return real(*words)
        raise KeyboardInterrupt

    with there.patch.context() as patch:
        patch.setattr(module, step, killed)
        there("dotfiles", "install", "--from", str(repository), code=130)
    assert "work" in there.claude.read_text() or len(there.claude.read_bytes()) > 50
    there("dotfiles", "uninstall")
    assert {name: what for name, what in there.tree().items() if not name.startswith(".local")} == before


# --- profiles and places


PLACES = '[places]\nhost = "h"\ncontainer = "c"\ncodespaces = "s"\n[places.hostnames]\n"build-*" = "b"\n"*" = "x"\n'


@pytest.mark.parametrize(
    ("env", "hostname", "profile"),
    [
        ({}, "box", "h"),
        ({"MCPCONF_ENV": "container"}, "box", "c"),
        ({"MCPCONF_ENV": "wsl"}, "box", "h"),
        ({"MCPCONF_ENV": "container", "CODESPACES": "true"}, "box", "s"),
        ({"MCPCONF_ENV": "container"}, "Build-7.example.org", "b"),
    ],
)
def test_the_profile_for_this_place(there: World, env: dict[str, str], hostname: str, profile: str) -> None:
    config = there.home / ".config/mcpconf"
    write(config / "config.toml", PLACES.replace('"*" = "x"\n', ""))
    for name in "hcsb":
        write(config / f"profiles/{name}.toml", WORK)
    for name, value in env.items():
        there.patch.setenv(name, value)
    there.patch.setattr(RealSystem, "hostname", property(lambda self: hostname))
    there("init", "--yes")
    assert there("current").out == f"{profile}\n"
    there("switch", "minimal")
    there("dotfiles", "install")
    assert there("current").out == f"{profile}\n"
    there("dotfiles", "install", "--profile", "minimal")
    assert there("current").out == "minimal\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("places = 1\n", "places is no table"),
        ('[places]\nmoon = "x"\n', "unknown key 'moon' in [places]"),
        ("[places]\nhost = 1\n", "1 is no profile's name"),
        ('[places]\nhost = "../x"\n', "in [places], host"),
        ("[places]\nhostnames = 1\n", "[places.hostnames] is no table"),
    ],
)
def test_places_that_make_no_sense_are_refused_with_the_file(there: World, text: str, said: str) -> None:
    path = write(there.home / ".config/mcpconf/config.toml", text)
    told = there("switch", "minimal", code=4).err
    assert said in told
    assert str(path) in told
    told = there("dotfiles", "install", code=1).err
    assert said in told
    assert find((there.home / ".bashrc").read_bytes(), SHELL) is not None


def test_what_is_remembered_never_gets_into_a_config_of_a_repository(there: World, repository: Path) -> None:
    there("dotfiles", "install", "--from", str(repository))
    there("switch", "work", "--client", "claude-code", "--client", "claude-desktop")
    project = there.project("p")
    there("switch", "work", "--scope", "local")
    assert (repository / "mcpconf/config.toml").read_text() == CONFIG
    choices = (there.state / "choices.toml").read_text()
    assert str(project) in choices
    assert "claude-desktop" in choices
    there("switch", "work", "--scope", "user")
    assert str(project) not in there("status", "--json").json["contexts"][0]["context"]
    assert (repository / "mcpconf/config.toml").read_text() == CONFIG


def test_an_edit_of_a_profile_that_is_a_repositorys_says_where_it_goes(there: World, repository: Path) -> None:
    there("dotfiles", "install", "--from", str(repository))
    told = there("server", "add", "notes", "--profile", "work", "--yes", "--", "myserver").err
    assert "lies at ~/dotfiles/mcpconf/profiles/work.toml" in told
    assert "[servers.notes]" in (repository / "mcpconf/profiles/work.toml").read_text()


def test_a_choice_of_a_repositorys_config_for_a_directory_ends_in_ours(there: World) -> None:
    project = there.project("p")
    tracked = there.home / "repo/config.toml"
    write(tracked, f'[projects."{project}"]\nscope = "local"\nclients = ["claude-code"]\n')
    (there.home / ".config/mcpconf").mkdir(parents=True)
    (there.home / ".config/mcpconf/config.toml").symlink_to(tracked)
    there("switch", "minimal")
    assert there("status", "--json").json["contexts"][0]["context"] == f"local:{project}"
    there("switch", "minimal", "--scope", "user")
    there("switch", "essentials")
    assert "user\tessentials\tminimal\n" in (there.state / "active").read_text()
    assert 'scope = "user"' in (there.state / "choices.toml").read_text()


def test_files_of_the_users_own_are_never_replaced(there: World, repository: Path) -> None:
    own = write(there.home / ".config/mcpconf/profiles/work.toml", WORK + "# mine\n")
    told = there("dotfiles", "install", "--from", str(repository)).err
    assert "differs from the repository's, and stays" in told
    assert own.read_text() == WORK + "# mine\n"
    assert (there.home / ".config/mcpconf/config.toml").is_symlink()
    there("dotfiles", "uninstall")
    assert own.read_text() == WORK + "# mine\n"
    assert not os.path.lexists(there.home / ".config/mcpconf/config.toml")


def test_a_profile_that_has_gone_from_the_repository_leaves_no_broken_link(there: World, repository: Path) -> None:
    write(there.home / ".config/mcpconf/profiles/own.toml", WORK)
    write(repository / "mcpconf/profiles/other.toml", WORK)
    there("dotfiles", "install", "--from", str(repository))
    (repository / "mcpconf/profiles/other.toml").unlink()
    assert "gone from the repository" in there("dotfiles", "install", "--from", str(repository)).err
    assert not os.path.lexists(there.home / ".config/mcpconf/profiles/other.toml")


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "moved"])
@pytest.mark.parametrize("own", [True, False], ids=["file by file", "as a whole"])
def test_a_repository_at_another_place_takes_over(there: World, repository: Path, kept: bool, own: bool) -> None:
    if own:
        write(there.home / ".config/mcpconf/profiles/own.toml", WORK)
    before = {name: what for name, what in there.tree().items() if not name.startswith((".local", "dotfiles", "src"))}
    there("dotfiles", "install", "--from", str(repository))
    another = there.home / "src/dotfiles"
    put_profiles(another / "mcpconf")
    if not kept:
        repository.rename(there.home / "dotfiles-old")
    there("dotfiles", "install", "--from", str(another))
    assert (there.home / ".config/mcpconf/profiles/work.toml").resolve() == another / "mcpconf/profiles/work.toml"
    assert "nothing to do" in there("dotfiles", "install", "--from", str(another)).err
    there("dotfiles", "uninstall")
    after = {name: what for name, what in there.tree().items() if not name.startswith((".local", "dotfiles", "src"))}
    assert after == before


def test_the_profile_that_was_active_before_comes_back(there: World, repository: Path) -> None:
    there("switch", "minimal")
    claude = there.claude.read_bytes()
    there("dotfiles", "install", "--from", str(repository))
    assert there("current").out == "work\n"
    assert "minimal is active again" in there("dotfiles", "uninstall").err
    assert there("current").out == "minimal\n"
    assert there.claude.read_bytes() == claude


def test_a_profile_that_was_chosen_since_stays(there: World, repository: Path) -> None:
    there("dotfiles", "install", "--from", str(repository))
    there("switch", "essentials")
    there("dotfiles", "uninstall")
    assert there("current").out == "essentials\n"


def test_a_dry_run_writes_nothing_and_tells_the_plan(there: World, repository: Path) -> None:
    before = there.tree()
    told = there("dotfiles", "install", "--from", str(repository), "--dry-run").err
    assert there.tree() == before
    assert "profile work ([places] host)" in told
    assert there("dotfiles", "status", code=1).out
    assert there.tree() == before


def test_other_peoples_entries_stop_the_profile_and_nothing_else(there: World, repository: Path) -> None:
    there.claude.write_text('{"mcpServers": {"mcpconf": {"command": "theirs"}}}')
    told = there("dotfiles", "install", "--from", str(repository), code=1).err
    assert "--adopt takes them over" in told
    assert find((there.home / ".bashrc").read_bytes(), SHELL) is not None
    assert "could not be applied" in there("dotfiles", "log").out
    there("dotfiles", "install", "--from", str(repository), "--keep")
    assert there("current").out == "work\n"


def test_the_log_is_bounded_and_holds_no_secret(there: World) -> None:
    write(there.state / "dotfiles.log", "2026-01-01T00:00:00Z x\n" * 10_000)
    there("dotfiles", "install", "--from", "https://me:hunter2hunter2@127.0.0.1:1/x", code=1)
    text = (there.state / "dotfiles.log").read_text()
    assert len(text) <= 64 * 1024
    assert "can't be cloned" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("named", ["nowhere", "-x", "ext::sh -c touch"])
def test_a_repository_that_is_none_is_a_usage_error(there: World, named: str) -> None:
    before = there.tree()
    there("dotfiles", "install", f"--from={named}", code=2)
    assert {name for name in there.tree() if not name.startswith(".local")} == set(before)


# --- chezmoi, by its contract


@pytest.fixture
def chezmoi(there: World) -> Path:
    """chezmoi's source directory, with a root of its own."""
    source = there.home / ".local/share/chezmoi"
    write(source / ".chezmoiroot", "home\n")
    write(source / "home/dot_bashrc", "alias ll='ls -l'\n")
    put_profiles(source / "home/private_dot_config/mcpconf", "private_config.toml")
    write(source / "home/private_dot_config/mcpconf/profiles/made.toml.tmpl", WORK)
    return source


def test_with_chezmoi_files_are_copied_as_it_would_write_them(there: World, chezmoi: Path) -> None:
    told = there("dotfiles", "install", "--from", str(chezmoi)).err
    config = there.home / ".config/mcpconf"
    assert (config / "profiles/work.toml").read_text() == WORK
    assert (config / "profiles/work.toml").stat().st_mode & 0o777 == 0o644
    assert (config / "config.toml").stat().st_mode & 0o777 == 0o600
    assert not (config / "profiles/made.toml").exists()
    assert "chezmoi apply" in told
    assert there("current").out == "work\n"
    there("switch", "work", "--client", "claude-code")
    assert (config / "config.toml").read_text() == CONFIG
    first = there.tree()
    assert "nothing to do" in there("dotfiles", "install", "--from", str(chezmoi)).err
    assert there.tree() == first
    write(chezmoi / "home/private_dot_config/mcpconf/profiles/work.toml", WORK + "# new\n")
    there("dotfiles", "install", "--from", str(chezmoi))
    assert (config / "profiles/work.toml").read_text() == WORK + "# new\n"
    (config / "config.toml").write_text(CONFIG + "# by hand\n")
    there("dotfiles", "uninstall")
    assert sorted(path.name for path in config.rglob("*") if path.is_file()) == ["config.toml"]


@pytest.mark.parametrize("source", ["dot_bashrc", "private_dot_bashrc.tmpl", "symlink_dot_bashrc"])
def test_a_block_that_chezmoi_would_take_out_again_is_not_written(there: World, chezmoi: Path, source: str) -> None:
    (chezmoi / "home/dot_bashrc").rename(chezmoi / "home" / source)
    before = (there.home / ".bashrc").read_bytes()
    told = there("dotfiles", "install").err
    assert source in told
    assert "# mcpconf: begin" in told
    assert (there.home / ".bashrc").read_bytes() == before
    path = chezmoi / "home" / source
    path.write_bytes(put(path.read_bytes(), BLOCK, SHELL))
    assert "chezmoi apply" in there("dotfiles", "install").err
    (there.home / ".bashrc").write_bytes(path.read_bytes())
    assert "nothing to do" in there("dotfiles", "install").err


@pytest.mark.parametrize("source", ["create_dot_bashrc", "modify_dot_bashrc", "run_once_dot_bashrc"])
def test_a_file_that_chezmoi_leaves_as_it_is_gets_its_block(there: World, chezmoi: Path, source: str) -> None:
    (chezmoi / "home/dot_bashrc").rename(chezmoi / "home" / source)
    there("dotfiles", "install")
    assert find((there.home / ".bashrc").read_bytes(), SHELL) is not None


def test_a_directory_that_chezmoi_empties_gets_no_file(there: World, chezmoi: Path) -> None:
    write(chezmoi / "home/private_dot_config/fish/exact_conf.d/x.fish", "")
    (there.home / ".config/fish").mkdir(parents=True)
    assert "exact_conf.d" in there("dotfiles", "install").err
    assert not (there.home / ".config/fish/conf.d").exists()


def test_what_chezmoi_would_not_copy_as_a_profile_is_not_copied(there: World, chezmoi: Path) -> None:
    profiles = chezmoi / "home/private_dot_config/mcpconf/profiles"
    key = write(there.home / ".ssh/id", "a key that nobody else may read\n")
    key.chmod(0o600)
    (profiles / "key.toml").symlink_to(key)
    (profiles / "same.toml").symlink_to("work.toml")
    write(profiles / "huge.toml", b"#" * (placing.LARGEST + 1))
    told = there("dotfiles", "install", "--from", str(chezmoi)).err
    assert "which is not in the repository" in told
    assert "is larger than 1 MB" in told
    made = {path.name for path in (there.home / ".config/mcpconf/profiles").iterdir()}
    assert made == {"work.toml", "same.toml"} | {path.name for path in profiles.glob("*.toml")} - {
        "key.toml",
        "huge.toml",
    }
