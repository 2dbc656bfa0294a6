"""Which profile is active, and which was before: one small text file that a shell prompt can read.

One line for each context, of fields between tabs: the context (`user`, or `local:DIR`, `project:DIR`), the active
profile, the previous one (empty: none), and, where the active one is a project's own, its file as a fourth.
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
    """One context's profile and the one before it.

    `origin` is the file of a project's own profile, which its name does not lead to from everywhere; else None.
    """

    current: str | None = None
    previous: str | None = None
    origin: str | None = None


def context_of(target: Target) -> str:
    """The context that a target belongs to."""
    return USER if target.scope is Scope.USER else f"{target.scope}:{target.project}"


def load(raw: bytes | None) -> Mapping[str, Active]:
    """Read the file; lines that make no sense are left out."""
    found = {}
    for line in (raw or b"").decode("utf-8", "surrogateescape").split("\n"):
        context, *fields = line.split("\t")
        if len(fields) in (2, 3):
            found[context] = Active(*(one or None for one in fields))
    return found


def dump(active: Mapping[str, Active]) -> bytes:
    """The file's bytes; contexts without a profile are left out, the user's stands first."""
    kept = {context: one for context, one in active.items() if one.current and "\n" not in context}
    lines = [_line(context, kept[context]) for context in sorted(kept, key=lambda context: (context != USER, context))]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _line(context: str, one: Active) -> str:
    fields = [context, one.current or "", one.previous or ""]
    if one.origin and not {"\t", "\n"} & set(one.origin):
        fields.append(one.origin)
    return "\t".join(fields) + "\n"


def moved(
    active: Mapping[str, Active], context: str, profile: str | None, origin: str | None = None
) -> Mapping[str, Active]:
    """The same after a context got another profile; switching to the active one keeps the previous one."""
    now = active.get(context, Active())
    if (profile, origin) == (now.current, now.origin):
        return active
    return {**active, context: Active(profile, now.previous if profile == now.current else now.current, origin)}
