"""The script stays within bash 3.2, which no registry offers any more: what came later is searched for by its looks."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.wrapper.installed import SHELL

LINES = SHELL.read_text("utf-8").splitlines()
# `printf -v` into a variable is as old as 3.1; what came later are elements of arrays and `[[ -v`. A clock that is not
# there is an unset variable to older ones.
CODE = "\n".join(
    line.replace("printf -v", "printf").replace("${EPOCHREALTIME-}", "")
    for line in LINES
    if not line.lstrip().startswith("#")
)
LATER = {
    "associative arrays, namerefs (4.0, 4.3)": r"\b(declare|local|typeset)\s+-[a-zA-Z]*[Anglu]",
    "mapfile, coproc, readarray (4.0)": r"\b(mapfile|readarray|coproc)\b",
    "case conversion (4.0)": r"\$\{[^}]*(\^|,,)",
    "|& and &>> (4.0)": r"\|&|&>>",
    "fall through in case (4.0)": r";;?&",
    "negative subscripts (4.3)": r"\[-[0-9]",
    "negative lengths (4.2)": r"\$\{\w+:[^}]*:\s*-",
    "[[ -v (4.2)": r"(?<!printf )-v\s+\w+",
    "printf %(time)T and -v of arrays (4.2)": r"printf[^\n]*%\(",
    "transformations (4.4)": r"\$\{[^}]*@[A-Za-z]\}",
    "{fd}> (4.1)": r"\{\w+\}[<>]",
    "fractions of a second for read (4.0)": r"read[^\n]*-t\s*[0-9]*\.",
    "dynamic names (4.0 and later)": r"\b(BASHPID|EPOCHSECONDS|EPOCHREALTIME|SRANDOM|BASH_ARGV0)\b(?! \|)",
}


@pytest.mark.parametrize("what", LATER)
def test_nothing_newer_than_bash_3_2_is_used(what: str) -> None:
    assert not re.search(LATER[what], CODE), re.search(LATER[what], CODE)


def test_nothing_is_evaluated() -> None:
    assert not re.search(r"\b(eval|source|declare|let)\b|\$\(\(.*\$\{!|^\s*\. ", CODE, re.MULTILINE)


def test_no_output_is_taken_but_of_readlink_ls_mcpconf_itself_and_an_engines_client() -> None:
    taken = ["readlink", '"$_mc_found"', "_mc_locale_back &&", '"$_mc_program" ps', '"$_mc_program" ps']
    assert re.findall(r"\$\((?!\()(.*?) [-\"<]", CODE) == taken


def test_bash_reads_it() -> None:
    assert subprocess.run(["bash", "-n", SHELL], capture_output=True, check=False).returncode == 0
