"""What the broker knows of a server: a file that `switch` wrote, whose values are filled in when a process starts.

A client can name one of these and nothing else. The files hold references to secrets, never their values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from mcpconf.broker.bridge.setup import Setup
from mcpconf.broker.bridge.setup import secrets as confidential
from mcpconf.errors import McpconfError
from mcpconf.model import NOTHING
from mcpconf.profile.variables import Secret, expand, parse
from mcpconf.record import dataclass
from mcpconf.wire.actions import Era

VERSION = 1
PROJECT = "project"  # the `cwd` that is the client's own
IDLE = 600.0  # seconds that a process is kept without a client
SECRET = 6  # characters that a secret has to have in order to be worth hiding

# What a server gets of the broker's environment besides its own variables: where things are, how to reach the network
# and how to speak, but nothing that a session of a client or a shell has left there.
INHERITED = (
    "ALL_PROXY",
    "DOCKER_CERT_PATH",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "PATH",
    "REQUESTS_CA_BUNDLE",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


class Sharing(Enum):
    """Who may use a process, in PgBouncer's words."""

    SESSION = "session"  # one client while it is connected; the process is kept for the next
    SHARED = "shared"  # many clients at once
    FRESH = "fresh"  # one client, and never another


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A configured server: `argv`, or a `url`. Their values may hold references; `idle` is in seconds, 0 for ever."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = NOTHING
    cwd: str | None = None
    pool: Sharing | None = None
    idle: float = IDLE
    spare: int = 1
    image: str | None = None  # what `argv` has a container engine run
    url: str | None = None
    transport: str = "http"
    headers: Mapping[str, str] = NOTHING
    allow: tuple[str, ...] = ()  # patterns of its tools that a gateway shows; none: all
    deny: tuple[str, ...] = ()

    def sharing(self, era: Era) -> Sharing:
        """How clients of an era share: where the profile doesn't say, those without sessions all do."""
        return self.pool or (Sharing.SHARED if era is Era.MODERN else Sharing.SESSION)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of ours, found by its `session`, which is its name, too; `server` is the profile's name for it."""

    engine: str
    session: str
    image: str
    server: str


@dataclass(frozen=True, slots=True)
class Start:
    """How to start one process. Its `repr` shows no value of its environment.

    `remote` is where a bridge has to lead: then `argv` is empty, and the bridge's own.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    hidden: tuple[str, ...] = ()  # values that no log may show
    remote: Setup | None = None
    first: bytes = b""  # the line that it hears before all others
    umask: int = -1  # or the broker's own
    container: Container | None = None  # where `argv` runs one

    def __repr__(self) -> str:
        return f"Start({self.argv[:1]}, cwd={self.cwd!r})"


def read(content: bytes, name: str) -> Definition:
    """The definition in a file. Raises `McpconfError` where it is none."""
    try:
        data = json.loads(content)
        if data["version"] != VERSION:
            raise McpconfError(f"the definition of {name} is of another version", hint="mcpconf switch PROFILE")
        return _definition(data, name)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise McpconfError(f"the definition of {name} is damaged", hint="mcpconf switch PROFILE") from None


def _definition(data: Mapping[str, object], name: str) -> Definition:
    remote = "url" in data
    argv = () if remote else (_text(data["command"]), *map(_text, _list(data.get("args"))))
    env = {_text(key): _text(value) for key, value in _table(data.get("env")).items()}
    pool, cwd, idle, spare = data.get("pool"), data.get("cwd"), data.get("idle_timeout"), data.get("spare")
    filters = _table(data.get("tools"))
    return Definition(
        name=name,
        argv=argv,
        env=env,
        cwd=None if cwd is None else _text(cwd),
        pool=None if pool is None else Sharing(pool),
        idle=IDLE if idle is None else float(_text_free(idle)),
        spare=1 if spare is None else int(_text_free(spare)),
        image=None if data.get("image") is None else _text(data["image"]),
        url=_text(data["url"]) if remote else None,
        transport=_text(data.get("transport") or "http"),
        headers={_text(key): _text(value) for key, value in _table(data.get("headers")).items()},
        allow=tuple(map(_text, _list(filters.get("allow")))),
        deny=tuple(map(_text, _list(filters.get("deny")))),
    )


def secrets_of(definition: Definition) -> frozenset[str]:
    """The names of the secrets that it needs."""
    return frozenset(part.name for text in _values(definition) for part in parse(text) if isinstance(part, Secret))


def fill(
    definition: Definition, environ: Mapping[str, str], secrets: Mapping[str, str], project: str | None = None
) -> Start:
    """What to start, with every reference filled in. Raises `Unset` for what is missing."""

    def filled(text: str) -> str:
        return expand(parse(text), environ, secrets)

    home = environ.get("HOME") or os.sep
    cwd = (project or home) if definition.cwd == PROJECT else filled(definition.cwd or home)
    own = {name: filled(value) for name, value in definition.env.items()}
    env = {name: environ[name] for name in environ if name in INHERITED or name.startswith("LC_")}
    if project and definition.cwd == PROJECT:
        env["CLAUDE_PROJECT_DIR"] = project
    argv = tuple(filled(word) for word in definition.argv)
    needed = secrets_of(definition)
    values = {environ.get(name) or secrets.get(name) or "" for name in needed}
    remote = None
    if definition.url is not None:
        headers = {name: filled(value) for name, value in definition.headers.items()}
        remote = Setup(url=filled(definition.url), transport=definition.transport, headers=headers)
        values |= set(confidential(remote))
    return Start(argv, {**env, **own}, cwd, _hidden(values), remote)


def _hidden(values: Iterable[str]) -> tuple[str, ...]:
    """What to look for in a log, which comes by lines; longer ones first, as one may be the beginning of another."""
    found = {line.strip() for value in values for line in value.splitlines()}
    return tuple(sorted((one for one in found if len(one) >= SECRET), key=lambda one: (-len(one), one)))


def _values(definition: Definition) -> Iterator[str]:
    yield from definition.argv
    yield from definition.env.values()
    yield from definition.headers.values()
    yield from filter(None, (definition.cwd, definition.url))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text_free(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise TypeError
    return value


def _list(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError
    return value


def _table(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError
    return value
