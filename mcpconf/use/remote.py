"""Try a server behind a URL: the Streamable HTTP transport, both eras, through the standard library.

A modern server gets everything in one POST; a legacy one may hand out a session, which is given back at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException, InvalidURL
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from mcpconf.broker.bridge.mirror import Mirror
from mcpconf.record import replace
from mcpconf.use.introduction import (
    INITIALIZED,
    NEWEST_MODERN,
    Hear,
    Introduction,
    Message,
    ProbeResult,
    Refusal,
    cancelled,
    envelope,
    from_discover,
    from_initialize,
    handshake,
    request,
    tool_names,
)
from mcpconf.wire.envelope import read

ACCEPT = "application/json, text/event-stream"
LIMIT = 64 * 1024 * 1024  # bytes of one answer
CHUNK = 65536
DISCOVER_SHARE = 3  # a legacy server that stays silent over server/discover may use up a third of the time
NETWORK = (OSError, HTTPException, ValueError)  # what a conversation raises where the network fails
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HttpRefusal(Refusal):
    """An HTTP status in the place of an answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _NoRedirect(HTTPRedirectHandler):
    """Stay where we were sent: following would repeat the headers, and the tokens in them, to another host."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


def probe_http(url: str, headers: Mapping[str, str], timeout: float) -> ProbeResult:
    """Try the server at `url`, with `headers` on each request. `timeout` is in seconds, for all of the conversation.

    Never raises for anything the server or the network does.
    """
    began = time.monotonic()
    if not is_web(url):
        return ProbeResult(error=f"{url!r} is no http or https URL")
    line = Line(url, headers, began + timeout)
    known: Introduction | None = None
    found = ProbeResult()
    try:
        known = introduce(line, timeout)
        found = replace(found, tools=tool_names(line.ask, known))
    except Refusal as refusal:
        found = replace(found, error=str(refusal))
    except NETWORK as problem:
        found = replace(found, error=no_connection(problem))
    found = replace(found, millis=round((time.monotonic() - began) * 1000))
    line.close()
    return found if known is None else found.introduced(known)


def is_web(url: str) -> bool:
    """Whether a URL is one that can be called by HTTP."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def introduce(line: Line, timeout: float) -> Introduction:
    """Get to know a server. Raises Refusal, and OSError or HTTPException where the network fails."""
    modern = _try_modern(line, timeout / DISCOVER_SHARE)
    if modern is not None:
        return modern
    line.version = None
    known = from_initialize(line.ask("initialize", handshake()))
    line.version = known.version
    line.notify(INITIALIZED)
    return known


def _try_modern(line: Line, patience: float) -> Introduction | None:
    """What `server/discover` gives; None for anything that is no proof of a modern server."""
    line.version = NEWEST_MODERN
    try:
        return from_discover(line.ask("server/discover", envelope(), patience=patience))
    except HttpRefusal as refusal:
        if refusal.status in (401, 403) or refusal.status // 100 == 3:
            raise  # the same awaits every other request
        return None
    except Refusal:
        return None
    except TimeoutError:
        return None


class Line:
    """A conversation with one endpoint: the headers each request needs, and the session where there is one."""

    def __init__(self, url: str, headers: Mapping[str, str], deadline: float) -> None:
        self._url = url
        self._headers = dict(headers)
        self._deadline = deadline
        self._opener = _opener(url)
        self._next = 1
        self._mirror = Mirror()
        self._session: str | None = None
        self.version: str | None = None

    def ask(self, method: str, params: Message, *, patience: float | None = None, hear: Hear | None = None) -> Message:
        """The answer to a request. Raises Refusal where the server has none, OSError where the network fails.

        `hear` gets what the server says of its own accord before that.
        """
        identity, self._next = self._next, self._next + 1
        deadline = self._deadline if patience is None else min(self._deadline, time.monotonic() + patience)
        try:
            with self._open(request(identity, method, params), deadline) as response:
                if method == "initialize":
                    self._session = response.headers.get("Mcp-Session-Id")
                answer = _matching(self._answers(_messages(response, deadline), hear), identity, method)
                if method == "tools/list":
                    self._mirror.learn(json.dumps(answer).encode("ascii"))
                return answer
        except (KeyboardInterrupt, TimeoutError) as stopped:
            self._cancel(identity, stopped)
            raise
        except HTTPError as problem:
            with problem:
                return _from_status(problem, identity, deadline)
        except URLError as problem:
            if isinstance(problem.reason, TimeoutError):
                self._cancel(identity, problem.reason)
                raise problem.reason from None
            raise

    def _answers(self, messages: Iterable[Message], hear: Hear | None) -> Iterator[Message]:
        """The messages that answer something of ours."""
        for message in messages:
            if "method" not in message:
                yield message
            elif hear is not None:
                reply = hear(message)
                if reply is not None:
                    self.notify(reply)

    def _cancel(self, identity: int, stopped: BaseException) -> None:
        """Tell a server with sessions that nobody waits any more; for others the end of the stream says so."""
        if self.version not in (None, NEWEST_MODERN):
            reason = "interrupted" if isinstance(stopped, KeyboardInterrupt) else "timed out"
            self._deadline = max(self._deadline, time.monotonic() + 1.0)
            self.notify(cancelled(identity, reason))

    def notify(self, message: Message) -> None:
        """Send a notification; what the server says to it is of no account."""
        with suppress(OSError, HTTPException), self._open(message, self._deadline):
            pass

    def close(self) -> None:
        """Give a session back, where the server handed one out."""
        if self._session is None:
            return
        gone = Request(self._url, headers=self._all_headers(), method="DELETE")  # noqa: S310 the scheme was checked
        with suppress(OSError, HTTPException), self._opener.open(gone, timeout=1.0):
            pass

    def _open(self, message: Message, deadline: float) -> Any:
        headers = {**self._all_headers(), "Content-Type": "application/json", "Accept": ACCEPT}
        body = json.dumps(message).encode("ascii")
        if self.version == NEWEST_MODERN:
            headers |= self._mirror.headers(read(body))
        posted = Request(self._url, data=body, headers=headers, method="POST")  # noqa: S310 the scheme was checked
        return self._opener.open(posted, timeout=_left(deadline))

    def _all_headers(self) -> dict[str, str]:
        headers = dict(self._headers)
        if self.version is not None:
            headers["MCP-Protocol-Version"] = self.version
        if self._session is not None:
            headers["Mcp-Session-Id"] = self._session
        return headers


