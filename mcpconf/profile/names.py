"""Which names a profile and a server may have, and what clients make of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mcpconf.model import Note

# Claude Code keeps these for itself; `constructor` and `__proto__` break its table of servers (measured on 2.1.197).
RESERVED = frozenset(
    {"workspace", "claude-in-chrome", "computer-use", "Claude_Preview", "Claude_Browser", "constructor", "__proto__"}
)
LONG_NAME = 20  # characters: a tool is shown as mcp__SERVER__TOOL, and that name has a limit

_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SERVER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REPLACED = re.compile(r"[^A-Za-z0-9_-]")
# Windows opens a device for these names, whatever their extension.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def check_profile_name(name: str) -> str | None:
    """What is wrong with a profile's name, or None. A good one is a file name on every system."""
    if not _PROFILE.fullmatch(name):
        return (
            f"{name!r} cannot name a profile: use 1 to 64 letters, digits, dots, dashes and underscores, "
            "beginning with a letter or a digit"
        )
    if name.lower().endswith(".toml"):
        return f"{name!r} cannot name a profile: leave out the .toml"
    if name.endswith(".") or _DEVICE.fullmatch(name):
        return f"{name!r} cannot name a profile: Windows has no such file name"
    return None


def as_client_sees(name: str) -> str:
    """The name as Claude uses it in `mcp__SERVER__TOOL`: every other character becomes an underscore."""
    return _REPLACED.sub("_", name)


def check_server_name(name: str) -> str | None:
    """What is wrong with a server's name, or None: what Claude Code refuses, reserves or cannot tell apart."""
    if as_client_sees(name) in RESERVED:
        return f"{name!r} cannot name a server: Claude Code keeps that name for itself"
    if not _SERVER.fullmatch(name):
        return f"{name!r} cannot name a server: use 1 to 64 letters, digits, dashes and underscores"
    if "__" in name:
        return f"{name!r} cannot name a server: two underscores separate a server from its tool in Claude"
    if name.startswith("-"):
        return f"{name!r} cannot name a server: it would be read as an option"
    return None


def warnings(names: Iterable[str]) -> tuple[Note, ...]:
    """What may go wrong with these server names together, although each may be used."""
    names = tuple(names)
    return (*_long(names), *_collisions(names))


def _long(names: tuple[str, ...]) -> Iterable[Note]:
    for name in names:
        if len(name) > LONG_NAME:
            yield Note(
                f"the server name {name!r} has {len(name)} characters, and the names of its tools may become too long",
                hint=f"keep it to {LONG_NAME} characters",
            )


def _collisions(names: tuple[str, ...]) -> Iterable[Note]:
    # Lower case too: names that differ in case alone share one data file on macOS and Windows.
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(as_client_sees(name).lower(), name)
        if first != name:
            yield Note(
                f"the server names {first!r} and {name!r} look the same to a client or a file system",
                hint="rename one of them",
            )
