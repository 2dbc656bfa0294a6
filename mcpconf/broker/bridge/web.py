"""Requests and streams, by httpx2: the client of HTTP that Pydantic keeps and the official MCP SDK uses.

Everything that goes wrong is a `Problem` in words that may be shown. A redirect is followed within the same origin
only, since the headers would go with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import httpx2

from mcpconf import __version__
from mcpconf.broker.bridge.message import concealed, first_words, flat
from mcpconf.broker.bridge.setup import Setup, origin, secrets
from mcpconf.wire.actions import Limits

LIMIT = Limits().server_line  # bytes of one message
REDIRECTS = 5
CONNECT = 30.0  # seconds
WRITE = 120.0  # seconds in which nothing can be written
GLANCE = 8192  # bytes of an error's body that are read
EVENTS = "text/event-stream"
CONNECTIONS = httpx2.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=30.0)
PERMANENT = 308
_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
# What says "not here, not now, not you" and nothing about the message.
ELSEWHERE = frozenset({401, 402, 403, 407, 408, 429, 502, 503, 504})


class Problem(Exception):
    """A request came to nothing. `reached`: an MCP server, or what may be one, has answered it."""

    def __init__(self, words: str, *, reached: bool = False) -> None:
        super().__init__(words)
        self.reached = reached


class Answer:
    """A response whose body has not been read."""

    def __init__(self, response: httpx2.Response, hidden: tuple[str, ...], patience: float) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._hidden = hidden
        self._patience = patience

    @property
    def good(self) -> bool:
        return self.status // 100 == 2

    @property
    def kind(self) -> str:
        """The media type, without its parameters."""
        return self._response.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self, limit: int = LIMIT) -> bytes:
        """All of it. Raises `Problem` where it is longer than `limit`, or does not end in time."""
        async with _words(self._hidden, self._patience):
            found, size = [], 0
            async for piece in self._response.aiter_bytes():
                size += len(piece)
                if size > limit:
                    raise Problem(f"it answered more than {limit // 1_000_000} MB", reached=True)
                found.append(piece)
            return b"".join(found)

    async def beginning(self) -> bytes:
        """The first bytes of the body of an error, as far as they come in a moment."""
        found = b""
        with contextlib.suppress(TimeoutError, httpx2.HTTPError, httpx2.StreamError):
            async with asyncio.timeout(min(5.0, self._patience)):
                async for piece in self._response.aiter_bytes():
                    found += piece
                    if len(found) >= GLANCE:
                        break
        return found[: 2 * GLANCE]

    def refusal(self, body: bytes) -> Problem:
        """An HTTP error in words, with the first of the server's own."""
        status = f"HTTP {self.status} {self._response.reason_phrase}".rstrip()
        said = first_words(body, self._hidden)
        words = f"the server answered {status}" + (f": {said}" if said else "")
        return Problem(words, reached=self.status not in ELSEWHERE and self.status // 100 != 3)

    async def events(self, cursor: Cursor) -> AsyncGenerator[bytes]:
        """The messages of a stream, each as a line, as they come. Raises `Problem` where the stream breaks."""
        async for event, data in self.named_events(cursor):
            if event == "message" and data:
                yield data

    async def named_events(self, cursor: Cursor) -> AsyncGenerator[tuple[str, bytes]]:
        """The events of a stream with their names."""
        self._response.encoding = "utf-8-sig"  # HTML standard, section 9.2.6: whatever the header says, without a BOM
        source = aiter(httpx2.EventSource(self._response, max_event_size=LIMIT))
        async with _words(self._hidden, None), contextlib.aclosing(source):  # type: ignore[type-var]
            async for event in source:
                cursor.passed(event)
                yield event.event, flat(event.data.encode("utf-8", "replace"))


class Cursor:
    """How far a stream was read, and how long to wait before it is asked for again."""

    __slots__ = ("id", "moved", "retry")

    def __init__(self) -> None:
        self.id = ""
        self.retry: float | None = None
        self.moved = False  # whether anything came since this was last asked

    def passed(self, event: httpx2.ServerSentEvent) -> None:
        self.moved = True
        self.id = event.id or self.id
        if event.retry is not None:
            self.retry = min(max(event.retry / 1000, 0.1), 600.0)


class Web:
    """One server's address, the connections to it, and the headers that every request has."""

    def __init__(self, setup: Setup) -> None:
        """Raises ValueError where the environment names a proxy that can't be used."""
        self.url = httpx2.URL(setup.url)
        self.hidden = secrets(setup)
        self.patience = setup.patience
        own = {"user-agent": f"mcpconf/{__version__}", **{name.lower(): text for name, text in setup.headers.items()}}
        try:
            self._client = httpx2.AsyncClient(
                headers=[(name.encode(), text.encode()) for name, text in own.items()],
                transport=_transport(setup) if setup.loopback or not _has_proxy() else None,
                limits=CONNECTIONS,
                follow_redirects=False,
            )
        except (ImportError, httpx2.InvalidURL) as error:
            raise ValueError(f"the proxy that the environment names can't be used: {error}") from None

    async def close(self) -> None:
        await self._client.aclose()

    @contextlib.asynccontextmanager
    async def ask(
        self,
        method: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        url: httpx2.URL | None = None,
        patience: float | None = None,
        silent: bool = False,
    ) -> AsyncIterator[Answer]:
        """Send a request; the answer can be read in here. Raises `Problem` where none comes in `patience` seconds.

        `silent`: its stream may be so for as long as it likes.
        """
        patience = self.patience if patience is None else patience
        timeout = httpx2.Timeout(connect=CONNECT, write=WRITE, read=None if silent else patience, pool=None)
        request = self._client.build_request(
            method,
            url or self.url,
            # In bytes: an event's id may be any text (HTML standard, section 9.2.4: it goes back as UTF-8).
            headers=[(name.encode(), text.encode("utf-8", "replace")) for name, text in headers.items()],
            content=content,
            timeout=timeout,
        )
        async with _words(self.hidden, patience):
            response = await self._send(request, remember=url is None)
        try:
            yield Answer(response, self.hidden, patience)
        finally:
            with contextlib.suppress(httpx2.HTTPError, OSError):
                await response.aclose()

    async def _send(self, request: httpx2.Request, *, remember: bool) -> httpx2.Response:
        for _ in range(REDIRECTS):
            response = await self._client.send(request, stream=True)
            try:
                target = self._redirected(response)
            except Problem:
                await response.aclose()
                raise
            if target is None:
                return response
            await response.aclose()
            if remember and response.status_code == PERMANENT:
                self.url = target
            request.url = target
        raise Problem(f"the server redirects more than {REDIRECTS} times")

    def _redirected(self, response: httpx2.Response) -> httpx2.URL | None:
        """Where the same request is to be sent. Raises `Problem` where that is another server's business."""
        location = response.headers.get("location")
        if response.status_code not in (301, 302, 303, 307, PERMANENT) or not location:
            return None
        method, target = response.request.method, response.request.url.join(location)
        if method != "GET" and response.status_code not in (307, PERMANENT):
            raise Problem(
                f"the server redirects with HTTP {response.status_code}, which would make a GET of a {method}"
            )
        if not self.is_own(target):
            raise Problem(f"the server redirects to {origin(str(target))}: if that is right, its URL is to be changed")
        return target

    def is_own(self, url: httpx2.URL) -> bool:
        """Whether an address is of the server that the headers are for."""
        return (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port)


@contextlib.asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """Make a `Problem` of more seconds than these."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Problem(f"the server did not answer within {seconds:g} s") from None


@contextlib.asynccontextmanager
async def _words(hidden: tuple[str, ...], patience: float | None) -> AsyncIterator[None]:
    """Make a `Problem` of what the library raises, and of `patience` seconds that go by."""
    try:
        async with within(patience):
            yield
    except httpx2.ReadTimeout:
        raise Problem("the server said nothing for too long") from None
    except httpx2.ConnectTimeout:
        raise Problem(f"no connection to the server within {CONNECT:g} s") from None
    except httpx2.SSEError as error:
        raise Problem(f"its stream can't be read: {error}", reached=True) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise Problem(concealed(_said(error), hidden)) from None


def _said(error: Exception) -> str:
    """What happened, from the library's kind of error and the system's words for it."""
    words = " ".join(str(error).split())
    if isinstance(error, httpx2.ConnectError):
        return f"no connection to the server: {words or 'it was refused'}"
    if isinstance(error, httpx2.ProxyError):
        return f"the proxy gives no way to the server: {words}"
    return f"the connection to the server broke: {words or type(error).__name__}"


def _transport(setup: Setup) -> httpx2.AsyncHTTPTransport:
    """Connections that notice within minutes when the other end is gone without a word."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return httpx2.AsyncHTTPTransport(
        verify=setup.url.startswith("https:"),  # else the certificates would be loaded for nothing
        limits=CONNECTIONS,
        socket_options=options,
    )


def _has_proxy() -> bool:
    return any(name.lower() in ("http_proxy", "https_proxy", "all_proxy") for name in os.environ)
