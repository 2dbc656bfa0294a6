"""Every command of the documentation is run, page by page, each page in an empty home of its own.

What stands in the table `ELSEWHERE` is not; it is parsed all the same (`test_pages`).
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import World, mcpconf, programs
from tests.docs import pages
from tests.docs.elsewhere import CODES, ELSEWHERE
from tests.docs.pages import ROOT, Step

__all__ = ["mcpconf", "programs"]

SHELLS = re.compile(r"[|&;<>()`]|\$\(")
BUILTIN = ("cd", "export")
BECOME = (["run"], ["serve"], ["broker", "run"])  # commands of ours that become another program: never in this process
SERVER = Path(__file__).parent / "files_server.py"
SECONDS = 60


def steps_of(page: str) -> list[Step]:
    return [step for block in pages.blocks(page) if block.language == "console" for step in pages.steps(block)]


PAGES = [page for page in pages.pages() if steps_of(page)]


class Shell:
    """A home in which commands are run, one after the other; ours within this process where no shell is needed."""

    def __init__(self, world: World, programs: Path) -> None:
        self.world = world
        for name, text in (("mcpconf", f'exec {sys.executable} -m mcpconf "$@"'), ("claude", "exit 0")):
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        world.patch.setenv("PATH", f"{programs}:/usr/local/bin:/usr/bin:/bin")
        world.patch.setenv("PYTHONPATH", str(ROOT))
        world.patch.setenv("LANG", "C.UTF-8")

    def run(self, step: Step) -> tuple[int, str]:
        """Its exit code, and all that it prints."""
        words = [] if SHELLS.search(step.command) else self._words(step.command)
        if words and all(re.match(r"\w+=", word) for word in words):
            words = ["export", *words]
        if words and words[0] in BUILTIN:
            return self._builtin(words)
        if words and words[0] == "mcpconf" and not becomes(words[1:]):
            return self.within(words[1:])
        done = subprocess.run(
            ["/bin/bash", "-c", f"set -u\n{step.command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stdout

    def _words(self, command: str) -> list[str]:
        """What a shell makes of words without anything special but `~` and variables."""
        assigned = re.match(r"(?:\w+=\S*\s+)+[^=\s]+(\s|$)", command)
        if assigned:
            return []
        return [os.path.expandvars(_home(word)) for word in shlex.split(command)]

    def _builtin(self, words: list[str]) -> tuple[int, str]:
        if words[0] == "cd":
            self.world.patch.chdir(words[1] if len(words) > 1 else self.world.home)
        for word in words[1:] if words[0] == "export" else ():
            name, _, value = word.partition("=")
            self.world.patch.setenv(name, value)
        return 0, ""

    def within(self, words: list[str]) -> tuple[int, str]:
        from mcpconf.cli.main import main

        self.world.capture.readouterr()
        code = main(words)
        said = self.world.capture.readouterr()
        return code, said.out + said.err


def becomes(words: list[str]) -> bool:
    return any(words[: len(start)] == start for start in BECOME) or "--shell" in words


def _home(word: str) -> str:
    """With the home for `~`, also behind a `:` or `=` as in an assignment of PATH."""
    return re.sub(r"(^|[:=])~(?=/|$)", lambda match: match[1] + os.environ["HOME"], word)


@pytest.fixture
def shell(mcpconf: World, programs: Path) -> Iterator[Shell]:
    mcpconf.patch.chdir(mcpconf.home)
    yield Shell(mcpconf, programs)
    mcpconf("broker", "stop")


def server(name: str, more: str = "") -> str:
    words = json.dumps(["-I", "-S", str(SERVER)])
    return f"[servers.{name}]\ncommand = {json.dumps(sys.executable)}\nargs = {words}\n{more}\n"


def _tools(world: World) -> None:
    world.profile("mine", server("filesystem"))
    world("switch", "mine")
    (world.home.parent / "notes.txt").write_text("one\ntwo\nthree\nfour\nfive\nsix\n")


def _wrapper(world: World, programs: Path) -> None:
    world.profile("mine", server("github", 'routes = ["wrapper"]'))
    world("switch", "mine")
    arguments = json.dumps({"owner": "me", "repo": "notes", "title": "Hello"})
    (programs / "generate-arguments").write_text(f"#!/bin/sh\necho '{arguments}'\n")
    (programs / "generate-arguments").chmod(0o755)


def _service(world: World) -> None:
    """As for a user whose data is where it is by custom: the tests' home is not, so its sockets have a number."""
    world.patch.setattr("mcpconf.broker.place.name_for", lambda dirs, uid: "mcpconf")
    world.patch.setenv("MCPCONF_ENV", "host")


