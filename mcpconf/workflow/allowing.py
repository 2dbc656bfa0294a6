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
from mcpconf.profile.trust import summary
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
    """Whether the profile was active there, and what is left to say."""

    was_active: bool
    notes: tuple[Note, ...] = ()


def revoke(app: App, asked: Asking) -> Revoked:
    """Trust it no more, and take its servers out of the client's file. An entry that was edited by hand stays."""
    with app.writing() as state:
        store = trust_store(app)
        for path, _ in asked.files:
            store = store.without(path)
        write_private(app.dirs.trust, store.dump())
        if not is_active(app, asked):
            return Revoked(False)
        (context, want), *_ = _targets(app)
        after = active.moved(active.load(state.read(active.FILE)), context, None)
        return Revoked(True, take_out(app, state, (want,), context, after, "allow --revoke"))
