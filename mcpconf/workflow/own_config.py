"""A configuration directory of its own for Claude Code (CLAUDE_CONFIG_DIR), with the servers of one profile.

Everything in it leads to the user's own directory, but for `.claude.json`, which is a copy with other servers in it.
The credentials stay where they are: CLAUDE_SECURESTORAGE_CONFIG_DIR says where (measured on Claude Code 2.1.330, which
refuses a link in their place).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from mcpconf.client import claude_code
from mcpconf.client.paths import join
from mcpconf.commit.disk import refusal
from mcpconf.commit.private import private_directory, write_private
from mcpconf.errors import Located
from mcpconf.model import Entry, Note
from mcpconf.workflow.app import App
from mcpconf.workflow.isolated import SUFFIX, Isolated
from mcpconf.workflow.outer import CONFIG, OUTER

SECURE = "CLAUDE_SECURESTORAGE_CONFIG_DIR"
JSON = ".claude.json"
_APART = {JSON, ".config.json", ".credentials.json", "backups"}
# Who the user is, and what they said once: theirs counts, however old the copy is.
_THEIRS = ("oauthAccount", "userID", "primaryApiKey", "customApiKeyResponses", "hasCompletedOnboarding")


def own_config(app: App, isolated: Isolated) -> tuple[dict[str, str], tuple[Note, ...]]:
    """Make the directory; the variables that lead Claude Code there, and what to say.

    Raises `Located` where the user's `.claude.json` can't be read.
    """
    place = app.place
    real = claude_code.config_directory(place) or join(place.platform, place.home, ".claude")
    own = isolated.file.removesuffix(SUFFIX) + ".claude"
    private_directory(own)
    notes = tuple(_linked(real, own))
    file = claude_code.config_file(place)
    theirs = _parsed(app.read([file])[file], file)
    data = _merged(theirs, _own(os.path.join(own, JSON)), isolated.entries)
    write_private(os.path.join(own, JSON), (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())
    variables = {CONFIG: own, OUTER: place.env.get(CONFIG, "")}
    return {SECURE: real, **variables} if not place.env.get(SECURE) else variables, notes


def _linked(real: str, own: str) -> Iterator[Note]:
    """Lead everything to where it is really; a note for each name that Claude Code has put a file of its own at."""
    try:
        there = set(os.listdir(real)) if os.path.isdir(real) else set()
        for name in os.listdir(own):
            path = os.path.join(own, name)
            if os.path.islink(path) and not (name in there and os.readlink(path) == os.path.join(real, name)):
                os.unlink(path)
        for name in sorted(there - _APART):
            path = os.path.join(own, name)
            if os.path.islink(path) or name.endswith((".lock", ".tmp")):
                continue
            if os.path.lexists(path):
                yield Note(f"{name} of this profile's own directory is no link to yours any more", hint=f"ls -l {path}")
                continue
            os.symlink(os.path.join(real, name), path)
    except OSError as error:
        raise refusal(own, error) from None


def _parsed(raw: bytes | None, path: str) -> dict[str, Any]:
    try:
        data = json.loads((raw or b"{}").decode("utf-8-sig"))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Located(path, "is no JSON object; nothing was changed", hint="mcpconf doctor --only files")
    return data


def _own(path: str) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, Located), open(path, "rb") as stream:
        return _parsed(stream.read(), path)
    return None


def _merged(theirs: dict[str, Any], own: dict[str, Any] | None, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """What Claude Code noted down here before, or the user's own, with these servers and no others."""
    data = dict(theirs if own is None else own)
    data.update({name: theirs[name] for name in _THEIRS if name in theirs})
    projects = data.get("projects")
    if isinstance(projects, dict):
        data["projects"] = {
            path: {key: value for key, value in one.items() if key != "mcpServers"} if isinstance(one, dict) else one
            for path, one in projects.items()
        }
    return {**data, "mcpServers": {name: dict(entry) for name, entry in entries.items()}}