SETUPS: dict[str, Callable[..., None]] = {
    "docs/tools.md": _tools,
    "docs/routes/wrapper.md": _wrapper,
    "docs/services.md": _service,
}


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_what_it_says(page: str, shell: Shell, programs: Path) -> None:
    prepare = SETUPS.get(page)
    if prepare is not None:
        prepare(shell.world, programs) if prepare is _wrapper else prepare(shell.world)
    for step in steps_of(page):
        if (page, step.command) in ELSEWHERE:
            continue
        code, said = shell.run(step)
        at = f"{page}:{step.line}: {step.command}"
        assert code == CODES.get((page, step.command), 0), f"{at}: exit code {code}\n{said}"
        missing = [line for line in step.shown if not shows(said, line)]
        assert missing == [], f"{at}\n{said}"


def shows(said: str, line: str) -> bool:
    """Whether a line was printed: white space does not count, and `...` is anything."""
    wanted = " ".join(line.split())
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return any(re.search(pattern, " ".join(one.split())) for one in said.splitlines())


def test_nothing_in_the_table_is_stale() -> None:
    there = {(page, step.command) for page in PAGES for step in steps_of(page)}
    assert set(ELSEWHERE) | set(CODES) <= there, (set(ELSEWHERE) | set(CODES)) - there
    assert len(ELSEWHERE) <= 0.25 * len(there), "most commands are to be run"
    assert set(SETUPS) <= set(PAGES)


@pytest.mark.parametrize(
    ("said", "line", "there"),
    [("✓  one   two", "one two", True), ("a 12 b", "a ... b", True), ("one", "two", False), ("a.c", "a+c", False)],
)
def test_what_is_shown_is_compared(said: str, line: str, there: bool) -> None:
    assert shows(said, line) is there


# The table of the README, each command with what stands for its placeholders; None: not in an empty home.
README = {
    "mcpconf init": "mcpconf init --yes",
    "mcpconf switch essentials": "",
    "mcpconf switch -": "",
    "mcpconf status": "",
    "mcpconf doctor": "mcpconf doctor --no-network",
    "mcpconf diff web": "",
    "mcpconf server add NAME -- COMMAND ARGS...": "mcpconf server add notes -- COMMAND",
    "mcpconf server test NAME": "mcpconf server test notes",
    "mcpconf server pull [NAME...]": "mcpconf server pull",
    "mcpconf secret set NAME": "mcpconf secret set TOKEN",
    "mcpconf import --adopt": "",
    "mcpconf undo": "",
    "mcpconf history": "",
    "mcpconf broker status": "mcpconf broker start --if-needed && mcpconf broker status",
    "mcpconf broker expose": None,  # tests/scenarios/test_expose.py: it asks engines
    "mcpconf broker install": "mcpconf broker install --print",
    "mcpconf logs SERVER": None,  # tests/scenarios/test_tail.py: there has to be a log
    "mcpconf tools": "mcpconf tools notes",
    "mcpconf call SERVER TOOL --arg K=V": "mcpconf call notes read_text_file --arg path=/etc/hostname",
    "mcpconf env --explain": "",
    "mcpconf dotfiles install [--from DIR]": "mcpconf dotfiles install --from HOME",
    "mcpconf uninstall": "",
}


def test_the_commands_of_the_readme_s_table_run(shell: Shell) -> None:
    table = [
        cell for _, line in pages.prose("README.md") if line.startswith("| `mcpconf ") for cell in [line.split("|")[1]]
    ]
    shown = [code for cell in table for code in pages.CODE.findall(cell)]
    assert set(README) - set(shown) == set()
    shell.world.claude.write_text(
        json.dumps({"mcpServers": {"theirs": {"command": sys.executable, "args": ["-I", "-S", str(SERVER)]}}})
    )
    faults = []
    for command in shown:
        line = README.get(command, "")
        if line is None:
            continue
        for one in (line or command).split(" && "):
            filled = one.replace("COMMAND", f"{sys.executable} -I -S {SERVER}").replace("HOME", str(shell.world.home))
            shell.world.patch.setattr("sys.stdin", io.StringIO("value\n"))
            code, said = shell.run(Step("README.md", 0, filled, ()))
            if code:
                faults.append(f"{one}: {code}\n{said}")
    assert faults == []
