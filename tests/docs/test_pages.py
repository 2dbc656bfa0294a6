"""Links lead somewhere, profiles load, JSON parses, and every command that is named has the options that it gets."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcpconf.cli import catalogue
from mcpconf.cli.index import COMMANDS
from mcpconf.document.scan import JSONC
from mcpconf.document.walk import skip_trivia
from mcpconf.workflow import settings
from tests.cli.conftest import World, mcpconf, programs
from tests.docs import pages
from tests.docs.pages import ROOT

__all__ = ["mcpconf", "programs"]

GLOBAL = {
    "--color",
    "--env",
    "--config-dir",
    "--no-input",
    "-q",
    "--quiet",
    "-v",
    "--verbose",
    "--version",
    "-h",
    "--help",
}
WITH_VALUE = {"--color", "--env", "--config-dir"}
END = re.compile(r"[;|&<>()]|\s#\s|\s->\s")  # a shell's, and what is said of a command behind it
CONFIG = ("places", "targets", "projects")  # sections of config.toml


def test_every_link_leads_to_a_page_and_a_heading() -> None:
    broken = []
    for page in pages.pages():
        for line, target in pages.links(page):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            at = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not (ROOT / at).exists():
                broken.append(f"{page}:{line}: there is no {target}")
            elif anchor and (not at.endswith(".md") or anchor not in pages.anchors(at)):
                broken.append(f"{page}:{line}: {at} has no #{anchor}")
    assert broken == []


def test_every_page_of_docs_is_reached_from_its_index() -> None:
    reached: set[str] = set()
    todo = ["README.md", "docs/README.md"]
    while todo:
        page = todo.pop()
        if page in reached:
            continue
        reached.add(page)
        for _, target in pages.links(page):
            path = os.path.normpath(os.path.join(os.path.dirname(page), target.partition("#")[0]))
            if path in pages.pages():
                todo.append(path)
    assert {page for page in pages.pages() if page.startswith("docs/")} - reached == set()


@cache
def toml_blocks() -> list[Any]:
    found = [one for page in pages.pages() for one in pages.blocks(page) if one.language == "toml"]
    return [pytest.param(one, id=f"{one.page}:{one.line}") for one in found]


@pytest.mark.parametrize("block", toml_blocks())
def test_a_toml_block_is_a_profile_or_settings_that_load(mcpconf: World, block: pages.Block) -> None:
    data = tomllib.loads(block.text)
    if any(name in data for name in CONFIG):
        settings.load(block.text.encode(), "config.toml")
        return
    path = mcpconf.profile("shown", block.text)
    said = mcpconf("profile", "validate").out
    assert "shown" in said, said
    assert path.exists()


def test_every_json_block_parses() -> None:
    for page in pages.pages():
        for block in pages.blocks(page):
            if block.language in ("json", "jsonc"):
                assert parsed(block) is not None, f"{page}:{block.line}"


def parsed(block: pages.Block) -> Any:
    """A value; or members of an object, as one puts them into a file. Comments are left out of JSONC."""
    text = block.text.strip()
    if block.language == "jsonc":
        kept = ""
        at = 0
        for string in re.finditer(r'"(?:[^"\\]|\\.)*"', text):
            if string.start() >= at:
                kept += re.sub(r"//[^\n]*|/\*.*?\*/", "", text[at : string.start()], flags=re.DOTALL) + string[0]
                at = string.end()
        text = kept + re.sub(r"//[^\n]*", "", text[at:])
        assert skip_trivia(text, 0, JSONC) <= len(text)
    whole = text.strip() if text.strip().startswith(("{", "[")) else f"{{{text.strip().rstrip(',')}}}"
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", whole) if block.language == "jsonc" else whole)


def test_a_script_is_one() -> None:
    scripts = [one for page in pages.pages() for one in pages.blocks(page) if one.language in ("sh", "bash")]
    for block in scripts:
        done = subprocess.run(
            ["/bin/bash", "-n"], input=block.text, capture_output=True, text=True, check=False, timeout=20
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{block.page}:{block.line}"


@cache
def commands(name: str) -> Any:
    return catalogue.load(name)


def named(page: str) -> Iterator[tuple[int, str]]:
    """Everything on a page that begins as one of our commands does."""
    yield from ((line, code) for line, code in pages.inline(page) if code.startswith("mcpconf "))
    for block in pages.blocks(page):
        lines = [(s.line, s.command) for s in pages.steps(block)] if block.language in ("console", "sh", "bash") else []
        for number, line in lines:
            for match in re.finditer(r"(?:^|[;&|(]\s*|--\s+)(mcpconf\s[^\n]*)", line):
                yield number, match[1]


def wrong(text: str) -> str | None:
    """What a command line names that there is not; None where all is there. Placeholders are anything."""
    line = END.split(text)[0]
    try:
        words = shlex.split(line)[1:]
    except ValueError:
        words = line.split()[1:]
    words = _without_global(words)
    if not words or words[0].startswith(("-", "__", ".")) or words[0].isupper():
        return None
    name = words.pop(0).rstrip(",.")
    if name not in {known for known, _ in COMMANDS}:
        return f"there is no command {name!r}"
    command = commands(name)
    while words and getattr(command, "commands", None):
        if words[0].startswith("-") or words[0].isupper():
            break
        found = command.commands.get(words[0].split("|")[0].rstrip(",."))
        if found is None:
            return f"{command.name} has no command {words[0]!r}"
        command, words = found, words[1:]
    options = {option for param in command.params for option in [*param.opts, *param.secondary_opts]} | GLOBAL
    for word in words:
        if word == "--":
            break
        option = word.strip("[]()").partition("=")[0].rstrip(".,|]")
        if re.fullmatch(r"--?[A-Za-z][\w-]*", option) and option not in options and not _several(option, options):
            return f"{command.name} has no option {option}"
    return None


def _several(option: str, options: set[str]) -> bool:
    """Short options in one word, or one with its value in it."""
    return not option.startswith("--") and option[:2] in options


def _without_global(words: list[str]) -> list[str]:
    while words and words[0].partition("=")[0] in GLOBAL:
        words = words[2:] if words[0] in WITH_VALUE else words[1:]
    return words


@pytest.mark.parametrize("page", pages.pages())
def test_every_command_that_a_page_names_has_the_options_that_it_is_given(page: str) -> None:
    faults = [f"{page}:{line}: {text}: {why}" for line, text in named(page) if (why := wrong(text)) is not None]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mcpconf switch minimal --portable", None),
        ("mcpconf -q --config-dir DIR switch minimal", None),
        ("mcpconf broker key new box --nope", "new has no option --nope"),
        ("mcpconf broker frobnicate", "broker has no command 'frobnicate'"),
        ("mcpconf frobnicate", "there is no command 'frobnicate'"),
        ("mcpconf server add x -- prog --nope", None),
        ("mcpconf switch --portabel", "switch has no option --portabel"),
    ],
)
def test_what_is_wrong_would_be_seen(text: str, why: str | None) -> None:
    assert wrong(text) == why


def test_every_page_is_text_that_diffs_well() -> None:
    for page in pages.pages():
        text = Path(ROOT / page).read_bytes()
        assert b"\r" not in text
        assert text.endswith(b"\n"), page
