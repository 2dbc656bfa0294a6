"""What a broker has to know of a JSON-RPC message, and where that stands in it.

JSON-RPC 2.0, and MCP's base protocol on top: https://modelcontextprotocol.io/specification. Ids are compared as the
text they were written in: `1`, `1.0` and `"1"` are three ids.
"""

from __future__ import annotations

from enum import Enum

from mcpconf.wire.members import (
    INNER,
    TOP,
    Malformed,
    Span,
    disguised,
    document,
    elements,
    inside,
    members,
    spliced,
    string,
)
from mcpconf.wire.versions import VERSION_KEY

META = ("params", "_meta")


class NotRpc(Malformed):
    """Strict JSON, but no message of JSON-RPC."""


class Kind(Enum):
    """What a message is, by the members that it has."""

    REQUEST = "request"
    NOTIFICATION = "notification"
    RESPONSE = "response"


class Envelope:
    """A message of one object. `text` is what came; `id` its token as it was written, None where there is none.

    A plain class, since one is made for every message. Nothing changes it.
    """

    __slots__ = ("id", "id_span", "kind", "method", "spans", "text")

    def __init__(
        self, text: str, kind: Kind, token: str | None, id_span: Span | None, method: str | None, spans: dict[str, Span]
    ) -> None:
        self.text = text
        self.kind = kind
        self.id = token
        self.id_span = id_span
        self.method = method
        self.spans = spans

    @property
    def failed(self) -> bool:
        """Whether a response is an error."""
        return "error" in self.spans

    def at(self, *names: str) -> Span | None:
        """Where a value stands, by its path of names. A message that can't hold the last name isn't read again."""
        text = self.text
        if names[-1].rpartition("/")[2] not in text and not ("\\" in text and "\\u00" in text):
            return None
        return inside(self.text, self.spans, *names)

    def token(self, *names: str) -> str | None:
        """A value at a path as it was written."""
        span = self.at(*names)
        return None if span is None else span.of(self.text)

    def word(self, *names: str) -> str | None:
        """A value at a path that is a string."""
        return string(self.text, self.at(*names))

    @property
    def modern(self) -> bool:
        """Whether a request is of the era without sessions (2026-07-28): it names its version itself."""
        return self.at(*META, VERSION_KEY) is not None

    @property
    def odd(self) -> str | None:
        """Why a server might read something else in the parameters, or in their `_meta`, than we do; mostly None."""
        span = self.spans.get("params")
        if span is None or self.text[span.start] != "{":
            return None
        try:
            params = members(self.text, span.start)
            meta = params.get("_meta")
            inner = members(self.text, meta.start) if meta is not None and self.text[meta.start] == "{" else {}
        except Malformed as error:
            return str(error)
        if disguised(params, INNER) or disguised(inner, INNER):
            return "a name in params is one of the protocol's in other letters"
        return None

    def replaced(self, *edits: tuple[Span | None, str]) -> str:
        """The message with other tokens at some places; a place that is None is left out."""
        return spliced(self.text, [(span, new) for span, new in edits if span is not None])


def read(line: bytes) -> Envelope:
    """One message. Raises `Malformed` for what no server may be given: no UTF-8, no strict JSON, no JSON-RPC."""
    return of_text(decoded(line))


def decoded(line: bytes) -> str:
    """The text of a line. Raises `Malformed` where it is not UTF-8."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 ({error.reason})") from None


def is_batch(line: bytes) -> bool:
    """Whether a line is an array of messages, as 2025-03-26 allowed."""
    return line.lstrip(b" \t\r")[:1] == b"["


def batch(line: bytes) -> tuple[str, ...]:
    """The messages of a batch, each as a text of its own. Raises `Malformed`, also for an empty one."""
    text = decoded(line)
    found = elements(text)
    if not found:
        raise NotRpc("an empty batch")
    return tuple(span.of(text) for span in found)


def of_text(text: str) -> Envelope:
    """One message of a text. Raises `Malformed`."""
    spans = document(text)
    if disguised(spans, TOP):
        raise NotRpc("a name is one of JSON-RPC's in other letters")
    id_span = spans.get("id")
    token = None if id_span is None else _id(id_span.of(text))
    answers = "result" in spans or "error" in spans
    if "method" in spans:
        if answers:
            raise NotRpc("both a request and a response")
        method = string(text, spans["method"])
        if method is None:
            raise NotRpc("method is no string")
        kind = Kind.NOTIFICATION if token is None else Kind.REQUEST
        return Envelope(text, kind, token, id_span, method, spans)
    if answers:
        return Envelope(text, Kind.RESPONSE, token, id_span, None, spans)
    raise NotRpc("neither a request nor a response")


def _id(token: str) -> str | None:
    """An id as it was written. JSON-RPC 2.0, section 4: a string, a number, or null, which is as good as none."""
    if token == "null":  # noqa: S105  JSON's, no secret
        return None
    if token[0] in "{[tf":
        raise NotRpc("an id is a string or a number")
    return token
