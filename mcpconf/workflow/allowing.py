"""A directory says which profile it wants, in `.mcpconf/profile`: nothing comes of it before a person has allowed it.

What is allowed is bound to the bytes of that file and of every profile of the project's own that it leads to, so that
any edit revokes it. The list is the one of `mcpconf trust`.
"""

from __future__ import annotations

import os

from mcpconf.client import claude_code
from mcpconf.client.paths import ancestors
from mcpconf.commit.state import write_private
from mcpconf.errors import Located, McpconfError, UsageError
from mcpconf.model import Layer, Note, Profile, Scope
from mcpconf.plan import Want
from mcpconf.profile.load import Found, resolve
from mcpconf.profile.names import check_profile_name
from mcpconf.profile.trust import TrustStore, summary
from mcpconf.record import dataclass
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.off import take_out
from mcpconf.workflow.profiles import PROJECT_DIRECTORY, find, trust_store

MARKER = "profile"
LIMIT = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Asking:
    """What a directory asks for. `files`: what has to be allowed, by resolved path, as it was read."""

    directory: str
    name: str
    profile: Profile
    files: tuple[tuple[str, bytes], ...]
    allowed: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """What it would run: commands and names of variables, no value that may be secret."""
        return summary(self.profile)


def marked(app: App) -> str | None:
    """The nearest directory, from here up to the home, that says which profile it wants."""
    for directory in ancestors(app.system.platform, app.system.cwd):
        if directory == app.system.home:
            break
        if app.system.read(_marker(directory)) is not None:
            return directory
    return None


def _marker(directory: str) -> str:
    return os.path.join(directory, PROJECT_DIRECTORY, MARKER)


def asking(app: App, name: str | None = None) -> Asking:
    """What the directory here asks for; with a `name`, that profile, whatever it says.

    Raises `UsageError` where it asks for nothing, `Located` for a file that names no profile.
    """
    directory = marked(app)
    files: dict[str, bytes] = {}
    if name is None:
        if directory is None:
            hint = "write a profile's name into .mcpconf/profile: mkdir -p .mcpconf && echo minimal > .mcpconf/profile"
            raise UsageError("no directory here says which profile it wants", hint=hint)
        raw = app.system.read(_marker(directory)) or b""
        name = _name(_marker(directory), raw)
        files[app.system.realpath(_marker(directory))] = raw
    profile = _family(app, name, files)
    store = trust_store(app)
    allowed = all(store.trusts(path, raw) for path, raw in files.items())
    return Asking(directory or app.system.cwd, name, profile, tuple(files.items()), allowed)


def _name(path: str, raw: bytes) -> str:
    name = raw[:LIMIT].decode("utf-8", "replace").strip()
    problem = check_profile_name(name)
    if problem:
        # Without its content: the file may be a repository's link to a key of the user's, and this text gets into logs.
        said = problem.removeprefix(repr(name)).lstrip()
        raise Located(
            path, f"what stands in it {said}; nothing was changed", line=1, column=1, hint="mcpconf profile ls"
        )
    return name


def _family(app: App, name: str, files: dict[str, bytes]) -> Profile:
    """The profile with all it inherits; the project's files that it is made of are added to `files`."""

    def look(wanted: str, *, above: Layer | None) -> Found | None:
        found = find(app, wanted, above)
        if found is not None and found.layer is Layer.PROJECT:
            read[found.path] = found.text
        return found

    read: dict[str, str] = {}
    profile = resolve(name, look, untrusted=True)
    for path, text in read.items():
        raw = app.system.read(path) or b""
        if raw.decode("utf-8-sig", "replace") != text:  # what is allowed must be what was shown
            raise McpconfError(f"{path} was written to in this moment; nothing was changed", hint="mcpconf allow")
        files[app.system.realpath(path)] = raw
    return profile


def allow(app: App, asked: Asking) -> None:
    """Trust these bytes."""
    with app.writing():
        store = trust_store(app)
        for path, raw in asked.files:
            store = store.with_(path, raw)
        write_private(app.dirs.trust, store.dump())


def is_active(app: App, asked: Asking) -> bool:
    """Whether the profile is the one of this directory already."""
    known = active.load(app.state.read(active.FILE))
    return any(known.get(context, active.Active()).current == asked.name for context, _ in _targets(app))


def _targets(app: App) -> tuple[tuple[str, Want], ...]:
    return tuple(
        (active.context_of(target), Want(target, {}, "")) for target in claude_code.SPEC.targets(app.place, Scope.LOCAL)
    )


@dataclass(frozen=True, slots=True)
class Revoked:
    """What was taken back: whether anything was allowed, whether a profile was active by that, what is left to say."""

    directory: str
    was_allowed: bool
    was_active: bool
    notes: tuple[Note, ...] = ()


def revoke(app: App, name: str | None = None) -> Revoked:
    """Trust the directory here no more, and take its servers out of the client's file, whatever its files say by now.

    An entry that was edited by hand stays. With a `name`, it is about that profile alone.
    """
    with app.writing() as state:
        store = trust_store(app)
        directory = _allowed_once(app, store) or app.system.cwd
        (context, want), *_ = _targets(app)
        known = active.load(state.read(active.FILE))
        current = known.get(context, active.Active()).current
        wanted, files = _asked_for(app, name)
        paths = {*files}
        if name is None:
            paths |= {path for path in store.trusted if _belongs(app, path, directory)}
        gone = paths & store.trusted.keys()
        by_it = current is not None and (current == wanted or app.system.realpath(_marker(directory)) in gone)
        for path in gone:
            store = store.without(path)
        if gone:
            write_private(app.dirs.trust, store.dump())
        if not by_it:
            return Revoked(directory, bool(gone), False)
        after = active.moved(known, context, None)
        notes = take_out(app, state, (want,), context, after, "allow --revoke")
        return Revoked(directory, True, True, notes)


def _allowed_once(app: App, store: TrustStore) -> str | None:
    """The nearest directory that says, or said when it was allowed, which profile it wants."""
    for directory in ancestors(app.system.platform, app.system.cwd):
        if directory == app.system.home:
            break
        path = _marker(directory)
        if app.system.realpath(path) in store.trusted or app.system.read(path) is not None:
            return directory
    return None


def _asked_for(app: App, name: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The profile's name and its files; neither where what the directory says leads to none, which hinders nothing."""
    try:
        asked = asking(app, name)
    except McpconfError:
        return name, ()
    return asked.name, tuple(path for path, _ in asked.files)


def _belongs(app: App, path: str, directory: str) -> bool:
    """Whether a trusted file is one of this directory's."""
    own = app.system.realpath(os.path.join(directory, PROJECT_DIRECTORY))
    return os.path.dirname(path) == own or path == app.system.realpath(_marker(directory))
