"""A profile for one command or one shell, with no client's file touched: a file for Claude Code's `--mcp-config`.

It lies in the state directory, named by what is in it, so that the command can take our place: nothing has to be done
when it ends. What was not used for a week goes when another one is made. References to variables and secrets stand in
it as they do in a client's file, filled in when a server starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping

from mcpconf.client import claude_code
from mcpconf.client.spec import Target
from mcpconf.commit.artifacts import Artifacts
from mcpconf.commit.private import remove_private
from mcpconf.errors import McpconfError
from mcpconf.model import Entry, Note, Profile, Scope
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.notes import of_profile
from mcpconf.workflow.parts import ClientPart, make_part, probes_for
from mcpconf.workflow.profiles import load_profile

DIRECTORY = "runs"
SUFFIX = ".json"
KEPT = 7 * 86400  # seconds since it was last used


@dataclass(frozen=True, slots=True)
class Isolated:
    """A profile made ready: the `file` with its entries, and what a user should know."""

    profile: Profile
    file: str
    entries: Mapping[str, Entry]
    notes: tuple[Note, ...]


def isolate(app: App, name: str) -> Isolated:
    """Make a profile ready to be used apart from all others. Raises `McpconfError` where not one server can be had."""
    profile = load_profile(app, name)
    identity = f"{profile.name}.{_digest(profile)}"
    part = _part(app, profile, identity)
    if part.routed and not part.entries:
        lost = part.routed[0]
        raise McpconfError(f"no server of {profile.name} can be reached here: {lost.because}", hint=lost.hint)
    file = app.state.at(DIRECTORY, identity + SUFFIX)
    _put(app, file, part)
    return Isolated(profile, file, part.entries, (*_lacking(part, name), *of_profile(app, profile, (part,))))


def _lacking(part: ClientPart, name: str) -> Iterator[Note]:
    """Which servers are not in it, since the command shows no plan; there is one that says why."""
    lost = [one.server.name for one in part.routed if one.route is None]
    if lost:
        count = f"{len(part.routed) - len(lost)} of {len(part.routed)} servers"
        yield Note(f"{name}: {count} here, without {', '.join(lost)}", hint=f"mcpconf switch {name} --dry-run")


def _part(app: App, profile: Profile, identity: str) -> ClientPart:
    facts, _ = app.look()
    probes = probes_for(app, profile)
    if probes:
        facts, _ = app.look(probes, own_broker=False)
    # Named like a project of its own, so that the wrapper's and the broker's files are no other profile's.
    target = Target(client=claude_code.ID, scope=Scope.LOCAL, path="", project=f"mcpconf run {identity}")
    return make_part(app, profile, facts, claude_code.SPEC, target, forced=None, portable=False)


def _digest(profile: Profile) -> str:
    return hashlib.sha256(repr(profile).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _put(app: App, file: str, part: ClientPart) -> None:
    """Have the file and what its entries need; nothing is written where they are as they should be."""
    data = (json.dumps({"mcpServers": part.entries}, indent=2, ensure_ascii=False) + "\n").encode()
    context = _context(file)
    wanted = Artifacts(app.dirs.wrapper, {context: part.files})
    state = app.state
    if state.read(DIRECTORY, os.path.basename(file)) == data and wanted.before(state) == wanted.wanted:
        with contextlib.suppress(OSError):
            os.utime(file)
        return
    with app.writing() as state:
        old = tuple(_unused(app, file))
        all_of_them = Artifacts(app.dirs.wrapper, {**wanted.wanted, **{_context(one): {} for one in old}})
        with all_of_them.in_place(state):
            state.write(data, DIRECTORY, os.path.basename(file))
        for one in old:
            remove_private(one)


def _context(file: str) -> str:
    return "run:" + os.path.basename(file).removesuffix(SUFFIX)


def _unused(app: App, but: str) -> Iterator[str]:
    """The files that nobody has used for long."""
    now = app.system.now()
    for name in app.state.list(DIRECTORY):
        path = app.state.at(DIRECTORY, name)
        with contextlib.suppress(OSError):
            if name.endswith(SUFFIX) and path != but and now - os.stat(path).st_mtime > KEPT:
                yield path
