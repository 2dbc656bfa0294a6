"""The nouns: small immutable values that every floor of the house shares."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mcpconf.record import dataclass, field

Json = Any  # a value that json.loads can give
Entry = Mapping[str, Json]  # one member of `mcpServers`, as a client reads it

NOTHING: Mapping[str, str] = MappingProxyType({})
DEVCONTAINER = "devcontainer"  # stands for a client's name where a devcontainer.json holds something of ours
TOOLKIT_ENTRY = "MCP_DOCKER"  # the name that Docker Desktop gives its entry
PROJECT_DIRECTORY = "project"  # as a server's `cwd`: that of the project in which its client runs


class Kind(StrEnum):
    """What sort of place this is."""

    HOST = "host"
    CONTAINER = "container"
    WSL = "wsl"
    UNKNOWN = "unknown"


class RouteName(StrEnum):
    """The ways by which a client can reach a server."""

    TOOLKIT = "toolkit"
    BROKER = "broker"
    WRAPPER = "wrapper"
    DIRECT = "direct"


class Pool(StrEnum):
    """How clients of the broker share a server's processes."""

    SESSION = "session"
    SHARED = "shared"
    FRESH = "fresh"


class Scope(StrEnum):
    """Where a client keeps an entry; the words are Claude Code's."""

    USER = "user"
    LOCAL = "local"
    PROJECT = "project"


class Layer(StrEnum):
    """Where a profile was found, nearest first."""

    PROJECT = "project"
    USER = "user"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class ToolFilter:
    """Which of a server's tools may be seen; patterns as in fnmatch. Empty `allow` means all."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allow or self.deny)


@dataclass(frozen=True, slots=True)
class ContainerOptions:
    """How `image` is run: extra volumes, the network, and further `docker run` flags, verbatim."""

    volumes: tuple[str, ...] = ()
    network: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """One MCP server of a profile, after inheritance. At least one way to reach it is set.

    Values of `args`, `env`, `url` and `headers` may hold `${VAR}`, `${VAR:-default}` and `secret:NAME`; they are
    kept as written. `package` is `pypi:NAME[==VERSION]` or `npm:NAME[@VERSION]`. `pool`, `idle_timeout` (seconds; 0:
    for ever) and `spare` are for the broker, which has its own mind where they are None.
    """

    name: str
    command: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    cwd: str | None = None
    image: str | None = None
    container: ContainerOptions = ContainerOptions()
    url: str | None = None
    transport: str = "http"
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    package: str | None = None
    toolkit: str | None = None
    endpoint: str | None = None  # `tcp:HOST:PORT`, where MCP is spoken in lines
    routes: tuple[RouteName, ...] = ()
    clients: tuple[str, ...] = ()
    disabled: bool = False
    tools: ToolFilter = ToolFilter()
    timeout: int | None = None  # milliseconds a client may wait for it
    builtin: bool = False  # mcpconf's own server (`mcpconf serve`)
    pool: Pool | None = None
    idle_timeout: int | None = None
    spare: int | None = None

    @property
    def directory(self) -> str | None:
        """Where to start it. None where nothing is said, and for `project`: its client starts it there anyway."""
        return None if self.cwd == PROJECT_DIRECTORY else self.cwd


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of servers. `path` is the file it came from; `autostart`: the broker is wanted; `gateway`: where
    its plain door is to be, or nothing; `toolkit`: the Docker Toolkit's own profile that has its servers, or none;
    `listen`: where its broker is to take clients that have a key, besides."""

    name: str
    description: str = ""
    servers: tuple[Server, ...] = ()
    order: tuple[RouteName, ...] = ()
    autostart: bool = False
    gateway: str = ""
    toolkit: str = ""
    listen: str = ""
    layer: Layer = Layer.USER
    path: str = ""
    extends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something the user should know that stops nothing."""

    text: str
    hint: str | None = None
