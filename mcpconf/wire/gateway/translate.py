"""Between the eras: what a request for one has to say in the other, and an answer.

`tools/call` and its kin are alike in both but for their envelope. What is not alike is not made up: a server of the
era without sessions is told that its client can do nothing, since it would ask in its answers, which a client with a
session doesn't understand; nor is a server with sessions, whose questions would have no place to go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.members import Span, members
from mcpconf.wire.versions import (
    CAPABILITIES_KEY,
    CLIENT_KEY,
    HANDSHAKE_VERSIONS,
    MODERN_VERSIONS,
    RESERVED,
    VERSION_KEY,
)

LATEST = HANDSHAKE_VERSIONS[-1]
MODERN = MODERN_VERSIONS[-1]
CACHED = frozenset({"resources/read"})  # whose answers have to say how long they are true
FRESH = '"ttlMs":0,"cacheScope":"private"'
Edit = tuple[Span, str]


def modern_meta(info: str) -> str:
    """The members that each request of the era without sessions has, from a client that can do nothing."""
    return f'"{VERSION_KEY}":"{MODERN}","{CAPABILITIES_KEY}":{{}},"{CLIENT_KEY}":{info}'


def to_modern(envelope: Envelope, info: str) -> list[Edit]:
    """The edits that make a request of a session one that stands alone."""
    span = envelope.spans.get("params")
    text = envelope.text
    if span is None or text[span.start] != "{":
        end = envelope.spans["method"].end
        return [(Span(end, end), f',"params":{{"_meta":{{{modern_meta(info)}}}}}')]
    place = envelope.at(*META)
    if place is not None and text[place.start] == "{":
        return [_first(text, place.start, modern_meta(info))]
    if place is not None:
        return [(place, f"{{{modern_meta(info)}}}")]
    return [_first(text, span.start, f'"_meta":{{{modern_meta(info)}}}')]


def to_legacy(envelope: Envelope) -> list[Edit]:
    """The edits that take out of a request what a server with sessions would wonder about."""
    place = envelope.at(*META)
    if place is None or envelope.text[place.start] != "{":
        return []
    kept = {
        name: span.of(envelope.text)
        for name, span in members(envelope.text, place.start).items()
        if not name.startswith(RESERVED)
    }
    return [(place, _written(kept.items()))]


def answer_to_modern(envelope: Envelope, method: str) -> list[Edit]:
    """The edits that make the result of a session a complete one."""
    span = envelope.spans.get("result")
    if span is None or envelope.text[span.start] != "{":
        return []
    result = members(envelope.text, span.start)
    more = [] if "resultType" in result else ['"resultType":"complete"']
    if method in CACHED and "ttlMs" not in result:
        more.append(FRESH)
    return [_first(envelope.text, span.start, ",".join(more))] if more else []


def asks_for_input(envelope: Envelope) -> bool:
    """Whether a result is no result, but a question to the client."""
    return envelope.word("result", "resultType") == "input_required"


def _first(text: str, start: int, inserted: str) -> Edit:
    """An edit that puts members at the beginning of an object."""
    comma = "," if members(text, start) else ""
    return Span(start + 1, start + 1), inserted + comma


def _written(pairs: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"
