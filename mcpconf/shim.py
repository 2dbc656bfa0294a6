"""What Claude starts in the place of a server: stdin and stdout on one side, the broker on the other.

`python -I -S shim.py NAME [--project] [--at ADDRESS] [--else PROGRAM ARG...]`. One file that imports nothing of the
package and of the standard library only what starts in microseconds (`posix`, not `os`; `_socket`, not `socket`), since
it is started anew for each session.

What it promises, and what each promise costs (measured on Linux with Python 3.11):

- *Bytes are passed on as they come*, half a line too, and before they are looked at: a round trip takes what it takes
  through `socat STDIO UNIX:`, and a start about a millisecond more than `python -I -S -c pass`.
- *It knows what is in flight*, so that nobody waits for an answer that can't come: 2 us of CPU a call where ids stand
  as the SDKs write them, up to 8 elsewhere, spent while the other side works; lines beyond 64 KB are judged by their
  ends.
- *Nobody is starved or stored*: each side is read only while the other one takes, 64 KB at a time. splice(2) would take
  10 MB in 5 ms where this takes 9, but it shows no ids, and the pipes that Node makes are sockets, which it refuses.
- *It outlives the broker*: the handshake's lines are kept (some KB), and a lost connection is made again with them,
  and with them only. A request is never sent twice; what the server had been told besides (subscriptions, its log
  level) is lost with it, which the client is not told.
- *What was never sent is held*, a megabyte at most, for 5 s (`initialize`: 25 s); then its error says what to run.
- *A broker that crashed is started again*, at once; one that was stopped, when somebody asks for something.
- *Where it can, it steps aside* (Linux, a unix socket, stdin and stdout that are pipes or sockets): it passes these two
  to the broker, which saves two hops of a round trip, and sleeps. The broker notes what it reads and writes in memory
  that both have (3 us a call, 8 KB a client); when it goes, the shim finds there what was in flight, and keeps all
  these promises itself, from then on as the relay that it is elsewhere.
- *It gives way*: with `--else`, where no broker greets it within `probe` (0.3 s) of its start and none can be started
  either, it becomes that program, before it has read anything of the client's. The reason is that one's last argument.
- *Shared files stay as they are*: O_NONBLOCK is never set on the stdin and stdout that were inherited. A pipe is opened
  once more for us alone (5 us); where that can't be, 4 KB are written at a time.
"""

from __future__ import annotations

import sys

try:
    import _signal  # type: ignore[import-not-found]
    import _socket
    import posix
    import select
except ImportError:
    sys.stderr.write("mcpconf: the shim needs Linux or macOS (on Windows: run it inside WSL)\n")
    sys.exit(2)

import time
from _json import encode_basestring_ascii, make_scanner, scanstring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SIZE = 65536  # bytes read at a time; more is slower, for then they leave the processor's cache
SHORT = 1024  # bytes of a line that is parsed sooner than its two ends are looked at
LEAST = 20  # bytes of the shortest request
KEPT = 4096  # bytes of either end of a line that is too long to be kept
HELD = 1 << 20  # bytes that wait for a connection
MESSAGES = 256  # messages that do
FIRST_LINE = 4096  # bytes of the broker's greeting
GREETING = 10.0  # seconds that a greeting may take
SOON = 0.25  # seconds between two looks whether a broker is there at all, while somebody waits
AGAIN = 0.02  # seconds between two looks whether a broker that is being started is there

REQUEST, NOTE, ANSWER = "request", "note", "answer"
FIRST, LAST = b'{"jsonrpc":"2.0","id":', b',"jsonrpc":"2.0","id":'
INITIALIZE = b'"initialize"'
INITIALIZED = b'"notifications/initialized"'
CANCELLED = b'"notifications/cancelled"'
TOPICS = (b"tools", b"prompts", b"resources")
END_OF_INPUT = b'{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}\n'
UNKEYED = "a broker on TCP wants a key, and MCPCONF_BROKER_KEY, which would name its file, is not set"
GONE = "the broker went away; this request may or may not have been carried out"


# --- Messages: what has to be known of a line ---------------------------------------------------------------------