def _opener(url: str) -> OpenerDirector:
    # A proxy of the environment is for the world outside; on this machine it would only find itself.
    if urlsplit(url).hostname in LOOPBACK:
        return build_opener(_NoRedirect, ProxyHandler({}))
    return build_opener(_NoRedirect)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _messages(response: Any, deadline: float) -> Iterator[Message]:
    """The messages in a response body: one JSON object, or the `data` of server-sent events as they come."""
    if response.headers.get_content_type() == "text/event-stream":
        texts = _events(_lines(_chunks(response, deadline)))
    else:
        texts = iter((b"".join(_chunks(response, deadline)),))
    for text in texts:
        try:
            message = json.loads(text.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            continue
        if isinstance(message, dict):
            yield message


def _chunks(response: Any, deadline: float) -> Iterator[bytes]:
    """A body as it comes. Raises TimeoutError at the deadline, Refusal where the body is longer than anybody reads."""
    # The socket's own time-out counts from one byte to the next, so a trickle would never run into it.
    size = 0
    while chunk := response.read1(CHUNK):
        _left(deadline)
        size += len(chunk)
        if size > LIMIT:
            raise Refusal(f"it sent more than {LIMIT // 1024 // 1024} MB")
        yield chunk


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield b"".join((*parts, end))
            parts = []
        parts.append(rest)
    yield b"".join(parts)


def _events(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The `data` of each server-sent event, joined by LF (HTML standard, section 9.2.6)."""
    data: list[bytes] = []
    for line in lines:
        line = line.rstrip(b"\r\n")
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif not line and data:
            yield b"\n".join(data)
            data = []
    if data:
        yield b"\n".join(data)


def _matching(messages: Iterable[Message], identity: int, method: str) -> Message:
    for message in messages:
        if message.get("id") == identity and "method" not in message:
            return message
    raise Refusal(f"what it sent back to {method} holds no answer to it")


def _from_status(problem: HTTPError, identity: int, deadline: float) -> Message:
    """A JSON-RPC error that came with an HTTP error status, or HttpRefusal where the body is none."""
    status = problem.code
    try:
        body = json.loads(b"".join(_chunks(problem, deadline)).decode("utf-8"))
    except (ValueError, OSError, HTTPException, RecursionError):
        body = None
    if isinstance(body, dict) and isinstance(body.get("error"), dict) and status not in (401, 403):
        return {**body, "id": identity}
    if status in (401, 403):
        raise HttpRefusal(status, f"it wants authorization (HTTP {status})")
    if status // 100 == 3:
        raise HttpRefusal(status, f"it redirects to {problem.headers.get('Location', 'nowhere')} (HTTP {status})")
    raise HttpRefusal(status, f"it answered HTTP {status} {problem.reason}".rstrip())


def no_connection(problem: Exception) -> str:
    """What the network's failure means, in words."""
    reason = problem.reason if isinstance(problem, URLError) else problem
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    if isinstance(reason, ConnectionRefusedError):
        return "nothing listens there (connection refused)"
    if isinstance(reason, InvalidURL):  # whose words repeat what may be a password
        return "its URL can't be called; a user name and a password belong in a header"
    return f"it cannot be reached: {reason}"
