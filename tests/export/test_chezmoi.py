"""The scripts for chezmoi, run by its contract: the file on stdin, what it is to hold on stdout, in the user's home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcpconf.document.block import SHELL, take
from tests.cli.conftest import World, mcpconf, programs

__all__ = ["mcpconf", "programs"]

TEXT = b'{\n    "numStartups": 3,\n    "big": 12345678901234567890\n}'


class Chezmoi:
    """What `chezmoi apply` does with our two scripts and one target."""

    def __init__(self, world: World, profile: str | None = "minimal") -> None:
        self.world = world
        self.bin = world.home / ".local/bin"
        self.bin.mkdir(parents=True)
        launcher = self.bin / "mcpconf"
        launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mcpconf "$@"\n')
        launcher.chmod(0o755)
        words = () if profile is None else ("--profile", profile)
        self.modify = world("export", "--template", "chezmoi", *words).out
        self.last = world("export", "--template", "chezmoi", "--for", "apply", *words).out

    def _run(self, script: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        env = {name: os.environ[name] for name in ("HOME", "XDG_RUNTIME_DIR")}
        env |= {
            "PATH": "/usr/bin:/bin",
            "MCPCONF_ENV": "host",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        return subprocess.run(
            ["/bin/sh", "-c", script], input=stdin, env=env, capture_output=True, timeout=60, check=False
        )

    def wants(self) -> bytes:
        """What the target is to hold."""
        before = self.world.claude.read_bytes() if self.world.claude.exists() else b""
        done = self._run(self.modify, before)
        assert done.returncode == 0, done.stderr
        self.said = done.stderr.decode()
        return done.stdout

    def apply(self) -> bool:
        """Write it, then run the script that is run last; whether the target changed."""
        before = self.world.claude.read_bytes() if self.world.claude.exists() else b""
        after = self.wants()
        if after != before:
            self.world.claude.write_bytes(after)
        done = self._run(self.last, b"")
        assert done.returncode == 0, done.stderr
        return after != before


@pytest.mark.parametrize("text", [TEXT, b"", b"\xef\xbb\xbf{}\r\n"])
def test_apply_twice_then_all_other_commands_agree(mcpconf: World, text: bytes) -> None:
    chezmoi = Chezmoi(mcpconf)
    if text:
        mcpconf.claude.write_bytes(text)

    assert chezmoi.apply()
    assert list(json.loads(mcpconf.claude.read_text("utf-8-sig"))["mcpServers"]) == ["mcpconf"]
    assert not chezmoi.apply(), "a drift loop"
    assert "in step" in mcpconf("status").out + mcpconf("status").err
    mcpconf("uninstall")
    assert (mcpconf.claude.read_bytes() if mcpconf.claude.exists() else b"") == text


def test_a_switch_is_not_fought(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf)
    mcpconf.claude.write_bytes(TEXT)
    chezmoi.apply()
    mcpconf.profile("other", '[servers.mine]\ncommand = "myserver"\n')

    mcpconf("switch", "other", "--client", "claude-code")

    assert chezmoi.wants() == mcpconf.claude.read_bytes()
    assert list(mcpconf.servers()) == ["mine"]


def test_a_look_alone_claims_nothing(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf)
    mcpconf.claude.write_bytes(TEXT)

    assert chezmoi.wants() != TEXT  # as `chezmoi diff` does
    mcpconf("uninstall")
    assert mcpconf.claude.read_bytes() == TEXT


@pytest.mark.parametrize("text", [b"{ broken", b'{"mcpServers": {}, // no\n}', b"\xff\xfe{\0}\0"])
def test_what_can_t_be_edited_comes_out_as_it_went_in(mcpconf: World, text: bytes) -> None:
    chezmoi = Chezmoi(mcpconf)
    mcpconf.claude.write_bytes(text)

    assert chezmoi.wants() == text
    assert "nothing was changed" in chezmoi.said


def test_somebody_else_s_entry_of_that_name_stays(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf)
    text = b'{"mcpServers": {"mcpconf": {"command": "mine"}}}'
    mcpconf.claude.write_bytes(text)

    assert chezmoi.wants() == text


@pytest.mark.parametrize("text", [TEXT, b"", b"\0\xff\n\n"])
def test_without_mcpconf_every_byte_passes(mcpconf: World, text: bytes) -> None:
    chezmoi = Chezmoi(mcpconf)
    (chezmoi.bin / "mcpconf").unlink()
    mcpconf.claude.write_bytes(text)

    assert chezmoi.wants() == text
    assert not chezmoi.apply()


def test_without_a_profile_there_is_nothing_to_add_until_one_is_active(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf, None)
    mcpconf.claude.write_bytes(TEXT)
    assert chezmoi.wants() == TEXT


def test_a_profile_of_the_repository_s_newer_version_is_switched_to(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf)
    mcpconf.claude.write_bytes(TEXT)
    chezmoi.apply()
    mcpconf.profile("newer", 'extends = "minimal"\n')
    chezmoi.last = mcpconf("export", "--template", "chezmoi", "--for", "apply", "--profile", "newer").out

    chezmoi.apply()

    assert mcpconf("current").out == "newer\n"
    assert not chezmoi.apply()


def test_an_unknown_profile_leaves_the_file_alone(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf, "nowhere")
    mcpconf.claude.write_bytes(TEXT)
    assert chezmoi.wants() == TEXT
    assert "nowhere" in chezmoi.said


def test_the_names_are_those_that_chezmoi_reads(mcpconf: World) -> None:
    assert "keep it as modify_private_dot_claude.json" in mcpconf("export", "--template", "chezmoi").err
    desktop = mcpconf("export", "--template", "chezmoi", "--for", "claude-desktop")
    assert "private_dot_config/Claude/modify_private_claude_desktop_config.json" in desktop.err
    assert "exec mcpconf __modify claude-desktop\n" in desktop.out


def test_no_path_of_this_machine_is_in_a_script(mcpconf: World) -> None:
    for of in ("claude-code", "claude-desktop", "apply"):
        out = mcpconf("export", "--template", "chezmoi", "--for", of, "--profile", "minimal").out
        assert str(mcpconf.home) not in out
        assert out.startswith("#!/bin/sh\n")


@pytest.mark.parametrize(
    "text", [b"", b"alias x=y", b"a\r\nb\r\n", b"\0\xff\n", b"# mcpconf: begin\nold\n# mcpconf: end\nz\n"]
)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_an_rc_file_gets_the_block_once_and_it_comes_out_without_a_trace(
    mcpconf: World, shell: str, text: bytes
) -> None:
    chezmoi = Chezmoi(mcpconf)
    out = mcpconf("export", "--template", "chezmoi", "--for", shell)
    assert f"modify_dot_{shell}rc" in out.err

    once = chezmoi._run(out.out, text)
    twice = chezmoi._run(out.out, once.stdout)

    assert once.stdout.count(b"# mcpconf: begin") == 1
    assert f"mcpconf.{shell}".encode() in once.stdout
    assert twice.stdout == once.stdout
    if b"old" not in text:
        assert take(once.stdout, SHELL) == text


def test_an_rc_file_with_half_a_block_passes(mcpconf: World) -> None:
    chezmoi = Chezmoi(mcpconf)
    script = mcpconf("export", "--template", "chezmoi", "--for", "bash").out
    done = chezmoi._run(script, b"# mcpconf: begin\nx\n")
    assert (done.returncode, done.stdout) == (0, b"# mcpconf: begin\nx\n")
    assert b"nothing was changed" in done.stderr


@pytest.mark.parametrize(
    ("redirection", "said"),
    [("<&-", "stdin or stdout is closed; nothing was changed"), (">/dev/full", "the file stays as it is")],
)
def test_a_pipe_that_is_no_good_fails_in_one_line(mcpconf: World, redirection: str, said: str) -> None:
    chezmoi = Chezmoi(mcpconf)
    done = chezmoi._run(f"exec {chezmoi.bin}/mcpconf __modify claude-code {redirection}", TEXT)
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1
    assert said in done.stderr.decode()
