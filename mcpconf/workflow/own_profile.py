"""The user's own profiles: the file that `mcpconf server` and `mcpconf profile` write."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Callable, Mapping

from mcpconf.commit.state import write_private
from mcpconf.errors import McpconfError, Refused, UsageError
from mcpconf.model import Json, Layer, Profile, Server
from mcpconf.profile import edit
from mcpconf.profile.load import Found, parse, resolve
from mcpconf.profile.names import check_profile_name, check_server_name
from mcpconf.record import dataclass, replace
from mcpconf.redact import redact
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.profiles import SUFFIX, find
from mcpconf.workflow.status import current

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class ProfileEdit:
    """A profile of the user's before and after an edit; `before` is None for a new one."""

    name: str
    path: str
    before: str | None
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def own_path(app: App, name: str) -> str:
    """Where a profile of the user's lies. Raises `UsageError` for a name that no profile can have."""
    problem = check_profile_name(name)
    if problem:
        raise UsageError(problem)
    return os.path.join(app.dirs.profiles, name + SUFFIX)


def read_own(app: App, name: str) -> str | None:
    """A profile of the user's as text; None where there is none."""
    path = own_path(app, name)
    raw = app.system.read(path)
    if raw is None and app.system.exists(path):
        raise McpconfError(f"{path} can't be read; nothing was changed", hint=f"ls -l {path}")
    try:
        return None if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        raise McpconfError(f"{path} is not UTF-8; nothing was changed", hint="save it again as UTF-8") from None


def editable(app: App, name: str | None = None) -> tuple[str, str | None]:
    """The profile that a server is added to, with its text.

    The one that was named; else the active one, where it is the user's own; else `default`, which builds on the
    active one so that nothing of it is lost.
    """
    base = _base(app, name)
    return base.name, base.after or None


def _base(app: App, name: str | None) -> ProfileEdit:
    """What an edit starts from: `before` is what was read, once, so that nobody's edit in between is written over.

    `after` is the text to edit, empty where there is none.
    """
    active = current(app) if name is None else None
    for own in (name,) if name is not None else (active, DEFAULT):
        text = None if own is None else read_own(app, own)
        if own is not None and text is not None:
            return ProfileEdit(own, own_path(app, own), text, text)
    if name is not None:
        return ProfileEdit(name, own_path(app, name), None, "")
    parent = active if active is not None and active != DEFAULT and find(app, active) else "minimal"
    return ProfileEdit(DEFAULT, own_path(app, DEFAULT), None, edit.new_profile("My own servers", (parent,)))


def _edited(base: ProfileEdit, after: str) -> ProfileEdit:
    parse(after, base.path, base.name)  # whatever we write can be read again
    return replace(base, after=after)


def plan_add(app: App, server: str, table: Mapping[str, Json], *, profile: str | None, over: bool) -> ProfileEdit:
    """Add a server. Raises `UsageError` for a bad name, `McpconfError` where one is there and `over` is not set."""
    problem = check_server_name(server)
    if problem:
        raise UsageError(problem)
    base = _base(app, profile)
    return _edited(base, edit.add_server(base.after or None, server, table, replace=over))


def plan_remove(app: App, server: str, *, profile: str | None) -> ProfileEdit:
    """Remove a server from the user's own profile."""
    return _change(app, profile, lambda text: edit.remove_server(text, server))


def plan_disable(app: App, server: str, disabled: bool, *, profile: str | None) -> ProfileEdit:
    """Disable or enable a server, also one that a parent brings."""
    return _change(app, profile, lambda text: edit.set_disabled(text, server, disabled))


def _change(app: App, profile: str | None, change: Callable[[str], str]) -> ProfileEdit:
    base = _base(app, profile)
    if not base.after:
        name = base.name
        raise McpconfError(f"you have no profile {name!r} of your own", hint=f"mcpconf profile copy {name} {name}")
    return _edited(base, change(base.after))


def save(app: App, edited: ProfileEdit) -> None:
    """Write the profile, through a link where its file is one. Raises `Refused` where it was edited meanwhile."""
    if not edited.changed:
        return
    with app.writing():
        if read_own(app, edited.name) != edited.before:
            raise Refused(f"{edited.path} was edited meanwhile; nothing was changed", hint="run the command again")
        _write(edited.path, edited.after)


def restore(app: App, edited: ProfileEdit) -> None:
    """Take a saved edit back, unless the file was changed again since."""
    with app.writing():
        if read_own(app, edited.name) != edited.after:
            return
        if edited.before is None:
            os.unlink(os.path.realpath(edited.path))
        else:
            _write(edited.path, edited.before)


def _write(path: str, text: str) -> None:
    """Through a link where the file is one, and with the mode that it has."""
    real = os.path.realpath(path)
    mode = stat.S_IMODE(os.stat(real).st_mode) if os.path.exists(real) else 0o600
    write_private(real, text.encode("utf-8"), mode)


def diff(edited: ProfileEdit, home: str) -> tuple[str, ...]:
    """The edit as the lines of a unified diff, without secrets."""
    name = tilde(edited.path, home)
    before = (edited.before or "").splitlines()
    lines = difflib.unified_diff(before, edited.after.splitlines(), name, name, n=1, lineterm="")
    return tuple(redact(line) for line in lines)


def only(profile: Profile, server: str) -> Profile:
    """The profile with one server. Raises `McpconfError` where it has none of that name."""
    found = tuple(one for one in profile.servers if one.name == server)
    if not found:
        near = difflib.get_close_matches(server, [one.name for one in profile.servers], 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise McpconfError(f"the profile {profile.name!r} has no server {server!r}{meant}", hint="mcpconf server ls")
    return replace(profile, servers=found)


def unsaved(server: str, table: Mapping[str, Json]) -> Server:
    """A server that stands in no profile, checked as if it did."""
    text = edit.add_server(None, server, table)

    def look(name: str, *, above: Layer | None) -> Found | None:
        return Found(text, "the command line", Layer.USER) if name == DEFAULT and above is None else None

    return resolve(DEFAULT, look).servers[0]


def create(app: App, name: str, description: str, extends: tuple[str, ...]) -> ProfileEdit:
    """A new profile. Raises `UsageError` where the user has one of that name."""
    if read_own(app, name) is not None:
        raise UsageError(f"you have a profile {name!r} already", hint=f"mcpconf profile edit {name}")
    after = edit.new_profile(description, extends)
    parse(after, own_path(app, name), name)
    return ProfileEdit(name, own_path(app, name), None, after)


def copy(app: App, source: str, name: str) -> ProfileEdit:
    """A copy of any profile as one of the user's own."""
    found = find(app, source)
    if found is None:
        raise McpconfError(f"there is no profile named {source!r}", hint="mcpconf profile ls")
    if read_own(app, name) is not None:
        raise UsageError(f"you have a profile {name!r} already", hint=f"mcpconf profile rm {name}")
    if not found.trusted:
        raise McpconfError(f"{found.path} is not trusted", hint=f"mcpconf trust {source}")
    return ProfileEdit(name, own_path(app, name), None, found.text)


def remove(app: App, name: str) -> str:
    """Remove a profile of the user's; the path that is gone."""
    path = own_path(app, name)
    if read_own(app, name) is None:
        layer = getattr(find(app, name), "layer", None)
        why = "it ships with mcpconf" if layer is Layer.SHIPPED else "there is none of yours by that name"
        raise McpconfError(f"{name!r} can't be removed: {why}", hint="mcpconf profile ls")
    os.unlink(path)
    return path
