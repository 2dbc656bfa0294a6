"""The profiles that are active in the current directory, each prepared as a switch would: looked at once for all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from mcpconf.doctor.seen.routes import Trouble
from mcpconf.errors import McpconfError
from mcpconf.profile.load import NoProfile, Untrusted
from mcpconf.record import dataclass
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.here import contexts_here
from mcpconf.workflow.parts import probes_for
from mcpconf.workflow.prepare import Prepared, prepare
from mcpconf.workflow.profiles import load_profile
from mcpconf.workflow.status import away, wish_for

T = TypeVar("T")
OFFLINE = "its routes depend on what other programs answer, and --no-network says not to ask them"


class Once(Generic[T]):
    """What several threads need and one of them makes."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


@dataclass(frozen=True, slots=True)
class ActiveHere:
    """One context's profile: `prepared`, or the `trouble` why nothing can be told of it."""

    context: str
    profile: str
    prepared: Prepared | None = None
    trouble: Trouble = Trouble.NONE
    because: str = ""
    hint: str | None = None


def actives_here(app: App, *, network: bool) -> tuple[ActiveHere, ...]:
    """Every context that has one, the user's first. Reads only, and without `network` asks no other program."""
    known = active.load(app.state.read(active.FILE))
    here = [(context, known[context]) for context in contexts_here(app) if context in known]
    return tuple(_active(app, context, now, network) for context, now in here if now.current)


def _active(app: App, context: str, now: active.Active, network: bool) -> ActiveHere:
    name = now.current or ""

    def told(trouble: Trouble, because: str, hint: str | None = None) -> ActiveHere:
        return ActiveHere(context, name, None, trouble, because, hint)

    try:
        gone = away(app, now)
        if gone is not None:
            lost = now.origin is not None and not app.system.exists(now.origin)
            return told(Trouble.GONE if lost else Trouble.AWAY, gone, "mcpconf profile ls; mcpconf switch NAME")
        profile = load_profile(app, name)
    except NoProfile as error:
        return told(Trouble.GONE, str(error), "mcpconf profile ls; mcpconf switch NAME")
    except Untrusted as error:
        return told(Trouble.UNTRUSTED, str(error), error.hint)
    except McpconfError as error:
        return told(Trouble.INVALID, str(error), error.hint or f"mcpconf profile edit {name}")
    asks = probes_for(app, profile) or any(server.image for server in profile.servers if not server.disabled)
    if asks and not network:
        return told(Trouble.UNSEEN, OFFLINE)
    try:
        return ActiveHere(context, name, prepare(app, wish_for(context, name)))
    except McpconfError as error:
        return told(Trouble.UNSEEN, str(error), error.hint)
