"""The form that evidence has."""

from __future__ import annotations

from collections.abc import Callable

from mcpconf.environment.facts import Facts
from mcpconf.model import Kind
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing looked at: positive weights speak for `toward`, negative ones against it, 0 says nothing.

    `seen` says in words what was found. Evidence toward a container is one scale, toward WSL another.
    """

    name: str
    weight: int
    seen: str
    toward: Kind = Kind.CONTAINER


# Looks at one signal, and says so even where it says nothing.
Piece = Callable[[Facts], Evidence]