class Framer:
    """Makes lines of chunks. One beyond `SIZE` is given as its two ends with a newline between them."""

    __slots__ = ("_ends", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._ends: tuple[bytes, bytes] | None = None

    @property
    def open(self) -> bool:
        """Whether a line has begun whose end has not come."""
        return bool(self._size)

    def unfinished(self) -> bytes:
        """What has come of the open line; of a long one its two ends, with \\3 between them."""
        return b"".join(self._parts) if self._ends is None else b"\3".join(self._ends)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that end in this chunk, without their newlines."""
        if not self._size and data.find(b"\n") == len(data) - 1 < SIZE:
            return [data[:-1]]
        *ended, rest = data.split(b"\n")
        lines = []
        for piece in ended:
            self._add(piece)
            lines.append(b"".join(self._parts) if self._ends is None else b"\n".join(self._ends))
            self._parts, self._size, self._ends = [], 0, None
        self._add(rest)
        return lines

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._ends is not None:
            head, tail = self._ends
            self._ends = head, (tail + piece[-KEPT:])[-KEPT:]
        elif self._size > SIZE:
            whole = b"".join([*self._parts, piece])
            self._parts, self._ends = [], (whole[:KEPT], whole[-KEPT:])
        elif piece:
            self._parts.append(piece)


class Message:
    """One message: `kind`, the `id` and the `method` as they were written, None where there is none.

    The method of most requests is left empty, since it concerns nobody here.
    """

    __slots__ = ("id", "kind", "method")

    def __init__(self, kind: str, token: bytes | None, method: bytes | None) -> None:
        self.kind = kind
        self.id = token
        self.method = method


def messages(line: bytes) -> list[Message]:
    """The messages of a line: one, several in a batch, none where it is no JSON-RPC."""
    quick = _quick(line)
    if quick:
        return [quick]
    line = line.strip(b" \t\r\xef\xbb\xbf")
    if line.startswith(b"["):
        return [one for element in _elements(line) for one in messages(element)]
    head, gap, tail = line.partition(b"\n")
    found: dict[bytes, bytes] = {}
    if len(line) > SHORT:
        _front(head, found)
        if not _complete(found):
            _back((tail if gap else head)[-KEPT:], found)
    if not gap and not _complete(found):
        found = members(line)
    return _judge(found)


def _quick(line: bytes) -> Message | None:
    """The same for what most lines look like: a number for an id, and it stands where the SDKs write it."""
    if line.startswith(FIRST):
        stop = line.find(b",", len(FIRST))
        token = line[len(FIRST) : stop]
        after = line[stop + 1 : stop + 11]
    else:
        at = line.rfind(LAST)
        token = line[at + len(LAST) : -1] if at > 0 and line.endswith(b"}") else b""
        after = line[1:11]
    if not token.isdigit():
        return None
    if after.startswith((b'"result":', b'"error":')):
        return Message(ANSWER, token, None)
    if after == b'"method":"' and INITIALIZE not in line[:96]:
        return Message(REQUEST, token, b"")
    return None


def _complete(found: dict[bytes, bytes]) -> bool:
    if b"id" in found:
        return b"method" in found or b"result" in found or b"error" in found
    # Names that the specification gives to notifications, which have no id.
    return found.get(b"method", b"").startswith(b'"notifications/')


def _judge(found: dict[bytes, bytes]) -> list[Message]:
    token = found.get(b"id")
    if token == b"null":
        token = None
    if b"method" in found:
        return [Message(NOTE if token is None else REQUEST, token, found[b"method"])]
    if b"result" in found or b"error" in found:
        return [Message(ANSWER, token, None)]
    return []


def _front(line: bytes, found: dict[bytes, bytes]) -> None:
    """The members before the first array or object, given without its value. Exact: nothing is nested there."""
    at = line.find(b'"') if line.startswith(b"{") else -1
    while at > 0 and line[at : at + 1] == b'"':
        stop = line.find(b'":', at + 1)
        name = line[at + 1 : stop]
        at = stop + 2
        if line[at : at + 1] == b" ":
            at += 1
        first = line[at : at + 1]
        if stop < 0 or not first or b"\\" in name:
            return
        if first in b"{[":
            found[name] = b""
            return
        stop = line.find(b'"', at + 1) + 1 if first == b'"' else line.find(b",", at)
        value = line[at:stop]
        if stop <= 0 or b"\\" in value or line[stop : stop + 1] != b",":
            return
        found[name] = value
        at = stop + (2 if line[stop + 1 : stop + 2] == b" " else 1)


def _back(line: bytes, found: dict[bytes, bytes]) -> None:
    """The members behind the last array or object, exactly: after the last quote nothing is a string."""
    if not line.endswith(b"}"):
        return
    rest = line[:-1].rstrip(b" ")
    while True:
        start = (rest.rfind(b'"', 0, -1) if rest.endswith(b'"') else rest.rfind(b":") + 1) if rest else 0
        value = rest[start:].strip(b" ")
        before = rest[:start].rstrip(b" ")
        if start <= 0 or not value or not before.endswith(b'":') or before.endswith(b'\\":'):
            return
        if value[-1] in b"}]":
            return
        quote = before.rfind(b'"', 0, -2)
        found.setdefault(before[quote + 1 : -2], value)
        rest = before[: max(quote, 0)].rstrip(b" ")
        if not rest.endswith(b","):
            return
        rest = rest[:-1].rstrip(b" ")


class _Settings:
    """What `_json` asks of a decoder. Numbers are not converted: one of 5,000 digits is refused by int()."""

    strict = False
    object_hook = object_pairs_hook = None
    parse_float = parse_int = parse_constant = bool


_scan = make_scanner(_Settings())  # type: ignore[arg-type]
SPACE = " \t\r\n"


def members(line: bytes) -> dict[bytes, bytes]:
    """The members of an object as they were written, by name; none where it is no JSON."""
    found: dict[bytes, bytes] = {}
    text = line.decode("utf-8", "surrogateescape")
    try:
        at = _skip(text, 0)
        while text[at] in "{,":
            at = _skip(text, at + 1)
            if text[at] != '"':
                break
            name, at = scanstring(text, at + 1, False)
            start = _skip(text, _skip(text, at) + 1)
            _, at = _scan(text, start)
            found[name.encode("utf-8", "replace")] = text[start:at].encode("utf-8", "surrogateescape")
            at = _skip(text, at)
    except (ValueError, IndexError, StopIteration, RecursionError):
        return {}
    return found


def _elements(line: bytes) -> Iterator[bytes]:
    text = line.decode("utf-8", "surrogateescape")
    try:
        at = 0
        while text[at] in "[,":
            start = _skip(text, at + 1)
            _, at = _scan(text, start)
            yield text[start:at].encode("utf-8", "surrogateescape")
            at = _skip(text, at)
    except (ValueError, IndexError, StopIteration, RecursionError):
        return


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in SPACE:
        at += 1
    return at


def key(token: bytes) -> bytes:
    """What two spellings of one id have in common: escapes of a string are read. `1`, `"1"` and `1.0` are three ids."""
    if b"\\" not in token:
        return token
    try:
        return b'"%s"' % scanstring(token.decode(), 1, False)[0].encode("utf-8", "surrogatepass")
    except ValueError:
        return token


def error(token: bytes, reason: str) -> bytes:
    """The line that answers a request with an error."""
    text = encode_basestring_ascii("mcpconf: " + reason).encode()
    return b'{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":%s}}\n' % (token, text)


# --- The book: what is in flight, and the handshake ---------------------------------------------------------------


class Book:
    """What a session has asked and not been answered, and how it began. No input, no output, no clock.

    Fed with the lines that were really passed on, in either direction.
    """

    def __init__(self) -> None:
        self.asked: dict[bytes, list[bytes]] = {}  # by the client; one that uses an id twice is answered twice
        self.asking: dict[bytes, bytes] = {}  # by the server
        self.stale: set[bytes] = set()  # asked by a server that is gone, so that an answer concerns nobody
        self.hello: bytes | None = None  # the client's `initialize`, once it was answered
        self.hello_key = b""
        self.ready: bytes | None = None  # its `notifications/initialized`
        self.topics: list[bytes] = []
        self._opening: tuple[bytes, bytes] | None = None

    def client(self, line: bytes, found: list[Message]) -> None:
        for message in found:
            if message.kind is REQUEST and message.id:
                self.asked.setdefault(key(message.id), []).append(message.id)
                if message.method == INITIALIZE and len(line) <= SIZE and b"\n" not in line:
                    self._opening = (key(message.id), line)
            elif message.kind is ANSWER:
                self.asking.pop(key(message.id or b""), None)
            elif message.method == INITIALIZED:
                self.ready = line
            elif message.method == CANCELLED:
                # Who cancels expects no answer any more.
                self.asked.pop(cancelled(line), None)

    def server(self, line: bytes) -> None:
        for message in messages(line):
            if message.kind is ANSWER:
                self._answered(key(message.id or b""), line)
            elif message.kind is REQUEST and message.id:
                self.asking[key(message.id)] = message.id
            elif message.method == CANCELLED:
                self.asking.pop(cancelled(line), None)

    def _answered(self, token: bytes, line: bytes) -> None:
        waiting = self.asked.get(token)
        if waiting:
            waiting.pop()
            if not waiting:
                del self.asked[token]
        if self._opening and self._opening[0] == token:
            result = members(line).get(b"result")
            if result is not None:
                self.hello_key, self.hello = self._opening
                offered = members(members(result).get(b"capabilities", b""))
                self.topics = [topic for topic in TOPICS if topic in offered]
            self._opening = None

    def opening(self) -> bytes | None:
        """The `initialize` that is in flight. It may be sent once more, for it carries nothing out."""
        return self._opening[1] if self._opening else None

    def wanted(self, message: Message) -> bool:
        """Whether anybody behind the connection waits for it: not for an answer to a server that is gone."""
        if message.kind is not ANSWER:
            return True
        token = key(message.id or b"")
        return token in self.asking or token not in self.stale

    def lost(self) -> list[bytes]:
        """The connection is gone: what the client must be told."""
        told = []
        for token, waiting in self.asked.items():
            again = self._opening is not None and self._opening[0] == token
            told += [error(raw, GONE) for raw in waiting[again:]]
        for raw in self.asking.values():
            told.append(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}\n' % raw)
        self.stale.update(self.asking)
        self.asked, self.asking, self._opening = {}, {}, None
        return told

    def changed(self) -> list[bytes]:
        """What is announced after a reconnection: another server may offer other things."""
        return [b'{"jsonrpc":"2.0","method":"notifications/%s/list_changed"}\n' % topic for topic in self.topics]


def cancelled(line: bytes) -> bytes:
    """The id of the request that a `notifications/cancelled` names."""
    return key(members(members(line).get(b"params", b"")).get(b"requestId", b""))


# --- The journal: what the broker notes while it has the client's descriptors ------------------------------------


def replay(log: bytes, up: Framer, book: Book) -> None:
    """Feed the book with what a journal holds (its form stands in the broker's `journal`)."""
    said, *others = log.split(b"\1")
    long = _heard(said, up, book, True)
    for part in others:
        told, ended, said = part.partition(b"\2")
        if ended:
            for line in told.split(b"\n"):
                book.server(line.replace(b"\3", b"\n", 1))
        long = _heard(said, up, book, long)


def _heard(data: bytes, up: Framer, book: Book, long: bool) -> bool:
    """`long`: whether a line of which a part was left out may come. There is no more than one, whoever wrote it."""
    if long and b"\3" in data:
        long = False
        data = data.replace(b"\3", b" " * SIZE, 1)
    for line in up.feed(data):
        if len(line) >= LEAST:
            book.client(line, messages(line))
    return long


def digest(up: Framer, book: Book, calm: bool) -> bytes:
    """The shortest journal that tells the same. `calm`: nothing is in flight, whatever the book says."""
    parts = []
    if book.hello is not None:
        topics = b",".join(b'"%s":{}' % topic for topic in book.topics)
        for one in messages(book.hello):
            parts.append(b'%s\n\1%s%s,"result":{"capabilities":{%s}}}\2' % (book.hello, FIRST, one.id, topics))
    if book.ready is not None:
        parts.append(book.ready.replace(b"\n", b" ") + b"\n")
    if calm:
        return b"".join(parts)
    opening = book.opening()
    for token, waiting in book.asked.items():
        again = opening is not None and any(key(one.id or b"") == token for one in messages(opening))
        parts += [opening + b"\n"] if opening is not None and again else []
        parts += [b'%s%s,"method":"-"}\n' % (FIRST, raw) for raw in waiting[again:]]
    for raw in book.asking.values():
        parts.append(b'\1%s%s,"method":"-"}\2' % (FIRST, raw))
    return b"".join(parts) + up.unfinished()


def read_journal(descriptor: int) -> tuple[bool, bool, bytes]:
    """Whether the broker has begun, whether a line of its may be half out, and its log. Raises OSError."""
    bank = posix.fstat(descriptor).st_size // 2
    current, writing = posix.pread(descriptor, 2, bank)
    at, stop = (0, bank) if current == 1 else (bank + 16, 2 * bank)
    parts = []
    while current and at < stop:
        piece, end, _ = posix.pread(descriptor, SIZE, at).partition(b"\0")
        parts.append(piece)
        at = stop if end or not piece else at + len(piece)
    return bool(current), bool(writing), b"".join(parts)


# --- Addresses: where the broker is, and how it is greeted --------------------------------------------------------


class Trouble(Exception):
    """Why there is no connection, and the command that may mend it. `final`: waiting will hardly help."""

    def __init__(self, reason: str, run: str = "mcpconf broker start", final: bool = False) -> None:
        super().__init__(f"{reason}; run: {run}")
        self.final = final


class Missing(Trouble):
    """No broker is there. `crashed`: one was, and took no leave."""

    def __init__(self, reason: str, crashed: bool) -> None:
        super().__init__(reason)
        self.crashed = crashed


class Settings:
    """What `shim.conf` beside this file and the environment say. Read before each try: they can be mended meanwhile.

    Lines of `key=value`: `directory` (of the broker's socket), `start` (once for each word of the command that starts
    one), `broker` and `key` as in MCPCONF_BROKER and MCPCONF_BROKER_KEY, `pass` (0: never step aside). Times in
    seconds, for tests: `hold` (a request waits for a connection), `hold_first` (`initialize` does, or a request while
    the server is started), `retry` (the longest pause between two tries), `linger` (after stdin's end, with nothing in
    flight), `probe` (until `--else`). `at` is an address that comes before all others.
    """

    def __init__(self, text: str, environment: dict[bytes, bytes], at: str = "") -> None:
        found: dict[str, str] = {}
        self.start: list[str] = []
        for line in text.split("\n"):
            name, equals, value = line.partition("=")
            if equals and name == "start":
                self.start.append(value)
            elif equals:
                found[name.strip()] = value.rstrip("\r")
        self.address = at or _variable(environment, b"MCPCONF_BROKER") or found.get("broker", "")
        self.key = _variable(environment, b"MCPCONF_BROKER_KEY") or found.get("key", "")
        self.told = not self.address  # nobody but the file says where it is
        if self.told and found.get("directory"):
            self.address = "unix:" + found["directory"] + "/broker.sock"
        if at or _variable(environment, b"MCPCONF_BROKER_START") == "0" or not self.address.startswith("unix:"):
            self.start = []
        self.passes = self.address.startswith("unix:") and sys.platform == "linux" and found.get("pass") != "0"
        if _variable(environment, b"MCPCONF_BROKER_PASS") == "0":
            self.passes = False
        self.hold = _seconds(found, "hold", 5.0)
        self.hold_first = _seconds(found, "hold_first", 25.0)
        self.retry = _seconds(found, "retry", 5.0)
        self.linger = _seconds(found, "linger", 2.0)
        self.probe = _seconds(found, "probe", 0.3)


def _variable(environment: dict[bytes, bytes], name: bytes) -> str:
    return environment.get(name, b"").decode("utf-8", "surrogateescape")


def _seconds(found: dict[str, str], name: str, default: float) -> float:
    try:
        return float(found[name])
    except (KeyError, ValueError):
        return default


def read_file(path: str) -> str:
    """The text of a small file. Raises OSError."""
    descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        return posix.read(descriptor, SIZE).decode("utf-8", "surrogateescape")
    finally:
        posix.close(descriptor)


def connect(address: str) -> tuple[_socket.socket, bool]:
    """A socket that does not block, and whether it is connected already. Raises `Trouble`."""
    kind, _, place = address.partition(":")
    if kind == "unix":
        return _connect_unix(place), True
    if kind == "tcp":
        return _connect_tcp(place), False
    if not address:
        reason = "no entry of the active profile uses the broker any more (there is no shim.conf)"
        raise Trouble(reason, "mcpconf switch PROFILE, and start this session anew", final=True)
    raise Trouble(f"MCPCONF_BROKER is neither unix:PATH nor tcp:HOST:PORT: {address}", "mcpconf switch PROFILE", True)


def _connect_unix(path: str) -> _socket.socket:
    made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    made.setblocking(False)
    directory = -1
    try:
        raw = path.encode("utf-8", "surrogateescape")
        if len(raw) > 107:
            # sun_path holds no more.
            parent, _, name = path.rpartition("/")
            directory = posix.open(parent, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
            raw = f"/proc/self/fd/{directory}/{name}".encode("utf-8", "surrogateescape")
        made.connect(raw)
    except OSError as fault:
        made.close()
        raise _no_socket(path, fault) from None
    finally:
        if directory >= 0:
            posix.close(directory)
    return made


def _no_socket(path: str, fault: OSError) -> Trouble:
    if isinstance(fault, (FileNotFoundError, ConnectionRefusedError)):
        return Missing("no broker is running", crashed=isinstance(fault, ConnectionRefusedError))
    return Trouble(f"{path}: {fault.strerror or fault}", "mcpconf broker status")


def _connect_tcp(place: str) -> _socket.socket:
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise Trouble(f"tcp:{place} is no address", "mcpconf switch PROFILE", True)
    made = None
    try:
        found = _socket.getaddrinfo(host.strip("[]"), port, 0, _socket.SOCK_STREAM)
        family, kind, protocol, _, target = found[0]
        made = _socket.socket(family, kind, protocol)
        made.setblocking(False)
        made.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        # A host that vanished says nothing: ask it after a while.
        made.setsockopt(_socket.SOL_SOCKET, _socket.SO_KEEPALIVE, 1)
        for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(_socket, option):
                made.setsockopt(_socket.IPPROTO_TCP, getattr(_socket, option), value)
        made.connect(target)
    except BlockingIOError:
        pass
    except (OSError, ValueError) as fault:
        if made is not None:
            made.close()
        raise Trouble(f"tcp:{place}: {getattr(fault, 'strerror', None) or fault}") from None
    assert made is not None  # noqa: S101  for mypy
    return made


class Greeting:
    """The preamble on a unix socket: one line each way."""

    trusting = True  # messages may be sent before it was answered

    def __init__(self, server: str, project: str | None, verb: str = "OPEN") -> None:
        words = ["MCPCONF1 " + verb, server] + ([] if project is None else [project])
        self.first = (" ".join(words) + "\n").encode("utf-8", "surrogateescape")

    def answer(self, line: bytes) -> bytes | None:
        """What is sent next; None when the connection stands. Raises `Trouble`."""
        if line == b"OK":
            return None
        raise _refused(line)


class Proof:
    """The handshake on TCP: each side proves that it holds the key, and only then messages go."""

    trusting = False
    first = b""

    def __init__(self, server: str, text: str) -> None:
        words = text.split()
        if len(words) != 2 or len(words[1]) != 64 or words[1].strip("0123456789abcdef"):
            raise Trouble("MCPCONF_BROKER_KEY names no key file of the broker", "mcpconf broker key new ID", True)
        self._id = words[0].encode("utf-8", "surrogateescape")
        self._key = bytes.fromhex(words[1])
        self._target = b"open/" + server.encode("utf-8", "surrogateescape")
        self._nonces: bytes | None = None

    def answer(self, line: bytes) -> bytes | None:
        words = line.split(b" ")
        if self._nonces is None:
            if len(words) != 2 or words[0] != b"MCPCONF1" or len(words[1]) != 32:
                raise _refused(line)
            mine = posix.urandom(16).hex().encode()
            self._nonces = words[1] + b"|" + mine
            return b"AUTH %s %s %s %s\n" % (self._id, mine, self._target, self._sign(b"c"))
        if words[0] != b"OK":
            raise _refused(line)
        from _operator import _compare_digest

        if len(words) != 2 or not _compare_digest(words[1], self._sign(b"s")):
            raise Trouble("what answers there can't prove that it is your broker", "mcpconf broker key ls", True)
        return None

    def _sign(self, side: bytes) -> bytes:
        assert self._nonces is not None  # noqa: S101  for mypy
        return hmac_sha256(self._key, b"%s|%s|%s" % (side, self._nonces, self._target)).hex().encode()


def _refused(line: bytes) -> Trouble:
    word, _, reason = line.partition(b" ")
    if word == b"NO":
        text = reason.decode("utf-8", "replace") or "no reason given"
        return Trouble(f"the broker refuses: {text}", "mcpconf broker status", final=True)
    return Trouble("what answers there is no mcpconf broker", "mcpconf broker status", final=True)


def hmac_sha256(secret: bytes, text: bytes) -> bytes:
    """HMAC (RFC 2104). `hmac` and `hashlib` take longer to import than all else takes to run."""
    sha256 = _sha256()
    block = (sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in block) + text).digest()
    found: bytes = sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
    return found


def _sha256() -> Callable[[bytes], Any]:
    for module, name in (("_sha2", "sha256"), ("_sha256", "sha256"), ("_hashlib", "openssl_sha256")):
        try:
            return getattr(__import__(module), name)  # type: ignore[no-any-return]
        except ImportError:
            continue
    raise Trouble("this Python has no SHA-256", "mcpconf switch PROFILE", True)


def project_directory(environment: dict[bytes, bytes]) -> str:
    """The directory of the client's project, percent-encoded."""
    named = environment.get(b"CLAUDE_PROJECT_DIR", b"")
    raw = named if named.startswith(b"/") else posix.getcwdb()
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-_.~"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in raw)


# --- Input and output ---------------------------------------------------------------------------------------------


class Outlet:
    """Takes all that it is given, and writes as much as goes at once."""

    __slots__ = ("_write", "rest")

    def __init__(self, write: Callable[[bytes | memoryview], int]) -> None:
        self._write = write
        self.rest: list[bytes | memoryview] = []

    def put(self, data: bytes | memoryview) -> None:
        """Raises OSError where nobody reads any more: nothing of this was taken."""
        if self.rest:
            self.rest.append(data)
            return
        try:
            sent = self._write(data)
        except BlockingIOError:
            sent = 0
        while sent < len(data):
            data = memoryview(data)[sent:]
            try:
                sent = self._write(data)
            except OSError:  # also where it would block; what else it was, the next try will tell
                self.rest.append(data)
                return

    def flush(self) -> None:
        waiting, self.rest = self.rest, []
        for data in waiting:
            self.put(data)

    @property
    def size(self) -> int:
        return sum(map(len, self.rest))


def open_outlet(descriptor: int) -> tuple[int, Outlet]:
    """Our way to write to an inherited descriptor without blocking, and the descriptor to be polled.

    O_NONBLOCK belongs to the open file, which others may share and keep after us: a terminal, a pipe of a shell.
    """
    kind = posix.fstat(descriptor).st_mode & 0o170000
    if kind == 0o140000:
        own = _socket.socket(fileno=descriptor)
        return descriptor, Outlet(lambda data: own.send(data, _socket.MSG_DONTWAIT))
    if kind == 0o010000 and sys.platform == "linux":
        try:
            flags = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CLOEXEC
            again = posix.open(f"/proc/self/fd/{descriptor}", flags)
            return again, Outlet(lambda data: posix.write(again, data))
        except OSError:
            pass  # another user's pipe, or no /proc
    if kind == 0o100000:
        return descriptor, Outlet(lambda data: posix.write(descriptor, data))
    room = select.poll()
    room.register(descriptor, select.POLLOUT)

    def write(data: bytes | memoryview) -> int:
        if not room.poll(0):
            raise BlockingIOError
        return posix.write(descriptor, data[: select.PIPE_BUF])

    return descriptor, Outlet(write)


def can_be_passed(descriptor: int) -> bool:
    """Whether the broker could use it without changing what others share. It looks itself."""
    try:
        return posix.fstat(descriptor).st_mode & 0o170000 in (0o140000, 0o010000)
    except OSError:
        return False


def complain(text: str) -> None:
    """A line on stderr, if it takes one: clients log it."""
    try:
        room = select.poll()
        room.register(2, select.POLLOUT)
        if room.poll(0):
            posix.write(2, f"mcpconf: {text}\n".encode("utf-8", "replace")[: select.PIPE_BUF])
    except OSError:
        pass


class Starter:
    """The command that starts a broker: run in a session of its own, one at a time, and reaped."""

    def __init__(self) -> None:
        self.running = 0  # its process id
        self.failure: str | None = None
        self.address = ""  # where it says that the broker is: a home may be in several places, its files name one
        self._soon = self._later = 0.0  # when it may be tried again: for somebody who waits, and for nobody
        self._pause = 0.0
        self._words = ""
        self._said = b""
        self._errors = -1

    def start(self, words: list[str], now: float, demand: bool) -> None:
        if self.running or not words or now < (self._soon if demand else self._later):
            return
        self._words = " ".join(words)
        self._said = b""
        self._errors, other = posix.pipe()
        posix.set_blocking(self._errors, False)
        self.running = posix.fork()
        if not self.running:
            _become(words, other)
        posix.close(other)

    def look(self, now: float) -> bool:
        """Whether the command has just ended."""
        if not self.running:
            return False
        self._listen()
        found, status = posix.waitpid(self.running, posix.WNOHANG)
        if not found:
            return False
        self._listen()
        self.running = 0
        self.failure = None if status == 0 else self._last_words(status)
        said = (line.decode("utf-8", "surrogateescape") for line in self._said.split(b"\n") if not status)
        self.address = next((line for line in said if line.startswith("unix:/")), "")
        self._pause = 0.0 if status == 0 else min(60.0, self._pause * 2 or 0.25)
        self._soon = now + min(5.0, self._pause)
        self._later = now + self._pause
        posix.close(self._errors)
        return True

    def _listen(self) -> None:
        """Keep the end of what it says; it would stop at a full pipe."""
        try:
            while more := posix.read(self._errors, SIZE):
                self._said = (self._said + more)[-FIRST_LINE:]
        except OSError:
            pass

    def _last_words(self, status: int) -> str:
        said = self._said.decode("utf-8", "replace").strip()
        code = posix.waitstatus_to_exitcode(status)
        return f"`{self._words}` ended with {code}" + (f": {said[-300:]}" if said else "")


def _become(words: list[str], errors: int) -> None:
    """In the child: the command, without our files, our session or our directory. We hear all that it says."""
    try:
        posix.setsid()
        null = posix.open("/dev/null", posix.O_RDWR)
        for descriptor, source in enumerate((null, errors, errors)):
            posix.dup2(source, descriptor)
        posix.closerange(3, 1024)
        posix.chdir("/")
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
        posix.execve(words[0], words, posix.environ)
    except OSError as fault:
        posix.write(2, f"{words[0]}: {fault.strerror}".encode())
    finally:
        posix._exit(127)


class Link:
    """The connection: made, greeted, lost, made again with growing pauses."""

    def __init__(self, server: str, project: str | None, place: str, at: str = "") -> None:
        self._server = server
        self._project = project
        self._place = place
        self._at = at
        self._greeting: Greeting | Proof | None = None
        self._early = b""
        self._pause = 0.0
        self._begun = 0.0
        self._demand = False
        self.starter = Starter()
        self.settings = Settings("", {})
        self.trouble: Trouble | None = None
        self.next_try = 0.0
        self.deadline = 0.0
        self.socket: _socket.socket | None = None
        self.outlet = Outlet(len)
        self.passing = False  # whether this try passes the client's descriptors
        self.journal = -1  # what the broker gave for them

    def attempt(self, now: float, demand: bool, steps_aside: bool = False) -> None:
        """Try to connect. `demand`: somebody waits, so that a missing broker is started.

        `steps_aside`: offer the broker the client's own descriptors.
        """
        self._begun = now
        self._demand = demand
        self.passing = False
        try:
            self._load()
            self.socket, _ = connect(self.settings.address)
            self.passing = steps_aside and self.settings.passes
            self._greeting = self._greet()
            self._early = b""
            self.deadline = now + GREETING
            self.outlet = Outlet(self.socket.send)
            if self.passing:
                ends = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1))
                self.socket.sendmsg([self._greeting.first], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, ends)])
            else:
                self.outlet.put(self._greeting.first)
        except Missing as trouble:
            self.starter.address = ""
            # A clean stop is left as it is until somebody asks for something; a crash is not.
            if demand or trouble.crashed:
                self.starter.start(self.settings.start, now, demand)
            self.close(now, trouble)
        except Trouble as trouble:
            self.close(now, trouble)
        except OSError as fault:
            self.close(now, Trouble(f"{self.settings.address}: {fault.strerror}"))

    def _load(self) -> None:
        try:
            text = read_file(self._place)
        except OSError:
            text = ""
        self.settings = Settings(text, posix.environ, self._at)
        if self.settings.told and self.starter.address:
            self.settings.address = self.starter.address

    def _greet(self) -> Greeting | Proof:
        if not self._server.isprintable() or " " in self._server:
            raise Trouble(f"no server has the name {self._server!r}", "mcpconf switch PROFILE", True)
        if self.settings.address.startswith("unix:"):
            return Greeting(self._server, self._project, "PASS" if self.passing else "OPEN")
        try:
            return Proof(self._server, read_file(self.settings.key))
        except OSError as fault:
            reason = f"the key file {self.settings.key}: {fault.strerror}" if self.settings.key else UNKEYED
            raise Trouble(reason, "mcpconf broker key new ID", True) from None

    def receive(self) -> bytes:
        """What the broker says; the journal may come with its first words. Raises OSError."""
        assert self.socket is not None  # noqa: S101  for mypy
        if not self.passing or self.journal >= 0:
            return self.socket.recv(SIZE)
        data, ancillary, _, _ = self.socket.recvmsg(SIZE, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC)
        for level, kind, content in ancillary:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS and len(content) >= 4:
                self.journal = int.from_bytes(content[:4], sys.byteorder)
        return data

    def drop_journal(self) -> None:
        if self.journal >= 0:
            posix.close(self.journal)
            self.journal = -1

    def turned_away(self) -> Trouble:
        """What it means that the broker hung up during the greeting: on TCP it gives no reason to who has no key."""
        if isinstance(self._greeting, Proof):
            return Trouble(f"{self.settings.address} hung up: it does not know this key", "mcpconf broker key ls")
        return Trouble("the broker hung up", "mcpconf broker status")

    def greeted(self, data: bytes) -> bytes | None:
        """What follows the greeting; None while that is not complete. Raises `Trouble`."""
        assert self._greeting is not None  # noqa: S101  for mypy
        self._early += data
        while True:
            line, newline, rest = self._early.partition(b"\n")
            if not newline and len(line) <= FIRST_LINE:
                return None
            following = self._greeting.answer(line.rstrip(b"\r"))
            self._early = rest
            if following is None:
                self.trouble = self.starter.failure = None
                return rest
            self.outlet.put(following)

    def close(self, now: float, trouble: Trouble) -> None:
        """There is no connection any more; the next try comes at once where this one has lasted."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None
        self.trouble = trouble
        lasted = now - self._begun > 1.0
        # A look whether a socket is there costs nothing, and somebody waits.
        longest = (
            min(self.settings.retry, SOON) if self._demand and isinstance(trouble, Missing) else self.settings.retry
        )
        self._pause = 0.0 if lasted else min(longest, self._pause * 2 or 0.05)
        self.next_try = now + (AGAIN if self.starter.running else self._pause)

    def is_hopeless(self) -> bool:
        """Whether a try has failed, and nothing is there that could start a broker, or that has not failed to."""
        if self.trouble is None or self.starter.running:
            return False
        start = self.settings.start
        startable = isinstance(self.trouble, Missing) and start and posix.access(start[0], posix.X_OK)
        return not startable or self.starter.failure is not None

    def hurry(self, now: float) -> None:
        """Somebody has come to wait: try soon."""
        self._pause = 0.0
        self.next_try = min(self.next_try, max(now, self._begun + 0.05))

    def why(self) -> str:
        """Why there is no connection, and what to run."""
        if self.starter.failure and isinstance(self.trouble, Missing):
            return f"{self.starter.failure}; run: mcpconf broker start"
        return str(self.trouble) if self.trouble else "the broker does not answer; run: mcpconf broker status"


# --- The session --------------------------------------------------------------------------------------------------


class Held:
    """A line of the client that waits for a connection: it was never sent."""

    __slots__ = ("found", "line", "since")

    def __init__(self, line: bytes, found: list[Message], since: float) -> None:
        self.line = line
        self.found = found
        self.since = since

    @property
    def first(self) -> bool:
        return any(message.method == INITIALIZE for message in self.found)

    @property
    def asks(self) -> bool:
        return any(message.kind is REQUEST for message in self.found)


DOWN, GREETED, REPLAYED, UP = "down", "being greeted", "being replayed", "up"
ASIDE = "aside"  # the broker has the client's descriptors
BYE = b"BYE\n"  # the broker's last word then


class ClientGone(Exception):
    """Nobody reads our stdout any more."""


class Session:
    """The client, for as long as it is there, and whichever broker can be had."""

    def __init__(self, link: Link, other: list[str] | None = None) -> None:
        self._link = link
        self._other = other  # what is to be started in our place, until the first connection stands
        self._begun = 0.0
        self._book = Book()
        self._state = DOWN
        self._up = Framer()  # what the client says
        self._down = Framer()  # what this connection says
        self._arrived = b""  # of the broker's, while the handshake is replayed
        self._held: list[Held] = []
        self._part = b""  # of a line of the client's that waits
        self._part_since = 0.0
        self._torn = False  # whether a line of the client's was sent in part
        self._refusal: str | None = None  # the answer to a line of the client's whose end is awaited, to be dropped
        self._unsaid: list[bytes] = []  # our own lines, while the broker is in the middle of one
        self._ended = False  # stdin has
        self._closed = 0.0  # when the broker was told, or last said something after it
        self._over = False
        self._first = True  # nothing was tried yet
        self._may_pass = can_be_passed(0) and can_be_passed(1)
        self._complaint = ""
        self._out, self._client = open_outlet(1)
        self._poll = select.poll()
        self._masks: dict[int, int] = {}

    # The loop: what is due, what is awaited, what happened.

    def run(self) -> None:
        """Until the client is done. Raises `ClientGone`."""
        poll = self._poll.poll
        was_steady = False
        while True:
            pause = None
            steady = (self._state is UP or self._state is ASIDE) and not (self._client.rest or self._link.outlet.rest)
            steady = steady and not (self._ended or self._over or self._link.starter.running)
            if not (steady and was_steady):
                pause = self._tick(time.monotonic())
                if self._over and not self._client.rest:
                    return
                self._register()
            was_steady = steady
            ready = poll(None if pause is None else int(pause * 1000) + 1)
            if len(ready) > 1:
                ready.sort(reverse=True)  # stdin last: what comes after the broker went is not for it
            for descriptor, events in ready:
                if descriptor == 0:
                    if self._state is not ASIDE:  # since this very turn: it is the broker's now
                        self._from_client()
                elif descriptor == self._out:
                    self._client_event(events)
                elif self._link.socket is not None:
                    self._broker_event(events)

    def _register(self) -> None:
        """Have polled what is awaited: either side is read only while the other one takes."""
        link = self._link
        blocked = bool(self._client.rest)
        self._watch(self._out, select.POLLOUT if blocked else 0)
        self._watch(0, select.POLLIN if self._hears() else -1)
        if link.socket is not None:
            mask = (0 if blocked else select.POLLIN) | (select.POLLOUT if link.outlet.rest else 0)
            self._watch(link.socket.fileno(), mask or -1)

    def _watch(self, descriptor: int, mask: int) -> None:
        """Poll a descriptor for `mask`; -1: not at all, since one whose peer hung up would be reported for ever."""
        if self._masks.get(descriptor, -1) == mask:
            return
        self._masks[descriptor] = mask
        if mask >= 0:
            self._poll.register(descriptor, mask)
        else:
            self._poll.unregister(descriptor)

    def _hears(self) -> bool:
        if self._ended or self._state is ASIDE or self._other is not None:
            return False
        if self._state is UP and not self._link.outlet.rest:
            return True
        waiting = sum(len(held.line) for held in self._held) + len(self._part) + self._client.size
        return self._state is not UP and waiting < HELD and len(self._held) < MESSAGES

    def _tick(self, now: float) -> float | None:
        """Do what time asks for. Seconds until it asks again, or None."""
        link = self._link
        if link.starter.look(now):
            link.next_try = now
        if self._state is GREETED and now >= link.deadline:
            self._lost(Trouble("the broker does not answer", "mcpconf broker status"))
        self._expire(now)
        if self._other is not None:
            self._decide(now)
        if self._ended:
            self._finish(now)
        if self._over:
            return None
        if self._state is DOWN and now >= link.next_try:
            self._attempt(now)
            if self._other is not None:
                self._decide(now)
        times = list(self._times(now))
        return max(0.0, min(times) - now) if times else None

    def _times(self, now: float) -> Iterator[float]:
        """When something will be due."""
        link = self._link
        if self._other is not None and not link.starter.running:
            yield self._begun + link.settings.probe
        if link.starter.running:
            yield now + AGAIN
        if self._state is ASIDE:
            return
        if self._state is DOWN:
            yield link.next_try
        elif self._state is GREETED:
            yield link.deadline
        if self._state is not UP:
            yield from map(self._deadline, self._held)
            if self._part:
                yield self._part_since + link.settings.hold
        elif self._closed and not self._book.asked:
            yield self._closed + link.settings.linger

    def _decide(self, now: float) -> None:
        """Stay, or become the other program. A broker that is being started gets the time that it takes."""
        link = self._link
        if link.starter.running or not self._begun:
            self._begun = now
        late = now >= self._begun + link.settings.probe
        if self._state is UP or self._state is ASIDE:
            self._other = None
        elif self._other is not None and ((self._state is DOWN and link.is_hopeless()) or late):
            become_other(self._other, "the broker does not answer" if link.trouble is None else link.why())

    def _attempt(self, now: float) -> None:
        link = self._link
        demand = self._first or any(held.asks for held in self._held)
        link.attempt(now, demand, steps_aside=self._may_pass and not self._ended)
        self._first = False
        if link.socket is not None:
            self._state = GREETED
            self._down = Framer()
        elif link.trouble is not None and not link.starter.running:
            self._complain(link.why())

    def _finish(self, now: float) -> None:
        """The client has said all: half-close, and pass on what still comes."""
        link = self._link
        if self._state is not UP:
            self._over = not self._book.asked and not any(held.asks for held in self._held)
        elif not self._closed:
            if link.socket is not None and not link.outlet.rest:
                self._closed = now
                try:
                    self._half_close(link)
                except OSError:
                    self._drain()  # it is gone already
        elif not self._book.asked:
            self._over = now >= self._closed + link.settings.linger

    @staticmethod
    def _half_close(link: Link) -> None:
        """By TCP a half-closed connection looks like that of a client which is gone, so a word says it there."""
        if link.socket is not None and link.socket.family == _socket.AF_UNIX:
            link.socket.shutdown(_socket.SHUT_WR)
        else:
            link.outlet.put(END_OF_INPUT)

    # What the client says

    def _from_client(self) -> None:
        try:
            data = posix.read(0, SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._ended = True
            if not self._up.open:
                return
            data = b"\n"
        if self._state is not UP or self._held or self._part or self._refusal is not None or self._book.stale:
            self._hold(data)
            self._release()
            return
        if not self._send(data):
            self._drain()
            self._hold(data)
            return
        for line in self._up.feed(data):
            self._book.client(line, messages(line))

    def _send(self, data: bytes) -> bool:
        """Whether it was taken: what was not is still to be sent, without any doubt."""
        try:
            self._link.outlet.put(data)
        except OSError:
            return False
        self._torn = data[-1] != 10
        return True

    def _hold(self, data: bytes) -> None:
        """Keep the client's lines, whole ones, until they may be sent."""
        now = time.monotonic()
        for piece in pieces(data):
            if self._refusal is None:
                self._part_since = self._part_since if self._part else now
                self._part += piece
            for line in self._up.feed(piece):
                found = messages(line)
                if self._refusal is None:
                    whole, self._part = self._part, b""
                    self._keep(Held(whole, found, now))
                else:
                    self._refuse(found, self._refusal)
                    self._refusal = None

    def _keep(self, held: Held) -> None:
        book = self._book
        if self._state is not UP and held.found and held.found[0].method == CANCELLED:
            token = cancelled(held.line)
            kept = [one for one in self._held if all(key(m.id or b"") != token for m in one.found)]
            if len(kept) < len(self._held):
                self._held = kept
                return
        if held.found and not any(book.wanted(message) for message in held.found):
            return
        self._held.append(held)
        if held.asks and self._state is DOWN:
            self._link.hurry(held.since)

    def _release(self) -> None:
        """Send what was held, now that it may be."""
        while self._held and self._state is UP:
            held = self._held[0]
            if not self._send(held.line):
                self._drain()
                return
            del self._held[0]
            self._book.client(held.line.rstrip(b"\n"), held.found)
        if self._part and self._state is UP and (not self._book.stale or len(self._part) > SIZE):
            if not self._send(self._part):
                self._drain()
                return
            self._part = b""

    def _deadline(self, held: Held) -> float:
        """Clients give the first message more time. A server that is started anew is given as much."""
        link = self._link
        patient = held.first and not (link.trouble and link.trouble.final)
        return held.since + (link.settings.hold_first if patient or self._state is REPLAYED else link.settings.hold)

    def _expire(self, now: float) -> None:
        if self._state is UP or self._state is ASIDE:
            return
        late = [held for held in self._held if now >= self._deadline(held)]
        for held in late:
            self._held.remove(held)
            self._refuse(held.found, self._why())
        if self._part and now >= self._part_since + self._link.settings.hold:
            self._refusal = self._why()
            self._part = b""

    def _why(self) -> str:
        if self._state is REPLAYED:
            return "the server is being started anew and has not answered yet; run: mcpconf broker status"
        return self._link.why()

    def _refuse(self, found: list[Message], reason: str) -> None:
        for message in found:
            if message.kind is REQUEST and message.id:
                self._say(error(message.id, reason))

    # What the client is told

    def _tell(self, data: bytes) -> None:
        try:
            self._client.put(data)
        except OSError:
            raise ClientGone from None

    def _say(self, line: bytes) -> None:
        """A line of our own, not into the middle of the broker's."""
        if self._state is UP and self._down.open:
            self._unsaid.append(line)
        else:
            self._tell(line)

    def _client_event(self, events: int) -> None:
        if events & (select.POLLERR | select.POLLHUP):
            raise ClientGone
        try:
            self._client.flush()
        except OSError:
            raise ClientGone from None

    def _complain(self, text: str) -> None:
        if text != self._complaint and self._other is None:  # else that one is told
            self._complaint = text
            complain(text)

    # What the broker says

    def _broker_event(self, events: int) -> None:
        if events & select.POLLOUT:
            try:
                self._link.outlet.flush()
            except OSError:
                self._drain()
                return
        if events & ~select.POLLOUT:
            self._from_broker()

    def _from_broker(self) -> bool:
        """Whether something came."""
        assert self._link.socket is not None  # noqa: S101  for mypy
        reason = "the broker went away"
        try:
            data = self._link.receive()
        except BlockingIOError:
            return False
        except OSError as fault:
            data = b""
            reason = f"{self._link.settings.address}: {fault.strerror}"
        if not data:
            self._lost(self._link.turned_away() if self._state is GREETED else Trouble(reason))
        elif self._state is UP:
            self._pass_on(data)
        elif self._state is ASIDE:
            self._over = self._over or data.endswith(BYE)
        else:
            self._arrive(data)
        return bool(data)

    def _drain(self) -> None:
        """The broker takes nothing any more, but it may have said something before."""
        while self._link.socket is not None and self._from_broker():
            pass
        if self._link.socket is not None:
            self._lost(Trouble("the broker went away"))

    def _pass_on(self, data: bytes) -> None:
        if self._unsaid and b"\n" in data:
            ended, _, rest = data.rpartition(b"\n")
            self._tell(b"".join([ended, b"\n", *self._unsaid, rest]))
            self._unsaid = []
        else:
            self._tell(data)
        for line in self._down.feed(data):
            self._book.server(line)
        if self._closed:
            self._closed = time.monotonic()

    def _arrive(self, data: bytes) -> None:
        """What comes before the connection stands."""
        try:
            if self._state is GREETED:
                rest = self._link.greeted(data)
                if rest is None:
                    return
                data = rest
                self._stand()
            if self._state is REPLAYED:
                self._replay(data)
            elif data and self._state is UP:
                self._pass_on(data)
        except Trouble as trouble:
            self._lost(trouble)
        except OSError as fault:
            self._lost(Trouble(f"{self._link.settings.address}: {fault.strerror}"))

    def _stand(self) -> None:
        """The greeting is done."""
        if self._complaint:
            self._complain("the broker is there")
            self._complaint = ""
        self._may_pass = False  # once: who was a relay stays one
        if self._link.journal >= 0 and self._step_aside():
            return
        if self._book.hello is None:
            self._state = UP
            self._release()
        else:
            self._state = REPLAYED
            self._link.outlet.put(self._book.hello + b"\n")

    def _step_aside(self) -> bool:
        """Leave it to the broker, with what the client has said already; or don't, which it is told as well."""
        first = b"".join([held.line for held in self._held]) + self._part
        if self._ended or self._refusal is not None or len(first) > SIZE:
            self._link.drop_journal()
            self._link.outlet.put(b"RELAY\n")
            return False
        self._link.outlet.put(b"GO %d\n%b" % (len(first), first))
        self._state = ASIDE
        return True

    def _take_over(self) -> None:
        """The broker went while it had the client's descriptors: everything is as if we had been the relay."""
        link = self._link
        try:
            begun, writing, log = read_journal(link.journal)
        except OSError:
            begun, writing, log = False, False, b""
        link.drop_journal()
        self._state = GREETED
        if not begun:  # nothing was read, and what was held still is
            return
        self._state = UP
        self._held, self._part, self._up, self._book = [], b"", Framer(), Book()
        replay(log, self._up, self._book)
        self._torn = self._up.open
        if writing:
            self._down.feed(b"-")

    def _replay(self, data: bytes) -> None:
        """Await the answer to our `initialize`, which the client has had before. All else is for the client."""
        self._arrived += data
        while self._state is REPLAYED:
            line, newline, rest = self._arrived.partition(b"\n")
            if not newline:
                if len(line) > HELD:
                    raise Trouble("the server does not answer the handshake", "mcpconf broker status")
                return
            self._arrived = rest
            if any(one.kind is ANSWER and key(one.id or b"") == self._book.hello_key for one in messages(line)):
                self._resume(line)
            else:
                self._tell(line + b"\n")
                self._book.server(line)
        rest, self._arrived = self._arrived, b""
        if rest:
            self._pass_on(rest)

    def _resume(self, answer: bytes) -> None:
        if b"error" in members(answer):
            said = members(members(answer)[b"error"]).get(b"message", b"").decode("utf-8", "replace")
            raise Trouble(f"the server refuses the handshake after its restart: {said}", "mcpconf broker status")
        if self._book.ready is not None:
            self._link.outlet.put(self._book.ready + b"\n")
        for line in self._book.changed():
            self._tell(line)
        self._state = UP
        self._release()

    def _lost(self, trouble: Trouble) -> None:
        """There is no connection any more: whoever waits is told, and what was begun is not continued."""
        now = time.monotonic()
        if self._link.socket is not None:
            self._watch(self._link.socket.fileno(), -1)
        if self._state is ASIDE:
            self._take_over()
        elif self._link.passing:  # an older one hangs up: it is asked again at once, in the older way
            self._link.drop_journal()
            if self._may_pass:
                self._may_pass = False
                self._state = DOWN
                self._link.close(now, trouble)
                self._link.trouble = None  # it is no reason to give way
                self._link.next_try = now
                return
        opening = self._book.opening()
        torn = [b"\n"] if self._state is UP and self._down.open else []
        for line in torn + self._unsaid + self._book.lost():
            self._tell(line)
        if self._torn:
            self._torn, self._part, self._refusal = False, b"", GONE
        if opening is not None:
            self._held.insert(0, Held(opening + b"\n", messages(opening), now))
        self._unsaid, self._arrived = [], b""
        self._state = DOWN
        self._closed = 0.0
        self._link.close(now, trouble)
        if not self._ended:
            self._complain(str(trouble))


