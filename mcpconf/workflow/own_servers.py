"""The servers of the user's own profile: what `mcpconf server` does to its text."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.errors import Located, McpconfError, UsageError
from mcpconf.model import Json, Layer, Profile, Server
from mcpconf.profile import edit
from mcpconf.profile.load import Found, parse, resolve
from mcpconf.profile.names import check_server_name
from mcpconf.record import replace
from mcpconf.workflow.app import App
from mcpconf.workflow.here import current
from mcpconf.workflow.own_profile import ProfileEdit, own_path, read_own
from mcpconf.workflow.profiles import find

DEFAULT = "default"


def unsaved(server: str, table: Mapping[str, Json]) -> Server:
    """A server that stands in no profile, checked as if it did."""
    text = edit.add_server(None, server, table)

    def look(name: str, *, above: Layer | None) -> Found | None:
        return Found(text, "the command line", Layer.USER) if name == DEFAULT and above is None else None

    return resolve(DEFAULT, look).servers[0]


def plan_add(app: App, server: str, table: Mapping[str, Json], *, profile: str | None, over: bool) -> ProfileEdit:
    """Add a server. Raises `UsageError` for what is none, `McpconfError` where one is there and `over` is not set."""
    _check(server, table)
    base = _base(app, profile)
    return _edited(base, edit.add_server(base.after or None, server, table, replace=over))


def _check(server: str, table: Mapping[str, Json]) -> None:
    """What is wrong with the server alone stands on the command line, and in no file that could be named."""
    problem = check_server_name(server)
    if problem:
        raise UsageError(problem)
    try:
        parse(edit.add_server(None, server, table), "", DEFAULT)
    except Located as error:
        reason = error.reason.replace(f"servers.{server}.", "")
        raise UsageError(f"{server}: {reason}; nothing was changed", hint="mcpconf server add --help") from None


def plan_remove(app: App, server: str, *, profile: str | None) -> ProfileEdit:
    """Remove a server from the user's own profile. Raises `McpconfError` for one that only a parent brings."""
    base = _present(app, profile)
    if server not in edit.servers(base.after):
        only(resolved(app, base, base.after), server)
        raise McpconfError(
            f"{server!r} is inherited, and stays in the profile that brings it", hint=f"mcpconf server disable {server}"
        )
    return _edited(base, edit.remove_server(base.after, server))


def plan_disable(app: App, server: str, disabled: bool, *, profile: str | None) -> ProfileEdit:
    """Disable or enable a server, also one that a parent brings."""
    base = _present(app, profile)
    only(resolved(app, base, base.after), server)
    after = edit.set_disabled(base.after, server, disabled)
    if not disabled:
        without = edit.without_disabled(base.after, server)
        # A parent may have it disabled: then this profile must say that it is not.
        after = after if only(resolved(app, base, without), server).servers[0].disabled else without
    return _edited(base, after)


def only(profile: Profile, server: str) -> Profile:
    """The profile with one server. Raises `McpconfError` where it has none of that name."""
    found = tuple(one for one in profile.servers if one.name == server)
    if not found:
        import difflib

        near = difflib.get_close_matches(server, [one.name for one in profile.servers], 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise McpconfError(f"the profile {profile.name!r} has no server {server!r}{meant}", hint="mcpconf server ls")
    return replace(profile, servers=found)


def _base(app: App, name: str | None) -> ProfileEdit:
    """What an edit starts from: the profile that was named; else the active one, where it is the user's own; else
    `default`, which builds on the active one so that nothing of it is lost.

    `before` is what was read, once, so that nobody's edit in between is written over. `after` is the text to edit,
    empty where there is none.
    """
    active = current(app) if name is None else None
    if active is not None:
        _refuse_project(app, active)
    for own in (name,) if name is not None else (active, DEFAULT):
        text = None if own is None else read_own(app, own)
        if own is not None and text is not None:
            return ProfileEdit(own, own_path(app, own), text, text)
    if name is not None:
        return ProfileEdit(name, own_path(app, name), None, "")
    parent = active if active is not None and active != DEFAULT and find(app, active) else "minimal"
    return ProfileEdit(DEFAULT, own_path(app, DEFAULT), None, edit.new_profile("My own servers", (parent,)))


def _refuse_project(app: App, active: str) -> None:
    """A project's own profile is its authors' to edit, and none of the user's may build on it."""
    found = find(app, active)
    if found is not None and found.layer is Layer.PROJECT:
        raise McpconfError(
            f"the active profile is this project's own, {found.path}; nothing was changed",
            hint="edit that file, or name a profile of yours: --profile NAME",
        )


def _present(app: App, name: str | None) -> ProfileEdit:
    base = _base(app, name)
    if not base.after:
        raise McpconfError(
            f"you have no profile {base.name!r} of your own", hint=f"mcpconf profile copy {base.name} {base.name}"
        )
    return base


def _edited(base: ProfileEdit, after: str) -> ProfileEdit:
    parse(after, base.path, base.name)  # whatever we write can be read again
    return replace(base, after=after)


def resolved(app: App, base: ProfileEdit, text: str) -> Profile:
    """The profile as it would be with that text, with all it inherits."""
    itself = Found(text, base.path, Layer.USER)

    def look(wanted: str, *, above: Layer | None) -> Found | None:
        return itself if wanted == base.name and above is not Layer.USER else find(app, wanted, above)

    return resolve(base.name, look)
