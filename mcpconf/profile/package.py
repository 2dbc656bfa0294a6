"""Servers that are named by their package: `pypi:NAME[==VERSION]` and `npm:NAME[@VERSION]`.

Where the program's name is not the package's, it follows a `#`: `pypi:mcp-tools==1.2#mcp-server`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mcpconf.errors import McpconfError
from mcpconf.model import Note
from mcpconf.record import dataclass

# A name never begins with a dash, nor a version: neither can become an option of the program that runs it.
_VERSION = r"(?P<version>[A-Za-z0-9][A-Za-z0-9.+!_-]*)"
_EXECUTABLE = r"(?:#(?P<executable>[A-Za-z0-9_][A-Za-z0-9._-]*))?"
_EXTRAS = r"(?P<extras>\[[A-Za-z0-9_.,-]+\])?"
_PYPI = re.compile(rf"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?){_EXTRAS}(?:=={_VERSION})?{_EXECUTABLE}")
_NPM_NAME = r"(?P<name>(?:@[A-Za-z0-9_~][A-Za-z0-9._~-]*/)?[A-Za-z0-9_~][A-Za-z0-9._~-]*)"
_NPM = re.compile(rf"{_NPM_NAME}(?P<extras>(?!))?(?:@{_VERSION})?{_EXECUTABLE}")
_GRAMMAR = {"pypi": _PYPI, "npm": _NPM}


@dataclass(frozen=True, slots=True)
class PackageRef:
    """A package of a registry (`pypi` or `npm`); `executable` only where it is not the package's own name."""

    registry: str
    name: str
    version: str | None = None
    executable: str | None = None
    extras: str = ""  # with its brackets, as in `[cli]`


def parse(text: str) -> PackageRef:
    """Read the shorthand. Raises `McpconfError` with what it should look like."""
    registry, colon, rest = text.partition(":")
    grammar = _GRAMMAR.get(registry)
    if not colon or grammar is None:
        raise McpconfError(f"{text!r} names no registry", hint="write pypi:NAME==VERSION or npm:NAME@VERSION")
    match = grammar.fullmatch(rest)
    if match is None:
        form = "pypi:NAME==VERSION" if registry == "pypi" else "npm:NAME@VERSION"
        raise McpconfError(f"{text!r} is not a package of {registry}", hint=f"write {form}, with one exact version")
    return PackageRef(registry, match["name"], match["version"], match["executable"], match["extras"] or "")


def argv(ref: PackageRef, args: Sequence[str], which: Mapping[str, str]) -> tuple[str, ...] | None:
    """The command that fetches and runs the package, or None where no program here can.

    `which` maps the runners that are there (`uvx`, `uv`, `pipx`, `npx`) to their paths; an empty path is absent.
    """
    head = _npm(ref, which) if ref.registry == "npm" else _pypi(ref, which)
    return None if head is None else (*head, *args)


def _npm(ref: PackageRef, which: Mapping[str, str]) -> tuple[str, ...] | None:
    npx = which.get("npx")
    if not npx:
        return None
    package = f"{ref.name}@{ref.version}" if ref.version else ref.name
    if ref.executable:
        return (npx, "-y", "--package", package, "--", ref.executable)
    return (npx, "-y", package)


def _pypi(ref: PackageRef, which: Mapping[str, str]) -> tuple[str, ...] | None:
    if which.get("uvx"):
        return (which["uvx"], *_tool(ref))
    if which.get("uv"):
        return (which["uv"], "tool", "run", *_tool(ref))
    if which.get("pipx"):
        return (which["pipx"], "run", "--spec", _requirement(ref), ref.executable or ref.name)
    return None


def _tool(ref: PackageRef) -> tuple[str, ...]:
    if ref.executable or ref.extras:
        return ("--from", _requirement(ref), ref.executable or ref.name)
    # `NAME@VERSION` is understood by every uvx; `NAME==VERSION` in this place only by newer ones.
    return (f"{ref.name}@{ref.version}" if ref.version else ref.name,)


def _requirement(ref: PackageRef) -> str:
    return f"{ref.name}{ref.extras}" + (f"=={ref.version}" if ref.version else "")


def missing_runner(ref: PackageRef) -> Note:
    """What to tell the user where `argv` gives None."""
    if ref.registry == "npm":
        return Note(f"npx is not here, and {ref.name} needs it", hint="install Node.js, which brings npx")
    return Note(
        f"uvx is not here, and {ref.name} needs it (uv or pipx would do)",
        hint="pipx install uv, or https://docs.astral.sh/uv/getting-started/installation/",
    )
