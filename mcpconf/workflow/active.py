"""Which profile is active, and which was before: one small text file that a shell prompt can read.

One line for each context, of three fields between tabs: the context (`user`, or `local:DIR`, `project:DIR`), the
active profile, the previous one (empty: none).
"""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.client.spec import Target
from mcpconf.model import Scope
from mcpconf.record import dataclass

FILE = "active"
USER = "user"


@dataclass(frozen=True, slots=True)
class Active:
    """One context's profile and the one before it."""

    current: str | None = None
    previous: str | None = None


def context_of(target: Target) -> str:
    """The context that a target belongs to."""
    return USER if target.scope is Scope.USER else f"{target.scope}:{target.project}"


def load(raw: bytes | None) -> Mapping[str, Active]:
    """Read the file; lines that make no sense are left out."""
    found = {}
    for line in (raw or b"").decode("utf-8", "surrogateescape").split("\n"):
        fields = line.split("\t")
        if len(fields) == 3:
            found[fields[0]] = Active(fields[1] or None, fields[2] or None)
    return found


def dump(active: Mapping[str, Active]) -> bytes:
    """The file's bytes; contexts without a profile are left out, the user's stands first."""
    kept = {context: one for context, one in active.items() if one.current and "\n" not in context}
    lines = [
        f"{context}\t{kept[context].current}\t{kept[context].previous or ''}\n"
        for context in sorted(kept, key=lambda context: (context != USER, context))
    ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def moved(active: Mapping[str, Active], context: str, profile: str | None) -> Mapping[str, Active]:
    """The same after a context got another profile; switching to the active one keeps the previous one."""
    now = active.get(context, Active())
    if profile == now.current:
        return active
    return {**active, context: Active(profile, now.current)}
