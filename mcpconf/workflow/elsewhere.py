"""Another place's broker: the host's, for somebody in a container."""

from __future__ import annotations

from mcpconf.environment.tried import Tried
from mcpconf.model import Kind
from mcpconf.record import dataclass
from mcpconf.workflow.app import App


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What came of looking for it: the one that answers, every address that was tried, and what is missing."""

    broker: Tried | None
    tried: tuple[Tried, ...] = ()
    missing: tuple[str, ...] = ()


def look_elsewhere(app: App) -> Elsewhere | None:
    """Look for it wherever it may be; None outside a container, where nobody has led us elsewhere."""
    led = any(app.system.env.get(name) for name in ("MCPCONF_BROKER", "MCPCONF_BROKER_KEY"))
    if not led and app.look()[1].kind is not Kind.CONTAINER:
        return None
    facts, environment = app.look({"home"})
    if not facts.broker_tried:
        return None
    found = next((one for one in facts.broker_tried if one.found), None)
    return Elsewhere(found, facts.broker_tried, environment.missing)
