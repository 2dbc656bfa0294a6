"""Which era a message is of, and which one a server speaks.

A stdio server is locked to one era by its first request (measured), so each process gets messages of one era only. The
specification's probe for stdio: `server/discover`, where a result or error -32022 means the era without sessions, and
any other answer, or none, the one with `initialize`.
"""

from __future__ import annotations

from mcpconf.wire.actions import Era
from mcpconf.wire.answers import INVALID, UNKNOWN_METHOD, failure
from mcpconf.wire.envelope import Envelope, Kind, read
from mcpconf.wire.lines import Overlong
from mcpconf.wire.members import Malformed
from mcpconf.wire.versions import VERSION_KEY

PROBE = '"mcpconf-probe"'
UNSUPPORTED = "-32022"
DISCOVER = "server/discover"
_MARK = VERSION_KEY.encode()


def modern(line: bytes | Overlong) -> Envelope | None:
    """The message where it is a request of the era without sessions."""
    if isinstance(line, Overlong) or _MARK not in line:
        return None
    try:
        envelope = read(line)
        return envelope if envelope.kind is Kind.REQUEST and envelope.modern else None
    except Malformed:
        return None  # the multiplexer says what is wrong with it


def hello(line: bytes | Overlong) -> Envelope | None:
    """The message where it is an `initialize` that can be understood."""
    if isinstance(line, Overlong) or b"initialize" not in line:
        return None
    try:
        envelope = read(line)
    except Malformed:
        return None
    return envelope if envelope.kind is Kind.REQUEST and envelope.method == "initialize" else None


def probe(request: Envelope) -> bytes:
    """The question which tells a server's era, in the words of a client's own request."""
    meta = request.token("params", "_meta")
    return f'{{"jsonrpc":"2.0","id":{PROBE},"method":"{DISCOVER}","params":{{"_meta":{meta}}}}}'.encode()


def verdict(line: bytes | Overlong) -> Era | None:
    """What an answer to the probe says; None where the line is none."""
    if isinstance(line, Overlong):
        return None
    try:
        envelope = read(line)
    except Malformed:
        return None
    if envelope.kind is not Kind.RESPONSE:
        return None
    if envelope.id is not None and envelope.id != PROBE:
        return None
    if not envelope.failed or envelope.token("error", "code") == UNSUPPORTED:
        return Era.MODERN
    return Era.LEGACY


def refusal(request: Envelope) -> bytes:
    """What a server of the era with sessions would say, had it been asked."""
    if request.method == DISCOVER:
        return failure(request.id, UNKNOWN_METHOD, "this server speaks a version with initialize")
    return failure(request.id, INVALID, "this server speaks a version with initialize, which has to come first")
