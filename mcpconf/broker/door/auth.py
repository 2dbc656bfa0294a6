"""The handshake on TCP: both sides prove that they hold the same key, and nothing is parsed before the client has.

    S: MCPCONF1 <server nonce>
    C: AUTH <key id> <client nonce> <target> <HMAC-SHA256(key, "c|" sn "|" cn "|" target)>
    S: OK <HMAC-SHA256(key, "s|" sn "|" cn "|" target)>

Nonces are 16 bytes and all hex is lower case. The letters keep one side's proof from being the other's; no field
can hold a `|`, so no two handshakes have the same text. The key itself never travels, and a listener that does not
hold it, because it took the port before the broker did, gets neither the key nor a byte of MCP.

Without input, output, clock and randomness: both nonces are handed in. `hmac` brings OpenSSL with it, 5 to 7 ms of a
start, so it is imported when the first proof is made: a broker that listens on no TCP port never does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mcpconf.record import dataclass, field

LINE_LIMIT = 256  # bytes of the first line, its end included
_TARGET = rb"open/(?:[A-Za-z0-9_-]{1,64}(?:\.[0-9a-f]{8})?|\*)|control|list"
_AUTH = re.compile(rb"AUTH ([a-z0-9-]{1,32}) ([0-9a-f]{32}) (" + _TARGET + rb") ([0-9a-f]{64})")
_GREETING = re.compile(rb"MCPCONF1 ([0-9a-f]{32})\n")
_NONCE = re.compile(r"[0-9a-f]{32}")
_BEGINS = b"AUTH "
_DUMMY = bytes(32)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that proved its key.

    `target` is `open/SERVER` (`*`: all of them, by the gateway), `control` or `list`; `line` is what to send first;
    `rest` came behind the client's line.
    """

    key_id: str
    target: str
    line: bytes
    rest: bytes = field(repr=False)

    @property
    def server(self) -> str | None:
        """The server that it names."""
        return self.target[len("open/") :] if self.target.startswith("open/") else None


@dataclass(frozen=True, slots=True)
class Turned:
    """A client to close on, silently. The reason is for the log alone, and quotes nothing of what came."""

    reason: str


class Challenge:
    """The broker's side of one connection. A nonce is for one connection, and must never come again.

    `keys` gives the key of an id; its own time must not tell which ids there are, so it should be a look-up in memory.
    """

    __slots__ = ("_came", "_done", "_keys", "_nonce")

    def __init__(self, keys: Callable[[str], bytes | None], nonce: str) -> None:
        if not _NONCE.fullmatch(nonce):
            raise ValueError("a nonce is 32 lower-case hexadecimal digits")
        self._keys = keys
        self._nonce = nonce
        self._came = b""
        self._done = False

    def greeting(self) -> bytes:
        """What the broker says first."""
        return f"MCPCONF1 {self._nonce}\n".encode()

    def feed(self, chunk: bytes) -> Admitted | Turned | None:
        """What the bytes that came lead to; None while the line is not whole. After an answer there is no second."""
        if self._done:
            return Turned("it was answered already")
        self._came += chunk
        end = self._came.find(b"\n", 0, LINE_LIMIT)
        if end < 0:
            answer: Admitted | Turned | None = self._unfinished()
        else:
            answer = self._judge(self._came[:end], self._came[end + 1 :])
        if answer is not None:
            self._done = True
            self._came = b""
        return answer

    def _unfinished(self) -> Turned | None:
        """Who begins like a browser, TLS or Redis is not waited for."""
        if not self._came.startswith(_BEGINS[: len(self._came)]):
            return Turned("it does not speak this protocol")
        return Turned("its first line is too long") if len(self._came) >= LINE_LIMIT else None

    def _judge(self, line: bytes, rest: bytes) -> Admitted | Turned:
        match = _AUTH.fullmatch(line)
        if match is None:
            return Turned("it does not speak this protocol")
        key_id, nonce, target, claimed = (part.decode("ascii") for part in match.groups())
        key = self._keys(key_id)
        # An id that is not there costs what a wrong proof costs, and the key that stands in for it lets nobody in.
        right = _same(proof(_DUMMY if key is None else key, "c", self._nonce, nonce, target), claimed)
        if key is None or not right:
            return Turned("it did not prove that it has a key")
        return Admitted(key_id, target, f"OK {proof(key, 's', self._nonce, nonce, target)}\n".encode(), rest)


def refusal(reason: str) -> bytes:
    """The line for a client that proved its key and can't have what it names."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in reason)
    return f"NO {shown}\n".encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """The client's answer to a greeting, and the line by which the broker will have proved itself."""

    line: bytes
    expected: bytes = field(repr=False)

    def proves(self, line: bytes) -> bool:
        """Whether the broker's line shows that it holds the key. Nothing may be sent to it before."""
        return _same_bytes(line, self.expected)


def reply(greeting: bytes, key_id: str, key: bytes, target: str, nonce: str) -> Reply | None:
    """The client's side: what to answer to a greeting line; None where it is no greeting of a broker's.

    Raises ValueError for a key id, target or nonce that no broker would take.
    """
    match = _GREETING.fullmatch(greeting)
    if match is None:
        return None
    theirs = match[1].decode("ascii")
    line = f"AUTH {key_id} {nonce} {target} {proof(key, 'c', theirs, nonce, target)}"
    if not _AUTH.fullmatch(line.encode()):
        raise ValueError(f"no broker takes the key id {key_id!r}, the nonce {nonce!r} and the target {target!r}")
    return Reply(f"{line}\n".encode(), f"OK {proof(key, 's', theirs, nonce, target)}\n".encode())


def proof(key: bytes, side: str, server_nonce: str, client_nonce: str, target: str) -> str:
    """One side's proof, in lower-case hex; `side` is `c` or `s`."""
    import hmac

    return hmac.digest(key, f"{side}|{server_nonce}|{client_nonce}|{target}".encode(), "sha256").hex()


def _same(one: str, other: str) -> bool:
    return _same_bytes(one.encode(), other.encode())


def _same_bytes(one: bytes, other: bytes) -> bool:
    import hmac

    return hmac.compare_digest(one, other)
