"""Secrets in the system's keyring: the real package over a backend that keeps them in a file of the test's own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import tree

ROOT = str(Path(__file__).parents[2])
VALUE = "correct-horse-battery-staple-4711"
PROFILE = """
[servers.s]
command = "{server}"
env = {{ API_TOKEN = "secret:API_TOKEN" }}
"""
SERVER = """#!/bin/bash
[[ $API_TOKEN == "$EXPECTED" ]] || { printf 'it got another value\\n' >&2; exit 9; }
printf 'got <%s>' "$API_TOKEN" >&2
exit 3
"""


class Place:
    """A home, a keyring, and the command line as a process of its own."""

    def __init__(self, home: Path, backend: str = "tests.keyring_backend.FileKeyring") -> None:
        self.home = home
        self.keyring = home.parent / "keyring.json"
        self.data = home / ".local/share/mcpconf"
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "MCPCONF_ENV": "host",
            "PYTHONPATH": ROOT,
            "PYTHON_KEYRING_BACKEND": backend,
            "TEST_KEYRING": str(self.keyring),
        }

    def __call__(self, *argv: str, code: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command; its exit code must be `code`. The value is in none of its output."""
        command = [sys.executable, "-m", "mcpconf", *argv]
        done = subprocess.run(
            command, env=self.env, input=stdin, cwd=self.home, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert argv[:2] == ("secret", "print") or VALUE not in done.stdout + done.stderr
        return done

    @property
    def held(self) -> dict[str, str]:
        """What is in the keyring."""
        return dict(json.loads(self.keyring.read_text())) if self.keyring.exists() else {}

    def serve(self, expected: str) -> str:
        """Have a profile whose server looks at the value that it gets; the wrapper that starts it."""
        server = self.home.parent / "server"
        server.write_text(SERVER)
        server.chmod(0o755)
        self.env["EXPECTED"] = expected
        profile = self.home / ".config/mcpconf/profiles/p.toml"
        profile.parent.mkdir(parents=True)
        profile.write_text(PROFILE.format(server=server))
        self("switch", "p")
        entry = json.loads((self.home / ".claude.json").read_text())["mcpServers"]["s"]
        return str(entry["command"])

    def start(self, wrapper: str) -> subprocess.CompletedProcess[str]:
        """Start it as a client does."""
        return subprocess.run(
            [wrapper], env=self.env, input="one\ntwo\n", capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def place(home: Path) -> Place:
    return Place(home)


@pytest.fixture
def broken(place: Place) -> Callable[[str], None]:
    """Take the keyring away."""

    def to(backend: str) -> None:
        place.env["PYTHON_KEYRING_BACKEND"] = backend

    return to


def test_set_list_and_forget(place: Place) -> None:
    place("secret", "set", "B", stdin="in the file")
    assert "in the keyring" in place("secret", "set", "A", "--keyring", stdin=VALUE + "\n").stderr
    assert place("secret", "ls").stdout == "A  keyring\nB  file\n"
    listed = json.loads(place("secret", "ls", "--json").stdout)
    assert (listed["names"], listed["places"]) == (["A", "B"], {"A": "keyring", "B": "file"})
    assert place.held == {"mcpconf/A": VALUE}
    assert (place.data / "keyring").stat().st_mode & 0o777 == 0o600
    assert VALUE.encode() not in b"".join(data for _, _, data in tree(place.home).values())
    place("secret", "rm", "A")
    assert place.held == {}
    place("secret", "rm", "B")
    assert place("secret", "ls").stdout == ""
    assert "there is no secret named A" in place("secret", "rm", "A", code=1).stderr


def test_a_secret_is_in_one_place_only_and_moves_with_the_next_set(place: Place) -> None:
    place("secret", "set", "A", stdin="old")
    place("secret", "set", "A", "--keyring", stdin=VALUE)
    assert place("secret", "ls").stdout == "A  keyring\n"
    assert (place.data / "secrets").read_bytes() == b""
    place("secret", "set", "A", stdin="new")
    assert place("secret", "ls").stdout == "A  file\n"
    assert place.held == {}


def test_one_that_was_taken_out_of_the_keyring_by_hand_can_be_forgotten(place: Place) -> None:
    place("secret", "set", "A", "--keyring", stdin=VALUE)
    place.keyring.unlink()
    place("secret", "rm", "A")
    assert place("secret", "ls").stdout == ""


@pytest.mark.parametrize("value", [VALUE, "two\nlines\n\n", " \t", "'\"$(touch planted)`\\", "é\u2028\U0001f600", "x."])
def test_the_wrapper_hands_the_value_from_the_keyring_to_the_server(place: Place, value: str) -> None:
    wrapper = place.serve(expected=value)
    place("secret", "set", "API_TOKEN", "--keyring", stdin=value + "\n")
    done = place.start(wrapper)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert done.stderr.endswith(f"got <{value}>")
    assert not (place.home / "planted").exists()


@pytest.mark.parametrize("where", ["environment", "file"])
def test_the_environment_and_the_file_come_before_the_keyring(place: Place, where: str) -> None:
    wrapper = place.serve(expected="nearer")
    place("secret", "set", "API_TOKEN", "--keyring", stdin=VALUE)
    if where == "environment":
        place.env["API_TOKEN"] = "nearer"
    else:
        (place.data / "secrets").write_bytes(b"API_TOKEN=nearer\0")
    assert place.start(wrapper).returncode == 3
    assert "ended with exit code 3" in place("server", "test", "s", code=1).stdout


def test_server_test_gets_it_too_and_does_not_show_it(place: Place) -> None:
    place.serve(expected=VALUE)
    place("secret", "set", "API_TOKEN", "--keyring", stdin=VALUE)
    told = place("server", "test", "s", code=1).stdout
    assert "it ended with exit code 3 before it answered" in told
    assert "got <***>" in told
    assert json.loads(place("server", "test", "s", "--json", code=1).stdout)["stderr_tail"] == "got <***>"


def test_a_server_without_a_secret_of_the_keyring_does_not_ask_it(place: Place, broken: Callable[[str], None]) -> None:
    wrapper = place.serve(expected=VALUE)
    place("secret", "set", "OTHER", "--keyring", stdin="x")
    place("secret", "set", "API_TOKEN", stdin=VALUE)
    broken("tests.keyring_backend.LockedKeyring")
    assert place.start(wrapper).returncode == 3
    assert "ended with exit code 3" in place("server", "test", "s", code=1).stdout


FAILING = {
    "keyring.backends.fail.Keyring": "this machine has no keyring that can be used",
    "tests.keyring_backend.LockedKeyring": "the keyring can't be used: RuntimeError: the collection is locked",
    "tests.keyring_backend.ForgetfulKeyring": "the keyring did not keep the secret",
    "no.such.Backend": "the keyring can't be used: ModuleNotFoundError: No module named 'no'",
}


@pytest.mark.parametrize("backend", FAILING)
def test_a_keyring_that_is_no_use_is_told_with_the_file_as_the_way(
    place: Place, broken: Callable[[str], None], backend: str
) -> None:
    broken(backend)
    told = place("secret", "set", "A", "--keyring", code=1, stdin=VALUE).stderr
    assert FAILING[backend] in told
    assert "try: mcpconf secret set A (without --keyring: in a file that only you can read)" in told
    assert not place.data.exists()
    assert place("secret", "ls").stdout == ""


def test_a_keyring_that_fails_later_is_told_where_the_secret_is_needed(
    place: Place, broken: Callable[[str], None]
) -> None:
    wrapper = place.serve(expected=VALUE)
    place("secret", "set", "API_TOKEN", "--keyring", stdin=VALUE)
    broken("keyring.backends.fail.Keyring")
    assert "this machine has no keyring that can be used" in place("server", "test", "s", code=1).stdout
    done = place.start(wrapper)
    assert done.returncode == 0
    assert "mcpconf: this machine has no keyring that can be used" in done.stderr
    assert "secret:API_TOKEN is in the keyring, which did not give it" in done.stderr
    assert "mend it with: mcpconf secret set API_TOKEN" in done.stderr
    assert "no keyring" in place("secret", "rm", "API_TOKEN", code=1).stderr
    told = place("secret", "set", "API_TOKEN", stdin=VALUE).stderr
    assert "what the keyring holds as API_TOKEN of mcpconf stays there" in told
    assert place.start(wrapper).returncode == 3


def test_the_wrapper_says_that_what_asks_the_keyring_is_gone(place: Place) -> None:
    wrapper = place.serve(expected=VALUE)
    place("secret", "set", "API_TOKEN", "--keyring", stdin=VALUE)
    index = place.data / "keyring"
    index.write_bytes(b"run=/gone/mcpconf\0name=API_TOKEN\0")
    done = place.start(wrapper)
    assert done.returncode == 0
    assert "secret:API_TOKEN is in the keyring, and /gone/mcpconf, which would ask it, is not here" in done.stderr
    index.write_bytes(b"run=mcpconf\0name=API_TOKEN\0")  # by PATH anything could be started
    assert place.start(wrapper).returncode == 0


def test_without_the_extra_the_command_that_installs_it_is_named(place: Place, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none/keyring.py").write_text("raise ImportError('not installed')")
    place.env["PYTHONPATH"] = str(tmp_path / "none")
    told = place("secret", "set", "A", "--keyring", code=1, stdin=VALUE).stderr
    assert "mcpconf was installed without its extra for keyrings" in told
    assert f"try: {sys.executable} -m pip install keyring" in told
    assert not (place.data / "keyring").exists()


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        ("/home/u/.local/share/pipx/venvs/mcpconf", "pipx inject mcpconf keyring"),
        ("/home/u/.local/share/uv/tools/mcpconf", "uv tool install 'mcpconf[keyring]'"),
    ],
)
def test_the_command_that_installs_the_extra_is_that_of_the_tool_that_installed_mcpconf(
    monkeypatch: pytest.MonkeyPatch, prefix: str, command: str
) -> None:
    from mcpconf.workflow import vault

    monkeypatch.setattr("sys.prefix", prefix)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(vault.NoKeyring) as caught:
        vault.get("A")
    assert caught.value.hint == command


def test_print_gives_secrets_of_the_keyring_only_and_none_to_a_terminal(place: Place) -> None:
    place("secret", "set", "A", "--keyring", stdin=VALUE)
    place("secret", "set", "B", stdin="in the file")
    assert place("secret", "print", "A").stdout == VALUE
    assert "the keyring has no secret named B" in place("secret", "print", "B", code=1).stderr
    assert "print" not in place("secret", "--help").stdout
    screen, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mcpconf", "secret", "print", "A"],
            env=place.env, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(terminal)
    assert (done.returncode, "not printed to a terminal" in done.stderr) == (2, True)
    with pytest.raises(OSError, match="Input/output error"):  # the screen stayed empty
        os.read(screen, 100)
    os.close(screen)


def test_purge_takes_ours_out_of_the_keyring_and_nothing_else(place: Place) -> None:
    place("secret", "set", "A", "--keyring", stdin=VALUE)
    place.keyring.write_text(json.dumps({**place.held, "mail/me": "theirs"}))
    place("uninstall", "--purge", "--yes")
    assert place.held == {"mail/me": "theirs"}
    assert tree(place.home) == {}


def test_purge_says_what_had_to_stay(place: Place, broken: Callable[[str], None]) -> None:
    place("secret", "set", "A", "--keyring", stdin=VALUE)
    broken("tests.keyring_backend.LockedKeyring")
    told = place("uninstall", "--purge", "--yes").stderr
    assert "what the keyring holds as A of mcpconf stays there" in told
    assert tree(place.home) == {}


def test_import_does_not_take_the_name_of_a_secret_in_the_keyring(place: Place) -> None:
    place("secret", "set", "HUB_TOKEN", "--keyring", stdin=VALUE)
    entry: dict[str, Any] = {"command": "true", "env": {"HUB_TOKEN": "another-one"}}
    (place.home / ".claude.json").write_text(json.dumps({"mcpServers": {"hub": entry}}))
    place("import", "--profile", "mine")
    assert place.held == {"mcpconf/HUB_TOKEN": VALUE}
    assert place("secret", "ls").stdout == "HUB_HUB_TOKEN  file\nHUB_TOKEN      keyring\n"
