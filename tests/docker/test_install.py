"""install.sh in a fresh container of a real engine, by the way of the devcontainers CLI: dotfiles are cloned and run,
without network, terminal and sudo."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.fresh import HOME, USER, Fresh, without_times
from tests.real.programs import ROOT, Health, require

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONNECTED = Health("Connected", "")
MCPCONF = f"{HOME}/.local/bin/mcpconf"
# What the devcontainers CLI does, with its list of names; nothing of it has a terminal.
CLONE = "[ -e ~/dotfiles ] || git clone --quiet --depth 1 file:///repo ~/dotfiles"
RUN = """\
cd ~/dotfiles
for each in install.sh install bootstrap.sh bootstrap script/bootstrap setup.sh setup script/setup; do
  if [ -e "$each" ]; then exec setsid --wait ./"$each" </dev/null; fi
done
exit 9
"""
# Killed as soon as there is an environment, with all that it has started.
KILLED = """\
setsid /shell/install.sh --wheel /wheels --no-init &
tries=0
until [ -x ~/.local/share/mcpconf/venv/bin/python ]; do
  tries=$((tries + 1))
  [ $tries -lt 3000 ] || exit 1
  sleep 0.01
done
kill -9 "-$!" || exit 1
wait
"""
OLD_PYTHON = """\
#!/bin/sh
[ -z "${NO_PYTHON:-}" ] || exit 127
case $* in *version_info*) exit 1 ;; esac
echo "/usr/bin/python3 is 3.9.2"
"""
NewFresh = Callable[..., Fresh]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A dotfiles repository with install.sh, a profile, and which one is for containers; the wheels by a link."""
    root = tmp_path / "repository"
    (root / "mcpconf/profiles").mkdir(parents=True)
    (root / "mcpconf/profiles/work.toml").write_text('extends = "minimal"\n')
    (root / "mcpconf/config.toml").write_text('[places]\nhost = "essentials"\ncontainer = "work"\n')
    (root / "install.sh").write_bytes((ROOT / "shell/install.sh").read_bytes())
    (root / "install.sh").chmod(0o755)
    (root / "wheels").symlink_to("/wheels")
    git = [require("git"), "-c", "user.name=u", "-c", "user.email=u@example.com", "-C", str(root)]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "dotfiles"]):
        subprocess.run([*git, *words], check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    subprocess.run(["chown", "-R", USER, str(root)], check=True)
    return root


def masks(program: Path) -> list[str]:
    """Mounts that put it in the place of every Python that is found without a PATH of ours."""
    found = [path for place in ("/usr/bin", "/usr/local/bin") for path in Path(place).glob("python3*")]
    return [f"--volume={program}:{path}:ro" for path in sorted({os.path.realpath(path) for path in found})]


def sh(place: Fresh, script: str) -> str:
    return place.must("/bin/sh", "-c", script)


def test_dotfiles_in_a_fresh_container_connect_claude_and_leave_nothing(
    new_fresh: NewFresh, repository: Path, wheels: Path
) -> None:
    mounts = [f"--volume={repository}:/repo:ro", f"--volume={wheels}:/wheels:ro", "--tmpfs=/tmp:noexec,mode=1777"]
    place = new_fresh(*mounts, DEVCONTAINER="true")
    sh(place, CLONE)
    sh(place, "printf \"alias ll='ls -l'\" >~/.bashrc")
    empty = place.listing()

    sh(place, RUN)
    assert place.must(MCPCONF, "current").strip() == "work"
    assert "# mcpconf: begin" in sh(place, "cat ~/.bashrc")
    assert {owner for _, owner, *_ in place.listing().values()} == {1000}
    place.must(f"{HOME}/.local/share/mcpconf/venv/bin/python", "-B", "-m", "pip", "--version")  # it adds extras
    # Claude writes to the home, too: it gets the same bytes in a home that is put back afterwards.
    place.as_root("/bin/cp", "-a", HOME, "/home/saved")
    assert place.claude() == {"mcpconf": CONNECTED}
    place.as_root("/bin/sh", "-c", f"rm -rf {HOME} && mv /home/saved {HOME}")

    once = place.listing()
    sh(place, RUN)
    assert place.listing() == once

    sh(place, "~/dotfiles/install.sh --uninstall")
    assert without_times(place.listing()) == without_times(empty)


def test_killed_in_the_middle_then_run_by_root_for_its_user(new_fresh: NewFresh, wheels: Path) -> None:
    place = new_fresh(f"--volume={wheels}:/wheels:ro", f"--volume={ROOT}/shell:/shell:ro")
    sh(place, KILLED)
    assert place.run(MCPCONF, "--version").code != 0

    said = place.as_root("/shell/install.sh", "--wheel", "/wheels", _REMOTE_USER="u", XDG_CACHE_HOME="/root/.cache")
    assert "is active" in said
    assert place.must(MCPCONF, "current").strip() == "minimal"
    assert {owner for _, owner, *_ in place.listing().values()} == {1000}
    once = place.listing()
    assert "/home/u/.local/share/mcpconf/installing" not in once

    # Through a pipe it knows nothing of where it lies, and asks the registry for nothing that is there.
    assert "Installed mcpconf" in sh(place, "cat /shell/install.sh | sh -s -- --no-init")
    # A Feature's or pipx's does as well; this home has none of its own.
    other = f"PATH={HOME}/.local/bin:$PATH HOME=/tmp sh /shell/install.sh --no-init"
    assert f"is there already: {MCPCONF}" in sh(place, other)
    assert place.listing() == once


def test_what_cannot_be_is_said_and_nothing_is_changed(new_fresh: NewFresh, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text(OLD_PYTHON)
    old.chmod(0o755)
    place = new_fresh(f"--volume={ROOT}/shell/install.sh:/one/install.sh:ro", *masks(old))
    without_python = {"PATH": "/usr/bin:/bin"}
    for said, env in {
        "no Python 3.11 or newer (/usr/bin/python3 is 3.9.2). Mend it with: ": without_python,
        "no Python 3.11 or newer. Mend it with: ": without_python | {"NO_PYTHON": "1"},
        "can't be written by u": {"HOME": "/usr"},
        "no absolute path": {"HOME": "here"},
        "no such user": {"_REMOTE_USER": "nobody-knows", "user": "0:0"},
        "You are root, and /home/u is not root's": {"user": "0:0"},
    }.items():
        refused(place, said, **env)
    refused(place, "no wheel of mcpconf 9.9 at /one", "--version", "9.9", "--wheel", "/one")


def refused(place: Fresh, said: str, *argv: str, **env: str) -> None:
    """It says that, and that nothing was changed, which is so."""
    done = place.run("/one/install.sh", *argv, **env)
    assert done.code == 1, done
    assert said in done.err
    assert "Nothing was changed." in done.err
    assert sh(place, "find ~").split() == [HOME]


def test_without_network_and_wheels_it_says_how_to_bring_them(new_fresh: NewFresh) -> None:
    place = new_fresh(f"--volume={ROOT}/shell/install.sh:/one/install.sh:ro")
    refused(place, "pip download --dest wheels mcpconf==", PIP_RETRIES="0")
