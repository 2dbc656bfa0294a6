"""What a route answers when it is asked whether it can serve a server."""

from __future__ import annotations

from mcpconf.model import Note
from mcpconf.record import dataclass
from mcpconf.route.launch import Launch


@dataclass(frozen=True, slots=True)
class Offer:
    """The route can serve it, this way. `entry` names an entry that several servers share."""

    launch: Launch
    because: str
    entry: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The route can't, for this reason; `hint` is what would mend it."""

    reason: str
    hint: str | None = None
