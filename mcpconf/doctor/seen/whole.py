"""All that was seen, by group, and why the rest was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpconf.doctor.finding import Group
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """`parts` has what was seen of each group, a value of the module of its name; `unseen` why another has none."""

    parts: Mapping[Group, Any]
    unseen: Mapping[Group, str]

    def missing(self, group: Group) -> str | None:
        """Why a group can't be judged; None where it can."""
        return None if group in self.parts else self.unseen.get(group, "not looked at")
