"""The files that shells read, and the block in them, by the shells themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mcpconf.document.block import SHELL, put
from mcpconf.dotfiles.rc import block, body, rc_files
from tests.dotfiles.repositories import write
from tests.real.programs import require

HOME = "/home/me"


@pytest.mark.parametrize(
    ("platform", "there", "env", "login", "paths"),
    [
        ("linux", (), {}, "/bin/bash", ["/home/me/.bashrc"]),
        ("linux", (), {}, "", []),
        ("linux", (".bashrc", ".zshrc"), {}, "", ["/home/me/.bashrc", "/home/me/.zshrc"]),
        ("linux", (), {"ZDOTDIR": "/z/"}, "/usr/bin/zsh", ["/z/.zshrc"]),
        ("linux", (), {"ZDOTDIR": "relative"}, "/usr/bin/zsh", ["/home/me/.zshrc"]),
        ("linux", (".config/fish",), {}, "", ["/home/me/.config/fish/conf.d/mcpconf.fish"]),
        ("linux", (), {"XDG_CONFIG_HOME": "/c"}, "/usr/bin/fish", ["/c/fish/conf.d/mcpconf.fish"]),
        ("darwin", (), {}, "/bin/bash", ["/home/me/.bash_profile"]),
        ("darwin", (".bashrc", ".bash_profile"), {}, "/bin/zsh", ["/home/me/.bash_profile", "/home/me/.zshrc"]),
        ("darwin", (".bashrc",), {}, "", ["/home/me/.bashrc"]),
        (
            "windows",
            (".bashrc", "Documents/PowerShell/Microsoft.PowerShell_profile.ps1"),
            {},
            "",
            ["/home/me/Documents/PowerShell/Microsoft.PowerShell_profile.ps1"],
        ),
    ],
)
def test_the_files_of_the_shells_that_are_used(
    platform: str, there: tuple[str, ...], env: dict[str, str], login: str, paths: list[str]
) -> None:
    standing = {f"{HOME}/{name}" for name in there}
    assert [one.path for one in rc_files(platform, HOME, env, login, standing.__contains__)] == paths


def test_no_block_names_a_machines_path() -> None:
    for shell in ("bash", "zsh", "fish", "powershell"):
        assert "mcpconf/shell/mcpconf." in body(shell)
        assert "HOME" in body(shell)
        assert len(body(shell).splitlines()) <= 2
        assert "/home/" not in body(shell)


def test_powershells_block() -> None:
    """Golden: no PowerShell was at hand."""
    assert block("powershell").decode() == (
        "# mcpconf: begin\n"
        "$mcpconf = if ($env:XDG_DATA_HOME) { $env:XDG_DATA_HOME } else { Join-Path $HOME '.local/share' }\n"
        'if (Test-Path "$mcpconf/mcpconf/shell/mcpconf.ps1") { . "$mcpconf/mcpconf/shell/mcpconf.ps1" }\n'
        "# mcpconf: end"
    )


def _sourced(program: str, rc: Path, env: dict[str, str]) -> str:
    words = [require(program), "-c", f"source '{rc}'; echo \"[$SOURCED]\""]
    done = subprocess.run(
        words, env={"PATH": "/usr/bin:/bin", **env}, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.real
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("data", [None, "elsewhere with a space"])
def test_a_real_shell_sources_the_file_and_says_nothing_where_it_is_not_there(
    home: Path, shell: str, data: str | None
) -> None:
    env = {"HOME": str(home)} | ({"XDG_DATA_HOME": str(home / data)} if data else {})
    rc = write(home / "rc", put(b"", block(shell), SHELL))
    assert _sourced(shell, rc, env) == "[]"
    directory = home / (data or ".local/share") / "mcpconf/shell"
    write(directory / f"mcpconf.{shell}", "set -g SOURCED yes\n" if shell == "fish" else "SOURCED=yes\n")
    assert _sourced(shell, rc, env) == "[yes]"


@pytest.mark.real
def test_the_block_works_in_a_file_with_crlf(home: Path) -> None:
    rc = write(home / "rc", put(b"A=1\r\nB=2\r\n", block("bash"), SHELL) + b"C=3\n")
    write(home / ".local/share/mcpconf/shell/mcpconf.bash", "SOURCED=yes\n")
    assert _sourced("bash", rc, {"HOME": str(home)}) == "[yes]"
