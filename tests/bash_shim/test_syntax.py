"""The bash shim stays within bash 3.2, evaluates nothing, and heeds nothing that the environment slips in."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.bash_shim.place import SHELL, Listener, Place
from tests.wrapper.test_syntax import LATER

LINES = SHELL.read_text("utf-8").splitlines()
# `printf -v` into a variable is as old as 3.1; what came later are elements of arrays and `[[ -v`.
CODE = "\n".join(line.replace("printf -v", "printf") for line in LINES if not line.lstrip().startswith("#"))


@pytest.mark.parametrize("what", LATER)
def test_nothing_newer_than_bash_3_2_is_used(what: str) -> None:
    assert not re.search(LATER[what], CODE), re.search(LATER[what], CODE)


def test_nothing_is_evaluated() -> None:
    assert not re.search(r"\b(eval|source|declare|let)\b|^\s*\. |`", CODE, re.MULTILINE)


def test_no_output_of_a_program_is_taken() -> None:
    assert not re.search(r"\$\((?!\()", CODE)


def test_bash_reads_it() -> None:
    assert subprocess.run(["bash", "-n", SHELL], capture_output=True, check=False).returncode == 0


def test_read_for_its_functions_it_does_nothing() -> None:
    ran = subprocess.run(["bash", "-c", '. "$1"; echo read', "x", SHELL], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("read\n", "")


@pytest.mark.parametrize(
    "env",
    [
        {"SHELLOPTS": "errexit:nounset:posix"},
        {"SHELLOPTS": "xtrace:verbose"},
        {"BASHOPTS": "nocasematch:extdebug"},
        {"POSIXLY_CORRECT": "1"},
        {"BASH_FUNC_cat%%": "() { echo stolen; }"},
        {"BASH_FUNC_read%%": "() { echo stolen; }"},
        {"IFS": "0123456789abcdef|"},
        {"LC_ALL": "nonsense"},
        {"w": "7", "m": "3", "_mc_k": "1", "_mc_h": "a[$(touch stolen)]", "i": "b[$(touch stolen)]"},
        {"CDPATH": "/tmp", "BASH_COMPAT": "3.2"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_the_callers_shell_settings_make_no_difference(place: Place, tcp: Listener, env: dict[str, str]) -> None:
    with place.tcp(tcp.port, **env) as shim:
        shim.say(b"{}\n")
        with tcp.accept() as connection:
            connection.shake_hands()
            assert connection.line() == b"{}\n"
            connection.say(b"[]\n")
            assert shim.hear() == b"[]\n"
            shim.stdin.close()
            assert connection.until_end_of_input() == b"\n"
            connection.close()
            assert shim.process.wait(20) == 0
    assert os.listdir() == []  # nor was anything of it run
