"""The profile that counts here, to work with its servers."""

from __future__ import annotations

from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Profile, Server
from mcpconf.record import dataclass
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.here import contexts_here
from mcpconf.workflow.own_servers import only
from mcpconf.workflow.profiles import load_profile
from mcpconf.workflow.status import away


@dataclass(frozen=True, slots=True)
class InUse:
    """A profile and the context in which it is active; None: it was named, and is not."""

    profile: Profile
    context: str | None

    @property
    def servers(self) -> tuple[Server, ...]:
        """Those that are not disabled."""
        return tuple(server for server in self.profile.servers if not server.disabled)

    def server(self, name: str) -> Server:
        """One of them. Raises `McpconfError` where there is none of that name, or it is disabled."""
        found = only(self.profile, name).servers[0]
        if found.disabled:
            raise McpconfError(f"{name!r} is disabled in {self.profile.name}", hint=f"mcpconf server enable {name}")
        return found


def in_use(app: App, name: str | None = None) -> InUse:
    """The active profile of the nearest context; with a `name`, that one.

    Raises `UsageError` where none is active, `Untrusted` for a project's that is not trusted, `McpconfError` where the
    active one can't be read from here.
    """
    known = active.load(app.state.read(active.FILE))
    for context in reversed(contexts_here(app)):
        now = known.get(context)
        if now is None or now.current is None or name not in (None, now.current):
            continue
        gone = away(app, now)
        if gone is None:
            return InUse(load_profile(app, now.current), context)
        if name is None:
            raise McpconfError(f"the active profile is {now.current!r}; {gone}", hint="mcpconf status")
    if name is None:
        raise UsageError("no profile is active", hint="--profile NAME, or: mcpconf init")
    return InUse(load_profile(app, name), None)
