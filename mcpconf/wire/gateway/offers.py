"""What a gateway says of itself: the capabilities of its servers in one, and what each of them wants to be known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mcpconf.record import dataclass
from mcpconf.wire.actions import Era
from mcpconf.wire.members import Malformed, members

LONGEST = 100_000  # characters of the instructions
# What the gateway itself tells of, or does for every server.
SUPERSET: Mapping[str, Any] = {
    "completions": {},
    "logging": {},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": True},
    "tools": {"listChanged": True},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a server once said of itself. `capabilities` is JSON's text; None where it never said anything."""

    capabilities: str | None = None
    instructions: str | None = None
    tools: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    modern_only: bool = False  # whether it refused `initialize`
    speaks: Era | None = None  # to a client that says no `initialize`: some take ten seconds to show that


UNKNOWN = Known()


def capabilities(known: Iterable[Known]) -> str:
    """Of all of them together; the superset where one is not known. What can't be read is nothing."""
    every = tuple(known)
    if any(one.capabilities is None for one in every):
        return _written(SUPERSET, {})
    ours: dict[str, Any] = {}
    others: dict[str, str] = {}
    for one in every:
        for name, value in _spans(one.capabilities or "{}").items():
            if name in SUPERSET:
                ours[name] = {**ours.get(name, {}), **_ours(name, value)}
            else:
                others.setdefault(name, _without_list(value) if name == "tasks" else value)
    return _written(ours, others)


def _ours(name: str, value: str) -> dict[str, bool]:
    """The gateway tells of changes itself, as servers come and go."""
    told = dict.fromkeys((key for key in SUPERSET[name] if key == "listChanged"), True)
    return {**told, "subscribe": True} if _spans(value).get("subscribe") == "true" else told


def _written(ours: Mapping[str, Any], others: Mapping[str, str]) -> str:
    parts = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in sorted(ours.items())]
    parts += [f"{json.dumps(name)}:{value}" for name, value in others.items()]
    return "{" + ",".join(parts) + "}"


def _without_list(text: str) -> str:
    """Tasks as they can be had through a gateway, where `tasks/list` would have to be joined."""
    kept = {name: value for name, value in _spans(text).items() if name != "list"}
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in kept.items()) + "}"


def _spans(text: str) -> dict[str, str]:
    try:
        return {name: span.of(text) for name, span in members(text).items()}
    except Malformed:
        return {}


def instructions(known: Mapping[str, Known]) -> str | None:
    """The servers' own, each under its name; a single server's as they are."""
    told = {name: one.instructions.strip() for name, one in known.items() if one.instructions}
    if not told:
        return None
    if len(known) == 1:
        return next(iter(told.values()))[:LONGEST]
    return "\n\n".join(f"# {name}\n\n{text}" for name, text in sorted(told.items()))[:LONGEST]
