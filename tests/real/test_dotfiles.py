"""Real dotfiles managers beside us: installed twice, the manager run again in between, and everything given back.

No fight (it never complains), no broken link, no drift (nothing that the other changes again).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mcpconf.cli.main import main
from mcpconf.system import RealSystem
from tests.dotfiles.repositories import CONFIG, WORK, put_profiles, sums, write
from tests.real.programs import VENV_BIN, require

pytestmark = pytest.mark.real
BLOCK = b"# mcpconf: begin"


class Home:
    """A home where programs run with nothing of the caller's but PATH, and no terminal."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.patch = patch
        self.capture = capture
        self.env = {
            "HOME": str(path),
            "PATH": os.pathsep.join([str(VENV_BIN), os.environ["PATH"]]),
            "SHELL": "/bin/bash",
            "MCPCONF_ENV": "host",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }

    def run(self, *words: str, code: int = 0) -> str:
        """A program's output, both streams; its exit code must be `code`."""
        done = subprocess.run(
            words,
            check=False,
            cwd=self.path,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{words}: {done.returncode}\n{said}"
        return said

    def mcpconf(self, *words: str, code: int = 0) -> str:
        """Our own command, in this process."""
        self.capture.readouterr()
        with self.patch.context() as patch:
            for name in ("HOME", "SHELL", "MCPCONF_ENV", "GIT_DIR"):
                if name in self.env:
                    patch.setenv(name, self.env[name])
            patch.chdir(self.path)
            found = main(list(words))
        captured = self.capture.readouterr()
        assert found == code, f"{words}: {found}\n{captured.out}{captured.err}"
        return captured.out + captured.err

    def sums(self, *without: str) -> dict[str, str]:
        return sums(self.path, *without)

    def broken(self) -> list[str]:
        return [name for name in self.sums() if (self.path / name).is_symlink() and not (self.path / name).exists()]


@pytest.fixture
def at(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    monkeypatch.setattr(RealSystem, "sleep", lambda self, seconds: None)
    return Home(home, monkeypatch, capsys)


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
def test_stow(at: Home, folded: bool) -> None:
    require("stow")
    repository = at.path / "dotfiles"
    put_profiles(repository / "mcpconf/.config/mcpconf")
    write(repository / "bash/.bashrc", "alias ll='ls -l'\n")
    write(at.path / ".config/other/x", "y")
    if not folded:
        write(at.path / ".config/mcpconf/profiles/own.toml", WORK)
    at.run("stow", "-d", str(repository), "-t", str(at.path), "bash")
    before = at.sums()

    said = at.mcpconf("dotfiles", "install", "--from", str(repository))

    assert "is a link to" in said
    assert BLOCK in (repository / "bash/.bashrc").read_bytes()
    assert (at.path / ".bashrc").is_symlink()
    assert at.mcpconf("current") == "work\n"
    first = at.sums()
    assert at.run("stow", "-v", "-d", str(repository), "-t", str(at.path), "bash", "mcpconf") == ""  # all is its own
    assert at.sums() == first
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", str(repository))
    assert at.sums() == first
    at.run("stow", "-R", "-d", str(repository), "-t", str(at.path), "bash", "mcpconf")
    assert at.broken() == []
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", str(repository))

    at.mcpconf("dotfiles", "uninstall")
    assert at.sums() == before


def test_stow_that_was_there_first_keeps_what_it_linked(at: Home) -> None:
    require("stow")
    repository = at.path / "dotfiles"
    put_profiles(repository / "mcpconf/.config/mcpconf")
    write(at.path / ".bashrc", "x")  # no line break at its end
    at.run("stow", "-d", str(repository), "-t", str(at.path), "mcpconf")
    before = at.sums()
    at.mcpconf("dotfiles", "install", "--from", str(repository))
    at.mcpconf("switch", "work", "--client", "claude-code")  # remembered, and not in the repository
    assert (repository / "mcpconf/.config/mcpconf/config.toml").read_text() == CONFIG
    at.run("stow", "-R", "-d", str(repository), "-t", str(at.path), "mcpconf")
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", str(repository))
    at.mcpconf("dotfiles", "uninstall")
    assert at.sums() == before


LINKS = {
    "the directory": "    ~/.config/mcpconf: mcpconf\n",
    "its files": (
        "    ~/.config/mcpconf/config.toml:\n      path: mcpconf/config.toml\n      create: true\n"
        "    ~/.config/mcpconf/profiles/work.toml:\n      path: mcpconf/profiles/work.toml\n      create: true\n"
    ),
    "nothing of ours": "",
}


@pytest.mark.parametrize(
    ("linked", "first"),
    [("the directory", True), ("the directory", False), ("its files", False), ("nothing of ours", True)],
)
def test_dotbot(at: Home, linked: str, first: bool) -> None:
    """Dotbot comes `first`, or we; its config links our directory, the files in it, or neither."""
    dotbot = require("dotbot")
    repository = at.path / "dotfiles"
    put_profiles(repository / "mcpconf")
    write(repository / "bashrc", "alias ll='ls -l'\r\n")
    config = write(
        repository / "install.conf.yaml",
        f"- clean: ['~', '~/.config']\n- create: ['~/.config']\n- link:\n    ~/.bashrc: bashrc\n{LINKS[linked]}",
    )
    run = (dotbot, "-d", str(repository), "-c", str(config))
    (at.path / ".config").mkdir()
    empty = at.sums()
    if first:
        at.run(*run)
    before = at.sums()

    at.mcpconf("dotfiles", "install", "--from", str(repository))

    assert at.mcpconf("current") == "work\n"
    if not first:
        assert not (at.path / ".bashrc").exists()  # dotbot's to link: one of ours would be in its way
    at.run(*run)
    at.mcpconf("dotfiles", "install", "--from", str(repository))
    assert (repository / "bashrc").read_bytes().startswith(b"alias ll='ls -l'\r\n\n" + BLOCK)
    second = at.sums()
    at.run(*run)
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", str(repository))
    assert (at.sums(), at.broken()) == (second, [])

    at.mcpconf("dotfiles", "uninstall")
    if first:
        assert at.sums() == before
    else:
        (at.path / ".bashrc").unlink()  # dotbot's
        assert at.sums() == empty


@pytest.mark.parametrize("tracked", [True, False], ids=["tracked", "untracked"])
def test_yadm(at: Home, tracked: bool) -> None:
    yadm = require("yadm")
    write(at.path / ".bashrc", "alias ll='ls -l'\n")
    put_profiles(at.path / ".config/mcpconf")
    at.run(yadm, "init")
    files = [".bashrc", *([".config/mcpconf"] if tracked else [])]
    at.run(yadm, "add", *files)
    at.run(yadm, "commit", "-m", "x")
    before = at.sums(".local/share/yadm")

    said = at.mcpconf("dotfiles", "install")

    assert "yadm" in said
    assert "modified until you commit it" in said
    assert at.run(yadm, "status", "--porcelain") == " M .bashrc\n"  # as was said, and nothing else
    at.run(yadm, "commit", "-am", "mcpconf")
    at.mcpconf("switch", "work", "--client", "claude-code")
    assert at.run(yadm, "status", "--porcelain") == ""
    first = at.sums(".local/share/yadm")
    assert "nothing to do" in at.mcpconf("dotfiles", "install")
    at.run(yadm, "checkout", "--", str(at.path / ".bashrc"))
    assert at.sums(".local/share/yadm") == first

    at.mcpconf("dotfiles", "uninstall")
    after = at.sums(".local/share/yadm")
    if not tracked:  # there the choice of a client is the user's own config.toml's
        after.pop(".config/mcpconf/config.toml")
        before.pop(".config/mcpconf/config.toml")
    assert after == before


def test_a_bare_repository(at: Home) -> None:
    write(at.path / ".bashrc", "alias ll='ls -l'\n")
    put_profiles(at.path / ".config/mcpconf")
    at.run("git", "init", "-q", "--bare", str(at.path / ".cfg"))
    git = ("git", "--git-dir", str(at.path / ".cfg"), "--work-tree", str(at.path))
    at.run(*git, "config", "status.showUntrackedFiles", "no")
    at.run(*git, "add", ".bashrc", ".config/mcpconf")
    at.run(*git, "commit", "-qm", "x")
    before = at.sums(".cfg")
    said = at.mcpconf("dotfiles", "install", "--from", str(at.path))
    assert "bare repository" in said
    assert at.run(*git, "status", "--porcelain") == " M .bashrc\n"
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", str(at.path))
    at.mcpconf("dotfiles", "uninstall")
    assert at.sums(".cfg") == before
    assert at.run(*git, "status", "--porcelain") == ""


def test_a_clone_is_made_brought_forward_and_kept_without_a_network(at: Home, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    put_profiles(origin / "mcpconf")
    write(at.path / ".bashrc", "x\n")
    before = at.sums()
    at.run("git", "init", "-q", str(origin))
    at.run("git", "-C", str(origin), "add", ".")
    at.run("git", "-C", str(origin), "commit", "-qm", "x")
    url = f"file://{origin}"

    assert "would be cloned" in at.mcpconf("dotfiles", "install", "--from", url, "--dry-run")
    assert at.sums() == before
    at.mcpconf("dotfiles", "install", "--from", url)
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", url, "--dry-run")
    clone = at.path / ".local/share/mcpconf/dotfiles"
    assert (at.path / ".config/mcpconf").resolve() == clone / "mcpconf"
    assert at.mcpconf("current") == "work\n"
    assert "nothing to do" in at.mcpconf("dotfiles", "install", "--from", url)

    write(origin / "mcpconf/profiles/other.toml", WORK)
    at.run("git", "-C", str(origin), "add", ".")
    at.run("git", "-C", str(origin), "commit", "-qm", "y")
    at.mcpconf("dotfiles", "install", "--from", url)
    assert (at.path / ".config/mcpconf/profiles/other.toml").exists()

    origin.rename(tmp_path / "away")
    assert "does not answer" in at.mcpconf("dotfiles", "install", "--from", url)
    assert "is a clone of" in at.mcpconf("dotfiles", "install", "--from", "file:///elsewhere", code=4)
    assert "can't be cloned" in _another(at, tmp_path).mcpconf("dotfiles", "install", "--from", url, code=1)

    at.mcpconf("dotfiles", "uninstall")
    assert at.sums() == before
    assert not clone.exists()


def test_work_in_a_clone_is_never_lost(at: Home, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    put_profiles(origin / "mcpconf")
    at.run("git", "init", "-q", str(origin))
    at.run("git", "-C", str(origin), "add", ".")
    at.run("git", "-C", str(origin), "commit", "-qm", "x")
    at.mcpconf("dotfiles", "install", "--from", f"file://{origin}")
    clone = at.path / ".local/share/mcpconf/dotfiles"
    at.run("git", "-C", str(clone), "commit", "-q", "--allow-empty", "-m", "mine")
    at.run("git", "-C", str(origin), "commit", "-q", "--allow-empty", "-m", "theirs")
    at.env["GIT_DIR"] = "/nowhere"  # as a hook has it
    assert "can't be brought forward" in at.mcpconf("dotfiles", "install", "--from", f"file://{origin}")
    assert "holds work" in at.mcpconf("uninstall", "--purge", "--yes")
    assert (clone / "mcpconf/config.toml").exists()
    assert not (at.path / ".config/mcpconf").exists()


@pytest.mark.parametrize("where", ["another branch", "no branch", "the stash", "an ignored file"])
def test_work_that_no_status_shows_is_not_lost_either(at: Home, tmp_path: Path, where: str) -> None:
    origin = tmp_path / "origin"
    put_profiles(origin / "mcpconf")
    (origin / ".gitignore").write_text("*.env\n")
    at.run("git", "init", "-q", str(origin))
    at.run("git", "-C", str(origin), "add", ".")
    at.run("git", "-C", str(origin), "commit", "-qm", "x")
    at.mcpconf("dotfiles", "install", "--from", f"file://{origin}")
    clone = at.path / ".local/share/mcpconf/dotfiles"
    commit = ("commit", "-q", "--allow-empty", "-m", "mine")
    steps = {
        "another branch": [("checkout", "-q", "-b", "mine"), commit, ("checkout", "-q", "-")],
        "no branch": [("checkout", "-q", "--detach"), commit],
        "the stash": [("stash", "-q")],
        "an ignored file": [],
    }
    (clone / ("x.env" if where == "an ignored file" else "mcpconf/config.toml")).write_text("# mine\n")
    for step in steps[where]:
        at.run("git", "-C", str(clone), *(("commit", "-qam", "mine") if step == commit else step))
    assert "holds work" in at.mcpconf("dotfiles", "uninstall")
    assert (clone / ".git").exists()


def _another(at: Home, tmp_path: Path) -> Home:
    """A second home, where nothing was cloned yet."""
    path = tmp_path / "another"
    path.mkdir()
    return Home(path, at.patch, at.capture)
