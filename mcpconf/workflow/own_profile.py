"""The user's own profiles, as files: made, read, written, taken back."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from mcpconf.commit.state import remove_private, write_private
from mcpconf.errors import McpconfError, Refused, UsageError
from mcpconf.model import Layer
from mcpconf.profile import edit
from mcpconf.profile.load import parse
from mcpconf.profile.names import check_profile_name
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import redacted_diff, tilde
from mcpconf.workflow.profiles import SUFFIX, find


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


Plan = Callable[[], ProfileEdit]  # makes the edit from the profile as it is then


def own_path(app: App, name: str) -> str:
    """Where a profile of the user's lies. Raises `UsageError` for a name that no profile can have."""
    problem = check_profile_name(name)
    if problem:
        raise UsageError(problem)
    return os.path.join(app.dirs.profiles, name + SUFFIX)


def lies_at(app: App, path: str) -> str | None:
    """Where a file really lies that a link leads to, as one of a dotfiles repository's; None where none does."""
    home, real = app.system.home, app.system.realpath(path)
    plain = os.path.join(app.system.realpath(home), os.path.relpath(path, home)) if path.startswith(home) else path
    return None if real == os.path.normpath(plain) else real


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


def unchanged(app: App, edited: ProfileEdit) -> ProfileEdit:
    """The edit, where the file still is what it was made from. Raises `Refused` where it is not."""
    if read_own(app, edited.name) != edited.before:
        raise Refused(f"{edited.path} was edited meanwhile; nothing was changed", hint="run the command again")
    return edited


def save(app: App, plan: Plan) -> ProfileEdit:
    """Plan an edit under the state lock, so that no other mcpconf comes in between, and write it."""
    with app.writing():
        edited = plan()
        write(edited)
    return edited


def write(edited: ProfileEdit) -> None:
    """Write the profile, through a link where its file is one. The caller holds the state lock."""
    if edited.changed:
        write_text(edited.path, edited.after)


def put_back(app: App, edited: ProfileEdit) -> None:
    """Take a written edit back, unless the file was changed again since. The caller holds the state lock."""
    if edited.changed and read_own(app, edited.name) == edited.after:
        write_text(edited.path, edited.before)


def write_text(path: str, text: str | None) -> None:
    """Through a link where the file is one, and with the mode that it has; None removes it, of a link only that."""
    if text is None:
        remove_private(path)
        return
    real = os.path.realpath(path)
    mode = stat.S_IMODE(os.stat(real).st_mode) if os.path.exists(real) else 0o600
    write_private(real, text.encode("utf-8"), mode)


def diff(edited: ProfileEdit, home: str) -> tuple[str, ...]:
    """The edit as the lines of a unified diff, without secrets."""
    name = tilde(edited.path, home)
    before, after = ((text or "").splitlines(keepends=True) for text in (edited.before, edited.after))
    return tuple(line.rstrip("\n") for line in redacted_diff(before, after, (name, name), 1))


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
    remove_private(path)
    return path
