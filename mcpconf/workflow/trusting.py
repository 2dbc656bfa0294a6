"""Trust for a project's profiles, bound to path and content."""

from __future__ import annotations

import os
import shlex

from mcpconf.commit.state import write_private
from mcpconf.errors import McpconfError, Refused
from mcpconf.model import Layer, Profile
from mcpconf.profile.load import Found, resolve
from mcpconf.profile.trust import summary
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.profiles import SUFFIX, find, trust_store


@dataclass(frozen=True, slots=True)
class Candidate:
    """A project's profile that could be trusted: what it would run, and the bytes that trust would be bound to."""

    profile: Profile
    path: str
    content: bytes
    trusted: bool

    @property
    def lines(self) -> tuple[str, ...]:
        return summary(self.profile)


def candidate(app: App, name: str) -> Candidate:
    """The project profile of that name, or at that path. Raises `McpconfError` where there is none."""
    found = _found(app, name)
    if found is None or found.layer is not Layer.PROJECT:
        raise McpconfError(
            f"there is no project profile {name!r} here; others need no trust", hint="mcpconf profile ls"
        )
    content = app.system.read(found.path)
    if content is None:
        raise McpconfError(f"{found.path} can't be read")
    path = app.system.realpath(found.path)
    if content.decode("utf-8-sig", "replace") != found.text:  # what is trusted must be what is shown
        raise McpconfError(
            f"{found.path} was written to in this moment; nothing was changed", hint=f"mcpconf trust {name}"
        )

    def look(wanted: str, *, above: Layer | None) -> Found | None:
        return found if wanted == _name(name) and above is None else find(app, wanted, above)

    profile = resolve(_name(name), look, untrusted=True)
    return Candidate(profile, path, content, trust_store(app).trusts(path, content))


def _name(name: str) -> str:
    base = os.path.basename(name)
    return base.removesuffix(SUFFIX) if base.endswith(SUFFIX) else base


def _found(app: App, name: str) -> Found | None:
    found = find(app, _name(name))
    if os.sep in name and found is not None and app.system.realpath(name) != app.system.realpath(found.path):
        return None
    return found


def trust(app: App, chosen: Candidate) -> None:
    """Trust these bytes at this path."""
    with app.writing():
        write_private(app.dirs.trust, trust_store(app).with_(chosen.path, chosen.content).dump())


def revoke(app: App, chosen: Candidate) -> None:
    """Trust that file no more."""
    with app.writing():
        write_private(app.dirs.trust, trust_store(app).without(chosen.path).dump())


def refuse_untrusted(app: App, name: str, path: str) -> None:
    """Raise `Refused` where a project's profile, at that path, is not trusted as it is now."""
    content = app.system.read(path)
    if content is not None and trust_store(app).trusts(app.system.realpath(path), content):
        return
    raise Refused(
        f"{path} is not trusted, and undo would bring its servers back; nothing was changed",
        hint=f"{_trust_line(app, name, path)}; or bring them back all the same: mcpconf undo --untrusted",
    )


def _trust_line(app: App, name: str, path: str) -> str:
    """The command that trusts it: where another file of that name is nearer, it works from the project only."""
    found = find(app, name)
    if found is not None and found.path == path:
        return f"mcpconf trust {name}"
    return f"cd {shlex.quote(os.path.dirname(os.path.dirname(path)))} && mcpconf trust {name}"
