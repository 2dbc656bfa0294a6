"""Completion in real shells: what is offered, that it is today's, and that nothing is started or carried out."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from mcpconf.cli.index import COMMANDS
from mcpconf.cli.static.tables import SCRIPTS, filled
from mcpconf.cli.static.tree import tree
from mcpconf.doctor.catalogue import CHECKS
from mcpconf.workflow import active, words
from mcpconf.workflow.chezmoi import APPLY, FILES, RC_FILES
from mcpconf.workflow.service_setup import KINDS
from tests.shell.shells import BASH, BASH_WORDS, SHELL, Bash, Fish, plain, zsh

HOSTILE = [
    "$(touch PWNED)",
    "`touch PWNED`",
    "a b",
    "--force",
    "x;touch PWNED",
    "new\nline",
    "'q",
    '"q',
    "*",
    "e'$(id)",
]
SHIPPED = {"container", "docker", "essentials", "minimal", "research", "web"}


class Shell(Protocol):
    def offers(self, cwd: Path, *words: str) -> list[str]: ...


@pytest.fixture
def work(home: Path) -> Path:
    """A project below the home with profiles of its own, an active profile, and names of every kind in between."""
    project = home / "src/odd $(touch PWNED) dir/deep"
    places = (project.parent / ".mcpconf", home / ".config/mcpconf/profiles", home / "other/profiles")
    for place, name in zip(places, ("ours", "mine", "elsewhere"), strict=True):
        place.mkdir(parents=True)
        for one in (name, *HOSTILE):
            (place / f"{one}.toml").write_text("")
    project.mkdir()
    state = home / ".local/state/mcpconf"
    state.mkdir(parents=True)
    (state / active.FILE).write_bytes(active.dump({"user": active.Active("mine")}))
    known = {
        ("servers", "mine"): ("files", "clock"),
        ("servers", "ours"): ("secretive",),
        ("tools", "clock"): ("now", "later.still"),
        ("secrets", ""): ("A_TOKEN", "B_TOKEN"),
    }
    raw = words.dump(known) + b"servers\t=evil\t$(touch${IFS}PWNED) `x` --f ok\n"
    (state / words.FILE).write_bytes(raw)
    return project


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, home: Path, work: Path, tmp_path: Path) -> Iterator[Shell]:
    if request.param == "bash":
        yield Bash(home)
    elif request.param == "fish":
        yield Fish(home)
    else:
        with zsh(home, work, tmp_path / "offered") as one:
            yield one


def test_each_shell_offers_what_may_stand_there(shell: Shell, work: Path, home: Path) -> None:
    def offers(*line: str) -> set[str]:
        return set(shell.offers(work, *line))

    assert offers("") == {name for name, _ in COMMANDS}
    assert offers("swi") == {"switch"}
    assert offers("switch", "") == {"ours", "mine", "-"} | SHIPPED
    assert offers("switch", "m") >= {"mine", "minimal"}
    assert offers("trust", "") == {"ours"}
    assert offers("--config-dir", f"{home}/other", "switch", "") == {"ours", "elsewhere", "-"} | SHIPPED
    assert offers("switch", "--dry") == {"--dry-run"}
    assert {"--client", "--color"} <= offers("switch", "--")
    assert offers("init", "--client", "") == {"claude-code", "claude-desktop"}
    assert offers("init", "--client=claude-d") == {"claude-desktop"}
    assert offers("diff", "--scope", "lo") == {"local"}
    assert offers("server", "") >= {"add", "rm", "ls"}
    assert offers("broker", "key", "") == {"new", "ls", "revoke"}
    assert offers("broker", "install", "--kind", "") == set(KINDS)
    assert offers("export", "") == {"devcontainer"}
    assert offers("export", "--template", "chezmoi", "--for", "") == {*FILES, *RC_FILES, APPLY}
    assert offers("doctor", "--only", "con") == {"containers"}
    assert offers("doctor", "--explain", CHECKS[0].id[:-1]) >= {CHECKS[0].id}
    assert offers("server", "show", "") == {"files", "clock"}
    assert offers("server", "show", "--profile", "ours", "") == {"secretive"}
    assert offers("server", "show", "--profile", "evil", "") == {"ok"}
    assert offers("call", "") == {"files", "clock"}
    assert offers("call", "clock", "") == {"now", "later.still"}
    assert offers("tools", "clock", "la") == {"later.still"}
    assert offers("secret", "rm", "") == {"A_TOKEN", "B_TOKEN"}
    assert offers("secret", "set", "") == set()
    assert offers("nonsense", "") == set()
    assert not list(home.rglob("PWNED"))


@pytest.mark.parametrize("kind", [Bash, Fish])
def test_mcpconf_is_asked_only_where_nothing_is_written_down(home: Path, work: Path, kind: type[Bash | Fish]) -> None:
    program = home / "bin/mcpconf"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$*" >>"$HOME/asked"\necho told; echo "\\$(touch PWNED)"; echo --x\n')
    program.chmod(0o755)
    path = f"{program.parent}:/usr/bin:/bin"
    assert kind(home).offers(work, "call", "", PATH=path) == ["files", "clock"]
    assert not (home / "asked").exists()
    (home / ".local/state/mcpconf" / words.FILE).unlink()
    assert kind(home).offers(work, "call", "", PATH=path) == ["told"]
    assert (home / "asked").read_text() == "__complete servers\n"
    assert not list(home.rglob("PWNED"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_know_every_command_of_today(script: str) -> None:
    text = (SHELL / script).read_text("utf-8")
    assert text == filled(script, tree(), str(SHELL)), "make them anew: python -m mcpconf.cli.static"


def test_every_command_and_option_has_its_help() -> None:
    missing = [
        (key, line.word) for key, lines in tree().items() for line in lines if line.word != "@" and not line.text
    ]
    plain = "color engine env export group manager route scope script service shell way"
    assert {key for key, _ in missing} <= {f"={kind}" for kind in plain.split()}


def test_bash_shows_the_help_where_it_lists_and_inserts_none_of_it(home: Path, work: Path) -> None:
    listed = Bash(home).offers(work, "broker", "key", "", COMP_TYPE="63", COLUMNS="60")
    assert listed[0].startswith("new     Make a key")
    assert all(len(line) < 60 for line in listed)
    assert Bash(home).offers(work, "broker", "key", "", COMP_TYPE="37") == ["new", "ls", "revoke"]


def test_bash_without_its_cut_at_the_equals_sign_is_given_the_whole_word(home: Path, work: Path) -> None:
    for breaks, before in ((" \t\n", "--client="), (" \t\n=", "")):
        code = f'COMP_WORDBREAKS="$1"; shift; {BASH_WORDS}'
        argv = (BASH, "--norc", "-u", "-c", code, "_", breaks, str(SHELL / "mcpconf.bash"), "init", "--client=claude-d")
        done = subprocess.run(argv, env=plain(home), cwd=work, capture_output=True, timeout=20, check=True)
        assert done.stdout.decode() == f"{before}claude-desktop\0"


def test_no_later_bash_than_3_2_is_needed() -> None:
    text = re.sub(r"(?m)^\s*#.*$|'[^']*'", "", (SHELL / "mcpconf.bash").read_text("utf-8"))
    for what in (r"\b(declare|local|typeset)\s+-", r"\b(mapfile|readarray|coproc)\b", r"\$\{[^}]*(\^|,,)", r"\|&|&>>"):
        assert not re.search(what, text), what
    assert not re.search(r"\beval\b|compgen -W", text)


def test_what_is_written_down_for_shells_is_harmless_and_reads_back() -> None:
    raw = words.dump({("tools", "s"): ("good", *HOSTILE), ("servers", "p\nx"): ("a",), ("servers", "p"): ("a", "b")})
    assert raw == b"tools\t=s\tgood\nservers\t=p\ta b\n"
    assert words.load(raw) == {("tools", "s"): ("good",), ("servers", "p"): ("a", "b")}
