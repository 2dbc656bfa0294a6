"""What is to be known of a message on its way, and the lines that the process writes itself. Pure."""

from __future__ import annotations

import re

from mcpconf.wire import quick
from mcpconf.wire.answers import INTERNAL, failure
from mcpconf.wire.envelope import Envelope, Kind, of_text, read
from mcpconf.wire.members import Malformed

CANCELLED = "notifications/cancelled"
UNKNOWN = b"-32601"  # what a server may say with 404 of a method that it does not have
WORDS = 300  # characters of a server's own words that are shown
_BREAKS = bytes.maketrans(b"\r\n", b"  ")
_BOM = b"\xef\xbb\xbf"
_MARKUP = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]{0,1000}>", re.DOTALL | re.IGNORECASE)
# What servers say with 400 in the place of 404 when they have forgotten a session, which many do after a restart.
_FORGOTTEN = re.compile(r"(?i)\b(?:no valid|not found|unknown|invalid|expired|terminated|missing)\b")


def flat(text: bytes) -> bytes:
    """A message as one line. A line break in valid JSON stands between tokens only, where a space means the same."""
    return text.removeprefix(_BOM).translate(_BREAKS).strip(b" \t")


def answered(line: bytes) -> str | None:
    """The id that a line is the answer to, as it is written; None for anything else.

    Raises `Malformed` for what is no message.
    """
    known = quick.answer(line)
    if known is not None:
        return known.id
    envelope = read(line)
    return envelope.id if envelope.kind is Kind.RESPONSE else None


def own(line: bytes, token: str) -> bytes | None:
    """An answer to the request of this id that lost it on the way: it has none, or the number became a string.

    JSON-RPC 2.0, section 5: an error has no id where the request's could not be told, and many give none with an HTTP
    status. None where the line is no answer, or one to something else.
    """
    try:
        envelope = read(line)
    except Malformed:
        return None
    if envelope.kind is not Kind.RESPONSE:
        return None
    if envelope.id is not None and envelope.id.strip('"') != token.strip('"') and not envelope.failed:
        return None
    return _with_id(envelope, token).encode()


def _with_id(envelope: Envelope, token: str) -> str:
    if envelope.id_span is not None:
        return envelope.replaced((envelope.id_span, token))
    before, brace, rest = envelope.text.partition("{")
    return f'{before}{brace}"id":{token},{rest}'


def rpc_error(body: bytes) -> bytes | None:
    """The body of an HTTP error where it is an error of JSON-RPC, as a line."""
    line = flat(body)
    try:
        envelope = read(line)
    except Malformed:
        return None
    return line if envelope.kind is Kind.RESPONSE and envelope.failed else None


def forgotten(status: int, body: bytes) -> bool:
    """Whether the answer to a request with a session says that there is no such session any more."""
    if status == 410 or (status == 404 and UNKNOWN not in body):
        return True
    text = body[:2000].decode("utf-8", "replace")
    return status == 400 and "session" in text.lower() and _FORGOTTEN.search(text) is not None


def sorry(token: str | None, words: str) -> bytes:
    """The answer to a request that came to nothing."""
    return failure(token, INTERNAL, words)


def ended(token: str) -> bytes:
    """That a subscription's stream was closed by the server, as it is said over stdio."""
    text = f'{{"jsonrpc":"2.0","method":"{CANCELLED}","params":{{"requestId":{token}}}}}'
    return of_text(text).text.encode()


def first_words(body: bytes, hidden: tuple[str, ...]) -> str:
    """The beginning of a body that a person may read: no markup, one line, none of the hidden values."""
    text = concealed(body.decode("utf-8", "replace"), hidden)
    text = " ".join(_MARKUP.sub(" ", text).split())
    text = "".join(one if one.isprintable() else "�" for one in text)
    return text[:WORDS] + ("..." if len(text) > WORDS else "")


def concealed(text: str, hidden: tuple[str, ...]) -> str:
    """A text without these values, the longest first."""
    for value in hidden:
        text = text.replace(value, "***")
    return text
