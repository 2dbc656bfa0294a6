"""How the active profiles' servers are reached, and whether that is what clients' files say."""

from __future__ import annotations

from enum import StrEnum

from mcpconf.record import dataclass


class Trouble(StrEnum):
    """Why nothing can be told of an active profile."""

    NONE = "none"
    GONE = "gone"  # there is no such profile any more
    UNTRUSTED = "untrusted"  # a project's, which the user has not trusted as it is now
    INVALID = "invalid"  # its text
    AWAY = "away"  # it can be looked at from elsewhere
    UNSEEN = "unseen"  # something that another group tells of, or that was not to be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One server of an active profile at one client.

    `entry` is what it is called there, `state` a word of `mcpconf.workflow.status`, `route` the one that would be taken
    now, and `because` why; None where there is none, with a `hint` to what would mend that. `written` is the route of
    the entry that we wrote, None where we wrote none; `still`: that entry is what this route would give now; `refused`:
    why it would give none any more. `elsewhere`: why the server has no route is told by the group of this name.
    """

    name: str
    entry: str
    client: str
    scope: str
    path: str
    profile: str
    state: str
    route: str | None
    because: str
    hint: str | None = None
    written: str | None = None
    still: bool = False
    refused: str = ""
    elsewhere: str = ""

    @property
    def where(self) -> str:
        """Where its entry stands, or would, as evidence."""
        return f"{self.path}, {self.client} ({self.scope})"


@dataclass(frozen=True, slots=True)
class Behind:
    """A file of ours that the entry of a server needs, and that is gone."""

    path: str
    server: str
    profile: str
    scope: str


@dataclass(frozen=True, slots=True)
class Lacks:
    """A value that a server needs, and that is set nowhere: a sentence, and what would mend it."""

    server: str
    text: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSeen:
    """One active profile; `scope` is that of its context."""

    profile: str
    scope: str
    trouble: Trouble = Trouble.NONE
    because: str = ""
    hint: str | None = None
    servers: tuple[Served, ...] = ()
    files: tuple[Behind, ...] = ()
    lacks: tuple[Lacks, ...] = ()


@dataclass(frozen=True, slots=True)
class Routes:
    """All of them; none where no profile is active here."""

    actives: tuple[ActiveSeen, ...] = ()

    @property
    def unseen(self) -> str | None:
        """Why no profile at all could be looked at."""
        reasons = [one.because for one in self.actives if one.trouble is not Trouble.NONE]
        return reasons[0] if reasons and len(reasons) == len(self.actives) else None