def pieces(data: bytes) -> Iterator[bytes]:
    """The lines of a chunk with their newlines, and the beginning of the next one."""
    at = 0
    while at < len(data):
        stop = data.find(b"\n", at) + 1 or len(data)
        yield data[at:stop]
        at = stop


def become_other(words: list[str], reason: str) -> None:
    """Start what else there is. Nothing of the client's was read, and signals mean what they meant before."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ, _signal.SIGINT):
        _signal.signal(number, _signal.SIG_DFL)
    try:
        posix.execve(words[0], [*words, reason], posix.environ)
    except OSError as fault:
        complain(f"{reason}; {words[0]}: {fault.strerror}")
        posix._exit(127)


def split(arguments: list[str]) -> tuple[list[str], str, list[str] | None]:
    """The plain words, the address of `--at`, and what stands behind `--else`."""
    other = None
    if "--else" in arguments:
        at = arguments.index("--else")
        other, arguments = arguments[at + 1 :] or None, arguments[:at]
    address = ""
    if "--at" in arguments[:-1]:
        at = arguments.index("--at")
        address = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    return arguments, address, other


def main(arguments: list[str]) -> None:
    """Never returns."""
    # No server can be called `*`, which stands for all of them at once: the broker's gateway.
    arguments = ["*" if word == "--gateway" else word for word in arguments]
    # A traceback would be all that Python's own handler adds.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    # A descriptor that was closed would be given to the broker's socket.
    null = posix.open("/dev/null", posix.O_RDWR)
    while null < 3:
        null = posix.dup(null)
    posix.close(null)
    arguments, address, other = split(arguments)
    names = [word for word in arguments if word != "--project"]
    if len(names) != 1:
        complain("usage: shim.py NAME [--project]; entries that call it are written by: mcpconf switch PROFILE")
        posix._exit(2)
    project = project_directory(posix.environ) if "--project" in arguments else None
    place = __file__.rpartition("/")[0] or "."
    try:  # noqa: SIM105  contextlib takes longer to import than all of this
        Session(Link(names[0], project, place + "/shim.conf", address), other).run()
    except ClientGone:
        pass
    # Tearing the interpreter down takes time and gives nothing.
    posix._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
