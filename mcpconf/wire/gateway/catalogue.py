"""What a server lists, as the texts that it wrote: joined with others' they are what a client reads."""

from __future__ import annotations

import json
from typing import NamedTuple

from mcpconf.wire.envelope import Envelope
from mcpconf.wire.members import Malformed, Span, elements, members, spliced, string

MOST = 10_000  # entries of one server
PAGES = 100  # of one server


class Kind(NamedTuple):
    """Something that servers list. `key` is what names an entry; `named`: the client's name of it may be another."""

    method: str
    member: str
    capability: str
    key: str
    named: bool
    changed: str  # the notification that tells of another list
    wish: str  # what a listening request calls it


TOOLS = Kind("tools/list", "tools", "tools", "name", True, "notifications/tools/list_changed", "toolsListChanged")
PROMPTS = Kind(
    "prompts/list", "prompts", "prompts", "name", True, "notifications/prompts/list_changed", "promptsListChanged"
)
RESOURCES = Kind(
    "resources/list", "resources", "resources", "uri", False, "notifications/resources/list_changed",
    "resourcesListChanged",
)  # fmt: skip
TEMPLATES = Kind(
    "resources/templates/list", "resourceTemplates", "resources", "uriTemplate", False,
    "notifications/resources/list_changed", "resourcesListChanged",
)  # fmt: skip
KINDS = (TOOLS, PROMPTS, RESOURCES, TEMPLATES)
BY_METHOD = {kind.method: kind for kind in KINDS}
BY_CHANGE = {kind.changed: tuple(one for one in KINDS if one.changed == kind.changed) for kind in KINDS}


class Entry(NamedTuple):
    """One of a list: its name or URI, its text, and where in it the name stands."""

    key: str
    text: str
    place: Span

    def named(self, shown: str) -> str:
        """The text with another name in it; as it is where that is its own."""
        return self.text if shown == self.key else spliced(self.text, [(self.place, json.dumps(shown))])


class Page(NamedTuple):
    """One answer to a request for a list. `cursor` is the token of the next one, as it was written."""

    entries: tuple[Entry, ...]
    cursor: str | None


def page(kind: Kind, answer: Envelope) -> Page:
    """What an answer lists; entries without a name are left out. Raises `Malformed`."""
    text = answer.text
    span = answer.spans.get("result")
    if span is None or text[span.start] != "{":
        return Page((), None)
    result = members(text, span.start)
    place = result.get(kind.member)
    if place is None or text[place.start] != "[":
        return Page((), None)
    found = [_entry(kind, one.of(text)) for one in elements(text, place.start)[:MOST]]
    cursor = result.get("nextCursor")
    more = cursor is not None and text[cursor.start] == '"'
    return Page(tuple(one for one in found if one is not None), cursor.of(text) if cursor and more else None)


def _entry(kind: Kind, text: str) -> Entry | None:
    try:
        place = members(text).get(kind.key)
    except Malformed:
        return None
    key = string(text, place)
    return None if key is None or place is None else Entry(key, text, place)
